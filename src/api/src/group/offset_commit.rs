//! OffsetCommit, key 8.
//!
//! - Versions 2-10: retention time in 2-4, leader epoch from 6 (KIP-320), static members from 7 (KIP-345), topic ids
//!   from 10 (KIP-848). `kafka-protocol` decodes requests up to version 9, so version 10 is read here: it has a topic's
//!   id in the place of its name.
//! - The answer has the topics in Kafka's order: those with something to refuse first, then those that were committed;
//!   of a topic that is in both, its refused partitions first. A known topic without partitions is left out.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::{GroupId, OffsetCommitRequest, OffsetCommitResponse, TopicName};
use klamm_base::{ErrorCode, LeaderEpoch, Offset};
use klamm_coordinator::message::{CommitPartition, CommitReplyTopic, CommitRequest, CommitTopic};
use klamm_metadata::{Image, Topic};
use klamm_wire::{BodyFault, BodyReader};
use uuid::Uuid;

use crate::call::{Call, Handler, decode_by_codec};
use crate::convert::{shared, shared_option, topic_id, topic_name, uuid};
use crate::reply::Reply;

/// The handler.
pub struct OffsetCommit;

impl Handler for OffsetCommit {
    type Request = OffsetCommitRequest;
    type Response = OffsetCommitResponse;

    async fn handle(call: Call<'_>, request: OffsetCommitRequest) -> Reply<OffsetCommitResponse> {
        let (mut answer, known) = split(&call.services.image(), &request, call.version());
        // As Kafka, the coordinator is not asked where nothing of the request exists.
        if known.is_empty() {
            return Reply::Now(answer.response());
        }
        let asked = CommitRequest {
            group_id: shared(&request.group_id),
            generation: request.generation_id_or_member_epoch,
            member_id: shared(&request.member_id),
            group_instance_id: shared_option(request.group_instance_id.as_ref()),
            retention_ms: Some(request.retention_time_ms).filter(|ms| *ms != -1),
            topics: known.clone(),
            version: call.version(),
        };
        match call.services.groups.commit(asked).await {
            Ok(reply) => answer.merge(reply.topics),
            Err(code) => answer.merge(known.into_iter().map(|topic| refused(topic, code))),
        }
        Reply::Now(answer.response())
    }

    fn decode(body: &mut Bytes, version: i16) -> Result<OffsetCommitRequest, BodyFault> {
        if version < 10 { decode_by_codec(body, version) } else { version_10(&mut BodyReader::new(body)) }
    }
}

/// The answer as it grows.
struct CommitAnswer {
    by_id: bool,
    topics: Vec<OffsetCommitResponseTopic>,
    /// Where in `topics` a topic is: one of many entries must not cost a walk over all of them.
    places: BTreeMap<(Uuid, TopicName), usize>,
}

impl CommitAnswer {
    fn new(by_id: bool) -> CommitAnswer {
        CommitAnswer { by_id, topics: Vec::new(), places: BTreeMap::new() }
    }

    /// A new entry for a topic: its partitions.
    fn push(&mut self, id: Uuid, name: TopicName) -> &mut Vec<OffsetCommitResponsePartition> {
        let topic = OffsetCommitResponseTopic::default();
        let topic = if self.by_id { topic.with_topic_id(id) } else { topic.with_name(name) };
        let place = self.topics.len();
        self.topics.push(topic);
        &mut self.topics[place].partitions
    }

    /// The entry of a topic, which is made if there is none: its partitions.
    fn entry(&mut self, id: Uuid, name: TopicName) -> &mut Vec<OffsetCommitResponsePartition> {
        let key = if self.by_id { (id, TopicName::default()) } else { (Uuid::nil(), name.clone()) };
        match self.places.entry(key) {
            Entry::Occupied(place) => &mut self.topics[*place.get()].partitions,
            Entry::Vacant(place) => {
                place.insert(self.topics.len());
                self.push(id, name)
            }
        }
    }

    /// Refuses partitions of a topic before the coordinator is asked.
    fn refuse(&mut self, topic: &OffsetCommitRequestTopic, partitions: impl Iterator<Item = i32>, code: ErrorCode) {
        let entry = self.entry(topic.topic_id, topic.name.clone());
        entry.extend(partitions.map(|index| partition_answer(index, code)));
    }

    /// Adds what the coordinator says (`OffsetCommitResponse.Builder.merge`). Where nothing was refused its answer
    /// stands as it is, so that a topic named twice has two entries.
    fn merge(&mut self, topics: impl IntoIterator<Item = CommitReplyTopic>) {
        let alone = self.topics.is_empty();
        for topic in topics {
            let (id, name) = (uuid(topic.topic_id), topic_name(&topic.topic));
            let entry = if alone { self.push(id, name) } else { self.entry(id, name) };
            entry.extend(topic.partitions.into_iter().map(|(index, code)| partition_answer(index, code)));
        }
    }

    fn response(self) -> OffsetCommitResponse {
        OffsetCommitResponse::default().with_topics(self.topics)
    }
}

fn partition_answer(index: i32, code: ErrorCode) -> OffsetCommitResponsePartition {
    OffsetCommitResponsePartition::default().with_partition_index(index).with_error_code(code.code())
}

/// What the coordinator refuses as a whole.
fn refused(topic: CommitTopic, code: ErrorCode) -> CommitReplyTopic {
    let partitions = topic.partitions.iter().map(|part| (part.partition, code)).collect();
    CommitReplyTopic { topic: topic.topic, topic_id: topic.topic_id, partitions }
}

/// Refuses what does not exist, and says what goes to the coordinator.
fn split(image: &Image, request: &OffsetCommitRequest, version: i16) -> (CommitAnswer, Vec<CommitTopic>) {
    let by_id = version >= 10;
    let mut answer = CommitAnswer::new(by_id);
    let mut known = Vec::new();
    for asked in &request.topics {
        let (topic, missing) = if by_id {
            (image.topic_by_id(topic_id(asked.topic_id)), ErrorCode::UnknownTopicId)
        } else {
            (image.topic(&asked.name), ErrorCode::UnknownTopicOrPartition)
        };
        let Some(topic) = topic else {
            answer.refuse(asked, asked.partitions.iter().map(|part| part.partition_index), missing);
            continue;
        };
        let (there, absent): (Vec<_>, Vec<_>) =
            asked.partitions.iter().partition(|part| topic.partition(part.partition_index).is_some());
        if !absent.is_empty() {
            let absent = absent.into_iter().map(|part| part.partition_index);
            answer.refuse(asked, absent, ErrorCode::UnknownTopicOrPartition);
        }
        if !there.is_empty() {
            known.push(commit_topic(topic, there.into_iter().map(commit_partition).collect()));
        }
    }
    (answer, known)
}

fn commit_topic(topic: &Arc<Topic>, partitions: Vec<CommitPartition>) -> CommitTopic {
    CommitTopic { topic: topic.name.clone(), topic_id: topic.id, partitions }
}

fn commit_partition(part: &OffsetCommitRequestPartition) -> CommitPartition {
    CommitPartition {
        partition: part.partition_index,
        offset: Offset(part.committed_offset),
        leader_epoch: LeaderEpoch(part.committed_leader_epoch),
        metadata: shared_option(part.committed_metadata.as_ref()),
    }
}

/// A body of version 10. Of its fields only the topics differ from version 9.
fn version_10(body: &mut BodyReader<'_>) -> Result<OffsetCommitRequest, BodyFault> {
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(body.string()?))
        .with_generation_id_or_member_epoch(body.i32()?)
        .with_member_id(body.string()?)
        .with_group_instance_id(body.nullable_string()?)
        .with_topics(body.list(topic_10)?);
    body.tagged_fields()?;
    Ok(request)
}

fn topic_10(body: &mut BodyReader<'_>) -> Result<OffsetCommitRequestTopic, BodyFault> {
    let topic = OffsetCommitRequestTopic::default()
        .with_topic_id(Uuid::from_bytes(body.uuid()?))
        .with_partitions(body.list(partition_10)?);
    body.tagged_fields()?;
    Ok(topic)
}

fn partition_10(body: &mut BodyReader<'_>) -> Result<OffsetCommitRequestPartition, BodyFault> {
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(body.i32()?)
        .with_committed_offset(body.i64()?)
        .with_committed_leader_epoch(body.i32()?)
        .with_committed_metadata(body.nullable_string()?);
    body.tagged_fields()?;
    Ok(partition)
}

#[cfg(test)]
#[path = "offset_commit_test.rs"]
mod offset_commit_test;
