//! DescribeProducers, key 61.
//!
//! - Version 0 (KIP-664): the producers with state in a partition, as its leader has it.

use kafka_protocol::messages::describe_producers_response::{PartitionResponse, ProducerState, TopicResponse};
use kafka_protocol::messages::{DescribeProducersRequest, DescribeProducersResponse, ProducerId};
use klamm_base::ErrorCode;
use klamm_base::name::topic_name_fault;
use klamm_replica::ProducerDescription;

use crate::call::{Call, Handler};
use crate::convert::text;
use crate::reply::Reply;

/// The handler.
pub struct DescribeProducers;

impl Handler for DescribeProducers {
    type Request = DescribeProducersRequest;
    type Response = DescribeProducersResponse;

    async fn handle(call: Call<'_>, request: DescribeProducersRequest) -> Reply<DescribeProducersResponse> {
        let topics = request.topics.iter().map(|topic| {
            let parts = topic.partition_indexes.iter().map(|index| describe(call, &topic.name, *index));
            TopicResponse::default().with_name(topic.name.clone()).with_partitions(parts.collect())
        });
        Reply::Now(DescribeProducersResponse::default().with_topics(topics.collect()))
    }
}

fn describe(call: Call<'_>, topic: &str, index: i32) -> PartitionResponse {
    let answer = PartitionResponse::default().with_partition_index(index);
    let (code, message) = match call.services.replicas.partition(topic, index) {
        Some(partition) => {
            let producers = partition.producers().into_iter().map(state).collect();
            return answer.with_error_message(None).with_active_producers(producers);
        }
        None => match topic_name_fault(topic) {
            Some(fault) => (ErrorCode::InvalidTopicException, Some(fault)),
            // A partition that the topic does not have goes without words.
            None if call.services.image().topic(topic).is_some() => (ErrorCode::UnknownTopicOrPartition, None),
            None => {
                let code = ErrorCode::UnknownTopicOrPartition;
                (code, Some(code.message().to_owned()))
            }
        },
    };
    answer.with_error_code(code.code()).with_error_message(message.map(text))
}

fn state(producer: ProducerDescription) -> ProducerState {
    ProducerState::default()
        .with_producer_id(ProducerId(producer.producer_id.0))
        .with_producer_epoch(i32::from(producer.producer_epoch.0))
        .with_last_sequence(producer.last_sequence.0)
        .with_last_timestamp(producer.last_timestamp_ms)
        .with_coordinator_epoch(-1)
        .with_current_txn_start_offset(-1)
}
