use std::collections::BTreeMap;

use klamm_base::{ErrorCode, NodeId};
use klamm_metadata::{ConfigResource, Image, ResourceKind};

use crate::configs::{Alter, ConfigChange, Way, alter, first_record};
use crate::testing::{FewKeys, after, create, image_with, told, topic};
use crate::{ConfigOp, Refusal};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const GROUP: i8 = 32;

fn change(name: &str, op: i8, value: &str) -> ConfigChange {
    ConfigChange { op, ..ConfigChange::set(name, value) }
}

fn of(kind: i8, name: &str, changes: &[ConfigChange]) -> Alter {
    Alter { kind, name: name.to_owned(), changes: changes.to_vec() }
}

fn run(image: &mut Image, way: Way, resources: &[Alter]) -> Vec<Result<(), Refusal>> {
    let (records, results) = alter(image, &FewKeys, NodeId(1), way, resources);
    after(image, &records);
    results
}

fn one(image: &mut Image, kind: i8, name: &str, changes: &[ConfigChange]) -> Result<(), Refusal> {
    run(image, Way::Incremental, &[of(kind, name, changes)]).remove(0)
}

fn values(image: &Image, kind: ResourceKind, name: &str) -> BTreeMap<String, String> {
    image.config(&ConfigResource::new(kind, name)).map(|values| (**values).clone()).unwrap_or_default()
}

fn world() -> Image {
    let mut image = image_with([1]);
    create(&mut image, &[topic("t", 1, 1)]);
    image
}

#[test]
fn operations_do_what_they_say_v4() {
    let mut image = world();
    let policy = |image: &Image| values(image, ResourceKind::Topic, "t").get("cleanup.policy").cloned();
    one(&mut image, TOPIC, "t", &[change("cleanup.policy", 2, "compact,delete")]).unwrap();
    assert_eq!(policy(&image).as_deref(), Some("delete,compact"), "an unset list begins as its default");
    one(&mut image, TOPIC, "t", &[change("cleanup.policy", 3, "delete")]).unwrap();
    one(&mut image, TOPIC, "t", &[change("cleanup.policy", 3, "compact")]).unwrap();
    assert_eq!(policy(&image).as_deref(), Some(""), "the last element gone leaves nothing, not the default");
    one(&mut image, TOPIC, "t", &[change("retention.ms", 0, "5"), change("cleanup.policy", 1, "")]).unwrap();
    assert_eq!(policy(&image), None);
    assert_eq!(values(&image, ResourceKind::Topic, "t").len(), 1);
    let delete = ConfigChange { name: "retention.ms".into(), op: 1, value: None };
    one(&mut image, TOPIC, "t", &[delete]).unwrap();
    assert!(image.configs.is_empty());
}

#[test]
fn deleting_a_key_that_is_unknown_or_unset_is_no_error_v4() {
    let mut image = world();
    one(&mut image, TOPIC, "t", &[change("no.such", 1, "")]).unwrap();
    assert!(image.configs.is_empty());
}

#[test]
fn what_cannot_be_altered_is_told_in_kafkas_words_v4() {
    let mut image = world();
    let null = ConfigChange { name: "retention.ms".into(), op: 0, value: None };
    let twice = [change("retention.ms", 0, "1"), change("retention.ms", 0, "2")];
    let cases: Vec<(Alter, ErrorCode, &str)> = vec![
        (of(TOPIC, "t", &[null]), ErrorCode::InvalidRequest, "Null value not supported for : retention.ms"),
        (of(TOPIC, "t", &twice), ErrorCode::InvalidRequest, "Error due to duplicate config keys"),
        (of(99, "t", &[]), ErrorCode::InvalidRequest, "Unknown resource type 99"),
        (of(TOPIC, "t", &[change("no.such", 0, "1")]), ErrorCode::InvalidConfig, "Unknown topic config name: no.such"),
        (
            of(TOPIC, "t", &[change("retention.ms", 2, "1")]),
            ErrorCode::InvalidConfig,
            "Can't APPEND to key retention.ms because its type is not LIST.",
        ),
        (
            of(TOPIC, "t", &[change("retention.ms", 9, "1")]),
            ErrorCode::UnknownServerError,
            ErrorCode::UnknownServerError.message(),
        ),
        (of(TOPIC, "", &[]), ErrorCode::InvalidRequest, "Default topic resources are not allowed."),
        (of(TOPIC, "no", &[]), ErrorCode::UnknownTopicOrPartition, "The topic 'no' does not exist."),
        (
            of(TOPIC, "t", &[change("cleanup.policy", 0, &"x".repeat(32_768))]),
            ErrorCode::InvalidConfig,
            "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.",
        ),
        (of(BROKER, "x", &[]), ErrorCode::InvalidRequest, "Node id must be an integer, but it is: x"),
        (of(BROKER, "2", &[]), ErrorCode::InvalidRequest, "Unexpected broker id, expected 1, but received 2"),
        (
            of(BROKER, "", &[change("listeners", 0, "x")]),
            ErrorCode::InvalidRequest,
            "Cannot update these configs at default cluster level",
        ),
        (of(GROUP, "", &[]), ErrorCode::InvalidRequest, "Default group resources are not allowed."),
    ];
    for (asked, code, text) in cases {
        assert_eq!(told(&run(&mut image, Way::Incremental, &[asked])[0]), (code, text));
    }
    let resource = of(TOPIC, "t", &[change("retention.ms", 0, "1")]);
    for result in run(&mut image, Way::Incremental, &[resource.clone(), resource]) {
        assert_eq!(told(&result), (ErrorCode::InvalidRequest, "Each resource must appear at most once."));
    }
    assert!(image.configs.is_empty());
}

#[test]
fn one_refusal_does_not_spoil_the_others() {
    let mut image = world();
    let good = of(GROUP, "g", &[change("retention.ms", 0, "1")]);
    let results = run(&mut image, Way::Incremental, &[of(TOPIC, "no", &[]), good]);
    assert!(results[0].is_err() && results[1].is_ok());
    assert_eq!(values(&image, ResourceKind::Group, "g").len(), 1);
}

#[test]
fn the_older_way_replaces_all_v4() {
    let mut image = world();
    one(&mut image, TOPIC, "t", &[change("retention.ms", 0, "5"), change("cleanup.policy", 0, "compact")]).unwrap();
    let replace = of(TOPIC, "t", &[ConfigChange::set("retention.ms", "7")]);
    run(&mut image, Way::Replace, &[replace]).remove(0).unwrap();
    assert_eq!(values(&image, ResourceKind::Topic, "t"), BTreeMap::from([("retention.ms".into(), "7".into())]));
    let null = ConfigChange { name: "retention.ms".into(), op: 0, value: None };
    let refused = run(&mut image, Way::Replace, &[of(TOPIC, "t", &[null])]).remove(0);
    assert_eq!(told(&refused).1, "Null value not supported for : retention.ms");
    run(&mut image, Way::Replace, &[of(TOPIC, "t", &[])]).remove(0).unwrap();
    assert!(image.configs.is_empty());
}

#[test]
fn min_insync_replicas_stays_with_all_brokers() {
    let mut image = world();
    let record = first_record(&image, "1").unwrap();
    after(&mut image, &[record]);
    assert_eq!(first_record(&image, "2"), None, "only a new cluster gets it");
    let key = "min.insync.replicas";
    let broker = one(&mut image, BROKER, "1", &[change(key, 0, "2")]);
    let text = "Broker-level min.insync.replicas cannot be altered while ELR is enabled.";
    assert_eq!(told(&broker), (ErrorCode::InvalidConfig, text));
    let gone = one(&mut image, BROKER, "", &[change(key, 1, "")]);
    let text = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.";
    assert_eq!(told(&gone), (ErrorCode::InvalidConfig, text));
    one(&mut image, BROKER, "", &[change(key, 0, "2")]).unwrap();
    assert_eq!(values(&image, ResourceKind::Broker, "")[key], "2");
}

#[test]
fn operations_have_kafkas_numbers() {
    let ops = [ConfigOp::Set, ConfigOp::Delete, ConfigOp::Append, ConfigOp::Subtract];
    assert_eq!((0..4).filter_map(ConfigOp::from_id).collect::<Vec<_>>(), ops);
    assert_eq!(ConfigOp::from_id(-1), None);
}
