//! OffsetCommit, key 8.
//!
//! - Versions 2-10: retention time in 2-4, leader epoch from 6 (KIP-320), static members from 7 (KIP-345), topic ids
//!   from 10 (KIP-848).

use std::sync::Arc;

use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};
use klamm_base::{ErrorCode, LeaderEpoch, Offset};
use klamm_coordinator::message::{CommitPartition, CommitRequest, CommitTopic};
use klamm_metadata::{Image, Topic};

use crate::call::{Call, Handler};
use crate::convert::{shared, shared_option, topic_id};
use crate::reply::Reply;

/// The handler.
pub struct OffsetCommit;

impl Handler for OffsetCommit {
    type Request = OffsetCommitRequest;
    type Response = OffsetCommitResponse;

    async fn handle(call: Call<'_>, request: OffsetCommitRequest) -> Reply<OffsetCommitResponse> {
        let image = call.services.image();
        let split: Vec<Split> = request.topics.iter().map(|topic| Split::of(call, &image, topic)).collect();
        let asked = CommitRequest {
            group_id: shared(&request.group_id),
            generation: request.generation_id_or_member_epoch,
            member_id: shared(&request.member_id),
            group_instance_id: shared_option(request.group_instance_id.as_ref()),
            retention_ms: Some(request.retention_time_ms).filter(|ms| *ms != -1),
            topics: split.iter().filter_map(|split| split.known.clone()).collect(),
            version: call.version(),
        };
        // As Kafka, the coordinator is not asked where no topic of the request exists.
        let nothing_known = asked.topics.is_empty() && !request.topics.is_empty();
        let (codes, whole) = if nothing_known {
            (Vec::new(), ErrorCode::UnknownServerError)
        } else {
            match call.services.groups.commit(asked).await {
                Ok(reply) => (reply.topics, ErrorCode::UnknownServerError),
                Err(code) => (Vec::new(), code),
            }
        };
        let mut codes = codes.into_iter().map(|topic| topic.partitions);
        let topics = request.topics.iter().zip(&split).map(|(topic, split)| {
            let mut kept = split.known.as_ref().and_then(|_| codes.next()).unwrap_or_default().into_iter();
            let parts = split.faults.iter().map(|(index, fault)| {
                let code = fault.or_else(|| kept.next().map(|(_, code)| code)).unwrap_or(whole);
                OffsetCommitResponsePartition::default().with_partition_index(*index).with_error_code(code.code())
            });
            let parts = parts.collect();
            let answer = OffsetCommitResponseTopic::default().with_partitions(parts);
            if call.version() >= 10 {
                answer.with_topic_id(topic.topic_id)
            } else {
                answer.with_name(topic.name.clone())
            }
        });
        Reply::Now(OffsetCommitResponse::default().with_topics(topics.collect()))
    }
}

/// A topic of a request: what goes to the coordinator, and what is refused before.
struct Split {
    known: Option<CommitTopic>,
    /// Each partition of the request, in its order, with the error it gets here.
    faults: Vec<(i32, Option<ErrorCode>)>,
}

impl Split {
    fn of(call: Call<'_>, image: &Image, asked: &OffsetCommitRequestTopic) -> Split {
        let by_id = call.version() >= 10;
        let (topic, missing) = if by_id {
            (image.topic_by_id(topic_id(asked.topic_id)), ErrorCode::UnknownTopicId)
        } else {
            (image.topic(&asked.name), ErrorCode::UnknownTopicOrPartition)
        };
        let fault = |part: &OffsetCommitRequestPartition| match topic {
            None => Some(missing),
            Some(topic) if topic.partition(part.partition_index).is_none() => Some(ErrorCode::UnknownTopicOrPartition),
            Some(_) => None,
        };
        let faults: Vec<_> = asked.partitions.iter().map(|part| (part.partition_index, fault(part))).collect();
        let good = asked.partitions.iter().zip(&faults).filter(|(_, (_, fault))| fault.is_none());
        let partitions: Vec<CommitPartition> = good.map(|(part, _)| commit_partition(part)).collect();
        let known = topic.filter(|_| !partitions.is_empty()).map(|topic| commit_topic(topic, partitions));
        Split { known, faults }
    }
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
