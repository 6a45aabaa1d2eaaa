//! kafka-storage: makes log directories a cluster's (`StorageTool`, `Formatter`).
//!
//! A directory is formatted where its `meta.properties` says whose it is; the broker adopts what stands there. Stock
//! also writes the cluster's first metadata records; klamm's broker makes its own at its first start, so of features
//! and release versions only the words are checked here.

mod config;
mod features;
mod format;
mod info;
mod meta;
mod voters;

#[cfg(test)]
mod storage_test;

use klamm_base::TopicId;
use klamm_env::Random;

use crate::argparse::{Arg, Group, Parsed, Parser, Stop};
use crate::io::Io;
use crate::jopt::uncaught;
use config::{NodeConfig, Reading};

const CONFIG: &str = "org.apache.kafka.common.config.ConfigException";
const ILLEGAL: &str = "java.lang.IllegalArgumentException";
const RUNTIME: &str = "java.lang.RuntimeException";

/// Why a command fails.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    /// Told in one line (`TerseFailure`, `FormatterException`).
    Terse(String),
    /// An exception that the stock tool does not catch: its class and message.
    Thrown(&'static str, String),
}

impl Failure {
    fn thrown(class: &'static str, message: impl Into<String>) -> Failure {
        Failure::Thrown(class, message.into())
    }
}

/// kafka-storage.
pub(in crate::local) fn run(args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = crate::local::version_asked(args, io) {
        return code;
    }
    let parsed = match parser().parse(args) {
        Ok(parsed) => parsed,
        Err(Stop::Help(text)) => {
            let _ = io.out.write_all(text.as_bytes());
            return 0;
        }
        Err(Stop::Usage(text)) => {
            let _ = io.err.write_all(text.as_bytes());
            return crate::FAILED;
        }
    };
    // In a container the broker fills the gaps of a configuration, so formatting does too.
    let reading = if std::env::var_os("KLAMM_DIALECT").is_some() { Reading::Lenient } else { Reading::Strict };
    match command(&parsed, reading, io) {
        Ok(code) => code,
        Err(Failure::Terse(message)) => {
            io.complain(message);
            crate::FAILED
        }
        Err(Failure::Thrown(class, message)) => uncaught(io, class, &message),
    }
}

fn command(parsed: &Parsed, reading: Reading, io: &mut Io) -> Result<u8, Failure> {
    let file = parsed.value("config").unwrap_or_default();
    match parsed.command {
        Some("info") => Ok(info::run(&NodeConfig::load(file, reading)?, io)),
        Some("format") if reading == Reading::Lenient && !config::is_there(file) => {
            io.complain(format_args!(
                "kafka-storage: {file} is not there: the broker formats its directories when it starts"
            ));
            Ok(0)
        }
        Some("format") => format::run(parsed, &NodeConfig::load(file, reading)?, reading, io),
        Some("version-mapping") => features::version_mapping(parsed.value("release_version"), io),
        Some("feature-dependencies") => features::dependencies(parsed.values("feature"), io),
        _ => {
            io.say(TopicId::from_random(Random::from_system().bytes16()));
            Ok(0)
        }
    }
}

fn parser() -> Parser {
    let config = || Arg::value(&["--config", "-c"]).required().help("The node's configuration file.");
    let releases = "The oldest is 3.3-IV3, the newest 4.3-IV0, which is taken where none is given.";
    let format = Parser::new("kafka-storage")
        .arg(config())
        .arg(Arg::value(&["--cluster-id", "-t"]).required().help("The id of the cluster."))
        .arg(Arg::append(&["--add-scram", "-S"]).help(
            "Credentials of a first user, such as 'SCRAM-SHA-256=[name=alice,password=alice-secret]'. klamm does not keep any yet.",
        ))
        .arg(Arg::switch(&["--ignore-formatted", "-g"]).help("Passes over directories that are formatted already."))
        .arg(Arg::value(&["--release-version", "-r"]).help(format!("The release that sets the features. {releases}")))
        .arg(Arg::append(&["--feature", "-f"]).help("A feature's level, as in kraft.version=1."))
        .group(
            Group::one_of(),
            [
                Arg::switch(&["--standalone", "-s"])
                    .help("The first controller of a quorum that may grow: controller.quorum.voters is not set."),
                Arg::switch(&["--no-initial-controllers", "-N"])
                    .help("A node that finds its quorum by controller.quorum.bootstrap.servers."),
                Arg::value(&["--initial-controllers", "-I"])
                    .help("The first controllers: id@host:port:directory, separated by commas, the same for all nodes."),
            ],
        );
    let mapping = Parser::new("kafka-storage").arg(Arg::value(&["--release-version", "-r"]).help(releases));
    let dependencies = Parser::new("kafka-storage")
        .arg(Arg::append(&["--feature", "-f"]).required().help("A feature's level, as in metadata.version=5."));
    Parser::new("kafka-storage")
        .default_help()
        .from_file()
        .description("The Kafka storage tool.")
        .command("info", "Tells about the log directories of this node.", Parser::new("kafka-storage").arg(config()))
        .command("format", "Formats the log directories of this node.", format)
        .command("version-mapping", "Tells the feature levels of a release.", mapping)
        .command("feature-dependencies", "Tells what feature levels depend on.", dependencies)
        .command("random-uuid", "Prints a random id.", Parser::new("kafka-storage"))
}
