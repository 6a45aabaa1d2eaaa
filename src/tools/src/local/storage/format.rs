//! kafka-storage format (`Formatter.run`).

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use klamm_base::TopicId;
use klamm_env::{Clock, Disk, DiskOs, Random};
use klamm_log::MetaProperties;

use super::config::{NodeConfig, Reading};
use super::features::{effective_levels, parse_features, parse_release, release_name};
use super::meta::{self, Meta, meta_path};
use super::voters::{check_scram, parse_voters};
use super::{Failure, RUNTIME};
use crate::argparse::Parsed;
use crate::io::{Io, log_line};

/// Who tells the log of files that cannot be read.
const ENSEMBLE: &str = "org.apache.kafka.metadata.properties.MetaPropertiesEnsemble";

/// Formats the directories that are not yet.
pub(super) fn run(parsed: &Parsed, config: &NodeConfig, reading: Reading, io: &mut Io) -> Result<u8, Failure> {
    let cluster_id = parsed.value("cluster_id").unwrap_or_default();
    if cluster_id.is_empty() || cluster_id.contains(char::is_whitespace) {
        return Err(Failure::Terse(format!(
            "kafka-storage: '{cluster_id}' cannot be a cluster id: it has blanks or is empty"
        )));
    }
    let release = parse_release(parsed.value("release_version"), config.unstable)?;
    let features = parse_features(parsed.values("feature"))?;
    let controllers = initial_controllers(parsed, config, reading)?;
    let flagged = parsed.has("standalone") || parsed.has("no_initial_controllers") || controllers.is_some();
    let levels = effective_levels(release, &features, config.unstable, flagged && !config.has_voters)?;
    parsed.values("add_scram").iter().try_for_each(|text| check_scram(text))?;

    let found = Found::look(config, io);
    if let Err(failure) = found.verify(cluster_id, config) {
        // A start script of a test library draws a new id at each start, also where the container is only started anew.
        let keeps = reading == Reading::Lenient && parsed.has("ignore_formatted") && !found.is_of_other_node(config);
        let Some(Failure::Thrown(_, message)) = keeps.then_some(&failure) else { return Err(failure) };
        io.complain(format_args!("kafka-storage: {message}. The directories stay as they are"));
        io.say("All of the log directories are already formatted.");
        return Ok(0);
    }
    if let (Some((dir, _)), false) = (found.formatted.first_key_value(), parsed.has("ignore_formatted")) {
        return Err(Failure::Terse(format!(
            "Log directory {dir} is already formatted. Use --ignore-formatted to ignore this directory and format the others."
        )));
    }
    for dir in &found.broken {
        io.say(format_args!("I/O error trying to read log directory {dir}. Ignoring..."));
    }
    if found.empty.is_empty() && found.formatted.is_empty() {
        return Err(Failure::Terse("No available log directories to format.".to_owned()));
    }
    if found.empty.is_empty() {
        io.say("All of the log directories are already formatted.");
        return Ok(0);
    }
    io.say(format_args!("Bootstrap metadata: {}", levels.bootstrap()));
    let version = release_name(levels.release).unwrap_or_default();
    for dir in &found.empty {
        let (kind, id) = kind_of(dir, config, parsed.has("standalone"), controllers.as_ref());
        io.say(format_args!("Formatting {kind} {dir} with metadata.version {version}."));
        write(dir, cluster_id, config, id)?;
    }
    if release.is_some() || !features.is_empty() {
        io.complain(
            "kafka-storage: a klamm broker serves its own feature levels, whatever --release-version and --feature say",
        );
    }
    Ok(0)
}

/// The first controllers, where `--initial-controllers` names them; and the checks of the three flags.
fn initial_controllers(
    parsed: &Parsed,
    config: &NodeConfig,
    reading: Reading,
) -> Result<Option<BTreeMap<i32, TopicId>>, Failure> {
    let given = parsed.value("initial_controllers");
    let terse = |text: &str| Failure::Terse(text.to_owned());
    if config.has_voters && reading == Reading::Strict && (given.is_some() || parsed.has("standalone")) {
        return Err(terse(
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. \
             If you want to use dynamic quorum, please remove controller.quorum.voters and specify \
             controller.quorum.bootstrap.servers instead.",
        ));
    }
    let controllers = given.map(parse_voters).transpose()?;
    if parsed.has("standalone") && !config.is_controller {
        return Err(terse("You can only use --standalone on a controller."));
    }
    if parsed.has("standalone") && !config.has_controller_listener {
        return Err(Failure::thrown(RUNTIME, "No controller listeners found."));
    }
    let flagged = given.is_some() || parsed.has("standalone") || parsed.has("no_initial_controllers");
    if reading == Reading::Strict && config.is_controller && !config.has_voters && !flagged {
        return Err(terse(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: \
             --standalone, --initial-controllers, or --no-initial-controllers.",
        ));
    }
    Ok(controllers)
}

/// What lies in the directories.
struct Found {
    formatted: BTreeMap<String, Meta>,
    empty: Vec<String>,
    broken: Vec<String>,
}

impl Found {
    fn look(config: &NodeConfig, io: &mut Io) -> Found {
        let mut found = Found { formatted: BTreeMap::new(), empty: Vec::new(), broken: Vec::new() };
        for dir in &config.dirs {
            match meta::read(dir) {
                Ok(Some(meta)) => drop(found.formatted.insert(dir.clone(), meta)),
                Ok(None) => found.empty.push(dir.clone()),
                Err((class, why)) => {
                    let text = format!("Error while reading meta.properties file {}\n{class}: {why}", meta_path(dir));
                    io.complain(log_line(Clock::real().now_ms(), "ERROR", ENSEMBLE, &text));
                    found.broken.push(dir.clone());
                }
            }
        }
        found
    }

    fn is_of_other_node(&self, config: &NodeConfig) -> bool {
        self.formatted.values().any(|meta| meta.node_id.is_some_and(|id| id != config.node_id.0))
    }

    /// All that is formatted must be this cluster's and this node's (`MetaPropertiesEnsemble.verify`).
    fn verify(&self, cluster_id: &str, config: &NodeConfig) -> Result<(), Failure> {
        for (dir, meta) in &self.formatted {
            let path = meta_path(dir);
            if let Some(found) = meta.cluster_id.as_deref().filter(|found| *found != cluster_id) {
                let text = format!("Invalid cluster.id in: {path}. Expected {cluster_id}, but read {found}");
                return Err(Failure::thrown(RUNTIME, text));
            }
            if let Some(found) = meta.node_id.filter(|found| *found != config.node_id.0) {
                return Err(Failure::thrown(
                    RUNTIME,
                    format!(
                        "Stored node id {found} doesn't match previous node id {} in {path}. If you moved your data, make sure \
                     your configured node id matches. If you intend to create a new node, you should remove all data in \
                     your data directories.",
                        config.node_id.0
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// What a directory becomes, in Kafka's words, and its id where one was given.
fn kind_of(
    dir: &str,
    config: &NodeConfig,
    standalone: bool,
    controllers: Option<&BTreeMap<i32, TopicId>>,
) -> (&'static str, Option<TopicId>) {
    let given = controllers.and_then(|controllers| controllers.get(&config.node_id.0)).copied();
    match (dir == config.metadata_dir, controllers) {
        (false, _) => ("data directory", None),
        (true, None) if standalone => ("dynamic metadata voter directory", None),
        (true, None) => ("metadata directory", None),
        (true, Some(_)) if given.is_some() => ("dynamic metadata voter directory", given),
        (true, Some(_)) => ("dynamic metadata directory", None),
    }
}

fn write(dir: &str, cluster_id: &str, config: &NodeConfig, id: Option<TopicId>) -> Result<(), Failure> {
    let directory_id = Some(id.unwrap_or_else(|| TopicId::from_random(Random::from_system().bytes16())));
    let meta = MetaProperties { cluster_id: cluster_id.to_owned(), node_id: config.node_id, directory_id };
    let path = meta_path(dir);
    let made = DiskOs.create_dir_all(Path::new(dir));
    made.and_then(|()| DiskOs.replace(Path::new(&path), meta.encode().as_bytes())).map_err(|problem| {
        let why = match problem.kind() {
            ErrorKind::PermissionDenied => format!("java.nio.file.AccessDeniedException: {dir}"),
            _ => format!("java.io.IOException: {problem}"),
        };
        Failure::Terse(format!("Error while writing meta.properties file {dir}: {why}"))
    })
}
