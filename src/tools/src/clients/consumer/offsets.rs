//! Looking up offsets: by time at the leaders, and what a group has committed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{GroupId, ListOffsetsRequest, OffsetCommitRequest, OffsetFetchRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_peer::{Client, Connection, Error, To};

use super::assignor::Tp;
use super::config::Start;

/// The offset of the first record, in ListOffsets.
const EARLIEST: i64 = -2;
/// The offset after the last record.
const LATEST: i64 = -1;
/// One group with its topics at the top of the request; later versions ask for several groups.
const ONE_GROUP: i16 = 7;
/// Topics by name; later versions want ids.
const COMMIT_BY_NAME: i16 = 9;

/// Groups partitions by topic.
pub(super) fn by_topic<'a, T>(entries: impl Iterator<Item = (&'a Tp, T)>) -> BTreeMap<&'a str, Vec<(i32, T)>> {
    let mut topics: BTreeMap<&str, Vec<(i32, T)>> = BTreeMap::new();
    for ((topic, partition), value) in entries {
        topics.entry(topic).or_default().push((*partition, value));
    }
    topics
}

pub(super) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// The offset at which each partition begins, as its leader says; a partition whose leader cannot say is left out.
pub(super) async fn look_up(
    client: &Client,
    node: i32,
    wanted: &BTreeMap<Tp, Start>,
    read_committed: bool,
    now_ms: i64,
) -> Result<BTreeMap<Tp, Result<i64, ErrorCode>>, Error> {
    let part = |(partition, start): (i32, &Start)| {
        ListOffsetsPartition::default()
            .with_partition_index(partition)
            .with_current_leader_epoch(-1)
            .with_timestamp(timestamp(*start, now_ms))
    };
    let topic = |(name, parts): (&str, Vec<(i32, &Start)>)| {
        ListOffsetsTopic::default().with_name(topic_name(name)).with_partitions(parts.into_iter().map(part).collect())
    };
    let request = ListOffsetsRequest::default()
        .with_replica_id((-1).into())
        .with_isolation_level(i8::from(read_committed))
        .with_topics(by_topic(wanted.iter()).into_iter().map(topic).collect());
    let connection = client.connection(&To::Node(node)).await?;
    let answer = connection.call(&request, client.options().request_timeout).await?;
    let mut found = BTreeMap::new();
    let mut past_the_end = BTreeMap::new();
    for topic in &answer.topics {
        for part in &topic.partitions {
            let tp = (topic.name.0.to_string(), part.partition_index);
            match ErrorCode::from_wire(part.error_code) {
                // No record is as young: the end it is.
                ErrorCode::None if part.offset < 0 => {
                    past_the_end.insert(tp, Start::Latest);
                }
                ErrorCode::None => {
                    found.insert(tp, Ok(part.offset));
                }
                code => {
                    found.insert(tp, Err(code));
                }
            }
        }
    }
    if !past_the_end.is_empty() && wanted.values().any(|start| *start != Start::Latest) {
        found.extend(Box::pin(look_up(client, node, &past_the_end, read_committed, now_ms)).await?);
    }
    Ok(found)
}

fn timestamp(start: Start, now_ms: i64) -> i64 {
    match start {
        Start::Earliest => EARLIEST,
        Start::Latest | Start::None => LATEST,
        Start::ByDuration(span) => now_ms - i64::try_from(span.as_millis()).unwrap_or(now_ms),
    }
}

/// What the group has committed of these partitions.
pub(super) async fn committed(
    connection: &Connection,
    group: &str,
    partitions: &BTreeSet<Tp>,
    patience: Duration,
) -> Result<Result<BTreeMap<Tp, i64>, ErrorCode>, Error> {
    let topic = |(name, parts): (&str, Vec<(i32, ())>)| {
        let indexes = parts.into_iter().map(|(partition, ())| partition).collect();
        OffsetFetchRequestTopic::default().with_name(topic_name(name)).with_partition_indexes(indexes)
    };
    let topics = by_topic(partitions.iter().map(|tp| (tp, ()))).into_iter().map(topic).collect();
    let version = connection.versions().highest_up_to::<OffsetFetchRequest>(ONE_GROUP)?;
    let request = OffsetFetchRequest::default()
        .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
        .with_topics(Some(topics))
        .with_require_stable(version >= 7);
    let answer = connection.call_at(version, &request, patience).await?;
    if answer.error_code != 0 {
        return Ok(Err(ErrorCode::from_wire(answer.error_code)));
    }
    let mut offsets = BTreeMap::new();
    for topic in &answer.topics {
        for part in &topic.partitions {
            match ErrorCode::from_wire(part.error_code) {
                ErrorCode::None if part.committed_offset < 0 => {}
                ErrorCode::None => {
                    offsets.insert((topic.name.0.to_string(), part.partition_index), part.committed_offset);
                }
                code => return Ok(Err(code)),
            }
        }
    }
    Ok(Ok(offsets))
}

/// Who commits.
pub(super) struct Committer<'a> {
    pub(super) group: &'a str,
    pub(super) member: &'a str,
    pub(super) instance: Option<&'a str>,
    pub(super) generation: i32,
}

/// Commits offsets; the first error of a partition, or none.
pub(super) async fn commit(
    connection: &Connection,
    who: Committer<'_>,
    offsets: &BTreeMap<Tp, i64>,
    patience: Duration,
) -> Result<ErrorCode, Error> {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let part = |(partition, offset): (i32, &i64)| {
        OffsetCommitRequestPartition::default()
            .with_partition_index(partition)
            .with_committed_offset(*offset)
            .with_committed_leader_epoch(-1)
            .with_committed_metadata(Some(StrBytes::default()))
    };
    let topic = |(name, parts): (&str, Vec<(i32, &i64)>)| {
        let parts = parts.into_iter().map(part).collect();
        OffsetCommitRequestTopic::default().with_name(topic_name(name)).with_partitions(parts)
    };
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(text(who.group)))
        .with_member_id(text(who.member))
        .with_group_instance_id(who.instance.map(text))
        .with_generation_id_or_member_epoch(who.generation)
        .with_topics(by_topic(offsets.iter()).into_iter().map(topic).collect());
    let version = connection.versions().highest_up_to::<OffsetCommitRequest>(COMMIT_BY_NAME)?;
    let answer = connection.call_at(version, &request, patience).await?;
    let codes = answer.topics.iter().flat_map(|topic| &topic.partitions).map(|part| part.error_code);
    Ok(ErrorCode::from_wire(codes.into_iter().find(|code| *code != 0).unwrap_or(0)))
}
