//! OffsetFetch, key 9.
//!
//! - Versions 1-10: all topics from 2 (KIP-88), stable offsets from 7 (KIP-447; without transactions every offset is
//!   stable), several groups from 8 (KIP-709), member epochs in 9 (KIP-848, which only the new protocol has), topic ids
//!   from 10.

use kafka_protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};
use klamm_base::{ErrorCode, TopicId};
use klamm_coordinator::message::{FetchOffsetsReply, FetchOffsetsRequest, FetchTopic, FetchedTopic};

use crate::call::{Call, Handler};
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

/// A topic of a request, and the id that must be answered with UNKNOWN_TOPIC_ID instead of being looked up.
enum Asked {
    Known(FetchTopic),
    Unknown(OffsetFetchRequestTopics),
}

async fn batched(call: Call<'_>, group: &OffsetFetchRequestGroup) -> OffsetFetchResponseGroup {
    let answer = OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone());
    let asked: Option<Vec<Asked>> =
        group.topics.as_ref().map(|topics| topics.iter().map(|topic| resolve(call, topic)).collect());
    let known = asked.as_ref().map(|asked| {
        let known = asked.iter().filter_map(|topic| match topic {
            Asked::Known(topic) => Some(topic.clone()),
            Asked::Unknown(_) => None,
        });
        known.collect()
    });
    let request = FetchOffsetsRequest { group_id: shared(&group.group_id), topics: known };
    let reply = match call.services.groups.fetch_offsets(request).await {
        Ok(reply) => reply,
        Err(code) => return answer.with_error_code(code.code()),
    };
    answer.with_topics(merge(call, asked, reply))
}

fn resolve(call: Call<'_>, topic: &OffsetFetchRequestTopics) -> Asked {
    let known = |name, id| FetchTopic { topic: name, topic_id: id, partitions: topic.partition_indexes.clone() };
    if call.version() < 10 {
        return Asked::Known(known(shared(&topic.name), TopicId::ZERO));
    }
    let id = topic_id(topic.topic_id);
    match call.services.topic_name(id) {
        Some(name) => Asked::Known(known(name, id)),
        None => Asked::Unknown(topic.clone()),
    }
}

/// The answer's topics in the order of the request; all that the group has, if it named none.
fn merge(call: Call<'_>, asked: Option<Vec<Asked>>, reply: FetchOffsetsReply) -> Vec<OffsetFetchResponseTopics> {
    let mut found = reply.topics.into_iter();
    let Some(asked) = asked else { return found.filter_map(|topic| several(call, topic)).collect() };
    let topics = asked.into_iter().filter_map(|topic| match topic {
        Asked::Known(_) => found.next().and_then(|topic| several(call, topic)),
        Asked::Unknown(topic) => Some(unknown_id(topic)),
    });
    topics.collect()
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

fn unknown_id(topic: OffsetFetchRequestTopics) -> OffsetFetchResponseTopics {
    let parts = topic.partition_indexes.iter().map(|index| {
        OffsetFetchResponsePartitions::default()
            .with_partition_index(*index)
            .with_committed_offset(-1)
            .with_metadata(Some(text("")))
            .with_error_code(ErrorCode::UnknownTopicId.code())
    });
    OffsetFetchResponseTopics::default().with_topic_id(topic.topic_id).with_partitions(parts.collect())
}
