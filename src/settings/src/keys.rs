//! The keys of a broker: every one of Kafka's, and klamm's few own. Tables by domain, each sorted by name.

mod group;
mod log;
mod network;
mod node;
mod operation;
mod remote;
mod replication;
mod sasl;
mod security;
mod share;
mod ssl;
mod transaction;

use crate::key::{Key, find};

const TABLES: &[&[Key]] = &[
    group::KEYS,
    log::KEYS,
    network::KEYS,
    node::KEYS,
    operation::KEYS,
    remote::KEYS,
    replication::KEYS,
    sasl::KEYS,
    security::KEYS,
    share::KEYS,
    ssl::KEYS,
    transaction::KEYS,
];

/// Keys that are one setting in several units, the first that is set wins (`DynamicBrokerConfig.brokerConfigSynonyms`).
const SYNONYMS: &[&[&str]] = &[
    &["log.roll.ms", "log.roll.hours"],
    &["log.roll.jitter.ms", "log.roll.jitter.hours"],
    &["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
];

const FLUSH_SYNONYMS: &[&str] = &["log.flush.interval.ms", "log.flush.scheduler.interval.ms"];

/// Keys that a listener can have per SASL mechanism: `listener.name.LISTENER.MECHANISM.KEY`.
const PER_MECHANISM: &[&str] = &[
    "sasl.jaas.config",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "sasl.server.callback.handler.class",
    "connections.max.reauth.ms",
];

/// Security keys that can be changed at run time for a named listener only (`SslConfigs.RECONFIGURABLE_CONFIGS`).
pub(crate) const PER_LISTENER_ONLY: &[&str] = &[
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];

/// The keys of a broker.
pub fn broker_keys() -> impl Iterator<Item = &'static Key> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The broker key with this name.
pub fn broker_key(name: &str) -> Option<&'static Key> {
    TABLES.iter().find_map(|table| find(table, name))
}

/// The broker key that `name` is, or that it sets for one listener (`listener.name.internal.ssl.client.auth`).
pub fn base_key(name: &str) -> Option<&'static Key> {
    broker_key(name).or_else(|| broker_key(base_name(name)?))
}

/// What a key for one listener is without its listener and mechanism; `None` for other keys.
pub(crate) fn base_name(name: &str) -> Option<&str> {
    let (_, base) = name.strip_prefix("listener.name.")?.split_once('.')?;
    Some(PER_MECHANISM.iter().copied().find(|key| base.ends_with(key)).unwrap_or(base))
}

/// The names under which a broker's key is looked for, the first that is set wins.
pub(crate) fn synonyms(name: &str) -> Vec<&str> {
    if name == FLUSH_SYNONYMS[0] {
        return FLUSH_SYNONYMS.to_vec();
    }
    if let Some(group) = SYNONYMS.iter().find(|group| group.contains(&name)) {
        return group.to_vec();
    }
    std::iter::once(name).chain(base_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group_keys::{CLIENT_METRICS_KEYS, GROUP_KEYS};
    use crate::topic_keys::TOPIC_KEYS;

    #[test]
    fn every_table_is_sorted_and_no_name_comes_twice() {
        for table in TABLES.iter().chain(&[TOPIC_KEYS, GROUP_KEYS, CLIENT_METRICS_KEYS]) {
            assert!(table.is_sorted_by(|one, next| one.name < next.name), "at {}", table[0].name);
        }
        let mut names: Vec<&str> = broker_keys().map(|key| key.name).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn every_default_passes_its_own_check() {
        let others = TOPIC_KEYS.iter().chain(GROUP_KEYS).chain(CLIENT_METRICS_KEYS);
        for (key, default) in broker_keys().chain(others).filter_map(|key| Some((key, key.default?))) {
            match key.read(default) {
                Ok(value) => assert_eq!(value.to_string(), default, "{}", key.name),
                Err(fault) => panic!("{}", fault.message(key.name)),
            }
        }
    }

    #[test]
    fn every_key_says_in_a_sentence_what_it_is_for() {
        let others = TOPIC_KEYS.iter().chain(GROUP_KEYS).chain(CLIENT_METRICS_KEYS);
        for key in broker_keys().chain(others) {
            assert!(key.doc().starts_with(char::is_uppercase) && key.doc().ends_with('.'), "{}", key.name);
        }
    }

    #[test]
    fn every_synonym_is_a_broker_key_of_a_number_or_of_the_same_kind() {
        for key in TOPIC_KEYS {
            for (name, _) in key.synonyms() {
                let broker = broker_key(name).unwrap_or_else(|| panic!("{name} of {}", key.name));
                assert!(broker.kind == key.kind || key.synonyms().count() > 1, "{name} of {}", key.name);
            }
        }
    }

    #[test]
    fn a_key_for_one_listener_is_known_by_its_base() {
        assert_eq!(base_name("listener.name.internal.ssl.client.auth"), Some("ssl.client.auth"));
        assert_eq!(base_name("listener.name.internal.plain.sasl.jaas.config"), Some("sasl.jaas.config"));
        assert_eq!(base_name("listener.name.internal"), None);
        assert!(base_key("listener.name.x.plain.sasl.jaas.config").is_some_and(Key::sensitive));
        assert!(base_key("listener.name.x.no.such.key").is_none());
    }
}
