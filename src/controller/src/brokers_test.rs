use klamm_base::{ErrorCode, LeaderEpoch, NodeId, ProducerId, TopicId};
use klamm_metadata::{Image, Record};

use crate::Registration;
use crate::brokers::{register, unfence};
use crate::producer_ids::allocate;
use crate::testing::{after, create, image_with, told, topic};

fn wanted(incarnation: u8) -> Registration {
    Registration {
        id: NodeId(1),
        incarnation: TopicId([incarnation; 16]),
        cluster_id: "c".into(),
        rack: None,
        endpoints: Vec::new(),
        directories: vec![TopicId([1; 16])],
    }
}

fn come(image: &mut Image, incarnation: u8) -> i64 {
    let (records, epoch) = register(image, &wanted(incarnation)).unwrap();
    after(image, &records);
    epoch
}

#[test]
fn a_broker_comes_fenced_and_each_restart_has_a_higher_epoch() {
    let mut image = image_with([]);
    let first = come(&mut image, 1);
    assert!(image.brokers[&NodeId(1)].fenced);
    assert_eq!(image.alive_brokers().count(), 0);
    let record = unfence(&image, NodeId(1), first).unwrap().unwrap();
    after(&mut image, &[record]);
    assert_eq!(image.alive_brokers().count(), 1);
    assert_eq!(come(&mut image, 1), first, "the same process again");
    assert!(!image.brokers[&NodeId(1)].fenced, "and it stays what it was");
    let second = come(&mut image, 2);
    assert!(second > first && image.brokers[&NodeId(1)].fenced);
    let stale = unfence(&image, NodeId(1), first);
    assert_eq!(told(&stale).0, ErrorCode::StaleBrokerEpoch);
    assert!(image.brokers[&NodeId(1)].fenced);
}

#[test]
fn a_restart_begins_a_new_leader_epoch_where_the_broker_leads() {
    let mut image = image_with([1, 2]);
    create(&mut image, &[topic("t", 4, 2)]);
    let before = image.topic("t").unwrap().clone();
    come(&mut image, 55);
    for (old, new) in before.partitions.iter().zip(&image.topic("t").unwrap().partitions) {
        let step = i32::from(old.leader == NodeId(1));
        assert_eq!(new.leader_epoch, LeaderEpoch(old.leader_epoch.0 + step));
        assert_eq!((new.partition_epoch, new.leader), (old.partition_epoch + step, old.leader));
    }
}

#[test]
fn a_broker_of_another_cluster_is_refused() {
    let image = image_with([]);
    let other = Registration { cluster_id: "d".into(), ..wanted(1) };
    assert_eq!(
        told(&register(&image, &other)),
        (ErrorCode::InconsistentClusterId, "Expected cluster ID c, but got cluster ID d")
    );
}

#[test]
fn blocks_of_producer_ids_never_overlap_i14() {
    let mut image = image_with([1, 2]);
    let mut next = 0;
    for round in 0..10 {
        let (record, block) = allocate(&image, NodeId(1 + round % 2), 7).unwrap();
        assert_eq!((block.first, block.len), (ProducerId(next), 1000));
        next += 1000;
        after(&mut image, &[record]);
    }
    assert_eq!(told(&allocate(&image, NodeId(1), 6)).0, ErrorCode::StaleBrokerEpoch);
    assert_eq!(told(&allocate(&image, NodeId(9), 7)).0, ErrorCode::StaleBrokerEpoch);
    let last = Record::ProducerIds { broker: NodeId(1), epoch: 7, next: ProducerId(i64::MAX - 999) };
    after(&mut image, &[last]);
    assert_eq!(told(&allocate(&image, NodeId(1), 7)).0, ErrorCode::UnknownServerError);
}
