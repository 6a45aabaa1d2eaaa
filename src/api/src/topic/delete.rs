//! DeleteTopics, key 20.
//!
//! - Versions 1-6: error messages from 5, by name or id from 6 (KIP-516).

use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use klamm_base::TopicId;
use klamm_controller::{DeleteTopic, DeletedTopic};

use crate::call::{Call, Handler};
use crate::convert::{deadline, text, topic_id, topic_name, uuid};
use crate::reply::Reply;

/// The handler.
pub struct DeleteTopics;

impl Handler for DeleteTopics {
    type Request = DeleteTopicsRequest;
    type Response = DeleteTopicsResponse;

    async fn handle(call: Call<'_>, request: DeleteTopicsRequest) -> Reply<DeleteTopicsResponse> {
        let topics: Vec<DeleteTopic> = if call.version() >= 6 {
            let topic = |topic: &kafka_protocol::messages::delete_topics_request::DeleteTopicState| DeleteTopic {
                name: topic.name.as_ref().map(|name| name.to_string()),
                id: topic_id(topic.topic_id),
            };
            request.topics.iter().map(topic).collect()
        } else {
            let named = |name: &kafka_protocol::messages::TopicName| DeleteTopic {
                name: Some(name.to_string()),
                id: TopicId::ZERO,
            };
            request.topic_names.iter().map(named).collect()
        };
        let deleted = match call.services.controller.delete_topics(topics.clone(), deadline(request.timeout_ms)).await {
            Ok(deleted) => deleted,
            Err(refusal) => {
                let refused =
                    |topic: DeleteTopic| DeletedTopic { name: topic.name, id: topic.id, result: Err(refusal.clone()) };
                topics.into_iter().map(refused).collect()
            }
        };
        call.services.settle().await;
        let responses = deleted.into_iter().map(|topic| result(call, topic)).collect();
        Reply::Now(DeleteTopicsResponse::default().with_responses(responses))
    }
}

fn result(call: Call<'_>, topic: DeletedTopic) -> DeletableTopicResult {
    let (code, message) = match topic.result {
        Ok(()) => (0, None),
        Err(refusal) => (refusal.code.code(), Some(text(refusal.message))),
    };
    let result = DeletableTopicResult::default().with_error_code(code);
    let name = topic.name.map(|name| topic_name(&name));
    match call.version() {
        6.. => result.with_name(name).with_topic_id(uuid(topic.id)).with_error_message(message),
        5 => result.with_name(Some(name.unwrap_or_default())).with_error_message(message),
        _ => result.with_name(Some(name.unwrap_or_default())),
    }
}
