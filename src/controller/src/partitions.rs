//! Partitions: where their replicas go, and adding some to a topic.

use std::collections::BTreeSet;

use klamm_base::{ErrorCode, NodeId, TopicId};
use klamm_env::Random;
use klamm_metadata::placement::{self, Candidate};
use klamm_metadata::{Image, Partition, Record, Topic};

use crate::Refusal;
use crate::topics::{RECORDS_MAX, named_twice};

/// More partitions for a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPartitions {
    /// The topic's name.
    pub name: String,
    /// How many partitions it shall have in all.
    pub count: i32,
    /// The replicas of each new partition by hand.
    pub assignments: Option<Vec<Vec<NodeId>>>,
}

/// Decides about all topics of one request; the results are in their order.
pub(crate) fn create_partitions(
    image: &Image,
    random: &Random,
    topics: &[NewPartitions],
) -> (Vec<Record>, Vec<Result<(), Refusal>>) {
    let twice = named_twice(topics.iter().map(|topic| topic.name.as_str()));
    let mut records = Vec::new();
    let mut results = Vec::new();
    for topic in topics {
        let made = if twice.contains(topic.name.as_str()) {
            Err(Refusal::invalid_request("Duplicate topic name."))
        } else {
            add(image, random, topic)
        };
        results.push(made.map(|made| records.extend(made)));
    }
    if records.len() > RECORDS_MAX {
        return (Vec::new(), topics.iter().map(|_| Err(Refusal::too_large())).collect());
    }
    (records, results)
}

fn add(image: &Image, random: &Random, asked: &NewPartitions) -> Result<Vec<Record>, Refusal> {
    let topic = image.topic(&asked.name).ok_or(Refusal::from(ErrorCode::UnknownTopicOrPartition))?;
    let (have, name) = (topic.partition_count(), &asked.name);
    let invalid = |text: String| Err(Refusal::new(ErrorCode::InvalidPartitions, text));
    if asked.count == have {
        return invalid(format!("Topic already has {have} partition(s)."));
    }
    if asked.count < have {
        let text =
            format!("The topic {name} currently has {have} partition(s); {} would not be an increase.", asked.count);
        return invalid(text);
    }
    let additional = usize::try_from(asked.count - have).unwrap_or(usize::MAX);
    if additional > RECORDS_MAX {
        return Err(Refusal::too_large());
    }
    let replicas = match &asked.assignments {
        Some(assignments) => added_by_hand(image, topic, additional, assignments)?,
        None => placed(image, additional, topic.replication_factor(), random.next_u64())
            .map_err(|error| Refusal::new(ErrorCode::InvalidReplicationFactor, error.to_string()))?,
    };
    partition_records(image, topic.id, have, replicas)
}

fn added_by_hand(
    image: &Image,
    topic: &Topic,
    additional: usize,
    assignments: &[Vec<NodeId>],
) -> Result<Vec<Vec<NodeId>>, Refusal> {
    if assignments.len() != additional {
        let text = format!(
            "Attempted to add {additional} additional partition(s), but only {} assignment(s) were specified.",
            assignments.len()
        );
        return Err(Refusal::new(ErrorCode::InvalidReplicaAssignment, text));
    }
    let factor = usize::try_from(topic.replication_factor()).ok();
    let numbered = assignments.iter().zip(topic.partition_count()..);
    numbered.map(|(replicas, index)| assigned(image, index, replicas, factor)).collect()
}

/// Replicas for `count` partitions, chosen by the placement's rule.
pub(crate) fn placed(
    image: &Image,
    count: usize,
    replication_factor: i16,
    seed: u64,
) -> Result<Vec<Vec<NodeId>>, placement::Error> {
    let candidate =
        |broker: &std::sync::Arc<klamm_metadata::Broker>| Candidate { id: broker.id, fenced: broker.fenced };
    let candidates: Vec<Candidate> = image.brokers.values().map(candidate).collect();
    placement::place(&candidates, count, replication_factor, seed)
}

/// Checks replicas that were chosen by hand (`validateManualPartitionAssignment`). `factor` is what the partitions
/// before this one have.
pub(crate) fn assigned(
    image: &Image,
    index: i32,
    replicas: &[NodeId],
    factor: Option<usize>,
) -> Result<Vec<NodeId>, Refusal> {
    let refuse = |text: String| Err(Refusal::new(ErrorCode::InvalidReplicaAssignment, text));
    if replicas.is_empty() {
        return refuse("The manual partition assignment includes an empty replica list.".to_owned());
    }
    let mut seen = BTreeSet::new();
    let mut sorted = replicas.to_vec();
    sorted.sort();
    for id in sorted {
        if !image.brokers.contains_key(&id) {
            let text =
                format!("The manual partition assignment includes broker {id}, but no such broker is registered.");
            return refuse(text);
        }
        if !seen.insert(id) {
            return refuse(format!("The manual partition assignment includes the broker {id} more than once."));
        }
    }
    if let Some(factor) = factor.filter(|factor| *factor != replicas.len()) {
        return refuse(format!(
            "The manual partition assignment includes a partition with {} replica(s), but this is not consistent with \
             previous partitions, which have {factor} replica(s).",
            replicas.len()
        ));
    }
    if !replicas.iter().any(|id| is_active(image, *id)) {
        return refuse(format!(
            "All brokers specified in the manual partition assignment for partition {index} are fenced or in controlled \
             shutdown."
        ));
    }
    Ok(replicas.to_vec())
}

fn is_active(image: &Image, id: NodeId) -> bool {
    image.brokers.get(&id).is_some_and(|broker| !broker.fenced)
}

/// The records of new partitions of `topic`, the first of which has the index `first`. Who is not fenced is in sync,
/// and the first of those leads.
pub(crate) fn partition_records(
    image: &Image,
    topic: TopicId,
    first: i32,
    replicas: Vec<Vec<NodeId>>,
) -> Result<Vec<Record>, Refusal> {
    let record = |(replicas, partition): (Vec<NodeId>, i32)| {
        let directories = replicas.iter().map(|id| only_directory(image, *id)).collect();
        let isr: Vec<NodeId> = replicas.iter().copied().filter(|id| is_active(image, *id)).collect();
        let leader = *isr.first().ok_or_else(|| {
            let text = format!(
                "Unable to replicate the partition {} time(s): All brokers are currently fenced or in controlled \
                 shutdown.",
                replicas.len()
            );
            Refusal::new(ErrorCode::InvalidReplicationFactor, text)
        })?;
        let state = Partition { isr, leader, ..Partition::new(replicas, directories) };
        Ok(Record::Partition { topic, partition, state })
    };
    replicas.into_iter().zip(first..).map(record).collect()
}

/// The broker's log directory if it has just one (KIP-858); with several the broker itself chooses later.
fn only_directory(image: &Image, id: NodeId) -> TopicId {
    match image.brokers.get(&id).map(|broker| broker.directories.as_slice()) {
        Some([only]) => *only,
        _ => TopicId::ZERO,
    }
}
