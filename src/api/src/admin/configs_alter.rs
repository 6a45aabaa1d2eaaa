//! IncrementalAlterConfigs, key 44, and AlterConfigs, key 33.
//!
//! - Key 44: versions 0-1 (KIP-339), key by key.
//! - Key 33: versions 0-2 (KIP-133), replaces the whole: keys that are not named get back their defaults.
//! - Resources: topics, brokers (this one, or all by the empty name), groups, client metrics. A broker's loggers have no
//!   configuration here.
//! - A resource that is named twice is refused, where Kafka's AlterConfigs never answers (V4).

use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse as ReplacedResource;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse as AlteredResource;
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_controller::{Alter, ConfigChange, Refusal};

use crate::call::{Call, Handler};
use crate::convert::{deadline, text};
use crate::reply::Reply;

/// How long the controller may take; the requests carry no time of their own.
const TIMEOUT_MS: i32 = 30_000;

/// The handler of key 44.
pub struct IncrementalAlterConfigs;

impl Handler for IncrementalAlterConfigs {
    type Request = IncrementalAlterConfigsRequest;
    type Response = IncrementalAlterConfigsResponse;

    async fn handle(call: Call<'_>, request: IncrementalAlterConfigsRequest) -> Reply<IncrementalAlterConfigsResponse> {
        let alters = request.resources.iter().map(|resource| Alter {
            kind: resource.resource_type,
            name: resource.resource_name.to_string(),
            changes: resource
                .configs
                .iter()
                .map(|config| change(&config.name, config.config_operation, config.value.as_ref()))
                .collect(),
        });
        let alters: Vec<Alter> = alters.collect();
        let node = call.services.node;
        let (validate_only, timeout) = (request.validate_only, deadline(TIMEOUT_MS));
        let done =
            call.services.controller.incremental_alter_configs(node, alters.clone(), validate_only, timeout).await;
        let responses = outcomes(alters, done).into_iter().map(|(resource, code, message)| {
            AlteredResource::default()
                .with_error_code(code)
                .with_error_message(message)
                .with_resource_type(resource.kind)
                .with_resource_name(text(resource.name))
        });
        call.services.settle().await;
        Reply::Now(IncrementalAlterConfigsResponse::default().with_responses(responses.collect()))
    }
}

/// The handler of key 33.
pub struct AlterConfigs;

impl Handler for AlterConfigs {
    type Request = AlterConfigsRequest;
    type Response = AlterConfigsResponse;

    async fn handle(call: Call<'_>, request: AlterConfigsRequest) -> Reply<AlterConfigsResponse> {
        let alters = request.resources.iter().map(|resource| Alter {
            kind: resource.resource_type,
            name: resource.resource_name.to_string(),
            changes: resource.configs.iter().map(|config| change(&config.name, 0, config.value.as_ref())).collect(),
        });
        let alters: Vec<Alter> = alters.collect();
        let node = call.services.node;
        let (validate_only, timeout) = (request.validate_only, deadline(TIMEOUT_MS));
        let done = call.services.controller.alter_configs(node, alters.clone(), validate_only, timeout).await;
        let responses = outcomes(alters, done).into_iter().map(|(resource, code, message)| {
            ReplacedResource::default()
                .with_error_code(code)
                .with_error_message(message)
                .with_resource_type(resource.kind)
                .with_resource_name(text(resource.name))
        });
        call.services.settle().await;
        Reply::Now(AlterConfigsResponse::default().with_responses(responses.collect()))
    }
}

fn change(name: &StrBytes, op: i8, value: Option<&StrBytes>) -> ConfigChange {
    ConfigChange { name: name.to_string(), op, value: value.map(|value| value.to_string()) }
}

/// Each resource with its code and message.
fn outcomes(
    alters: Vec<Alter>,
    done: Result<Vec<Result<(), Refusal>>, Refusal>,
) -> Vec<(Alter, i16, Option<StrBytes>)> {
    let outcome = |(place, alter): (usize, Alter)| {
        let outcome = match &done {
            Ok(done) => done.get(place).cloned().unwrap_or_else(|| Err(Refusal::from(ErrorCode::UnknownServerError))),
            Err(refusal) => Err(refusal.clone()),
        };
        let (code, message) = match outcome {
            Ok(()) => (ErrorCode::None, None),
            // Kafka has no words for what it did not expect, as an operation that does not exist.
            Err(refusal) if refusal.code == ErrorCode::UnknownServerError => (refusal.code, None),
            Err(refusal) => (refusal.code, Some(text(refusal.message))),
        };
        (alter, code.code(), message)
    };
    alters.into_iter().enumerate().map(outcome).collect()
}
