//! Committed offsets: keeping, committing, fetching, deleting.

use std::collections::BTreeMap;
use std::sync::Arc;

use klamm_base::{ErrorCode, LeaderEpoch, Offset, TopicId};

use super::classic::group::{ClassicGroup, State};
use super::codec::TEXT_MAX;
use super::config::GroupConfig;
use super::message::{
    CommitPartition, CommitReply, CommitReplyTopic, CommitRequest, CommitTopic, FetchOffsetsReply, FetchOffsetsRequest,
    FetchTopic, FetchedOffset, FetchedTopic,
};
use super::records::{OffsetValue, offset_record, offset_tombstone};
use crate::Record;

type ByPartition = BTreeMap<i32, OffsetValue>;
type ByTopic = BTreeMap<Arc<str>, ByPartition>;

/// The committed offsets of a shard's groups. Changed by replay only.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    groups: BTreeMap<Arc<str>, ByTopic>,
}

impl Offsets {
    /// Keeps an offset.
    pub fn put(&mut self, group: Arc<str>, topic: Arc<str>, partition: i32, value: OffsetValue) {
        self.groups.entry(group).or_default().entry(topic).or_default().insert(partition, value);
    }

    /// Forgets an offset.
    pub fn remove(&mut self, group: &str, topic: &str, partition: i32) {
        let Some(topics) = self.groups.get_mut(group) else { return };
        if let Some(partitions) = topics.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                topics.remove(topic);
            }
        }
        if topics.is_empty() {
            self.groups.remove(group);
        }
    }

    /// The offset of a partition.
    pub fn get(&self, group: &str, topic: &str, partition: i32) -> Option<&OffsetValue> {
        self.groups.get(group)?.get(topic)?.get(&partition)
    }

    /// The topics of a group with their offsets.
    pub fn topics(&self, group: &str) -> impl Iterator<Item = (&Arc<str>, &ByPartition)> {
        self.groups.get(group).into_iter().flatten()
    }

    /// The records that delete all offsets of a group.
    pub fn tombstones(&self, group: &str) -> Vec<Record> {
        let mut records = Vec::new();
        for (topic, partitions) in self.topics(group) {
            records.extend(partitions.keys().map(|partition| offset_tombstone(group, topic, *partition)));
        }
        records
    }

    /// The records that delete the offsets of a topic that is gone, in all groups. An offset that was committed to
    /// another topic of the same name stays.
    pub fn topic_tombstones(&self, topic: &str, topic_id: TopicId) -> Vec<Record> {
        let mut records = Vec::new();
        for (group, topics) in &self.groups {
            for (partition, value) in topics.get(topic).into_iter().flatten() {
                if !is_other_topic(value.topic_id, topic_id) {
                    records.push(offset_tombstone(group, topic, *partition));
                }
            }
        }
        records
    }

    /// Handles OffsetFetch.
    pub fn fetch(&self, request: &FetchOffsetsRequest) -> FetchOffsetsReply {
        let topics = match &request.topics {
            Some(topics) => topics.iter().map(|topic| self.fetch_topic(&request.group_id, topic)).collect(),
            None => self.topics(&request.group_id).map(|(topic, partitions)| all_of(topic, partitions)).collect(),
        };
        FetchOffsetsReply { topics }
    }

    fn fetch_topic(&self, group: &str, asked: &FetchTopic) -> FetchedTopic {
        let fetch = |partition: &i32| {
            let found = self.get(group, &asked.topic, *partition);
            fetched(*partition, found.filter(|value| !is_other_topic(value.topic_id, asked.topic_id)))
        };
        let partitions = asked.partitions.iter().map(fetch).collect();
        FetchedTopic { topic: asked.topic.clone(), topic_id: asked.topic_id, partitions }
    }
}

fn all_of(topic: &Arc<str>, partitions: &ByPartition) -> FetchedTopic {
    let topic_id = partitions.values().map(|value| value.topic_id).max().unwrap_or(TopicId::ZERO);
    let partitions = partitions.iter().map(|(partition, value)| fetched(*partition, Some(value))).collect();
    FetchedTopic { topic: topic.clone(), topic_id, partitions }
}

fn fetched(partition: i32, value: Option<&OffsetValue>) -> FetchedOffset {
    match value {
        Some(value) => FetchedOffset {
            partition,
            offset: value.offset,
            leader_epoch: value.leader_epoch,
            metadata: value.metadata.clone(),
        },
        None => FetchedOffset { partition, offset: Offset::NONE, leader_epoch: LeaderEpoch::NONE, metadata: "".into() },
    }
}

/// True if both ids are known and differ.
fn is_other_topic(kept: TopicId, asked: TopicId) -> bool {
    !kept.is_zero() && !asked.is_zero() && kept != asked
}

/// Whether a commit may be made (`OffsetMetadataManager.validateOffsetCommit`, `ClassicGroup.validateOffsetCommit`).
///
/// # Errors
/// The code for all partitions of the request.
pub fn check_commit(group: Option<&ClassicGroup>, request: &CommitRequest) -> Result<(), ErrorCode> {
    let Some(group) = group else {
        return match request.generation {
            // A commit from outside of any group makes a simple group.
            ..0 => Ok(()),
            _ if request.version >= 9 => Err(ErrorCode::GroupIdNotFound),
            _ => Err(ErrorCode::IllegalGeneration),
        };
    };
    let instance = request.group_instance_id.as_deref();
    if request.generation < 0 && group.state() == State::Empty {
        return Ok(());
    }
    if request.generation < 0 && request.member_id.is_empty() && instance.is_none() {
        return Err(ErrorCode::UnknownMemberId);
    }
    group.check_member(&request.member_id, instance)?;
    if request.generation != group.generation() {
        return Err(ErrorCode::IllegalGeneration);
    }
    match group.state() {
        State::CompletingRebalance => Err(ErrorCode::RebalanceInProgress),
        // Consumers commit what they give up while the join phase runs.
        State::Empty | State::PreparingRebalance | State::Stable => Ok(()),
    }
}

/// The records and the answer of a commit that may be made, at `now_ms` since 1970.
pub fn commit(request: &CommitRequest, config: &GroupConfig, now_ms: i64) -> (Vec<Record>, CommitReply) {
    let expire_timestamp_ms = request.retention_ms.map(|retention_ms| now_ms.saturating_add(retention_ms));
    let mut records = Vec::new();
    let mut one = |topic: &CommitTopic, partition: &CommitPartition| {
        if is_too_large(partition.metadata.as_deref(), config.offset_metadata_max) {
            return ErrorCode::OffsetMetadataTooLarge;
        }
        let value = OffsetValue {
            offset: partition.offset,
            leader_epoch: if partition.leader_epoch.0 < 0 { LeaderEpoch::NONE } else { partition.leader_epoch },
            metadata: partition.metadata.clone().unwrap_or_default(),
            commit_timestamp_ms: now_ms,
            expire_timestamp_ms,
            topic_id: topic.topic_id,
        };
        records.push(offset_record(&request.group_id, &topic.topic, partition.partition, &value));
        ErrorCode::None
    };
    let topics = request.topics.iter().map(|topic| CommitReplyTopic {
        topic: topic.topic.clone(),
        topic_id: topic.topic_id,
        partitions: topic.partitions.iter().map(|partition| (partition.partition, one(topic, partition))).collect(),
    });
    let reply = CommitReply { topics: topics.collect() };
    (records, reply)
}

/// Kafka counts Java's UTF-16 units, of which there are never more than bytes.
fn is_too_large(metadata: Option<&str>, max: i32) -> bool {
    let max = usize::try_from(max).unwrap_or(0);
    metadata.is_some_and(|text| text.len() > TEXT_MAX || (text.len() > max && text.encode_utf16().count() > max))
}

#[cfg(test)]
#[path = "offsets_test.rs"]
mod offsets_test;
