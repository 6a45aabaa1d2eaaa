//! Lines of a description.

use super::*;

fn partition() -> Partition {
    let elr = Some(Vec::new());
    Partition { index: 0, leader: Some(1), replicas: vec![1, 2], isr: vec![1], elr: elr.clone(), last_known_elr: elr }
}

fn setting(name: &str, value: &str, is_default: bool) -> Setting {
    Setting { name: name.to_owned(), value: Some(value.to_owned()), is_default }
}

#[test]
fn a_topic_and_its_partitions_are_told_in_kafka_s_columns() {
    let id = TopicId::parse("MkU3OEVBNTcwNTJENDM2Qg").unwrap();
    let topic = Topic { name: "t".to_owned(), id, partitions: vec![partition()] };
    let settings = [setting("retention.ms", "5", false), setting("segment.bytes", "7", true)];
    assert_eq!(
        topic_line(&topic, 2, &settings),
        "Topic: t\tTopicId: MkU3OEVBNTcwNTJENDM2Qg\tPartitionCount: 1\tReplicationFactor: 2\tConfigs: retention.ms=5"
    );
    assert_eq!(
        partition_line("t", &partition(), None),
        "\tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1,2\tIsr: 1\tElr: \tLastKnownElr: "
    );
}

#[test]
fn what_is_not_known_is_told_as_such() {
    let bare = Partition { leader: None, elr: None, last_known_elr: None, isr: Vec::new(), ..partition() };
    assert_eq!(
        partition_line("t", &bare, None),
        "\tTopic: t\tPartition: 0\tLeader: none\tReplicas: 1,2\tIsr: \tElr: N/A\tLastKnownElr: N/A"
    );
}

#[test]
fn replicas_that_are_being_added_do_not_count_yet() {
    let moving = Reassignment { replicas: vec![1, 2, 3], adding: vec![3], removing: Vec::new() };
    let three = Partition { replicas: vec![1, 2, 3], ..partition() };
    assert_eq!(replication_factor(&three, Some(&moving)), 2);
    assert_eq!(replication_factor(&partition(), Some(&moving)), 2);
    let line = partition_line("t", &three, Some(&moving));
    assert!(line.contains("\tIsr: 1\tAdding Replicas: 3\tRemoving Replicas: \tElr: "), "{line}");
}

#[test]
fn an_id_that_is_none_is_refused_in_kafka_s_words() {
    let said = |text: &str| read_id(text).unwrap_err().text().to_owned();
    assert!(said("abc").starts_with("Input string `abc` decoded as 2 bytes, which is not equal"));
    assert!(said(&"a".repeat(30)).starts_with(&format!("Input string with prefix `{}`", "a".repeat(24))));
    assert_eq!(said("x"), "Input byte[] should at least have 2 bytes for base64 bytes");
    assert_eq!(said("abcde"), "Last unit does not have enough valid bits");
    assert_eq!(said("a!c"), "Illegal base64 character 21");
    assert!(read_id("MkU3OEVBNTcwNTJENDM2Qg").is_ok());
}
