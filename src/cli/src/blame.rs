//! Which setting a failed start is to be blamed on, as its author wrote it: `KAFKA_LOG_DIRS=/data: ...`.

use std::io::ErrorKind;

use klamm_broker::Error;
use klamm_settings::{Origin, Settings};

/// The settings that show only at a start that they cannot stand.
#[derive(Clone, Debug, Default)]
pub struct Blame {
    listeners: Option<String>,
    admin: Option<String>,
    log_dirs: Option<String>,
    cluster_id: Option<String>,
    node_id: Option<String>,
}

/// What can be done about a directory that is not this node's.
const OTHERS: &str = ": write the one of that directory, or use another directory";

impl Blame {
    /// Remembers what was written; `cluster_id` is no setting, and comes as it was written.
    pub(crate) fn new(settings: &Settings, cluster_id: Option<String>) -> Blame {
        let written = |wanted: &str| {
            let is_told = settings.told().any(|(key, _, origin)| key == wanted && is_told(origin));
            is_told.then(|| settings.written(wanted)).flatten()
        };
        Blame {
            listeners: written("listeners"),
            admin: written("klamm.admin.listener"),
            log_dirs: written("log.dirs").or_else(|| written("log.dir")),
            cluster_id,
            node_id: written("node.id"),
        }
    }

    /// The error in one line, after the setting that led to it, if somebody set it.
    pub fn line(&self, error: &Error) -> String {
        let (setting, hint) = match error {
            Error::Listener { name, source } => {
                let setting = if name == "klamm.admin.listener" { &self.admin } else { &self.listeners };
                let is_taken = source.kind() == ErrorKind::AddrInUse;
                (setting, if is_taken { ": stop the process that has it, or choose another port" } else { "" })
            }
            error if error.is_of_other_node() => (&self.node_id, OTHERS),
            Error::Unwritable { .. } | Error::Foreign { .. } | Error::Dir(_) => (&self.log_dirs, ""),
            Error::WrongCluster { .. } => (&self.cluster_id, OTHERS),
            Error::BadClusterId(_) => (&self.cluster_id, ""),
            _ => (&None, ""),
        };
        match setting {
            Some(setting) => format!("{setting}: {error}{hint}"),
            None => format!("{error}{hint}"),
        }
    }
}

/// Whether a person set it, or something that it follows from.
fn is_told(origin: &Origin) -> bool {
    match origin {
        Origin::Derived { from, .. } => is_told(from),
        origin => origin.is_told(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use klamm_env::{Disk, DiskOs};
    use klamm_settings::Setting;

    use super::*;

    fn blame(key: &str, value: &str, origin: Origin) -> Blame {
        let all = vec![Setting::new("node.id", "1", Origin::Image), Setting::new(key, value, origin)];
        Blame::new(&Settings::of(all).unwrap().settings, Some("CLUSTER_ID=a".to_owned()))
    }

    fn variable(name: &str) -> Origin {
        Origin::Variable { name: name.to_owned() }
    }

    #[test]
    fn a_taken_port_and_a_directory_are_told_after_the_variable_that_asked_for_them() {
        let taken =
            |name: &str| Error::Listener { name: name.to_owned(), source: io::Error::from(ErrorKind::AddrInUse) };
        let line = blame("listeners", "PLAINTEXT://:9092", variable("KAFKA_CFG_LISTENERS")).line(&taken("PLAINTEXT"));
        assert!(line.starts_with("KAFKA_CFG_LISTENERS=PLAINTEXT://:9092: listener PLAINTEXT: "), "{line}");
        assert!(line.ends_with(": stop the process that has it, or choose another port"), "{line}");
        let by_default = blame("listeners", "PLAINTEXT://:9092", Origin::Image).line(&taken("PLAINTEXT"));
        assert!(by_default.starts_with("listener PLAINTEXT: "), "{by_default}");
        let denied = Error::Unwritable { path: "/d".into(), source: io::Error::from(ErrorKind::PermissionDenied) };
        let line = blame("log.dirs", "/d", variable("KAFKA_LOG_DIRS")).line(&denied);
        assert!(line.starts_with("KAFKA_LOG_DIRS=/d: log directory /d: "), "{line}");
    }

    #[test]
    fn a_foreign_cluster_is_told_in_kafkas_words_after_the_variable() {
        let foreign = Error::WrongCluster { path: "/d".into(), wanted: "a".to_owned(), found: "b".to_owned() };
        assert_eq!(
            blame("log.dirs", "/d", Origin::Image).line(&foreign),
            "CLUSTER_ID=a: Invalid cluster.id in: /d/meta.properties. Expected a, but read b: write the one of that \
             directory, or use another directory"
        );
    }

    /// The variable of the older name is one of the node's id too.
    #[tokio::test]
    async fn a_directory_of_another_node_is_told_after_the_variable_with_the_id() {
        let dir = tempfile::tempdir().unwrap();
        let meta = dir.path().join("meta.properties");
        DiskOs.replace(&meta, b"version=1\ncluster.id=a\nnode.id=2\n").unwrap();
        let all = vec![
            Setting::new("broker.id", "3", variable("KAFKA_BROKER_ID")),
            Setting::new("log.dirs", &dir.path().display().to_string(), Origin::Image),
            Setting::new("listeners", "PLAINTEXT://127.0.0.1:0", Origin::Image),
        ];
        let settings = Settings::of(all).unwrap().settings;
        let blame = Blame::new(&settings, None);
        let started =
            klamm_broker::Broker::start(klamm_env::Env::real(), settings, klamm_broker::Birth::default()).await;
        let line = blame.line(&started.err().unwrap());
        assert!(line.starts_with("KAFKA_BROKER_ID=3: "), "{line}");
        assert!(line.contains(" belongs to node 2, not to node 3: write the one of that directory, or "), "{line}");
    }
}
