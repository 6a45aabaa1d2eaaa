//! `kafka-features`: which features the cluster has and could have (`FeatureCommand`). It describes; changing a feature
//! is left to Kafka's own tool.

use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;
use klamm_peer::To;

use super::cluster::servers;
use super::connect::{Failure, admin, in_world, properties};
use crate::argparse::{Arg, Group, Parsed, Parser, Stop};
use crate::io::Io;
use crate::thrown::Thrown;

/// The versions of the cluster's metadata by level, from 7 on (`MetadataVersion`).
const METADATA_VERSIONS: [&str; 24] = [
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0", "3.7-IV1",
    "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0",
    "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
];

fn parser() -> Parser {
    let tool = "kafka-features";
    let change = |name| {
        let dry_run = Arg::switch(&["--dry-run"]).help("Say what would be done, and do it not.");
        let feature = Arg::append(&["--feature"]).help("Which feature.");
        let metadata = Arg::value(&["--metadata"]).help("Which version of the metadata.");
        let unsafely = Arg::switch(&["--unsafe"]).help("Do it even where metadata is lost.");
        let version = Arg::value(&["--release-version"]).help("Which version of Kafka.");
        match name {
            "upgrade" => Parser::new(tool).arg(metadata).arg(feature).arg(dry_run).arg(version),
            "downgrade" => Parser::new(tool).arg(metadata).arg(feature).arg(unsafely).arg(dry_run).arg(version),
            _ => Parser::new(tool).arg(feature).arg(unsafely).arg(dry_run),
        }
    };
    Parser::new(tool)
        .default_help()
        .description("This tool manages feature flags in Kafka.")
        .group(
            Group::one_of(),
            [
                Arg::value(&["--bootstrap-server"]).help("Brokers to ask, as HOST1:PORT1,HOST2:PORT2."),
                Arg::value(&["--bootstrap-controller"]).help("Controllers to ask, as HOST1:PORT1,HOST2:PORT2."),
            ],
        )
        .arg(Arg::value(&["--command-config"]).help("A file of client properties for the connection."))
        .command("describe", "Print the features of the cluster.", Parser::new(tool))
        .command("upgrade", "Raise features (by Kafka's own tool only).", change("upgrade"))
        .command("downgrade", "Lower features (by Kafka's own tool only).", change("downgrade"))
        .command("disable", "Turn features off (by Kafka's own tool only).", change("disable"))
        .command(
            "version-mapping",
            "Print the features of a release (by Kafka's own tool only).",
            Parser::new(tool).arg(Arg::value(&["--release-version"]).help("Which release.")),
        )
        .command(
            "feature-dependencies",
            "Print what features need (by Kafka's own tool only).",
            Parser::new(tool).arg(Arg::some(&["--feature"]).help("Which features.")),
        )
}

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match parser().parse(args) {
        Ok(parsed) => parsed,
        Err(Stop::Help(text)) => {
            let _ = io.out.write_all(text.as_bytes());
            return 0;
        }
        Err(Stop::Usage(text)) => return wrong(io, &one_line(&text)),
    };
    if let Some(command) = parsed.command.filter(|command| *command != "describe") {
        io.complain(format_args!("kafka-features: {command} is not part of this tool; use the one of Apache Kafka."));
        return crate::FAILED;
    }
    if parsed.value("bootstrap_server").is_none() && parsed.value("bootstrap_controller").is_none() {
        return wrong(io, "You must specify either --bootstrap-controller or --bootstrap-server.");
    }
    match work(io, &parsed) {
        Ok(()) => 0,
        Err(failure) => {
            io.complain(failure.thrown.text());
            crate::FAILED
        }
    }
}

/// This tool says in a line of its own what is wrong with a command line, and does not end it.
fn wrong(io: &mut Io, message: &str) -> u8 {
    let _ = write!(io.err, "Command line error: {message}. Type --help for help.");
    crate::FAILED
}

/// What stands behind the usage, as one line again.
fn one_line(text: &str) -> String {
    let message = text.rsplit_once("error:").map_or(text, |(_, message)| message);
    let mut line = String::new();
    for word in message.split_whitespace() {
        // A name that was broken behind its dashes.
        if !line.is_empty() && !line.ends_with("--") {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<(), Failure> {
    let config = properties(parsed.value("command_config"))?;
    let (_, servers) = servers(parsed);
    in_world(async |env| {
        let client = admin(&env, config, &servers, "adminclient-1").await?;
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("klamm"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let answer = client.call("describeFeatures", &To::Any, &request).await;
        let answer = answer.map_err(|error| Failure::from(error).executed())?;
        if let Some(thrown) = Thrown::wire::<StrBytes>(answer.error_code, None) {
            return Err(Failure::from(thrown).executed());
        }
        lines(&answer).iter().for_each(|line| io.say(line));
        Ok(())
    })
}

fn lines(answer: &ApiVersionsResponse) -> Vec<String> {
    let epoch = match answer.finalized_features_epoch {
        epoch @ 0.. => epoch.to_string(),
        _ => "-".to_owned(),
    };
    let mut features: Vec<_> = answer.supported_features.iter().collect();
    features.sort_by(|one, other| one.name.cmp(&other.name));
    let line = |feature: &&kafka_protocol::messages::api_versions_response::SupportedFeatureKey| {
        let name = feature.name.as_str();
        let finalized = answer.finalized_features.iter().find(|other| other.name == feature.name);
        let (min, max) = (level(name, feature.min_version), level(name, feature.max_version));
        let finalized = level(name, finalized.map_or(0, |feature| feature.max_version_level));
        format!(
            "Feature: {name:<NAME_WIDTH$}SupportedMinVersion: {min:<LEVEL_WIDTH$}SupportedMaxVersion: \
             {max:<LEVEL_WIDTH$}FinalizedVersionLevel: {finalized:<LEVEL_WIDTH$}Epoch: {epoch}"
        )
    };
    features.iter().map(line).collect()
}

const NAME_WIDTH: usize = 42;
const LEVEL_WIDTH: usize = 17;

/// A level as it is told: a version of the metadata by its name.
fn level(feature: &str, level: i16) -> String {
    if feature != "metadata.version" {
        return level.to_string();
    }
    let name = usize::try_from(level - 7).ok().and_then(|place| METADATA_VERSIONS.get(place));
    name.map_or_else(|| format!("UNKNOWN [{level}]"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::api_versions_response::{FinalizedFeatureKey, SupportedFeatureKey};

    use super::*;

    #[test]
    fn features_stand_in_kafka_s_columns() {
        let supported = |name: &'static str, min, max| {
            SupportedFeatureKey::default()
                .with_name(StrBytes::from_static_str(name))
                .with_min_version(min)
                .with_max_version(max)
        };
        let finalized = FinalizedFeatureKey::default()
            .with_name(StrBytes::from_static_str("metadata.version"))
            .with_max_version_level(30);
        let answer = ApiVersionsResponse::default()
            .with_supported_features(vec![supported("metadata.version", 7, 30), supported("kraft.version", 0, 1)])
            .with_finalized_features(vec![finalized])
            .with_finalized_features_epoch(10);
        assert_eq!(
            lines(&answer),
            [
                "Feature: kraft.version                             SupportedMinVersion: 0                \
                 SupportedMaxVersion: 1                FinalizedVersionLevel: 0                Epoch: 10",
                "Feature: metadata.version                          SupportedMinVersion: 3.3-IV3          \
                 SupportedMaxVersion: 4.3-IV0          FinalizedVersionLevel: 4.3-IV0          Epoch: 10",
            ]
        );
    }

    #[test]
    fn a_broken_line_is_one_again() {
        let text = "usage: x\nkafka-features: error: one  of  the  arguments --bootstrap-server --\nbootstrap-controller is\nrequired\n";
        assert_eq!(one_line(text), "one of the arguments --bootstrap-server --bootstrap-controller is required");
    }
}
