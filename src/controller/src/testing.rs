//! A small world for tests: rules with a few keys, and images with a few brokers.

use std::collections::BTreeMap;

use klamm_base::{ErrorCode, NodeId, TopicId};
use klamm_env::Random;
use klamm_metadata::{Broker, Delta, Image, Position, Record, ResourceKind, apply_all, check};

use crate::topics::{self, Ground};
use crate::{CreatedTopic, Defaults, NewTopic, Refusal, Rules};

/// Knows `retention.ms`, a number, and `cleanup.policy`, a list.
pub(crate) struct FewKeys;

fn check_keys(values: &BTreeMap<String, String>) -> Result<(), String> {
    for (key, value) in values {
        match key.as_str() {
            "retention.ms" if value.parse::<i64>().is_err() => {
                return Err(format!("Invalid value {value} for configuration {key}: Not a number of type LONG"));
            }
            "retention.ms" | "cleanup.policy" => {}
            _ => return Err(format!("Unknown topic config name: {key}")),
        }
    }
    Ok(())
}

impl Rules for FewKeys {
    fn check_topic(&self, values: &BTreeMap<String, String>) -> Result<(), String> {
        check_keys(values)
    }

    fn check_group(&self, values: &BTreeMap<String, String>) -> Result<(), String> {
        check_keys(values)
    }

    fn check_client_metrics(&self, _: &str, values: &BTreeMap<String, String>) -> Result<(), Refusal> {
        check_keys(values).map_err(|text| Refusal::new(ErrorCode::InvalidRequest, text))
    }

    fn check_broker(&self, per_broker: bool, values: &BTreeMap<String, String>) -> Result<(), Refusal> {
        match values.contains_key("listeners") && !per_broker {
            true => {
                Err(Refusal::new(ErrorCode::InvalidRequest, "Cannot update these configs at default cluster level"))
            }
            false => Ok(()),
        }
    }

    fn list_default(&self, _: ResourceKind, key: &str) -> Option<String> {
        (key == "cleanup.policy").then(|| "delete".to_owned())
    }
}

pub(crate) fn defaults() -> Defaults {
    Defaults {
        num_partitions: 3,
        replication_factor: 1,
        delete_topic_enable: true,
        min_insync_replicas: "1".to_owned(),
    }
}

pub(crate) fn directory(broker: i32) -> TopicId {
    TopicId([u8::try_from(broker).unwrap(); 16])
}

/// An image with these brokers, unfenced.
pub(crate) fn image_with(brokers: impl IntoIterator<Item = i32>) -> Image {
    let mut image = Image::default();
    let broker = |id| {
        Record::RegisterBroker(Broker {
            id: NodeId(id),
            epoch: 7,
            incarnation: TopicId([id as u8 + 100; 16]),
            rack: None,
            endpoints: Vec::new(),
            fenced: false,
            directories: vec![directory(id)],
        })
    };
    let records: Vec<Record> = brokers.into_iter().map(broker).chain([Record::Cluster { id: "c".into() }]).collect();
    after(&mut image, &records);
    image
}

/// Applies `records`, which must fit and keep the image whole.
pub(crate) fn after(image: &mut Image, records: &[Record]) {
    let at = Position { index: image.at.index + 1, term: 1 };
    apply_all(image, records, at, &mut Delta::default()).unwrap();
    assert_eq!(check(image), None);
}

pub(crate) fn topic(name: &str, partitions: i32, replication_factor: i16) -> NewTopic {
    NewTopic { name: name.to_owned(), partitions, replication_factor, ..NewTopic::default() }
}

/// Creates topics in `image`.
pub(crate) fn create(image: &mut Image, topics: &[NewTopic]) -> Vec<Result<CreatedTopic, Refusal>> {
    let (defaults, random) = (defaults(), Random::from_seed(image.at.index));
    let ground = Ground { defaults: &defaults, rules: &FewKeys, random: &random };
    let (records, results) = topics::create(image, &ground, topics);
    after(image, &records);
    results
}

/// The code and the text of a refusal.
pub(crate) fn told<T: std::fmt::Debug>(result: &Result<T, Refusal>) -> (ErrorCode, &str) {
    let refusal = result.as_ref().expect_err("a refusal");
    (refusal.code, &refusal.message)
}
