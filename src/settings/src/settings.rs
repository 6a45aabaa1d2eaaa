//! Settings: from a file and a command line, checked once, and then the same for the life of a broker.

use crate::broker::BrokerConfig;
use crate::error::{ConfigError, Origin};
use crate::given::{Given, shown};
use crate::keys::{base_key, broker_key};
use crate::listeners::Listener;
use crate::parse::{Malformed, parse};
use crate::{listeners, quorum, startup};

/// What a broker was told, and the defaults of the rest.
#[derive(Clone, Debug)]
pub struct Settings {
    given: Given,
    config: BrokerConfig,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value, as it was written.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl Setting {
    /// The setting `key=value`.
    pub fn new(key: &str, value: &str, origin: Origin) -> Setting {
        Setting { key: key.to_owned(), value: value.to_owned(), origin }
    }
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
        let mut all = match file {
            Some((name, text)) => read_properties(name, text)?,
            None => developer(overrides),
        };
        all.extend(overrides.iter().map(|(key, value)| Setting::new(key, value, Origin::Override)));
        Settings::of(all)
    }

    /// Takes settings from wherever they come; a later one wins over an earlier one of the same key.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn of(all: Vec<Setting>) -> Result<Loaded, ConfigError> {
        let mut given = Given::default();
        for Setting { key, value, origin } in all {
            given.set(&key, &value, origin)?;
        }
        let mut warnings = warnings(&given);
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

    /// Every setting that is not Kafka's default, by key: its value, hidden if it is a secret, and where it comes from.
    pub fn told(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.given.all().map(|(key, value, origin)| (key, shown(key, value), origin))
    }

    /// The setting of `key` as its author wrote it, for errors that show only when it is used: `KAFKA_LOG_DIRS=/data`,
    /// `server.properties:4: log.dirs=/data`. `None` if nobody set it.
    pub fn written(&self, key: &str) -> Option<String> {
        let value = self.given.explicit(key)?;
        Some(self.given.origin(key).written(key, &shown(key, value)))
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

    /// What clients would be told if `advertised.listeners` were `text`; what is wrong with it if they cannot.
    pub(crate) fn advertised(&self, text: &str) -> Result<Vec<Listener>, String> {
        listeners::read_advertised(&self.given, text).map_err(|error| match error {
            ConfigError::Value(bad) => bad.problem,
            other => other.to_string(),
        })
    }

    pub(crate) fn config(&self) -> &BrokerConfig {
        &self.config
    }
}

/// Reads the settings of a properties file, in their order.
///
/// # Errors
/// If a `\u` is not followed by four hexadecimal digits.
pub fn read_properties(name: &str, text: &str) -> Result<Vec<Setting>, ConfigError> {
    let origin = |line| Origin::File { name: name.to_owned(), line };
    let entries = parse(text).map_err(|Malformed(line)| ConfigError::Syntax(origin(line)))?;
    Ok(entries.into_iter().map(|entry| Setting::new(&entry.key, &entry.value, origin(entry.line))).collect())
}

/// The developer's defaults, without those whose author would not see them behind another name of the same.
fn developer(overrides: &[(String, String)]) -> Vec<Setting> {
    let is_set = |name: &str| overrides.iter().any(|(key, _)| key == name);
    let stands = |key: &str| match key {
        "node.id" => !is_set("broker.id"),
        "log.dirs" => !is_set("log.dir"),
        _ => true,
    };
    let defaults = Settings::developer_defaults().into_iter().filter(|(key, _)| stands(key));
    defaults.map(|(key, value)| Setting::new(key, value, Origin::Default)).collect()
}

/// What the authors of settings should know. A container's environment, where many are set by habit, gets one line.
fn warnings(given: &Given) -> Vec<String> {
    let mut lines = Vec::new();
    let mut idle = Vec::new();
    for (key, _, origin) in given.all().filter(|(_, _, origin)| origin.is_told()) {
        match (origin, warning(key)) {
            (_, None) => {}
            (Origin::Variable { name }, Some(_)) => idle.push(name.as_str()),
            (_, Some(text)) => lines.push(format!("{origin}: {text}")),
        }
    }
    if !idle.is_empty() {
        lines.push(format!("without effect yet: {}", idle.join(", ")));
    }
    lines
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
