//! The environment, and what it sets directly.

use std::collections::{BTreeMap, BTreeSet};

use klamm_settings::{Key, Kind, Origin, Setting, base_key};

use crate::Dialect;
use crate::cleaning::{clean, without_quotes};
use crate::draft::Draft;
use crate::names::{Meaning, is_special, meaning};

/// Keys that mean nothing when they are empty, although their kind is text.
const NEVER_EMPTY: &[&str] = &["broker.rack", "inter.broker.listener.name", "security.inter.broker.protocol"];

/// The environment by name; quotes that YAML has left around a value are gone.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    by_name: BTreeMap<String, String>,
    quoted: BTreeSet<String>,
}

impl Variables {
    pub fn new(all: &[(String, String)]) -> Variables {
        let mut variables = Variables::default();
        for (name, value) in all {
            // Of a separator the quotes may be a part.
            let inner = without_quotes(value).filter(|_| name != "KAFKA_CREATE_TOPICS_SEPARATOR");
            if inner.is_some() {
                variables.quoted.insert(name.clone());
            }
            variables.by_name.insert(name.clone(), inner.unwrap_or(value).to_owned());
        }
        variables
    }

    /// The value, if there is one that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value with all its blanks.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(String::as_str)
    }

    /// Whether there is a value that is not empty.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names whose values are not empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str).filter(|name| self.has(name))
    }

    /// The first of `names` that has a value, and that value.
    pub fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, &str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }
}

/// Lays the environment over what `draft` has. Returns the variable that names ZooKeeper, if one does.
pub(crate) fn overlay(dialect: Dialect, variables: &Variables, draft: &mut Draft) -> Option<String> {
    let mut zookeeper = None;
    let mut unknown = Vec::new();
    let mut quoted = Vec::new();
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    // What begins with KAFKA_CFG_ comes first and wins over the same without CFG.
    let (cfg, plain): (Vec<_>, Vec<_>) = variables.by_name.iter().partition(|(name, _)| name.starts_with("KAFKA_CFG_"));
    for (name, value) in cfg.into_iter().chain(plain) {
        let is_quoted = variables.quoted.contains(name);
        match meaning(dialect, name, value) {
            Meaning::Key(key) => {
                let Some(value) = value_of(&key, value) else { continue };
                quoted.extend(is_quoted.then_some(name.as_str()));
                set(draft, &mut taken, name, key, &value);
            }
            Meaning::ZooKeeper(key) if key == "zookeeper.connect" && variables.has(name) => {
                zookeeper = Some(name.clone());
            }
            Meaning::Unknown if variables.has(name) => unknown.push(name.as_str()),
            Meaning::Nothing if is_special(name) && is_quoted => quoted.push(name.as_str()),
            Meaning::ZooKeeper(_) | Meaning::Unknown | Meaning::Nothing => {}
        }
    }
    say(draft, "the quotes around the value are dropped", &quoted);
    say(draft, "ignored, since Kafka 4 has no such setting", &unknown);
    say_of_java(variables, draft);
    zookeeper
}

/// The names of the variables that would set a key.
pub(crate) fn keys_of(dialect: Dialect, variables: &Variables) -> Vec<&str> {
    let is_key = |name: &&str| {
        let value = variables.get(name).unwrap_or_default();
        matches!(meaning(dialect, name, value), Meaning::Key(_))
    };
    variables.names().filter(is_key).collect()
}

/// The names of the variables that mean nothing here, and that a start passes over in silence: they are for Java, for a
/// start script or for another service, or they are about ZooKeeper or an authorizer beside what has been said of these.
pub(crate) fn idle(dialect: Dialect, variables: &Variables) -> Vec<String> {
    let is_idle = |name: &&str| {
        let value = variables.get(name).unwrap_or_default();
        match meaning(dialect, name, value) {
            Meaning::Nothing => name.starts_with("KAFKA_") && !is_special(name) && !is_read_elsewhere(name, value),
            Meaning::ZooKeeper(key) => key != "zookeeper.connect",
            Meaning::Key(_) | Meaning::Unknown => false,
        }
    };
    variables.names().filter(is_idle).map(str::to_owned).collect()
}

/// Whether the variable may be a part of a listener, or says where the image has its files.
fn is_read_elsewhere(name: &str, value: &str) -> bool {
    let is_port = matches!(name, "KAFKA_PORT" | "KAFKA_INTER_BROKER_PORT") && value.parse::<u16>().is_ok();
    is_port || name == "KAFKA_HOME"
}

/// Sets a key, unless another variable has set it already.
fn set<'a>(draft: &mut Draft, taken: &mut BTreeMap<String, &'a str>, name: &'a str, key: String, value: &str) {
    match taken.get(&key) {
        Some(_) if draft.get(&key) == Some(value) => {}
        Some(winner) => draft.notes.push(format!("{name} is ignored: {winner} says otherwise")),
        None => {
            draft.put_variable(&key, value, name);
            taken.insert(key, name);
        }
    }
}

fn say(draft: &mut Draft, what: &str, names: &[&str]) {
    if !names.is_empty() {
        draft.notes.push(format!("{what}: {}", names.join(", ")));
    }
}

/// The value that a variable gives to `key`; an empty one counts only where a key has a use for it.
fn value_of(key: &str, text: &str) -> Option<String> {
    let value = clean(key, text);
    if !value.is_empty() {
        return Some(value);
    }
    let is_text = |row: &&Key| matches!(row.kind, Kind::String | Kind::Class | Kind::Password);
    let takes = base_key(key).filter(is_text).is_some_and(|row| row.allows(""));
    (takes && !NEVER_EMPTY.contains(&key)).then_some(value)
}

/// Options for a Java process that look as if they did something.
fn say_of_java(variables: &Variables, draft: &mut Draft) {
    for name in ["KAFKA_OPTS", "EXTRA_ARGS", "KAFKA_JMX_OPTS"] {
        let value = variables.get(name).unwrap_or_default();
        if value.contains("-javaagent") {
            draft.notes.push(format!(
                "{name}: -javaagent is ignored, for there is no Java here; metrics for Prometheus are at /metrics of \
                 klamm.admin.listener"
            ));
        }
        if value.contains("java.security.auth.login.config") {
            draft.notes.push(format!("{name}: the JAAS file is ignored, for SASL is not supported yet"));
        }
    }
}

/// Takes out what would promise more than is kept.
pub(crate) fn drop_authorizer(draft: &mut Draft) {
    if draft.get("authorizer.class.name").is_some_and(|class| !class.trim().is_empty()) {
        draft.note_on("authorizer.class.name", "ignored, for there are no ACLs yet: every client may do everything");
    }
    draft.remove("authorizer.class.name");
}

/// Takes the settings of ZooKeeper out, and says whether it was named.
pub(crate) fn drop_zookeeper(draft: &mut Draft) -> Option<Setting> {
    let mut named = None;
    for key in draft.keys().into_iter().filter(|key| key.starts_with("zookeeper.")) {
        let setting = draft.remove(&key);
        named = named.or(setting.filter(|setting| key == "zookeeper.connect" && !setting.value.trim().is_empty()));
    }
    named
}

/// The setting that a variable makes without a key of its own.
pub(crate) fn setting_of(name: &str, key: &str, value: &str) -> Setting {
    Setting::new(key, value, Origin::Variable { name: name.to_owned() })
}
