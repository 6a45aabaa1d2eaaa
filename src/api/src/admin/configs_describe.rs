//! DescribeConfigs, key 32.
//!
//! - Versions 1-4: type and documentation from 3 (KIP-569).
//! - Resources: topics, brokers (this one, or what holds for all by the empty name), groups, client metrics; a broker's
//!   loggers are the one root logger.
//! - Values of sensitive keys never leave (V3).

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_base::limits::DESCRIBED_CONFIGS_BYTES;
use klamm_base::name::topic_name_fault;
use klamm_controller::Refusal;
use klamm_metadata::{ConfigResource, ResourceKind};
use klamm_settings::{Described, EffectiveBroker};

use crate::call::{Call, Handler};
use crate::convert::text;
use crate::reply::Reply;

/// The handler.
pub struct DescribeConfigs;

impl Handler for DescribeConfigs {
    type Request = DescribeConfigsRequest;
    type Response = DescribeConfigsResponse;

    async fn handle(call: Call<'_>, request: DescribeConfigsRequest) -> Reply<DescribeConfigsResponse> {
        let mut results = Vec::new();
        let mut bytes = 0;
        for resource in &request.resources {
            let result = describe_resource(call, resource, &request);
            bytes += result.configs.iter().map(size).sum::<usize>();
            if bytes > DESCRIBED_CONFIGS_BYTES {
                return Reply::Close("the configurations asked for are too many for one answer");
            }
            results.push(result);
        }
        Reply::Now(DescribeConfigsResponse::default().with_results(results))
    }
}

/// What a configuration takes in the answer, in bytes, about.
fn size(config: &DescribeConfigsResourceResult) -> usize {
    let length = |text: &Option<StrBytes>| text.as_ref().map_or(0, |text| text.len());
    let synonyms = config.synonyms.iter().map(|synonym| synonym.name.len() + length(&synonym.value) + 8);
    config.name.len() + length(&config.value) + length(&config.documentation) + synonyms.sum::<usize>() + 16
}

fn describe_resource(
    call: Call<'_>,
    resource: &DescribeConfigsResource,
    request: &DescribeConfigsRequest,
) -> DescribeConfigsResult {
    let result = DescribeConfigsResult::default()
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name.clone());
    match describe(call, resource) {
        Ok(described) => {
            let wanted = wanted(resource);
            let kept = described.into_iter().filter(|config| is_wanted(config, wanted.as_ref()));
            let configs = kept.map(|config| to_wire(call, config, request)).collect();
            result.with_error_message(Some(text(""))).with_configs(configs)
        }
        Err(refusal) => result.with_error_code(refusal.code.code()).with_error_message(Some(text(refusal.message))),
    }
}

/// The keys asked for; none named, or null, is all of them (V1).
fn wanted(resource: &DescribeConfigsResource) -> Option<BTreeSet<&str>> {
    let keys = resource.configuration_keys.as_ref().filter(|keys| !keys.is_empty())?;
    Some(keys.iter().map(|key| key.as_str()).collect())
}

fn is_wanted(config: &Described, wanted: Option<&BTreeSet<&str>>) -> bool {
    wanted.is_none_or(|wanted| wanted.contains(config.name.as_str()))
}

fn describe(call: Call<'_>, resource: &DescribeConfigsResource) -> Result<Vec<Described>, Refusal> {
    let name = resource.resource_name.as_str();
    match ResourceKind::from_id(resource.resource_type) {
        Some(ResourceKind::Topic) => topic(call, name),
        Some(ResourceKind::Broker) => broker(call, name),
        Some(ResourceKind::Group) => group(call, name),
        Some(ResourceKind::ClientMetrics) => client_metrics(call, name),
        None => Err(Refusal::new(
            ErrorCode::InvalidRequest,
            format!("Unsupported resource type: {}", resource.resource_type),
        )),
    }
}

fn topic(call: Call<'_>, name: &str) -> Result<Vec<Described>, Refusal> {
    if let Some(fault) = topic_name_fault(name) {
        return Err(Refusal::new(ErrorCode::InvalidTopicException, fault));
    }
    if call.services.image().topic(name).is_none() {
        return Err(Refusal::new(ErrorCode::UnknownTopicOrPartition, ""));
    }
    Ok(describe_topic(call, &overrides(call, ConfigResource::topic(name))))
}

/// All keys of a topic that was configured with `overrides`.
pub(crate) fn describe_topic(call: Call<'_>, overrides: &BTreeMap<String, String>) -> Vec<Described> {
    klamm_settings::describe_topic(overrides, &effective(call))
}

fn broker(call: Call<'_>, name: &str) -> Result<Vec<Described>, Refusal> {
    if name.is_empty() {
        return Ok(klamm_settings::describe_broker_default(&effective(call)));
    }
    check_node(call, name)?;
    Ok(klamm_settings::describe_broker(&effective(call)))
}

/// Only this broker knows its own configuration (V1).
fn check_node(call: Call<'_>, name: &str) -> Result<(), Refusal> {
    let node = call.services.node;
    match name.parse::<i32>() {
        Ok(id) if id == node.0 => Ok(()),
        Ok(id) => Err(Refusal::new(
            ErrorCode::InvalidRequest,
            format!("Unexpected broker id, expected {node} or empty string, but received {id}"),
        )),
        Err(_) => {
            Err(Refusal::new(ErrorCode::InvalidRequest, format!("Broker id must be an integer, but it is: {name}")))
        }
    }
}

fn group(call: Call<'_>, name: &str) -> Result<Vec<Described>, Refusal> {
    if name.is_empty() {
        return Err(Refusal::new(ErrorCode::InvalidRequest, "Group name must not be empty"));
    }
    let overrides = overrides(call, ConfigResource::new(ResourceKind::Group, name));
    Ok(klamm_settings::describe_group(&overrides, &effective(call)))
}

fn client_metrics(call: Call<'_>, name: &str) -> Result<Vec<Described>, Refusal> {
    if name.is_empty() {
        return Err(Refusal::new(ErrorCode::InvalidRequest, "Client metrics subscription name must not be empty"));
    }
    Ok(klamm_settings::describe_client_metrics(&overrides(
        call,
        ConfigResource::new(ResourceKind::ClientMetrics, name),
    )))
}

fn overrides(call: Call<'_>, resource: ConfigResource) -> BTreeMap<String, String> {
    call.services.image().config(&resource).map(|values| (**values).clone()).unwrap_or_default()
}

/// This broker's settings with what was configured at run time.
fn effective(call: Call<'_>) -> EffectiveBroker {
    let all = overrides(call, ConfigResource::all_brokers());
    let own = overrides(call, ConfigResource::new(ResourceKind::Broker, call.services.node.to_string()));
    EffectiveBroker::new(call.services.settings.clone()).with_dynamic(&all, &own)
}

fn to_wire(call: Call<'_>, config: Described, request: &DescribeConfigsRequest) -> DescribeConfigsResourceResult {
    let synonym = |synonym: klamm_settings::Synonym| {
        DescribeConfigsSynonym::default()
            .with_name(text(synonym.name))
            .with_value(synonym.value.map(text))
            .with_source(synonym.source.id())
    };
    let synonyms = match request.include_synonyms {
        true => config.synonyms.into_iter().map(synonym).collect(),
        false => Vec::new(),
    };
    let result = DescribeConfigsResourceResult::default()
        .with_name(text(config.name))
        .with_value(config.value.map(text))
        .with_read_only(config.read_only)
        .with_config_source(config.source.id())
        .with_is_sensitive(config.sensitive)
        .with_synonyms(synonyms);
    if call.version() < 3 {
        return result;
    }
    let documentation = config.doc.filter(|_| request.include_documentation).map(text);
    result.with_config_type(config.kind).with_documentation(documentation)
}
