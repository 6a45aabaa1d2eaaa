use std::collections::BTreeSet;

use klamm_base::{ErrorCode, NodeId, TopicId};
use klamm_env::Random;
use klamm_metadata::{ConfigResource, Image};

use crate::delete::{DeleteTopic, DeletedTopic, delete};
use crate::partitions::{NewPartitions, create_partitions};
use crate::testing::{after, create, defaults, directory, image_with, told, topic};
use crate::{Defaults, NewTopic, Refusal};

fn by_hand(name: &str, assignments: &[(i32, &[i32])]) -> NewTopic {
    let ids = |ids: &[i32]| ids.iter().copied().map(NodeId).collect();
    let assignments = assignments.iter().map(|(index, replicas)| (*index, ids(replicas))).collect();
    NewTopic { assignments, ..topic(name, -1, -1) }
}

#[test]
fn a_topic_gets_the_brokers_defaults_where_it_asks_for_them() {
    let mut image = image_with([1]);
    let results = create(&mut image, &[topic("a", -1, -1), topic("b", 5, 1)]);
    let a = results[0].as_ref().unwrap();
    assert_eq!((a.partitions, a.replication_factor), (3, 1));
    assert_eq!(results[1].as_ref().unwrap().partitions, 5);
    let partition = image.partition("b", 4).unwrap();
    assert_eq!((partition.leader, &partition.isr), (NodeId(1), &vec![NodeId(1)]));
    assert_eq!(partition.directories, [directory(1)], "the broker's only directory");
    assert_ne!(image.topic("a").unwrap().id, image.topic("b").unwrap().id);
}

#[test]
fn replicas_spread_over_the_brokers() {
    let mut image = image_with(1..=4);
    create(&mut image, &[topic("t", 8, 3)]).remove(0).unwrap();
    let leaders: BTreeSet<NodeId> = (0..8).map(|index| image.partition("t", index).unwrap().leader).collect();
    assert_eq!(leaders.len(), 4);
}

#[test]
fn what_cannot_be_created_is_told_in_kafkas_words() {
    let mut image = image_with([1]);
    create(&mut image, &[topic("there", 1, 1), topic("a.b", 1, 1)]);
    let null = NewTopic { configs: vec![("retention.ms".into(), None), ("x".into(), None)], ..topic("n", 1, 1) };
    let bad = NewTopic { configs: vec![("retention.ms".into(), Some("soon".into()))], ..topic("c", 1, 1) };
    let unknown = NewTopic { configs: vec![("no.such".into(), Some("1".into()))], ..topic("u", 1, 1) };
    let long = NewTopic { configs: vec![("cleanup.policy".into(), Some("x".repeat(32_768)))], ..topic("l", 1, 1) };
    let cases: Vec<(NewTopic, ErrorCode, &str)> = vec![
        (topic("there", 1, 1), ErrorCode::TopicAlreadyExists, "Topic 'there' already exists."),
        (topic("a_b", 1, 1), ErrorCode::InvalidTopicException, "Topic 'a_b' collides with existing topic: a.b"),
        (topic("", 1, 1), ErrorCode::InvalidTopicException, "Topic name is invalid: the empty string is not allowed"),
        (
            topic("p", 0, 1),
            ErrorCode::InvalidPartitions,
            "Number of partitions was set to an invalid non-positive value.",
        ),
        (
            topic("r", 1, 0),
            ErrorCode::InvalidReplicationFactor,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            topic("r", 1, 3),
            ErrorCode::InvalidReplicationFactor,
            "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because \
             only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
        ),
        (null, ErrorCode::InvalidConfig, "Null value not supported for topic configs: retention.ms,x"),
        (bad, ErrorCode::InvalidConfig, "Invalid value soon for configuration retention.ms: Not a number of type LONG"),
        (unknown, ErrorCode::InvalidConfig, "Unknown topic config name: no.such"),
        (
            long,
            ErrorCode::InvalidConfig,
            "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.",
        ),
    ];
    let before = image.topics.clone();
    let asked: Vec<NewTopic> =
        cases.iter().map(|(topic, ..)| topic.clone()).filter(|topic| topic.name != "r").collect();
    assert!(create(&mut image, &asked).iter().all(Result::is_err));
    for (topic, code, text) in cases {
        assert_eq!(told(&create(&mut image, &[topic])[0]), (code, text));
    }
    assert_eq!(image.topics, before);
}

#[test]
fn one_refusal_does_not_spoil_the_others_and_a_name_twice_is_refused_twice() {
    let mut image = image_with([1]);
    let results = create(&mut image, &[topic("a", 1, 1), topic("b", 0, 1), topic("c", 1, 1), topic("c", 2, 1)]);
    assert!(results[0].is_ok());
    assert_eq!(told(&results[1]).0, ErrorCode::InvalidPartitions);
    for result in &results[2..] {
        assert_eq!(told(result), (ErrorCode::InvalidRequest, "Duplicate topic name."));
    }
    assert_eq!(image.topics.len(), 1);
}

#[test]
fn assignments_by_hand_are_taken_or_told_what_is_wrong() {
    let mut image = image_with([1, 2]);
    create(&mut image, &[by_hand("t", &[(1, &[1, 2]), (0, &[2, 1])])]).remove(0).unwrap();
    assert_eq!(image.partition("t", 0).unwrap().leader, NodeId(2));
    type Assignments = &'static [(i32, &'static [i32])];
    let wrong: &[(Assignments, &str)] = &[
        (&[(0, &[])], "The manual partition assignment includes an empty replica list."),
        (&[(0, &[1, 9])], "The manual partition assignment includes broker 9, but no such broker is registered."),
        (&[(0, &[1, 1])], "The manual partition assignment includes the broker 1 more than once."),
        (
            &[(0, &[1]), (1, &[1, 2])],
            "The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with \
             previous partitions, which have 1 replica(s).",
        ),
        (&[(0, &[1]), (0, &[2])], "Found multiple manual partition assignments for partition 0"),
        (&[(0, &[1]), (2, &[2])], "partitions should be a consecutive 0-based integer sequence"),
    ];
    for (assignments, text) in wrong {
        let result = create(&mut image, &[by_hand("w", assignments)]).remove(0);
        assert_eq!(told(&result), (ErrorCode::InvalidReplicaAssignment, *text));
    }
    let both = NewTopic { partitions: 1, ..by_hand("w", &[(0, &[1])]) };
    let text = "A manual partition assignment was specified, but numPartitions was not set to -1.";
    assert_eq!(told(&create(&mut image, &[both])[0]), (ErrorCode::InvalidRequest, text));
}

#[test]
fn a_request_for_too_many_partitions_is_refused_as_a_whole() {
    let mut image = image_with([1]);
    for result in create(&mut image, &[topic("a", 1, 1), topic("b", 10_000, 1)]) {
        let text = "Excessively large number of partitions per request.";
        assert_eq!(told(&result), (ErrorCode::PolicyViolation, text));
    }
    let result = create(&mut image, &[topic("b", 10_000, 1)]).remove(0);
    assert_eq!(told(&result).1, "Unable to perform excessively large batch operation.");
    create(&mut image, &[topic("b", 9_999, 1)]).remove(0).unwrap();
    assert_eq!(create(&mut image, &[topic("c", i32::MAX, 1), topic("d", i32::MAX, 1)]).len(), 2);
}

#[test]
fn the_metadata_logs_own_name_is_refused() {
    let mut image = image_with([1]);
    let results = create(&mut image, &[topic("__cluster_metadata", 1, 1)]);
    let text = "Creation of internal topic __cluster_metadata is prohibited.";
    assert_eq!(told(&results[0]), (ErrorCode::InvalidRequest, text));
}

fn grow(image: &mut Image, name: &str, count: i32, assignments: Option<Vec<Vec<i32>>>) -> Result<(), Refusal> {
    let ids = |all: Vec<Vec<i32>>| all.into_iter().map(|ids| ids.into_iter().map(NodeId).collect()).collect();
    let asked = NewPartitions { name: name.to_owned(), count, assignments: assignments.map(ids) };
    let (records, mut results) = create_partitions(image, &Random::from_seed(1), &[asked]);
    after(image, &records);
    results.remove(0)
}

#[test]
fn partitions_are_added_but_never_taken_away() {
    let mut image = image_with([1, 2]);
    create(&mut image, &[topic("t", 2, 1)]);
    grow(&mut image, "t", 4, None).unwrap();
    grow(&mut image, "t", 5, Some(vec![vec![2]])).unwrap();
    let topic = image.topic("t").unwrap();
    assert_eq!((topic.partition_count(), topic.partitions[4].leader), (5, NodeId(2)));
    let cases = [
        (grow(&mut image, "t", 5, None), ErrorCode::InvalidPartitions, "Topic already has 5 partition(s)."),
        (
            grow(&mut image, "t", -1, None),
            ErrorCode::InvalidPartitions,
            "The topic t currently has 5 partition(s); -1 would not be an increase.",
        ),
        (
            grow(&mut image, "t", 7, Some(vec![vec![1]])),
            ErrorCode::InvalidReplicaAssignment,
            "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.",
        ),
        (
            grow(&mut image, "no", 7, None),
            ErrorCode::UnknownTopicOrPartition,
            "This server does not host this topic-partition.",
        ),
        (
            grow(&mut image, "t", i32::MAX, None),
            ErrorCode::PolicyViolation,
            "Unable to perform excessively large batch operation.",
        ),
    ];
    for (result, code, text) in &cases {
        assert_eq!(told(result), (*code, *text));
    }
}

fn by_name(name: &str) -> DeleteTopic {
    DeleteTopic { name: Some(name.to_owned()), id: TopicId::ZERO }
}

fn by_id(id: TopicId) -> DeleteTopic {
    DeleteTopic { name: None, id }
}

fn removed(image: &mut Image, topics: &[DeleteTopic]) -> Vec<DeletedTopic> {
    let (records, results) = delete(image, &defaults(), topics);
    after(image, &records);
    results
}

#[test]
fn topics_go_by_name_or_id_with_their_configuration() {
    let mut image = image_with([1]);
    let configured = NewTopic { configs: vec![("retention.ms".into(), Some("5".into()))], ..topic("a", 1, 1) };
    let ids: Vec<TopicId> =
        create(&mut image, &[configured, topic("b", 1, 1)]).into_iter().map(|made| made.unwrap().id).collect();
    assert!(image.config(&ConfigResource::topic("a")).is_some());
    let results = removed(&mut image, &[by_name("a"), by_id(ids[1])]);
    assert!(results.iter().all(|deleted| deleted.result.is_ok() && deleted.name.is_some() && !deleted.id.is_zero()));
    assert!(image.topics.is_empty() && image.config(&ConfigResource::topic("a")).is_none());
}

#[test]
fn what_cannot_be_deleted_is_told_in_kafkas_words() {
    let mut image = image_with([1]);
    let id = create(&mut image, &[topic("t", 1, 1)]).remove(0).unwrap().id;
    let unknown = TopicId([9; 16]);
    let told_of = |results: &[DeletedTopic]| {
        let mut all: Vec<(ErrorCode, String)> =
            results.iter().map(|one| (told(&one.result).0, told(&one.result).1.to_owned())).collect();
        all.sort();
        all
    };
    let text = |code: ErrorCode| (code, code.message().to_owned());
    let invalid = |text: &str| (ErrorCode::InvalidRequest, text.to_owned());
    let both = DeleteTopic { name: Some("t".into()), id };
    let cases = [
        (vec![by_name("no")], text(ErrorCode::UnknownTopicOrPartition)),
        (vec![by_id(unknown)], text(ErrorCode::UnknownTopicId)),
        (vec![by_id(TopicId::ZERO)], invalid("Neither topic name nor id were specified.")),
        (vec![both], invalid("You may not specify both topic name and topic id.")),
        (vec![by_name("t"), by_name("t")], invalid("Duplicate topic name.")),
        (vec![by_id(id), by_id(id)], invalid("Duplicate topic id.")),
        (vec![by_id(id), by_name("t")], invalid("The provided topic name maps to an ID that was already supplied.")),
    ];
    for (asked, want) in cases {
        assert_eq!(told_of(&removed(&mut image, &asked)), [want], "{asked:?}");
    }
    assert!(image.topic("t").is_some());
    let disabled = Defaults { delete_topic_enable: false, ..defaults() };
    let (records, results) = delete(&image, &disabled, &[by_name("t")]);
    assert!(records.is_empty());
    assert_eq!(told_of(&results), [text(ErrorCode::TopicDeletionDisabled)]);
}
