//! Brokers that come.

use std::sync::Arc;

use klamm_base::{ErrorCode, LeaderEpoch, NodeId, TopicId};
use klamm_metadata::{Broker, Endpoint, Image, Partition, Record};

use crate::Refusal;

/// A broker that wants to be part of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: NodeId,
    /// An id that its process drew when it started.
    pub incarnation: TopicId,
    /// The cluster that it belongs to.
    pub cluster_id: Arc<str>,
    /// Where it stands, if told.
    pub rack: Option<Arc<str>>,
    /// How clients reach it, per listener.
    pub endpoints: Vec<Endpoint>,
    /// The ids of its log directories.
    pub directories: Vec<TopicId>,
}

/// Registers a broker, fenced, and gives it its epoch.
///
/// A registration that is repeated by the same process keeps its epoch. A new process begins a new leader epoch in each
/// partition that it leads: what the old one wrote and lost in a power cut must not be taken for what the new one
/// writes in its place (KIP-101).
pub(crate) fn register(image: &Image, wanted: &Registration) -> Result<(Vec<Record>, i64), Refusal> {
    if wanted.cluster_id != image.cluster.id {
        let text = format!("Expected cluster ID {}, but got cluster ID {}", image.cluster.id, wanted.cluster_id);
        return Err(Refusal::new(ErrorCode::InconsistentClusterId, text));
    }
    if wanted.directories.is_empty() {
        return Err(Refusal::invalid_request("No directories specified in request"));
    }
    let known = image.brokers.get(&wanted.id);
    let repeated = known.filter(|known| known.incarnation == wanted.incarnation);
    let newest = known.map_or(0, |known| known.epoch).max(i64::try_from(image.at.index).unwrap_or(i64::MAX - 1));
    let epoch = repeated.map_or(newest + 1, |known| known.epoch);
    let broker = Broker {
        id: wanted.id,
        epoch,
        incarnation: wanted.incarnation,
        rack: wanted.rack.clone(),
        endpoints: wanted.endpoints.clone(),
        fenced: repeated.is_none_or(|known| known.fenced),
        directories: wanted.directories.clone(),
    };
    let mut records = vec![Record::RegisterBroker(broker)];
    if repeated.is_none() {
        records.extend(next_epochs(image, wanted.id));
    }
    Ok((records, epoch))
}

/// A new leader epoch in each partition that `leader` leads.
fn next_epochs(image: &Image, leader: NodeId) -> impl Iterator<Item = Record> + '_ {
    let topics = image.topics.values();
    topics.flat_map(move |topic| {
        let led = topic.partitions.iter().zip(0..).filter(move |(state, _)| state.leader == leader);
        led.map(|(state, partition)| {
            let state = Partition {
                leader_epoch: LeaderEpoch(state.leader_epoch.0.saturating_add(1)),
                partition_epoch: state.partition_epoch.saturating_add(1),
                ..state.clone()
            };
            Record::Partition { topic: topic.id, partition, state }
        })
    })
}

/// Lets a broker lead and be told to clients.
pub(crate) fn unfence(image: &Image, id: NodeId, epoch: i64) -> Result<Option<Record>, Refusal> {
    check_epoch(image, id, epoch)?;
    let fenced = image.brokers.get(&id).is_some_and(|broker| broker.fenced);
    Ok(fenced.then_some(Record::FenceBroker { id, epoch, fenced: false }))
}

/// True if this is the broker's newest registration (`ClusterControlManager.checkBrokerEpoch`).
pub(crate) fn check_epoch(image: &Image, id: NodeId, epoch: i64) -> Result<(), Refusal> {
    match image.brokers.get(&id) {
        None => {
            Err(Refusal::new(ErrorCode::StaleBrokerEpoch, format!("No broker registration found for broker id {id}")))
        }
        Some(broker) if broker.epoch != epoch => {
            let text = format!("Expected broker epoch {}, but got broker epoch {epoch}", broker.epoch);
            Err(Refusal::new(ErrorCode::StaleBrokerEpoch, text))
        }
        Some(_) => Ok(()),
    }
}
