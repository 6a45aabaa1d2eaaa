//! OffsetFetch, key 9.
//!
//! - Versions 1-10: all topics from 2 (KIP-88), stable offsets from 7 (KIP-447; without transactions every offset is
//!   stable), several groups from 8 (KIP-709), member epochs in 9 (KIP-848, which only the new protocol has), topic ids
//!   from 10. `kafka-protocol` decodes requests up to version 9, so version 10 is read here: it has a topic's id in the
//!   place of its name.
//! - Topics with an unknown id stand behind the others in an answer.

use bytes::Bytes;
use kafka_protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{GroupId, OffsetFetchRequest, OffsetFetchResponse};
use klamm_base::{ErrorCode, TopicId};
use klamm_coordinator::message::{FetchOffsetsRequest, FetchTopic, FetchedTopic};
use klamm_wire::{BodyFault, BodyReader};
use uuid::Uuid;

use crate::call::{Call, Handler, decode_by_codec};
use crate::convert::{shared, text, topic_id, topic_name, uuid};
use crate::reply::Reply;

/// The handler.
pub struct OffsetFetch;

impl Handler for OffsetFetch {
    type Request = OffsetFetchRequest;
    type Response = OffsetFetchResponse;

    async fn handle(call: Call<'_>, request: OffsetFetchRequest) -> Reply<OffsetFetchResponse> {
        if call.version() < 8 {
            return Reply::Now(one_group(call, &request).await);
        }
        let mut groups = Vec::with_capacity(request.groups.len());
        for group in &request.groups {
            groups.push(batched(call, group).await);
        }
        Reply::Now(OffsetFetchResponse::default().with_groups(groups))
    }

    fn decode(body: &mut Bytes, version: i16) -> Result<OffsetFetchRequest, BodyFault> {
        if version < 10 { decode_by_codec(body, version) } else { version_10(&mut BodyReader::new(body)) }
    }
}

async fn one_group(call: Call<'_>, request: &OffsetFetchRequest) -> OffsetFetchResponse {
    let topics = request.topics.as_ref().map(|topics| {
        let topic = |topic: &kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic| FetchTopic {
            topic: shared(&topic.name),
            topic_id: TopicId::ZERO,
            partitions: topic.partition_indexes.clone(),
        };
        topics.iter().map(topic).collect::<Vec<_>>()
    });
    let asked = FetchOffsetsRequest { group_id: shared(&request.group_id), topics: topics.clone() };
    match call.services.groups.fetch_offsets(asked).await {
        Ok(reply) => OffsetFetchResponse::default()
            .with_topics(reply.topics.into_iter().map(|topic| single(call, topic)).collect()),
        // Version 1 has no place for the error but the partitions; later ones have both and use the top.
        Err(code) if call.version() < 2 => {
            let topics = topics.unwrap_or_default().into_iter().map(|topic| refused(&topic, code));
            OffsetFetchResponse::default().with_topics(topics.collect())
        }
        Err(code) => OffsetFetchResponse::default().with_error_code(code.code()),
    }
}

fn single(call: Call<'_>, topic: FetchedTopic) -> OffsetFetchResponseTopic {
    let parts = topic.partitions.into_iter().map(|part| {
        let answer = OffsetFetchResponsePartition::default()
            .with_partition_index(part.partition)
            .with_committed_offset(part.offset.0)
            .with_metadata(Some(text(part.metadata.to_string())));
        if call.version() >= 5 { answer.with_committed_leader_epoch(part.leader_epoch.0) } else { answer }
    });
    OffsetFetchResponseTopic::default().with_name(topic_name(&topic.topic)).with_partitions(parts.collect())
}

fn refused(topic: &FetchTopic, code: ErrorCode) -> OffsetFetchResponseTopic {
    let parts = topic.partitions.iter().map(|index| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(*index)
            .with_committed_offset(-1)
            .with_metadata(Some(text("")))
            .with_error_code(code.code())
    });
    OffsetFetchResponseTopic::default().with_name(topic_name(&topic.topic)).with_partitions(parts.collect())
}

async fn batched(call: Call<'_>, group: &OffsetFetchRequestGroup) -> OffsetFetchResponseGroup {
    let answer = OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone());
    let mut unknown = Vec::new();
    let known = group.topics.as_ref().map(|topics| {
        let resolved = topics.iter().filter_map(|topic| {
            let known = resolve(call, topic);
            if known.is_none() {
                unknown.push(unknown_id(topic));
            }
            known
        });
        resolved.collect()
    });
    let request = FetchOffsetsRequest { group_id: shared(&group.group_id), topics: known };
    match call.services.groups.fetch_offsets(request).await {
        Ok(reply) => {
            let found = reply.topics.into_iter().filter_map(|topic| several(call, topic));
            answer.with_topics(found.chain(unknown).collect())
        }
        Err(code) => answer.with_error_code(code.code()),
    }
}

/// What the coordinator is asked for a topic; nothing if its id is unknown.
fn resolve(call: Call<'_>, topic: &OffsetFetchRequestTopics) -> Option<FetchTopic> {
    let (name, id) = if call.version() < 10 {
        (shared(&topic.name), TopicId::ZERO)
    } else {
        let id = topic_id(topic.topic_id);
        (call.services.topic_name(id)?, id)
    };
    Some(FetchTopic { topic: name, topic_id: id, partitions: topic.partition_indexes.clone() })
}

/// From version 10 on a topic is told by its id; one that is gone, and so has none, is left out.
fn several(call: Call<'_>, topic: FetchedTopic) -> Option<OffsetFetchResponseTopics> {
    let parts = topic.partitions.into_iter().map(|part| {
        OffsetFetchResponsePartitions::default()
            .with_partition_index(part.partition)
            .with_committed_offset(part.offset.0)
            .with_committed_leader_epoch(part.leader_epoch.0)
            .with_metadata(Some(text(part.metadata.to_string())))
    });
    let answer = OffsetFetchResponseTopics::default().with_partitions(parts.collect());
    if call.version() < 10 {
        return Some(answer.with_name(topic_name(&topic.topic)));
    }
    let current = call.services.image().topic(&topic.topic).map(|topic| topic.id);
    let id = if topic.topic_id.is_zero() { current? } else { topic.topic_id };
    Some(answer.with_topic_id(uuid(id)))
}

fn unknown_id(topic: &OffsetFetchRequestTopics) -> OffsetFetchResponseTopics {
    let parts = topic.partition_indexes.iter().map(|index| {
        OffsetFetchResponsePartitions::default()
            .with_partition_index(*index)
            .with_committed_offset(-1)
            .with_metadata(Some(text("")))
            .with_error_code(ErrorCode::UnknownTopicId.code())
    });
    OffsetFetchResponseTopics::default().with_topic_id(topic.topic_id).with_partitions(parts.collect())
}

/// A body of version 10. Of its fields only the topics differ from version 9.
fn version_10(body: &mut BodyReader<'_>) -> Result<OffsetFetchRequest, BodyFault> {
    let groups = body.list(group_10)?;
    let request = OffsetFetchRequest::default().with_groups(groups).with_require_stable(body.bool()?);
    body.tagged_fields()?;
    Ok(request)
}

fn group_10(body: &mut BodyReader<'_>) -> Result<OffsetFetchRequestGroup, BodyFault> {
    let group = OffsetFetchRequestGroup::default()
        .with_group_id(GroupId(body.string()?))
        .with_member_id(body.nullable_string()?)
        .with_member_epoch(body.i32()?)
        .with_topics(body.nullable_list(topic_10)?);
    body.tagged_fields()?;
    Ok(group)
}

fn topic_10(body: &mut BodyReader<'_>) -> Result<OffsetFetchRequestTopics, BodyFault> {
    let topic = OffsetFetchRequestTopics::default()
        .with_topic_id(Uuid::from_bytes(body.uuid()?))
        .with_partition_indexes(body.list(BodyReader::i32)?);
    body.tagged_fields()?;
    Ok(topic)
}

#[cfg(test)]
#[path = "offset_fetch_test.rs"]
mod offset_fetch_test;
