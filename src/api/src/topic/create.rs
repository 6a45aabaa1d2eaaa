//! CreateTopics, key 19.
//!
//! - Versions 2-7: what was created from 5 on (KIP-525), topic ids from 7 (KIP-516). Partitions and replicas of -1 mean
//!   the broker's defaults (KIP-464).
//! - Answers when the topic's partitions serve.
//! - The topics that come into being by being asked for (Metadata, FindCoordinator) are made here too.

use std::collections::BTreeSet;
use std::time::Duration;

use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use klamm_base::name::CONSUMER_OFFSETS;
use klamm_base::{ErrorCode, NodeId};
use klamm_controller::{CreatedTopic, NewTopic, Refusal};
use klamm_settings::BrokerConfig;

use crate::admin::configs_describe::describe_topic;
use crate::call::{Call, Handler};
use crate::convert::{deadline, text, uuid};
use crate::reply::Reply;

/// The handler.
pub struct CreateTopics;

/// How long a topic may take to come into being that nobody waits for.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(30);

impl Handler for CreateTopics {
    type Request = CreateTopicsRequest;
    type Response = CreateTopicsResponse;

    async fn handle(call: Call<'_>, request: CreateTopicsRequest) -> Reply<CreateTopicsResponse> {
        let topics: Vec<NewTopic> = request.topics.iter().map(new_topic).collect();
        let timeout = deadline(request.timeout_ms);
        let created = call.services.controller.create_topics(topics, request.validate_only, timeout).await;
        call.services.settle().await;
        let mut results: Vec<CreatableTopicResult> = Vec::with_capacity(request.topics.len());
        let mut answered = BTreeSet::new();
        for (place, topic) in request.topics.iter().enumerate() {
            if !answered.insert(topic.name.as_str()) {
                continue;
            }
            let created = match &created {
                Ok(created) => {
                    created.get(place).cloned().unwrap_or_else(|| Err(Refusal::from(ErrorCode::UnknownServerError)))
                }
                Err(refusal) => Err(refusal.clone()),
            };
            results.push(result(call, topic, created));
        }
        Reply::Now(CreateTopicsResponse::default().with_topics(results))
    }
}

fn new_topic(topic: &CreatableTopic) -> NewTopic {
    let assignment = |assignment: &kafka_protocol::messages::create_topics_request::CreatableReplicaAssignment| {
        (assignment.partition_index, assignment.broker_ids.iter().map(|id| NodeId(id.0)).collect())
    };
    NewTopic {
        name: topic.name.to_string(),
        partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: topic.assignments.iter().map(assignment).collect(),
        configs: topic
            .configs
            .iter()
            .map(|config| (config.name.to_string(), config.value.as_ref().map(|value| value.to_string())))
            .collect(),
    }
}

fn result(call: Call<'_>, topic: &CreatableTopic, created: Result<CreatedTopic, Refusal>) -> CreatableTopicResult {
    let result = CreatableTopicResult::default().with_name(topic.name.clone());
    let created = match created {
        Ok(created) => created,
        Err(refusal) => {
            return result.with_error_code(refusal.code.code()).with_error_message(Some(text(refusal.message)));
        }
    };
    let result = result.with_error_message(None);
    let result = if call.version() >= 7 { result.with_topic_id(uuid(created.id)) } else { result };
    if call.version() < 5 {
        return result;
    }
    let configs = describe_topic(call, &created.configs).into_iter().map(|config| {
        CreatableTopicConfigs::default()
            .with_name(text(config.name))
            .with_value(config.value.map(text))
            .with_read_only(config.read_only)
            .with_config_source(config.source.id())
            .with_is_sensitive(config.sensitive)
    });
    result
        .with_num_partitions(created.partitions)
        .with_replication_factor(created.replication_factor)
        .with_configs(Some(configs.collect()))
}

/// Makes topics that a client asked for as if they existed, without waiting for it. One that exists by then is no error.
pub(crate) fn in_background(call: Call<'_>, names: Vec<String>) {
    let new = names.into_iter().map(|name| match name.as_str() {
        CONSUMER_OFFSETS => offsets_topic(&call.services.config),
        _ => NewTopic { name, partitions: -1, replication_factor: -1, assignments: Vec::new(), configs: Vec::new() },
    });
    let (new, controller) = (new.collect::<Vec<_>>(), call.services.controller.clone());
    call.services.env.tasks.spawn(async move {
        let names: Vec<String> = new.iter().map(|topic| topic.name.clone()).collect();
        match controller.create_topics(new, false, BACKGROUND_TIMEOUT).await {
            Ok(created) => {
                let failed = names.iter().zip(created).filter_map(|(name, made)| made.err().map(|error| (name, error)));
                for (topic, refusal) in failed.filter(|(_, refusal)| refusal.code != ErrorCode::TopicAlreadyExists) {
                    tracing::warn!(topic, refusal.message, "a topic was not created automatically");
                }
            }
            Err(refusal) => tracing::warn!(?names, refusal.message, "topics were not created automatically"),
        }
    });
}

/// The topic of group state as Kafka makes it. There is one broker: more replicas than one cannot be had.
pub fn offsets_topic(config: &BrokerConfig) -> NewTopic {
    if config.offsets_topic_replication_factor > 1 {
        tracing::warn!(
            "offsets.topic.replication.factor is {}, but there is one broker: {CONSUMER_OFFSETS} gets one replica",
            config.offsets_topic_replication_factor
        );
    }
    let configs = [
        ("cleanup.policy", "compact".to_owned()),
        ("compression.type", "producer".to_owned()),
        ("segment.bytes", config.offsets_topic_segment_bytes.to_string()),
    ];
    NewTopic {
        name: CONSUMER_OFFSETS.to_owned(),
        partitions: config.offsets_topic_num_partitions,
        replication_factor: 1,
        assignments: Vec::new(),
        configs: configs.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect(),
    }
}
