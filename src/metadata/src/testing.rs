//! Arbitrary records for property tests.

use std::sync::Arc;

use klamm_base::{LeaderEpoch, NodeId, ProducerId, TopicId};
use proptest::prelude::*;

use crate::{Broker, ConfigResource, Endpoint, Partition, Record, ResourceKind, SecurityProtocol};

pub(crate) fn id(n: u8) -> TopicId {
    TopicId::from_random([n; 16])
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z._-]{0,12}", "\\PC{0,6}"]
}

fn node() -> impl Strategy<Value = NodeId> {
    prop_oneof![(0..4i32), any::<i32>()].prop_map(NodeId)
}

fn ids() -> impl Strategy<Value = Vec<TopicId>> {
    proptest::collection::vec(any::<[u8; 16]>().prop_map(TopicId), 0..3)
}

fn broker() -> impl Strategy<Value = Broker> {
    let endpoint = (text(), text(), any::<u16>(), 0..4u8).prop_map(|(listener, host, port, protocol)| Endpoint {
        listener: listener.into(),
        host: host.into(),
        port,
        protocol: SecurityProtocol::from_id(protocol).unwrap(),
    });
    let head = (node(), any::<i64>(), any::<[u8; 16]>(), proptest::option::of(text()));
    (head, proptest::collection::vec(endpoint, 0..3), any::<bool>(), ids()).prop_map(
        |((id, epoch, incarnation, rack), endpoints, fenced, directories)| Broker {
            id,
            epoch,
            incarnation: TopicId(incarnation),
            rack: rack.map(Arc::from),
            endpoints,
            fenced,
            directories,
        },
    )
}

fn partition() -> impl Strategy<Value = Partition> {
    let nodes = || proptest::collection::vec(node(), 0..4);
    (nodes(), nodes(), node(), any::<i32>(), any::<i32>(), ids()).prop_map(
        |(replicas, isr, leader, leader_epoch, partition_epoch, directories)| Partition {
            replicas,
            isr,
            leader,
            leader_epoch: LeaderEpoch(leader_epoch),
            partition_epoch,
            directories,
        },
    )
}

fn resource() -> impl Strategy<Value = ConfigResource> {
    let kind = prop_oneof![
        Just(ResourceKind::Topic),
        Just(ResourceKind::Broker),
        Just(ResourceKind::ClientMetrics),
        Just(ResourceKind::Group)
    ];
    (kind, text()).prop_map(|(kind, name)| ConfigResource::new(kind, name))
}

/// Any record, sensible or not.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let topic = || any::<[u8; 16]>().prop_map(TopicId);
    prop_oneof![
        text().prop_map(|id| Record::Cluster { id: id.into() }),
        broker().prop_map(Record::RegisterBroker),
        (node(), any::<i64>(), any::<bool>()).prop_map(|(id, epoch, fenced)| Record::FenceBroker { id, epoch, fenced }),
        (node(), any::<i64>()).prop_map(|(id, epoch)| Record::UnregisterBroker { id, epoch }),
        (topic(), text()).prop_map(|(id, name)| Record::Topic { id, name: name.into() }),
        topic().prop_map(|id| Record::RemoveTopic { id }),
        (topic(), any::<i32>(), partition()).prop_map(|(topic, partition, state)| Record::Partition {
            topic,
            partition,
            state
        }),
        (resource(), text(), proptest::option::of(text())).prop_map(|(resource, name, value)| Record::Config {
            resource,
            name,
            value
        }),
        (node(), any::<i64>(), any::<i64>()).prop_map(|(broker, epoch, next)| Record::ProducerIds {
            broker,
            epoch,
            next: ProducerId(next)
        }),
    ]
}

/// Records from a small world, so that most of them meet something that exists.
pub(crate) fn likely_record() -> impl Strategy<Value = Record> {
    let state = |replicas: i32| {
        let replicas: Vec<NodeId> = (1..=replicas).map(NodeId).collect();
        let directories = vec![TopicId::ZERO; replicas.len()];
        Partition::new(replicas, directories)
    };
    let broker = |n: i32, epoch: i64| Broker {
        id: NodeId(n),
        epoch,
        incarnation: id(1),
        rack: None,
        endpoints: Vec::new(),
        fenced: false,
        directories: vec![id(9)],
    };
    prop_oneof![
        Just(Record::Cluster { id: "cluster".into() }),
        (0..3i32, 0..2i64).prop_map(move |(n, epoch)| Record::RegisterBroker(broker(n, epoch))),
        (0..3i32, 0..2i64, any::<bool>()).prop_map(|(n, epoch, fenced)| Record::FenceBroker {
            id: NodeId(n),
            epoch,
            fenced
        }),
        (0..3i32, 0..2i64).prop_map(|(n, epoch)| Record::UnregisterBroker { id: NodeId(n), epoch }),
        (0..6u8).prop_map(|n| Record::Topic { id: id(n), name: format!("t{}", n % 4).into() }),
        (0..6u8).prop_map(|n| Record::RemoveTopic { id: id(n) }),
        (0..6u8, 0..3i32, 1..3i32).prop_map(move |(n, partition, replicas)| Record::Partition {
            topic: id(n),
            partition,
            state: state(replicas)
        }),
        (0..3u8, 0..3u8, proptest::option::of("[ab]")).prop_map(|(n, key, value)| Record::Config {
            resource: ConfigResource::new(ResourceKind::Group, format!("g{n}")),
            name: format!("k{key}"),
            value
        }),
        (0..5i64).prop_map(|n| Record::ProducerIds { broker: NodeId(1), epoch: 0, next: ProducerId(n * 1000) }),
    ]
}
