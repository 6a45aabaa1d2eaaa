//! V1-V3: descriptions are those of Apache Kafka 4.3.1, line by line.

use super::*;
use crate::testing::{Node, Values, broker, values};

/// A description in the form of the fixtures.
fn line(config: &Described) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let synonym = |synonym: &Synonym| format!("{}:{}={}", source(synonym.source), synonym.name, shown(&synonym.value));
    let synonyms: Vec<String> = config.synonyms.iter().map(synonym).collect();
    format!(
        "{}={} src={} ro={} sens={} type={} syn=[{}]",
        config.name,
        shown(&config.value),
        source(config.source),
        config.read_only,
        config.sensitive,
        ["UNKNOWN", "BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"]
            [usize::try_from(config.kind).unwrap()],
        synonyms.join(", ")
    )
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Topic => "DYNAMIC_TOPIC_CONFIG",
        Source::DynamicBroker => "DYNAMIC_BROKER_CONFIG",
        Source::DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        Source::StaticBroker => "STATIC_BROKER_CONFIG",
        Source::Default => "DEFAULT_CONFIG",
        Source::ClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
        Source::Group => "DYNAMIC_GROUP_CONFIG",
    }
}

/// What is said here of what Kafka says: advertised listeners can be changed at run time, as before Kafka 4.
fn here(kafka: &str) -> String {
    match kafka.strip_prefix("advertised.listeners=") {
        Some(_) => kafka.replace(" ro=true ", " ro=false "),
        None => kafka.to_owned(),
    }
}

fn assert_lines(described: &[Described], fixture: &str) {
    let lines: Vec<String> = described.iter().map(line).collect();
    for (have, kafka) in lines.iter().zip(fixture.lines().map(here)) {
        assert_eq!(*have, kafka);
    }
    assert_eq!(lines.len(), fixture.lines().count());
    assert!(described.is_sorted_by(|one, next| one.name < next.name));
    for config in described {
        assert_eq!(config.is_default, config.source == Source::Default, "{}", config.name);
        assert_eq!(config.doc.is_some(), config.kind != 0, "{}", config.name);
    }
}

#[test]
fn v1_a_fresh_topic_is_described_as_kafka_describes_it() {
    let node = Node::fresh();
    assert_lines(&describe_topic(&Values::new(), &node.broker), include_str!("../tests/fixtures/topic.txt"));
}

#[test]
fn v1_a_fresh_broker_is_described_as_kafka_describes_it() {
    let node = Node::fresh();
    assert_lines(&describe_broker(&node.broker), include_str!("../tests/fixtures/broker.txt"));
    assert_lines(&describe_broker_default(&node.broker), include_str!("../tests/fixtures/broker-default.txt"));
}

#[test]
fn v1_groups_and_client_metrics_are_described_as_kafka_describes_them() {
    let node = Node::fresh();
    assert_lines(&describe_group(&Values::new(), &node.broker), include_str!("../tests/fixtures/group.txt"));
    let metrics = describe_client_metrics(&Values::new());
    assert_lines(&metrics, include_str!("../tests/fixtures/client-metrics.txt"));
}

#[test]
fn v2_sources_and_synonyms_follow_what_was_changed() {
    let node = Node::changed(|_, _| {});
    let fresh = Node::fresh();
    assert_lines(&describe_topic(&node.topic, &fresh.broker), include_str!("../tests/fixtures/topic-changed.txt"));
    assert_lines(
        &describe_topic(&node.topic, &node.broker),
        include_str!("../tests/fixtures/topic-on-changed-broker.txt"),
    );
    assert_lines(&describe_group(&node.group, &node.broker), include_str!("../tests/fixtures/group-changed.txt"));
    assert_lines(&describe_client_metrics(&node.metrics), include_str!("../tests/fixtures/client-metrics-changed.txt"));
    assert_lines(&describe_broker_default(&node.broker), include_str!("../tests/fixtures/broker-default-changed.txt"));
}

#[test]
fn v2_a_broker_shows_what_was_changed_and_the_rest_as_before() {
    let node = Node::changed(|_, _| {});
    let before: Vec<String> = include_str!("../tests/fixtures/broker.txt").lines().map(here).collect();
    let mut changed = describe_broker(&node.broker);
    changed.retain(|config| !before.contains(&line(config)));
    assert_lines(&changed, include_str!("../tests/fixtures/broker-changed.txt"));
    assert_eq!(describe_broker(&node.broker).len(), 345);
}

#[test]
fn v3_a_secret_or_a_value_that_nobody_knows_never_leaves() {
    let node = Node::fresh().broker.with_dynamic(
        &values(&[("unknown.key", "s3cret")]),
        &values(&[("listener.name.x.plain.sasl.jaas.config", "s3cret"), ("sasl.jaas.config", "s3cret")]),
    );
    let file = broker("node.id=1\nssl.key.password=s3cret\nlistener.name.y.ssl.keystore.key=s3cret\nother=s3cret");
    let all = [describe_broker(&node), describe_broker(&file), describe_broker_default(&node)].concat();
    assert!(!format!("{all:?}").contains("s3cret"));
    let secret = |name: &str| all.iter().find(|config| config.name == name && config.source != Source::Default);
    for name in ["unknown.key", "sasl.jaas.config", "ssl.key.password", "listener.name.y.ssl.keystore.key", "other"] {
        let config = secret(name).unwrap_or_else(|| panic!("{name} is described"));
        assert!(config.sensitive && config.value.is_none() && config.synonyms[0].value.is_none(), "{name}");
    }
}

#[test]
fn keys_of_kafka_4_4_are_listed_nowhere() {
    let node = Node::fresh();
    let broker = describe_broker(&node.broker);
    let later: Vec<&str> = broker_keys().filter(|key| !key.in_4_3).map(|key| key.name).collect();
    assert!(later.contains(&"log.remote.copy.lag.ms"));
    assert!(broker.iter().all(|config| !later.contains(&config.name.as_str())));
}

#[test]
fn the_keys_of_klamm_itself_are_described_once_they_are_set() {
    let set = describe_broker(&broker("node.id=1\nklamm.admin.listener=:1"));
    let row = set.iter().find(|config| config.name == "klamm.admin.listener").unwrap();
    assert_eq!((row.value.as_deref(), row.source, row.sensitive), (Some(":1"), Source::StaticBroker, false));
    assert!(describe_broker(&broker("node.id=1")).iter().all(|config| !config.name.starts_with("klamm.")));
}
