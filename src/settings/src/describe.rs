//! What DescribeConfigs answers (`ConfigHelper`).
//!
//! A value's synonyms are the places that it could come from, strongest first: the resource itself, this broker, all
//! brokers, the file, the default. The first of them is where it does come from.

use std::collections::{BTreeMap, BTreeSet};

use crate::effective::EffectiveBroker;
use crate::group_keys::{CLIENT_METRICS_KEYS, GROUP_KEYS, broker_name};
use crate::key::{Key, Scope};
use crate::keys::{base_key, broker_key, broker_keys, synonyms};
use crate::topic::topic_value;
use crate::topic_keys::TOPIC_KEYS;

/// A key of a resource, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Its value; `None` if it is null or secret.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: Source,
    /// Whether it cannot be changed at run time.
    pub read_only: bool,
    /// Whether nobody set it.
    pub is_default: bool,
    /// Whether its value is secret.
    pub sensitive: bool,
    /// Where the value could come from, strongest first.
    pub synonyms: Vec<Synonym>,
    /// The number of its kind ([`crate::Kind::id`]); 0 if it is not known.
    pub kind: i8,
    /// What it is for.
    pub doc: Option<String>,
}

/// A place that a value could come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synonym {
    /// The key there.
    pub name: String,
    /// The value there; `None` if it is secret.
    pub value: Option<String>,
    /// The place.
    pub source: Source,
}

/// Where a value comes from (`DescribeConfigsResponse.ConfigSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A topic's configuration.
    Topic,
    /// The dynamic configuration of one broker.
    DynamicBroker,
    /// The dynamic configuration of all brokers.
    DynamicDefaultBroker,
    /// The broker's file or command line.
    StaticBroker,
    /// Nowhere: the default.
    Default,
    /// A subscription to client metrics.
    ClientMetrics,
    /// A group's configuration.
    Group,
}

impl Source {
    /// Its number on the wire.
    pub fn id(self) -> i8 {
        match self {
            Source::Topic => 1,
            Source::DynamicBroker => 2,
            Source::DynamicDefaultBroker => 3,
            Source::StaticBroker => 4,
            Source::Default => 5,
            Source::ClientMetrics => 7,
            Source::Group => 8,
        }
    }
}

/// The keys of a topic that was configured with `overrides`, by name.
pub fn describe_topic(overrides: &BTreeMap<String, String>, broker: &EffectiveBroker) -> Vec<Described> {
    let listed = |key: &&Key| key.in_4_3 && (!key.hidden || overrides.contains_key(key.name));
    let describe = |key: &'static Key| {
        let value = topic_value(key, overrides, broker).map(|value| value.to_string());
        let below = key.synonym.map(|name| broker_synonyms(name, broker)).unwrap_or_default();
        row(key, value.clone(), own(key, value, overrides, Source::Topic, below))
    };
    TOPIC_KEYS.iter().filter(listed).map(describe).collect()
}

/// The keys of a group that was configured with `overrides`, by name.
pub fn describe_group(overrides: &BTreeMap<String, String>, broker: &EffectiveBroker) -> Vec<Described> {
    let describe = |key: &'static Key| {
        let (value, below) = group_value(key, overrides, broker);
        row(key, value.clone(), own(key, value, overrides, Source::Group, below))
    };
    GROUP_KEYS.iter().map(describe).collect()
}

/// The value that holds for a group's key, and where it could come from below the group.
fn group_value(
    key: &'static Key,
    overrides: &BTreeMap<String, String>,
    broker: &EffectiveBroker,
) -> (Option<String>, Vec<Synonym>) {
    let name = broker_name(key.name);
    let set = overrides.get(key.name).and_then(|text| key.read(text).ok());
    let value = set.or_else(|| broker.read(&name)).or_else(|| key.default_value());
    let below = match broker_key(&name) {
        Some(_) => broker_synonyms(&name, broker),
        None => key.default.map(|text| synonym(key.name, Some(text), Source::Default)).into_iter().collect(),
    };
    (value.map(|value| value.to_string()), below)
}

/// The keys of a subscription to client metrics that was configured with `overrides`, by name.
pub fn describe_client_metrics(overrides: &BTreeMap<String, String>) -> Vec<Described> {
    let describe = |key: &'static Key| {
        let set = overrides.get(key.name).and_then(|text| key.read(text).ok());
        let value = set.or_else(|| key.default_value()).map(|value| value.to_string());
        row(key, value.clone(), own(key, value, overrides, Source::ClientMetrics, Vec::new()))
    };
    CLIENT_METRICS_KEYS.iter().map(describe).collect()
}

/// The keys of a broker, by name: all that Kafka 4.3 has, and whatever else was set.
pub fn describe_broker(broker: &EffectiveBroker) -> Vec<Described> {
    let listed = broker_keys().filter(|key| key.in_4_3 && !key.hidden).map(|key| key.name);
    let dynamic = broker.all.keys().chain(broker.own.keys()).map(String::as_str);
    let names: BTreeSet<&str> = listed.chain(broker.settings().explicit_keys()).chain(dynamic).collect();
    let describe = |name: &str| {
        let value = match known(name) {
            Some(key) if broker_key(name).is_some() => broker.read(key.name).map(|value| value.to_string()),
            _ => broker.value(name).map(str::to_owned),
        };
        broker_row(name, value, broker_synonyms(name, broker))
    };
    names.into_iter().map(describe).collect()
}

/// What was configured for all brokers at run time, by name.
pub fn describe_broker_default(broker: &EffectiveBroker) -> Vec<Described> {
    let describe = |(name, value): (&String, &String)| {
        let mut synonyms = broker_synonyms(name, broker);
        synonyms.retain(|synonym| synonym.source == Source::DynamicDefaultBroker);
        broker_row(name, Some(value.clone()), synonyms)
    };
    broker.all.iter().map(describe).collect()
}

/// The row of a broker's key; keys of later versions than 4.3 are as unknown as they are there.
fn known(name: &str) -> Option<&'static Key> {
    base_key(name).filter(|key| key.in_4_3)
}

fn broker_row(name: &str, value: Option<String>, synonyms: Vec<Synonym>) -> Described {
    let key = known(name);
    let source = synonyms.first().map_or(Source::Default, |first| first.source);
    let sensitive = key.is_none_or(Key::sensitive);
    let dynamic = broker_key(name).is_some_and(|key| key.scope != Scope::ReadOnly);
    Described {
        name: name.to_owned(),
        value: value.filter(|_| !sensitive),
        source,
        read_only: !dynamic,
        is_default: source == Source::Default,
        sensitive,
        synonyms,
        kind: key.map_or(0, |key| key.kind.id()),
        doc: key.map(|key| key.doc().to_owned()),
    }
}

/// The row of a key that can be changed; none of those is secret.
fn row(key: &Key, value: Option<String>, synonyms: Vec<Synonym>) -> Described {
    let source = synonyms.first().map_or(Source::Default, |first| first.source);
    Described {
        name: key.name.to_owned(),
        value: value.filter(|_| !key.sensitive()),
        source,
        read_only: false,
        is_default: source == Source::Default,
        sensitive: key.sensitive(),
        synonyms,
        kind: key.kind.id(),
        doc: Some(key.doc().to_owned()),
    }
}

/// `below`, under what the resource itself sets.
fn own(
    key: &Key,
    value: Option<String>,
    overrides: &BTreeMap<String, String>,
    source: Source,
    below: Vec<Synonym>,
) -> Vec<Synonym> {
    let set = overrides.contains_key(key.name).then(|| synonym(key.name, value.as_deref(), source));
    set.into_iter().chain(below).collect()
}

/// Where a broker's value could come from. What comes before the key's own name is dropped, as Kafka does: of
/// `log.retention.ms` nothing is told while only `log.retention.hours` is set.
fn broker_synonyms(name: &str, broker: &EffectiveBroker) -> Vec<Synonym> {
    let names = synonyms(name);
    let sensitive = known(name).is_none_or(Key::sensitive);
    let mut found = Vec::new();
    let mut look = |source: Source, value: &dyn Fn(&str) -> Option<String>| {
        for name in &names {
            if let Some(value) = value(name) {
                found.push(synonym(name, Some(value.as_str()).filter(|_| !sensitive), source));
            }
        }
    };
    look(Source::DynamicBroker, &|name| broker.own.get(name).cloned());
    look(Source::DynamicDefaultBroker, &|name| broker.all.get(name).cloned());
    look(Source::StaticBroker, &|name| broker.settings().explicit(name).map(str::to_owned));
    look(Source::Default, &|name| known(name).filter(|_| broker_key(name).is_some())?.default.map(str::to_owned));
    found.into_iter().skip_while(|synonym| synonym.name != name).collect()
}

fn synonym(name: &str, value: Option<&str>, source: Source) -> Synonym {
    Synonym { name: name.to_owned(), value: value.map(str::to_owned), source }
}

#[cfg(test)]
#[path = "describe_test.rs"]
mod describe_test;
