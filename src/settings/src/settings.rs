//! Settings: from a file and a command line, checked once, and then the same for the life of a broker.

use crate::broker::BrokerConfig;
use crate::error::{ConfigError, Origin};
use crate::given::Given;
use crate::keys::{base_key, broker_key};
use crate::parse::{Malformed, parse};
use crate::{quorum, startup};

/// What a broker was told, and the defaults of the rest.
#[derive(Clone, Debug)]
pub struct Settings {
    given: Given,
    config: BrokerConfig,
}

/// Settings that are valid, and what their author should know about them.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// One line each: keys that are unknown, or known and without effect.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Reads a properties file, given by its name and its text, and `overrides`, of which a later one wins. Without a
    /// file, [`Settings::developer_defaults`] come first.
    ///
    /// # Errors
    /// On the first value that its key does not allow, and on values that do not go together.
    pub fn load(file: Option<(&str, &str)>, overrides: &[(String, String)]) -> Result<Loaded, ConfigError> {
        let mut given = Given::default();
        match file {
            Some((name, text)) => read_file(&mut given, name, text)?,
            None => {
                let is_set = |name: &str| overrides.iter().any(|(key, _)| key == name);
                for (key, value) in Settings::developer_defaults() {
                    // The same by another name must not meet a default that its author never saw.
                    let older = match key {
                        "node.id" => is_set("broker.id"),
                        "log.dirs" => is_set("log.dir"),
                        _ => false,
                    };
                    if !older {
                        given.set(key, value, Origin::Default)?;
                    }
                }
            }
        }
        for (key, value) in overrides {
            given.set(key, value, Origin::Override)?;
        }
        let mut warnings: Vec<String> =
            given.all().filter_map(|(key, _, origin)| warning(key).map(|text| format!("{origin}: {text}"))).collect();
        warnings.extend(quorum::name_node(&mut given)?);
        quorum::check(&given)?;
        startup::check(&given)?;
        let config = BrokerConfig::new(&given)?;
        Ok(Loaded { settings: Settings { given, config }, warnings })
    }

    /// What holds without a file: one node on port 9092, data under `./data`, no wait for members of a group.
    pub fn developer_defaults() -> [(&'static str, &'static str); 9] {
        [
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("log.dirs", "data"),
            ("offsets.topic.replication.factor", "1"),
            ("transaction.state.log.replication.factor", "1"),
            ("transaction.state.log.min.isr", "1"),
            ("share.coordinator.state.topic.replication.factor", "1"),
            ("share.coordinator.state.topic.min.isr", "1"),
            ("group.initial.rebalance.delay.ms", "0"),
        ]
    }

    /// The value of a broker's key, as it was written, or its default. `None` for null and for keys that are neither
    /// known nor set.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.given.value(key)
    }

    /// What was set for `key`, as it was written.
    pub(crate) fn explicit(&self, key: &str) -> Option<&str> {
        self.given.explicit(key)
    }

    /// The names of the keys that were set.
    pub(crate) fn explicit_keys(&self) -> impl Iterator<Item = &str> {
        self.given.all().map(|(key, _, _)| key)
    }

    /// The values that the code uses.
    pub fn broker_config(&self) -> BrokerConfig {
        self.config.clone()
    }

    pub(crate) fn config(&self) -> &BrokerConfig {
        &self.config
    }
}

fn read_file(given: &mut Given, name: &str, text: &str) -> Result<(), ConfigError> {
    let origin = |line| Origin::File { name: name.to_owned(), line };
    let entries = parse(text).map_err(|Malformed(line)| ConfigError::Syntax(origin(line)))?;
    for entry in entries {
        given.set(&entry.key, &entry.value, origin(entry.line))?;
    }
    Ok(())
}

/// What the author of a setting should know.
fn warning(key: &str) -> Option<String> {
    if key.starts_with("zookeeper.") {
        return Some(format!("{key} is ignored: there is no ZooKeeper"));
    }
    match base_key(key) {
        None => Some(format!("{key} is not known and is ignored")),
        Some(row) if row.implemented && broker_key(key).is_some() => None,
        Some(_) => Some(format!("{key} has no effect yet")),
    }
}

#[cfg(test)]
#[path = "settings_test.rs"]
mod settings_test;
