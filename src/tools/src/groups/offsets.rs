//! Offsets: of logs, and those that groups have committed.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{
    BrokerId, ListOffsetsRequest, ListOffsetsResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest,
    OffsetFetchResponse,
};
use kafka_protocol::protocol::StrBytes;
use klamm_base::{ErrorCode, TopicPartition};
use klamm_peer::{Error, To, Verdict, Versions};
use tokio::time::{Instant, sleep};

use super::cluster::{Cluster, at, by_topic, group_id, topic_name};
use super::topics::topics_of;
use crate::thrown::Thrown;

/// The timestamp that asks for the log start offset.
pub(crate) const EARLIEST: i64 = -2;
/// The timestamp that asks for the high watermark.
pub(crate) const LATEST: i64 = -1;
/// The version of OffsetFetch that asks for several groups at once.
const SEVERAL_GROUPS: i16 = 8;
/// How long to wait before a leader is looked for again.
const LEADER_PAUSE: Duration = Duration::from_millis(100);

/// An offset that a group has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The offset.
    pub(crate) offset: i64,
    /// The leader epoch that came with it.
    pub(crate) leader_epoch: Option<i32>,
}

/// Offsets by partition.
pub(crate) type Offsets = BTreeMap<TopicPartition, i64>;

impl Cluster {
    /// What a group has committed (`listConsumerGroupOffsets`).
    pub(crate) async fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Committed>, Thrown> {
        let shape = |versions: &Versions| {
            let version = versions.highest::<OffsetFetchRequest>()?;
            let request = match version {
                SEVERAL_GROUPS.. => OffsetFetchRequest::default().with_groups(vec![
                    OffsetFetchRequestGroup::default().with_group_id(group_id(group)).with_topics(None),
                ]),
                _ => OffsetFetchRequest::default().with_group_id(group_id(group)).with_topics(None),
            };
            Ok((version, request))
        };
        let code = |answer: &OffsetFetchResponse| match answer.groups.first() {
            Some(group) => group.error_code,
            None => answer.error_code,
        };
        let judge = |answer: &OffsetFetchResponse| Verdict::of(code(answer));
        let call = "offsetFetch(api=FIND_COORDINATOR)";
        let answer = self.client.call_shaped::<OffsetFetchRequest, _>(call, &at(group), shape, judge).await?;
        match Thrown::wire::<String>(code(&answer), None) {
            Some(thrown) => Err(thrown),
            None => Ok(committed_of(answer)),
        }
    }

    /// Commits offsets for a group that has no members (`alterConsumerGroupOffsets`).
    pub(crate) async fn commit(&self, group: &str, offsets: &Offsets) -> Result<(), Thrown> {
        let topics = by_topic(offsets.keys()).into_iter().map(|(topic, partitions)| {
            let partition = |index| {
                let offset = offsets[&TopicPartition::new(topic.as_str(), index)];
                OffsetCommitRequestPartition::default()
                    .with_partition_index(index)
                    .with_committed_offset(offset)
                    .with_committed_metadata(Some(StrBytes::default()))
            };
            OffsetCommitRequestTopic::default()
                .with_name(topic_name(&topic))
                .with_partitions(partitions.into_iter().map(partition).collect())
        });
        let request = OffsetCommitRequest::default().with_group_id(group_id(group)).with_topics(topics.collect());
        let judge = |answer: &OffsetCommitResponse| {
            let passes = |code: i16| match ErrorCode::from_wire(code) {
                ErrorCode::RebalanceInProgress => Verdict::Again(ErrorCode::RebalanceInProgress),
                _ => Verdict::of(code),
            };
            let verdicts = failures(answer).into_iter().map(|(_, code)| passes(code));
            verdicts.fold(Verdict::Done, |so_far, next| if matches!(so_far, Verdict::Done) { next } else { so_far })
        };
        let call = "offsetCommit(api=FIND_COORDINATOR)";
        let answer = self.client.call_until(call, &at(group), &request, judge).await?;
        let failed = failures(&answer);
        let Some((_, code)) = failed.first() else { return Ok(()) };
        let partitions: Vec<String> = failed.iter().map(|(partition, _)| partition.to_string()).collect();
        let text = format!("Failed altering group offsets for the following partitions: [{}]", partitions.join(", "));
        Err(Thrown::coded(ErrorCode::from_wire(*code), Some(text)))
    }

    /// The offset at `timestamp` ([`EARLIEST`], [`LATEST`], milliseconds) of each partition; -1 where there is none.
    pub(crate) async fn log_offsets(
        &self,
        partitions: impl IntoIterator<Item = &TopicPartition>,
        timestamp: i64,
    ) -> Result<Offsets, Thrown> {
        let deadline = Instant::now() + self.client.options().api_timeout;
        let mut missing: Vec<TopicPartition> = partitions.into_iter().cloned().collect();
        let mut found = Offsets::new();
        loop {
            let problem = self.ask_leaders(&mut missing, timestamp, &mut found).await?;
            if missing.is_empty() {
                return Ok(found);
            }
            if Instant::now() >= deadline {
                return Err(problem);
            }
            sleep(LEADER_PAUSE).await;
        }
    }

    /// Asks the leaders once. Partitions that have an answer leave `missing`; the rest may have one later.
    async fn ask_leaders(
        &self,
        missing: &mut Vec<TopicPartition>,
        timestamp: i64,
        found: &mut Offsets,
    ) -> Result<Thrown, Thrown> {
        let mut problem = Thrown::coded(ErrorCode::LeaderNotAvailable, None);
        let topics = self.all_topics(&topics_of(missing.iter())).await?;
        let mut leaders: BTreeMap<i32, Vec<TopicPartition>> = BTreeMap::new();
        for partition in missing.iter() {
            let leader = topics.get(&*partition.topic).and_then(|topic| topic.get(&partition.partition)).copied();
            if let Some(leader) = leader.flatten() {
                leaders.entry(leader).or_default().push(partition.clone());
            }
        }
        for (leader, partitions) in leaders {
            for (partition, code, offset) in self.ask_leader(leader, &partitions, timestamp).await? {
                match Verdict::of(code) {
                    Verdict::Again(code) => problem = Thrown::coded(code, None),
                    Verdict::Done => match Thrown::wire::<String>(code, None) {
                        Some(thrown) if is_retriable(code) => problem = thrown,
                        Some(thrown) => return Err(thrown),
                        None => {
                            found.insert(partition, offset);
                        }
                    },
                }
            }
        }
        missing.retain(|partition| !found.contains_key(partition));
        Ok(problem)
    }

    async fn ask_leader(
        &self,
        leader: i32,
        partitions: &[TopicPartition],
        timestamp: i64,
    ) -> Result<Vec<(TopicPartition, i16, i64)>, Thrown> {
        let timeout_ms = i32::try_from(self.client.options().api_timeout.as_millis()).unwrap_or(i32::MAX);
        let topics = by_topic(partitions).into_iter().map(|(topic, partitions)| {
            let partition =
                |index| ListOffsetsPartition::default().with_partition_index(index).with_timestamp(timestamp);
            ListOffsetsTopic::default()
                .with_name(topic_name(&topic))
                .with_partitions(partitions.into_iter().map(partition).collect())
        });
        let topics: Vec<ListOffsetsTopic> = topics.collect();
        let shape = |versions: &Versions| {
            let version = versions.highest::<ListOffsetsRequest>()?;
            let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(topics.clone());
            Ok::<_, Error>((version, if version >= 10 { request.with_timeout_ms(timeout_ms) } else { request }))
        };
        let to = To::Node(leader);
        let call = self.client.call_shaped::<ListOffsetsRequest, _>("listOffsets", &to, shape, |_| Verdict::Done);
        Ok(flat(call.await?))
    }
}

fn flat(answer: ListOffsetsResponse) -> Vec<(TopicPartition, i16, i64)> {
    let topics = answer.topics.into_iter();
    let rows = topics.flat_map(|topic| topic.partitions.into_iter().map(move |it| (topic.name.clone(), it)));
    rows.map(|(topic, it)| (TopicPartition::new(topic.as_str(), it.partition_index), it.error_code, it.offset))
        .collect()
}

/// Errors of a partition that another try may mend, beside those of moving leaders (`RetriableException`).
fn is_retriable(code: i16) -> bool {
    matches!(
        ErrorCode::from_wire(code),
        ErrorCode::UnknownTopicOrPartition | ErrorCode::OffsetNotAvailable | ErrorCode::KafkaStorageError
    )
}

fn failures(answer: &OffsetCommitResponse) -> Vec<(TopicPartition, i16)> {
    let rows = answer.topics.iter().flat_map(|topic| topic.partitions.iter().map(move |it| (topic, it)));
    let failed = rows.filter(|(_, it)| it.error_code != 0);
    failed.map(|(topic, it)| (TopicPartition::new(topic.name.as_str(), it.partition_index), it.error_code)).collect()
}

/// The offsets in an answer; before version 8 they stand in the answer itself. A negative offset is none.
fn committed_of(answer: OffsetFetchResponse) -> BTreeMap<TopicPartition, Committed> {
    let mut offsets = BTreeMap::new();
    let mut take = |topic: &str, partition: i32, code: i16, offset: i64, epoch: i32| {
        if code == 0 && offset >= 0 {
            let committed = Committed { offset, leader_epoch: Some(epoch).filter(|epoch| *epoch >= 0) };
            offsets.insert(TopicPartition::new(topic, partition), committed);
        }
    };
    for topic in answer.groups.iter().flat_map(|group| &group.topics) {
        for it in &topic.partitions {
            take(&topic.name, it.partition_index, it.error_code, it.committed_offset, it.committed_leader_epoch);
        }
    }
    for topic in &answer.topics {
        for it in &topic.partitions {
            take(&topic.name, it.partition_index, it.error_code, it.committed_offset, it.committed_leader_epoch);
        }
    }
    offsets
}
