//! What of a node's configuration formatting needs, checked in the order and the words of Kafka's (`KafkaConfig`).

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use klamm_base::NodeId;
use klamm_env::{Disk, DiskOs};
use klamm_settings::parse_properties;

use super::{CONFIG, Failure, ILLEGAL};

/// Kafka's `log.dir`.
const DEFAULT_LOG_DIR: &str = "/tmp/kafka-logs";

/// How a configuration with gaps is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As Kafka: a gap is a fault.
    Strict,
    /// As klamm's broker in a container: a gap is filled.
    Lenient,
}

/// What formatting needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeConfig {
    pub(super) node_id: NodeId,
    pub(super) is_controller: bool,
    /// `controller.quorum.voters` names some.
    pub(super) has_voters: bool,
    /// A listener is a controller's.
    pub(super) has_controller_listener: bool,
    /// All directories, sorted.
    pub(super) dirs: Vec<String>,
    /// The one of them that holds the metadata.
    pub(super) metadata_dir: String,
    /// `unstable.feature.versions.enable`.
    pub(super) unstable: bool,
}

/// True if there is such a file.
pub(super) fn is_there(file: &str) -> bool {
    DiskOs.exists(Path::new(file))
}

impl NodeConfig {
    /// Reads a file.
    pub(super) fn load(file: &str, reading: Reading) -> Result<NodeConfig, Failure> {
        let bytes = DiskOs.read(Path::new(file)).map_err(|problem| match problem.kind() {
            ErrorKind::NotFound => Failure::thrown("java.nio.file.NoSuchFileException", file),
            ErrorKind::PermissionDenied => Failure::thrown("java.nio.file.AccessDeniedException", file),
            ErrorKind::IsADirectory => Failure::thrown("java.io.IOException", "Is a directory"),
            _ => Failure::thrown("java.io.IOException", problem.to_string()),
        })?;
        NodeConfig::parse(&String::from_utf8_lossy(&bytes), reading)
    }

    /// Reads a text.
    pub(super) fn parse(text: &str, reading: Reading) -> Result<NodeConfig, Failure> {
        let pairs = parse_properties(text).map_err(|_| Failure::thrown(ILLEGAL, "Malformed \\uxxxx encoding."))?;
        let keys = Keys(pairs.into_iter().collect());
        let strict = reading == Reading::Strict;
        let roles = keys.roles(strict)?;
        let node_id = keys.node_id(strict)?;
        let names = keys.list("controller.listener.names");
        if names.is_empty() && strict {
            return Err(missing("controller.listener.names"));
        }
        let log_dirs = keys.log_dirs()?;
        let voters = keys.list("controller.quorum.voters");
        let (is_broker, is_controller) = (roles.iter().any(|r| r == "broker"), roles.iter().any(|r| r == "controller"));
        if strict {
            check_voters(node_id, is_broker, is_controller, &voters, keys.has("controller.quorum.bootstrap.servers"))?;
        }
        let is_controllers = |listener: &String| names.iter().any(|name| listener.starts_with(&format!("{name}:")));
        let metadata_dir = keys.get("metadata.log.dir").unwrap_or(&log_dirs[0]).to_owned();
        let mut dirs = log_dirs;
        dirs.push(metadata_dir.clone());
        dirs.sort();
        dirs.dedup();
        Ok(NodeConfig {
            node_id: NodeId(node_id),
            is_controller,
            has_voters: !voters.is_empty(),
            has_controller_listener: !strict || keys.list("listeners").iter().any(is_controllers),
            dirs,
            metadata_dir,
            unstable: keys.get("unstable.feature.versions.enable") == Some("true"),
        })
    }
}

struct Keys(BTreeMap<String, String>);

impl Keys {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn list(&self, key: &str) -> Vec<String> {
        let items = self.get(key).unwrap_or_default().split(',').map(str::trim);
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn roles(&self, strict: bool) -> Result<Vec<String>, Failure> {
        let roles = self.list("process.roles");
        let fault = |text: String| Failure::thrown(CONFIG, text);
        match self.0.get("process.roles") {
            _ if !strict && roles.is_empty() => return Ok(vec!["broker".to_owned(), "controller".to_owned()]),
            None => return Err(missing("process.roles")),
            Some(_) if roles.is_empty() => {
                let text =
                    "Configuration 'process.roles' must not be empty. Valid values include: [broker, controller]";
                return Err(fault(text.to_owned()));
            }
            Some(_) => {}
        }
        match roles.iter().find(|role| *role != "broker" && *role != "controller") {
            Some(role) => {
                let all = "String must be one of: broker, controller";
                Err(fault(format!("Invalid value {role} for configuration process.roles: {all}")))
            }
            None => Ok(roles),
        }
    }

    fn node_id(&self, strict: bool) -> Result<i32, Failure> {
        let Some(text) = self.get("node.id").or_else(|| self.get("broker.id")) else {
            return if strict { Err(missing("node.id")) } else { Ok(1) };
        };
        let invalid = |key: &str, why: &str| {
            Failure::thrown(CONFIG, format!("Invalid value {text} for configuration {key}: {why}"))
        };
        // Kafka copies the one to the other before it looks.
        let id = text.parse::<i32>().map_err(|_| invalid("broker.id", "Not a number of type INT"))?;
        match id {
            0.. => Ok(id),
            -1 if !strict => Ok(1),
            _ => Err(invalid("node.id", "Value must be at least 0")),
        }
    }

    fn log_dirs(&self) -> Result<Vec<String>, Failure> {
        let Some(text) = self.0.get("log.dirs").map(|text| text.trim()) else {
            return Ok(vec![self.get("log.dir").unwrap_or(DEFAULT_LOG_DIR).to_owned()]);
        };
        if text.is_empty() {
            let text = "Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value";
            return Err(Failure::thrown(CONFIG, text));
        }
        let dirs: Vec<String> = text.split(',').map(|dir| dir.trim().to_owned()).collect();
        if dirs.iter().any(String::is_empty) {
            return Err(Failure::thrown(CONFIG, "Configuration 'log.dirs' values must not be empty."));
        }
        Ok(dirs)
    }
}

fn missing(key: &str) -> Failure {
    Failure::thrown(CONFIG, format!("Missing required configuration \"{key}\" which has no default value."))
}

fn check_voters(
    node_id: i32,
    is_broker: bool,
    is_controller: bool,
    voters: &[String],
    has_bootstrap: bool,
) -> Result<(), Failure> {
    if voters.is_empty() {
        let text = "If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap \
                    controllers or controller.quorum.voters must contain a parseable set of controllers.";
        return if has_bootstrap { Ok(()) } else { Err(Failure::thrown(CONFIG, text)) };
    }
    let ids: Vec<&str> = voters.iter().map(|voter| voter.split('@').next().unwrap_or_default().trim()).collect();
    let is_voter = ids.iter().any(|id| id.parse() == Ok(node_id));
    let (just, must) = match is_controller {
        true if !is_voter => ("contains the 'controller' role", "must be included"),
        false if is_broker && is_voter => ("contains just the 'broker' role", "must not be included"),
        _ => return Ok(()),
    };
    let set = ids.join(", ");
    let text = format!(
        "requirement failed: If process.roles {just}, the node id {node_id} {must} in the set of voters \
         controller.quorum.voters=Set({set})"
    );
    Err(Failure::thrown(ILLEGAL, text))
}
