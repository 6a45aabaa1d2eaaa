use std::collections::BTreeSet;
use std::sync::Arc;

use klamm_base::{NodeId, ProducerId, TopicId};
use proptest::prelude::*;

use crate::testing::{id, likely_record};
use crate::{ConfigResource, Delta, Error, Image, Partition, Position, Record, apply, apply_all, check, snapshot};

fn at(index: u64) -> Position {
    Position { index, term: 1 }
}

fn topic(n: u8, name: &str) -> Record {
    Record::Topic { id: id(n), name: name.into() }
}

fn partition(n: u8, index: i32) -> Record {
    let state = Partition::new(vec![NodeId(1)], vec![TopicId::ZERO]);
    Record::Partition { topic: id(n), partition: index, state }
}

fn set(topic: &str, key: &str, value: Option<&str>) -> Record {
    Record::Config { resource: ConfigResource::topic(topic), name: key.into(), value: value.map(Into::into) }
}

fn made_of(records: &[Record]) -> (Image, Delta) {
    let (mut image, mut delta) = (Image::default(), Delta::default());
    apply_all(&mut image, records, at(1), &mut delta).unwrap();
    (image, delta)
}

#[test]
fn a_topic_goes_with_its_configuration() {
    let (mut image, _) = made_of(&[topic(1, "t"), partition(1, 0), set("t", "k", Some("v"))]);
    let mut delta = Delta::default();
    apply(&mut image, &Record::RemoveTopic { id: id(1) }, at(2), &mut delta).unwrap();
    assert!(image.topics.is_empty() && image.ids.is_empty() && image.configs.is_empty());
    assert_eq!(delta.deleted[&id(1)].partitions.len(), 1, "the last state is handed on");
    assert!(delta.configs.contains(&ConfigResource::topic("t")));
    assert_eq!(image.at, at(2));
}

#[test]
fn a_topic_that_came_and_went_in_one_step_is_not_named() {
    let (_, delta) = made_of(&[topic(1, "t"), partition(1, 0), Record::RemoveTopic { id: id(1) }]);
    assert!(delta.created.is_empty() && delta.changed.is_empty() && delta.deleted.is_empty());
}

#[test]
fn a_topic_made_again_is_told_by_its_id() {
    let (mut image, _) = made_of(&[topic(1, "t"), partition(1, 0)]);
    let mut delta = Delta::default();
    let again = [Record::RemoveTopic { id: id(1) }, topic(2, "t"), partition(2, 0)];
    apply_all(&mut image, &again, at(2), &mut delta).unwrap();
    assert!(delta.deleted.contains_key(&id(1)) && delta.created.contains_key(&id(2)));
    assert_eq!(image.topic("t").unwrap().id, id(2));
}

#[test]
fn the_last_key_takes_the_resource_with_it() {
    let (image, _) = made_of(&[topic(1, "t"), set("t", "k", Some("v")), set("t", "k", None)]);
    assert!(image.configs.is_empty());
}

#[test]
fn what_does_not_fit_is_refused() {
    let (mut image, _) = made_of(&[topic(1, "t"), partition(1, 0)]);
    let mut delta = Delta::default();
    let mut refused = |record: &Record| apply(&mut image, record, at(2), &mut delta).unwrap_err();
    assert_eq!(refused(&topic(2, "t")), Error::TopicExists("t".into()));
    assert_eq!(refused(&topic(1, "u")), Error::TopicExists("u".into()));
    assert_eq!(refused(&partition(3, 0)), Error::UnknownTopic(id(3)));
    assert_eq!(refused(&partition(1, 2)), Error::PartitionGap { topic: id(1), partition: 2 });
    assert_eq!(refused(&partition(1, -1)), Error::PartitionGap { topic: id(1), partition: -1 });
    assert_eq!(refused(&Record::UnregisterBroker { id: NodeId(5), epoch: 0 }), Error::UnknownBroker(NodeId(5)));
    let back = Record::ProducerIds { broker: NodeId(1), epoch: 0, next: ProducerId(-1) };
    assert_eq!(refused(&back), Error::ProducerIdsBackwards(-1));
    assert!(delta.is_empty() && image.at == at(1));
}

#[test]
fn a_clone_does_not_see_later_changes() {
    let (image, _) = made_of(&[topic(1, "t"), partition(1, 0)]);
    let mut later = image.clone();
    apply(&mut later, &partition(1, 1), at(2), &mut Delta::default()).unwrap();
    assert_eq!((image.topic("t").unwrap().partition_count(), later.topic("t").unwrap().partition_count()), (1, 2));
}

#[test]
fn names_that_differ_by_dot_and_underscore_collide_m8() {
    let (image, _) = made_of(&[topic(1, "a.b_c"), topic(2, "plain")]);
    assert_eq!(image.colliding_topic("a_b.c").map(|name| &**name), Some("a.b_c"));
    assert_eq!(image.colliding_topic("a.b_c"), None, "itself");
    assert_eq!(image.colliding_topic("a.b.d"), None);
    assert_eq!(image.colliding_topic("plain"), None);
}

/// Leaves out topics whose id was used before: ids are drawn by chance and never come again.
fn with_fresh_ids(records: &mut [Vec<Record>; 3]) {
    let mut used = BTreeSet::new();
    let mut fresh = |record: &Record| !matches!(record, Record::Topic { id, .. } if !used.insert(*id));
    records.iter_mut().for_each(|part| part.retain(&mut fresh));
}

/// Applies what fits and returns the records that did.
fn run(image: &mut Image, records: &[Record], delta: &mut Delta) -> Vec<Record> {
    let fits = |record: &&Record| apply(image, record, at(1), delta).is_ok();
    records.iter().filter(fits).cloned().collect()
}

fn whole(image: &Image) -> Vec<Record> {
    snapshot::records(image).collect()
}

proptest! {
    #[test]
    fn replay_gives_the_same_image(records in proptest::collection::vec(likely_record(), 0..60)) {
        let mut image = Image::default();
        let kept = run(&mut image, &records, &mut Delta::default());
        let (again, _) = made_of(&kept);
        prop_assert_eq!(&Image { at: at(1), ..image }, &again);
        prop_assert_eq!(check(&again), None);
    }

    #[test]
    fn a_snapshot_is_the_image(records in proptest::collection::vec(likely_record(), 0..60)) {
        let mut image = Image::default();
        run(&mut image, &records, &mut Delta::default());
        image.at = at(7);
        prop_assert_eq!(snapshot::image(&whole(&image), at(7)).unwrap(), image);
    }

    #[test]
    fn a_delta_names_at_least_what_a_comparison_finds(
        before in proptest::collection::vec(likely_record(), 0..40),
        first in proptest::collection::vec(likely_record(), 0..20),
        second in proptest::collection::vec(likely_record(), 0..20),
    ) {
        let mut parts = [before, first, second];
        with_fresh_ids(&mut parts);
        let [before, first, second] = parts;
        let mut image = Image::default();
        run(&mut image, &before, &mut Delta::default());
        let old = image.clone();
        let (mut delta, mut later) = (Delta::default(), Delta::default());
        run(&mut image, &first, &mut delta);
        run(&mut image, &second, &mut later);
        delta.merge(later);
        let found = Delta::between(&old, &image);
        prop_assert_eq!(&found.created, &delta.created);
        prop_assert_eq!(found.deleted.keys().collect::<Vec<_>>(), delta.deleted.keys().collect::<Vec<_>>());
        prop_assert!(found.configs.is_subset(&delta.configs) && found.brokers.is_subset(&delta.brokers));
        for (id, (name, partitions)) in &found.changed {
            let (named, all) = &delta.changed[id];
            prop_assert!(named == name && partitions.is_subset(all));
        }
    }
}

#[test]
fn a_comparison_with_nothing_names_the_whole() {
    let (image, delta) = made_of(&[Record::Cluster { id: Arc::from("c") }, topic(1, "t"), partition(1, 0)]);
    assert_eq!(Delta::between(&Image::default(), &image), delta);
}
