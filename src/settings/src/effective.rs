//! A broker's settings with what was configured at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::keys::broker_key;
use crate::listeners::{ADVERTISED, Listener};
use crate::settings::Settings;
use crate::value::Value;

/// A broker's settings, under what was configured for all brokers, under what was configured for this one
/// (`DynamicBrokerConfig`).
#[derive(Clone, Debug)]
pub struct EffectiveBroker {
    settings: Arc<Settings>,
    pub(crate) all: BTreeMap<String, String>,
    pub(crate) own: BTreeMap<String, String>,
}

impl EffectiveBroker {
    /// The settings alone.
    pub fn new(settings: Arc<Settings>) -> EffectiveBroker {
        EffectiveBroker { settings, all: BTreeMap::new(), own: BTreeMap::new() }
    }

    /// The same settings with another dynamic configuration: of all brokers, and of this one.
    pub fn with_dynamic(&self, all: &BTreeMap<String, String>, own: &BTreeMap<String, String>) -> EffectiveBroker {
        EffectiveBroker { settings: self.settings.clone(), all: all.clone(), own: own.clone() }
    }

    /// `node.id`.
    pub fn node_id(&self) -> i32 {
        self.settings.config().node_id
    }

    /// The value that holds for `key`, as it was written; `None` for null.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.texts(key).next()
    }

    /// What clients are told where something was configured for this broker at run time. An error says why that cannot
    /// be, since the listeners were changed at a later start: then what the settings say holds.
    pub fn advertised_listeners(&self) -> Option<Result<Vec<Listener>, String>> {
        self.own.get(ADVERTISED).map(|text| self.settings.advertised(text))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The value that holds for a broker's key. One that is no longer allowed gives way to the next.
    pub(crate) fn read(&self, key: &str) -> Option<Value> {
        let row = broker_key(key)?;
        self.texts(key).find_map(|text| row.read(text).ok())
    }

    /// The number that holds for a broker's key; `None` for null.
    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.read(key)?.number()
    }

    /// What was written for `key`, the strongest first.
    fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        let dynamic = [&self.own, &self.all].into_iter().filter_map(move |values| values.get(key));
        dynamic.map(String::as_str).chain(self.settings.value(key))
    }
}
