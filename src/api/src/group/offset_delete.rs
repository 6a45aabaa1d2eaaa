//! OffsetDelete, key 47.
//!
//! - Version 0 (KIP-496). Offsets of a topic that a live member subscribes to stay.

use kafka_protocol::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use kafka_protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse};
use klamm_base::ErrorCode;
use klamm_coordinator::message;

use crate::call::{Call, Handler};
use crate::convert::shared;
use crate::reply::Reply;

/// The handler.
pub struct OffsetDelete;

impl Handler for OffsetDelete {
    type Request = OffsetDeleteRequest;
    type Response = OffsetDeleteResponse;

    async fn handle(call: Call<'_>, request: OffsetDeleteRequest) -> Reply<OffsetDeleteResponse> {
        let image = call.services.image();
        let exists = |topic: &str, index: i32| image.partition(topic, index).is_some();
        let known = request.topics.iter().map(|topic| {
            let indexes = topic.partitions.iter().map(|part| part.partition_index);
            (shared(&topic.name), indexes.filter(|index| exists(&topic.name, *index)).collect())
        });
        let asked = message::OffsetDeleteRequest { group_id: shared(&request.group_id), topics: known.collect() };
        let reply = call.services.groups.delete_offsets(asked).await;
        if !reply.error.is_none() {
            return Reply::Now(OffsetDeleteResponse::default().with_error_code(reply.error.code()));
        }
        let topics = request.topics.iter().zip(reply.topics).map(|(topic, deleted)| {
            let mut codes = deleted.partitions.into_iter();
            let parts = topic.partitions.iter().map(|part| {
                let index = part.partition_index;
                let code = if exists(&topic.name, index) { codes.next().map(|(_, code)| code) } else { None };
                let code = code.unwrap_or(ErrorCode::UnknownTopicOrPartition);
                OffsetDeleteResponsePartition::default().with_partition_index(index).with_error_code(code.code())
            });
            let parts = parts.collect();
            OffsetDeleteResponseTopic::default().with_name(topic.name.clone()).with_partitions(parts)
        });
        Reply::Now(OffsetDeleteResponse::default().with_topics(topics.collect()))
    }
}
