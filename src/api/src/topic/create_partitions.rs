//! CreatePartitions, key 37.
//!
//! - Versions 0-3 (KIP-195). Answers when the new partitions serve.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse, TopicName};
use klamm_base::{ErrorCode, NodeId};
use klamm_controller::{NewPartitions, Refusal};

use crate::call::{Call, Handler};
use crate::convert::{deadline, text};
use crate::reply::Reply;

/// The handler.
pub struct CreatePartitions;

impl Handler for CreatePartitions {
    type Request = CreatePartitionsRequest;
    type Response = CreatePartitionsResponse;

    async fn handle(call: Call<'_>, request: CreatePartitionsRequest) -> Reply<CreatePartitionsResponse> {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for topic in &request.topics {
            *times.entry(topic.name.as_str()).or_default() += 1;
        }
        let is_once = |topic: &&CreatePartitionsTopic| times.get(topic.name.as_str()) == Some(&1);
        let (once, twice): (Vec<_>, Vec<_>) = request.topics.iter().partition(is_once);
        let mut refused = BTreeSet::new();
        let asked = once.iter().map(|topic| new_partitions(topic)).collect();
        let timeout = deadline(request.timeout_ms);
        let made = call.services.controller.create_partitions(asked, request.validate_only, timeout).await;
        call.services.settle().await;
        let mut results: Vec<CreatePartitionsTopicResult> = Vec::with_capacity(request.topics.len());
        for topic in twice {
            if refused.insert(topic.name.as_str()) {
                results
                    .push(result(&topic.name, Err(Refusal::new(ErrorCode::InvalidRequest, "Duplicate topic name."))));
            }
        }
        for (place, topic) in once.iter().enumerate() {
            let made = match &made {
                Ok(made) => {
                    made.get(place).cloned().unwrap_or_else(|| Err(Refusal::from(ErrorCode::UnknownServerError)))
                }
                Err(refusal) => Err(refusal.clone()),
            };
            results.push(result(&topic.name, made));
        }
        Reply::Now(CreatePartitionsResponse::default().with_results(results))
    }
}

fn new_partitions(topic: &CreatePartitionsTopic) -> NewPartitions {
    let replicas = |assignment: &kafka_protocol::messages::create_partitions_request::CreatePartitionsAssignment| {
        assignment.broker_ids.iter().map(|id| NodeId(id.0)).collect()
    };
    NewPartitions {
        name: topic.name.to_string(),
        count: topic.count,
        assignments: topic.assignments.as_ref().map(|assignments| assignments.iter().map(replicas).collect()),
    }
}

fn result(name: &TopicName, made: Result<(), Refusal>) -> CreatePartitionsTopicResult {
    let (code, message) = match made {
        Ok(()) => (0, None),
        // Kafka has no words for a topic that does not exist.
        Err(refusal) if refusal.code == ErrorCode::UnknownTopicOrPartition => (refusal.code.code(), None),
        Err(refusal) => (refusal.code.code(), Some(text(refusal.message))),
    };
    CreatePartitionsTopicResult::default().with_name(name.clone()).with_error_code(code).with_error_message(message)
}
