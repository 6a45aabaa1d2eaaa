//! DeleteRecords, key 21.
//!
//! - Versions 0-2 (KIP-107). Offset -1 is the high watermark.
//! - Differs from Kafka: the new log start is on disk before the answer leaves, where Kafka writes it within a minute
//!   and may show deleted records again after a crash (D6).

use std::collections::BTreeMap;

use kafka_protocol::messages::delete_records_request::DeleteRecordsTopic;
use kafka_protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};
use klamm_base::name::is_internal_topic;
use klamm_base::{ErrorCode, Offset};

use crate::call::{Call, Handler};
use crate::reply::Reply;

/// The handler.
pub struct DeleteRecords;

impl Handler for DeleteRecords {
    type Request = DeleteRecordsRequest;
    type Response = DeleteRecordsResponse;

    async fn handle(call: Call<'_>, request: DeleteRecordsRequest) -> Reply<DeleteRecordsResponse> {
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in request.topics.iter().filter(|topic| !topic.partitions.is_empty()) {
            topics.push(
                DeleteRecordsTopicResult::default()
                    .with_name(topic.name.clone())
                    .with_partitions(delete_from(call, topic).await),
            );
        }
        Reply::Now(DeleteRecordsResponse::default().with_topics(topics))
    }
}

async fn delete_from(call: Call<'_>, topic: &DeleteRecordsTopic) -> Vec<DeleteRecordsPartitionResult> {
    let mut answers: Vec<DeleteRecordsPartitionResult> = Vec::with_capacity(topic.partitions.len());
    // Named twice: the last mention counts (D7).
    let last: BTreeMap<i32, usize> = topic.partitions.iter().map(|part| part.partition_index).zip(0..).collect();
    for (place, part) in topic.partitions.iter().enumerate() {
        if last.get(&part.partition_index) != Some(&place) {
            continue;
        }
        let (code, low_watermark) = match delete(call, &topic.name, part.partition_index, part.offset).await {
            Ok(low_watermark) => (ErrorCode::None, low_watermark.0),
            Err(code) => (code, -1),
        };
        answers.push(
            DeleteRecordsPartitionResult::default()
                .with_partition_index(part.partition_index)
                .with_error_code(code.code())
                .with_low_watermark(low_watermark),
        );
    }
    answers
}

async fn delete(call: Call<'_>, topic: &str, index: i32, offset: i64) -> Result<Offset, ErrorCode> {
    let partition = call.services.replicas.partition(topic, index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if is_internal_topic(topic) {
        return Err(ErrorCode::InvalidTopicException);
    }
    call.services.env.tasks.offload(move || partition.delete_records(offset)).await
}
