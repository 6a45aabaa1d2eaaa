//! V4: what may be changed and what is said if not, as Apache Kafka 4.3.1 has it.

use super::*;
use crate::testing::{Node, broker, values};

#[test]
fn v4_each_change_is_taken_or_refused_as_kafka_does_and_in_its_words() {
    let mut lines = 0;
    Node::changed(|line, said| {
        assert!(line.ends_with(&format!("\t-> {said}")), "here: {said}\nthere: {line}");
        lines += 1;
    });
    assert!(lines > 120, "{lines} changes");
}

#[test]
fn a_topic_is_checked_against_the_values_of_its_broker() {
    let broker = broker("node.id=1\nlog.cleaner.max.compaction.lag.ms=100");
    let text = check_topic(&values(&[("min.compaction.lag.ms", "200")]), &broker).unwrap_err();
    assert_eq!(text, "conflict topic config setting min.compaction.lag.ms (200) > max.compaction.lag.ms (100)");
    assert_eq!(check_topic(&values(&[("min.compaction.lag.ms", "100")]), &broker), Ok(()));
}

#[test]
fn a_single_value_is_checked_without_its_neighbours() {
    assert_eq!(check_topic_value("segment.ms", "1"), Ok(()));
    assert_eq!(
        check_topic_value("segment.ms", "0"),
        Err("Invalid value 0 for configuration segment.ms: Value must be at least 1".to_owned())
    );
    assert_eq!(check_topic_value("x", "0"), Err("Unknown topic config name: x".to_owned()));
    // Only 4.4 has it.
    assert!(check_topic_value("remote.copy.lag.ms", "0").is_err());
}

#[test]
fn a_session_must_be_longer_than_its_heartbeat() {
    let text = "node.id=1\ngroup.consumer.min.session.timeout.ms=1\ngroup.consumer.min.heartbeat.interval.ms=1";
    let set = values(&[("consumer.session.timeout.ms", "5000"), ("consumer.heartbeat.interval.ms", "5000")]);
    let said = check_group(&set, &broker(text)).unwrap_err();
    assert_eq!(said, "consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms");
}

#[test]
fn threads_at_least_halve_and_at_most_double() {
    let broker = broker("node.id=1\nnum.io.threads=8");
    let try_out = |threads: &str| check_broker(true, &values(&[("num.io.threads", threads)]), &broker);
    assert!(try_out("4").is_ok() && try_out("16").is_ok());
    assert!(try_out("17").unwrap_err().message.contains("num.io.threads=17, value should not be greater than double"));
    let text = try_out("3").unwrap_err().message;
    assert!(text.contains("num.io.threads=3, value should be at least half the current value 8"), "{text}");
}

#[test]
fn addresses_without_a_bound_of_their_own_are_shut_out_only_if_others_have_one() {
    let broker = broker("node.id=1");
    let none = values(&[("max.connections.per.ip", "0")]);
    let text = check_broker(false, &none, &broker).unwrap_err().message;
    assert!(text.ends_with("can be set to zero only if max.connections.per.ip.overrides property is set."), "{text}");
    let some = values(&[("max.connections.per.ip", "0"), ("max.connections.per.ip.overrides", "10.0.0.1:5,[::1]:2")]);
    assert_eq!(check_broker(false, &some, &broker), Ok(()));
    let bad = values(&[("max.connections.per.ip.overrides", "10.0.0.1")]);
    assert_eq!(check_broker(false, &bad, &broker).unwrap_err().code, ErrorCode::InvalidRequest);
}

#[test]
fn listeners_stay_as_they_are_while_a_broker_runs() {
    let broker = broker("node.id=1\nlisteners=PLAINTEXT://:9092");
    let try_out = |text: &str| check_broker(true, &values(&[("listeners", text)]), &broker);
    assert_eq!(try_out("PLAINTEXT://:9092"), Ok(()));
    assert_eq!(
        try_out("PLAINTEXT://:9093").unwrap_err().message,
        "Cannot update these configs dynamically: [listeners]"
    );
}

#[test]
fn advertised_listeners_change_while_a_broker_runs_as_long_as_they_name_its_listeners() {
    let broker = broker(
        "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n\
         listeners=PLAINTEXT://:9092,BROKER://:9093,CONTROLLER://:9094\ninter.broker.listener.name=BROKER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    );
    let try_out = |text: &str| check_broker(true, &values(&[("advertised.listeners", text)]), &broker);
    assert_eq!(try_out("PLAINTEXT://127.0.0.1:1234,BROKER://localhost:9092"), Ok(()));
    assert_eq!(try_out("broker://localhost:9092"), Ok(()), "one alone, in small letters");
    for (text, why) in [
        ("PLAINTEXT://a:1", "inter.broker.listener.name must name an advertised listener, which are PLAINTEXT"),
        ("BROKER://a:1,OTHER://a:2", "no security protocol is defined for OTHER"),
        ("BROKER://a", "BROKER://a has no port"),
        ("BROKER://0.0.0.0:1", "clients cannot be told 0.0.0.0"),
        ("BROKER://a:1,BROKER://a:2", "BROKER is there twice"),
        ("CONTROLLER://a:1", "no listener is left for clients"),
    ] {
        let refused = try_out(text).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidRequest, "{text}");
        let start = format!("Invalid value {text} for configuration advertised.listeners: {why}");
        assert!(refused.message.starts_with(&start), "{}", refused.message);
    }
    assert!(try_out("").is_err(), "a broker tells something");
    let refused = check_broker(false, &values(&[("advertised.listeners", "BROKER://a:1")]), &broker).unwrap_err();
    assert_eq!(
        refused.message,
        "Cannot update these configs at default cluster level, broker id must be specified: [advertised.listeners]"
    );
}

#[test]
fn what_is_advertised_at_run_time_is_told_until_it_is_taken_back_or_names_no_listener() {
    let broker = broker("node.id=1\nlisteners=PLAINTEXT://:9092\nadvertised.listeners=PLAINTEXT://file:1");
    assert_eq!(broker.advertised_listeners(), None);
    let configured = |text: &str| broker.with_dynamic(&values(&[]), &values(&[("advertised.listeners", text)]));
    let told = configured("PLAINTEXT://later:2").advertised_listeners().unwrap().unwrap();
    assert_eq!(told.iter().map(|one| (one.host.as_str(), one.port)).collect::<Vec<_>>(), [("later", 2)]);
    assert!(configured("GONE://later:2").advertised_listeners().unwrap().is_err());
}

#[test]
fn a_list_begins_as_its_default_and_other_keys_are_no_lists() {
    assert_eq!(topic_list_default("cleanup.policy").as_deref(), Some("delete"));
    assert_eq!(topic_list_default("leader.replication.throttled.replicas").as_deref(), Some(""));
    assert_eq!(topic_list_default("retention.ms"), None);
    assert_eq!(topic_list_default("no.such.key"), None);
    assert_eq!(broker_list_default("log.cleanup.policy").as_deref(), Some("delete"));
    assert_eq!(broker_list_default("advertised.listeners").as_deref(), Some(""));
    assert_eq!(broker_list_default("num.io.threads"), None);
}
