//! DescribeTopicPartitions, key 75.
//!
//! - Version 0 (KIP-966): topics in the order of their names, a page at a time.
//! - The eligible leader replicas are always empty: every replica is the leader itself.

use std::collections::BTreeSet;

use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::{BrokerId, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use klamm_base::name::{is_internal_topic, topic_name_fault};
use klamm_base::{ErrorCode, NodeId};
use klamm_metadata::{Image, Topic};

use crate::call::{Call, Handler};
use crate::convert::{topic_name, uuid};
use crate::reply::Reply;
use crate::topic::authorized;
use crate::topic::metadata::{leader, node_ids, offline};

/// The handler.
pub struct DescribeTopicPartitions;

impl Handler for DescribeTopicPartitions {
    type Request = DescribeTopicPartitionsRequest;
    type Response = DescribeTopicPartitionsResponse;

    async fn handle(call: Call<'_>, request: DescribeTopicPartitionsRequest) -> Reply<DescribeTopicPartitionsResponse> {
        let image = call.services.image();
        Reply::Now(match Page::of(call, &image, &request) {
            Ok(page) => page.answer(call, &image),
            Err(code) => refused(&request, code),
        })
    }
}

/// Which part of which topics is asked for.
struct Page {
    names: BTreeSet<String>,
    /// True if all topics were asked for, so that one that vanished meanwhile is no error.
    all: bool,
    /// The first partition of the first topic.
    from: i32,
    limit: usize,
}

impl Page {
    fn of(call: Call<'_>, image: &Image, request: &DescribeTopicPartitionsRequest) -> Result<Page, ErrorCode> {
        let cursor = request.cursor.as_ref();
        let first = cursor.map_or("", |cursor| cursor.topic_name.as_str());
        let all = request.topics.is_empty();
        let names: BTreeSet<String> = if all {
            image.topics.keys().map(|name| name.to_string()).filter(|name| name.as_str() >= first).collect()
        } else {
            request.topics.iter().map(|topic| topic.name.to_string()).filter(|name| name.as_str() >= first).collect()
        };
        if let Some(cursor) = cursor {
            let listed = all || names.contains(cursor.topic_name.as_str());
            if cursor.partition_index < 0 || !listed {
                return Err(ErrorCode::InvalidRequest);
            }
        }
        if names.contains("") {
            return Err(ErrorCode::UnknownServerError);
        }
        // The cursor's partition counts only where its topic is the first.
        let from =
            cursor.filter(|_| names.first().is_some_and(|name| name == first)).map_or(0, |at| at.partition_index);
        let limit = request.response_partition_limit.min(call.services.config.max_request_partition_size_limit);
        Ok(Page { names, all, from, limit: usize::try_from(limit).unwrap_or(0).max(1) })
    }

    fn answer(&self, call: Call<'_>, image: &Image) -> DescribeTopicPartitionsResponse {
        let mut left = self.limit;
        let mut topics = Vec::new();
        for (place, name) in self.names.iter().enumerate() {
            let from = if place == 0 { self.from } else { 0 };
            if left == 0 {
                return page(topics, Some((name, from)));
            }
            let Some(topic) = image.topic(name) else {
                if !self.all {
                    topics.push(missing(name, missing_code(name)));
                }
                continue;
            };
            let from = usize::try_from(from).unwrap_or(0).min(topic.partitions.len());
            let until = topic.partitions.len().min(from + left);
            left -= until - from;
            topics.push(known(call, image, topic, from..until));
            if until < topic.partitions.len() {
                return page(topics, Some((name, i32::try_from(until).unwrap_or(i32::MAX))));
            }
        }
        page(topics, None)
    }
}

fn page(
    topics: Vec<DescribeTopicPartitionsResponseTopic>,
    next: Option<(&String, i32)>,
) -> DescribeTopicPartitionsResponse {
    let cursor =
        next.map(|(name, index)| Cursor::default().with_topic_name(topic_name(name)).with_partition_index(index));
    DescribeTopicPartitionsResponse::default().with_topics(topics).with_next_cursor(cursor)
}

/// An error of the request is told for each topic that it names (M12).
fn refused(request: &DescribeTopicPartitionsRequest, code: ErrorCode) -> DescribeTopicPartitionsResponse {
    let topics = request.topics.iter().map(|topic| missing(&topic.name, code));
    page(topics.collect(), None)
}

fn missing_code(name: &str) -> ErrorCode {
    match topic_name_fault(name) {
        Some(_) => ErrorCode::InvalidTopicException,
        None => ErrorCode::UnknownTopicOrPartition,
    }
}

fn missing(name: &str, code: ErrorCode) -> DescribeTopicPartitionsResponseTopic {
    let whole = matches!(code, ErrorCode::InvalidRequest | ErrorCode::UnknownServerError);
    let operations = if whole { authorized::NOT_ASKED } else { authorized::TOPIC };
    DescribeTopicPartitionsResponseTopic::default()
        .with_error_code(code.code())
        .with_name(Some(topic_name(name)))
        .with_is_internal(is_internal_topic(name))
        .with_topic_authorized_operations(operations)
}

fn known(
    call: Call<'_>,
    image: &Image,
    topic: &Topic,
    range: std::ops::Range<usize>,
) -> DescribeTopicPartitionsResponseTopic {
    let partition = |index: usize| {
        let partition = &topic.partitions[index];
        let leader = leader(call, image, partition);
        DescribeTopicPartitionsResponsePartition::default()
            .with_error_code(leader.err().map_or(0, ErrorCode::code))
            .with_partition_index(i32::try_from(index).unwrap_or(i32::MAX))
            .with_leader_id(BrokerId(leader.unwrap_or(NodeId::NONE).0))
            .with_leader_epoch(partition.leader_epoch.0)
            .with_replica_nodes(node_ids(&partition.replicas))
            .with_isr_nodes(node_ids(&partition.isr))
            .with_eligible_leader_replicas(Some(Vec::new()))
            .with_last_known_elr(Some(Vec::new()))
            .with_offline_replicas(node_ids(&offline(image, partition)))
    };
    DescribeTopicPartitionsResponseTopic::default()
        .with_name(Some(topic_name(&topic.name)))
        .with_topic_id(uuid(topic.id))
        .with_is_internal(is_internal_topic(&topic.name))
        .with_partitions(range.map(partition).collect())
        .with_topic_authorized_operations(authorized::TOPIC)
}
