//! What the cluster says of its topics and partitions, as Kafka's admin client asks for it.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponsePartition;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{
    BrokerId, DescribeTopicPartitionsRequest, MetadataRequest, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use klamm_base::{ErrorCode, TopicId, TopicPartition};
use klamm_peer::{Client, Error, To, Verdict};
use uuid::Uuid;

use crate::thrown::Thrown;

/// A topic in a list.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) id: TopicId,
}

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    /// All zero where the broker is too old to tell.
    pub(crate) id: TopicId,
    /// By index.
    pub(crate) partitions: Vec<Partition>,
}

/// A partition.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    pub(crate) index: i32,
    /// `None` where no live broker leads it.
    pub(crate) leader: Option<i32>,
    pub(crate) replicas: Vec<i32>,
    pub(crate) isr: Vec<i32>,
    /// Replicas that may be elected though they are out of the ISR (KIP-966); `None` where the answer does not tell.
    pub(crate) elr: Option<Vec<i32>>,
    /// Those that were the last to be so.
    pub(crate) last_known_elr: Option<Vec<i32>>,
}

/// A name on the wire.
pub(crate) fn wire(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// The topics of the cluster by name, without those that brokers keep for themselves unless `internal`
/// (`Admin.listTopics`).
pub(crate) async fn list_topics(client: &Client, internal: bool) -> Result<Vec<Listed>, Error> {
    let answer = client.call("listTopics", &To::Any, &MetadataRequest::default().with_topics(None)).await?;
    let mut topics: Vec<Listed> = answer
        .topics
        .iter()
        .filter(|topic| internal || !topic.is_internal)
        .filter_map(|topic| Some(Listed { name: topic.name.as_ref()?.to_string(), id: id_of(topic) }))
        .collect();
    topics.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(topics)
}

fn id_of(topic: &MetadataResponseTopic) -> TopicId {
    TopicId(topic.topic_id.into_bytes())
}

/// Topics by name, in the order of their names; `limit` partitions at most are asked for at once
/// (`Admin.describeTopics`).
pub(crate) async fn describe_topics(client: &Client, names: &[String], limit: i32) -> Result<Vec<Topic>, Thrown> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let live = live_brokers(client, "describeTopics").await?;
    match by_pages(client, names, limit, &live).await {
        Err(Failed::Unsupported) => by_metadata(client, names, &live).await,
        Err(Failed::Thrown(thrown)) => Err(thrown),
        Ok(topics) => Ok(topics),
    }
}

enum Failed {
    /// The broker is older than KIP-966.
    Unsupported,
    Thrown(Thrown),
}

async fn by_pages(client: &Client, names: &[String], limit: i32, live: &BTreeSet<i32>) -> Result<Vec<Topic>, Failed> {
    let mut found: BTreeMap<String, Topic> = BTreeMap::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let from = cursor.as_ref().map(|cursor| cursor.topic_name.to_string()).unwrap_or_default();
        let wanted = names.iter().filter(|name| **name >= from);
        let request = DescribeTopicPartitionsRequest::default()
            .with_topics(wanted.map(|name| TopicRequest::default().with_name(wire(name))).collect())
            .with_response_partition_limit(limit)
            .with_cursor(cursor);
        let answer = client.call("describeTopicPartitions", &To::Any, &request).await.map_err(|error| match error {
            Error::Unsupported { .. } => Failed::Unsupported,
            error => Failed::Thrown(error.into()),
        })?;
        for topic in answer.topics {
            let name = topic.name.as_ref().map(|name| name.to_string()).unwrap_or_default();
            if let Some(thrown) = Thrown::wire::<StrBytes>(topic.error_code, None) {
                return Err(Failed::Thrown(thrown));
            }
            let id = TopicId(topic.topic_id.into_bytes());
            let known = found.entry(name.clone()).or_insert_with(|| Topic { name, id, partitions: Vec::new() });
            known.partitions.extend(topic.partitions.iter().map(|partition| paged(partition, live)));
        }
        match answer.next_cursor {
            None => break,
            Some(next) => {
                cursor =
                    Some(Cursor::default().with_topic_name(next.topic_name).with_partition_index(next.partition_index));
            }
        }
    }
    Ok(found.into_values().collect())
}

fn ids(brokers: &[BrokerId]) -> Vec<i32> {
    brokers.iter().map(|id| id.0).collect()
}

fn paged(partition: &DescribeTopicPartitionsResponsePartition, live: &BTreeSet<i32>) -> Partition {
    Partition {
        index: partition.partition_index,
        leader: Some(partition.leader_id.0).filter(|id| live.contains(id)),
        replicas: ids(&partition.replica_nodes),
        isr: ids(&partition.isr_nodes),
        elr: partition.eligible_leader_replicas.as_deref().map(ids),
        last_known_elr: partition.last_known_elr.as_deref().map(ids),
    }
}

async fn by_metadata(client: &Client, names: &[String], live: &BTreeSet<i32>) -> Result<Vec<Topic>, Thrown> {
    let answer = client.call("describeTopics", &To::Any, &named(names)).await?;
    let mut topics = read_topics(&answer, live)?;
    topics.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(topics)
}

/// Topics by id.
pub(crate) async fn describe_ids(client: &Client, ids: &[TopicId]) -> Result<Vec<Topic>, Thrown> {
    let topic = |id: &TopicId| MetadataRequestTopic::default().with_topic_id(Uuid::from_bytes(id.0)).with_name(None);
    let request = MetadataRequest::default()
        .with_topics(Some(ids.iter().map(topic).collect()))
        .with_allow_auto_topic_creation(false);
    let answer = client.call("describeTopicsWithIds", &To::Any, &request).await?;
    let live = answer.brokers.iter().map(|broker| broker.node_id.0).collect();
    read_topics(&answer, &live)
}

fn named(names: &[String]) -> MetadataRequest {
    let topics = names.iter().map(|name| MetadataRequestTopic::default().with_name(Some(wire(name)))).collect();
    MetadataRequest::default().with_topics(Some(topics)).with_allow_auto_topic_creation(false)
}

fn read_topics(answer: &MetadataResponse, live: &BTreeSet<i32>) -> Result<Vec<Topic>, Thrown> {
    let mut topics = Vec::new();
    for topic in &answer.topics {
        if let Some(thrown) = Thrown::wire::<StrBytes>(topic.error_code, None) {
            return Err(thrown);
        }
        let mut partitions: Vec<Partition> = topic.partitions.iter().map(|part| plain(part, live)).collect();
        partitions.sort_by_key(|partition| partition.index);
        let name = topic.name.as_ref().map(|name| name.to_string()).unwrap_or_default();
        topics.push(Topic { name, id: id_of(topic), partitions });
    }
    Ok(topics)
}

fn plain(partition: &MetadataResponsePartition, live: &BTreeSet<i32>) -> Partition {
    Partition {
        index: partition.partition_index,
        leader: Some(partition.leader_id.0).filter(|id| live.contains(id)),
        replicas: ids(&partition.replica_nodes),
        isr: ids(&partition.isr_nodes),
        elr: None,
        last_known_elr: None,
    }
}

/// The ids of the brokers that are up.
pub(crate) async fn live_brokers(client: &Client, call: &str) -> Result<BTreeSet<i32>, Error> {
    let (nodes, _) = client.nodes(call).await?;
    Ok(nodes.iter().map(|node| node.id).collect())
}

/// Who leads each of these partitions, or why nobody can be asked about it. A topic, partition or leader that is not
/// there may come: it is waited for until the client's time is up, as Kafka's `PartitionLeaderStrategy` does.
pub(crate) async fn leaders(
    client: &Client,
    call: &str,
    wanted: &BTreeSet<TopicPartition>,
) -> Result<BTreeMap<TopicPartition, Result<i32, Thrown>>, Error> {
    let names: BTreeSet<&str> = wanted.iter().map(|partition| &*partition.topic).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let name = format!("{call}(api=METADATA)");
    let request = named(&names);
    let complete = |answer: &MetadataResponse| {
        let open = wanted.iter().find_map(|partition| leader_in(answer, partition).err().filter(|code| passes(*code)));
        open.map_or(Verdict::Done, Verdict::Again)
    };
    let late = match client.call_until(&name, &To::Any, &request, complete).await {
        Ok(answer) => return Ok(wanted.iter().map(|one| (one.clone(), known_leader(&answer, one, None))).collect()),
        Err(error @ Error::Refused { .. }) => error,
        Err(error) => return Err(error),
    };
    let answer = client.call(&name, &To::Any, &request).await.map_err(|_| late)?;
    let timeout = Thrown::coded(ErrorCode::RequestTimedOut, Some(format!("Call(callName={name}) timed out")));
    Ok(wanted.iter().map(|one| (one.clone(), known_leader(&answer, one, Some(&timeout)))).collect())
}

fn known_leader(answer: &MetadataResponse, partition: &TopicPartition, late: Option<&Thrown>) -> Result<i32, Thrown> {
    leader_in(answer, partition).map_err(|code| match late {
        Some(late) if passes(code) => late.clone(),
        _ if code == ErrorCode::InvalidTopicException => {
            let topic = &partition.topic;
            let message = format!("Failed to fetch metadata for partition {partition} due to invalid topic `{topic}`");
            Thrown::coded(code, Some(message))
        }
        _ => Thrown::coded(code, None),
    })
}

fn leader_in(answer: &MetadataResponse, wanted: &TopicPartition) -> Result<i32, ErrorCode> {
    let is_it = |topic: &&MetadataResponseTopic| topic.name.as_ref().is_some_and(|name| **name == *wanted.topic);
    let topic = answer.topics.iter().find(is_it).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let said = |code: i16| match ErrorCode::from_wire(code) {
        ErrorCode::None => Ok(()),
        code => Err(code),
    };
    said(topic.error_code)?;
    let partition = topic.partitions.iter().find(|partition| partition.partition_index == wanted.partition);
    let partition = partition.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    // A replica that is down is no reason not to ask the leader.
    said(partition.error_code)
        .or_else(|code| if code == ErrorCode::ReplicaNotAvailable { Ok(()) } else { Err(code) })?;
    Some(partition.leader_id.0).filter(|id| *id >= 0).ok_or(ErrorCode::LeaderNotAvailable)
}

fn passes(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::UnknownTopicOrPartition | ErrorCode::LeaderNotAvailable | ErrorCode::BrokerNotAvailable)
}
