//! Reading and changing the settings of one entity.

use std::time::Duration;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResponse};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    DescribeConfigsRequest, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use kafka_protocol::protocol::StrBytes;
use klamm_base::name::topic_name_fault;
use klamm_peer::{Error, To, Verdict};
use tokio::time::timeout;

use super::Command;
use super::entity::{BROKER_LOGGERS, BROKERS, CLIENT_METRICS, GROUPS, TOPICS, resource_type};
use super::failure::{Failure, executed, illegal};
use super::given::Settings;
use crate::thrown::Thrown;

/// How long Kafka's tool waits for a description.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// IncrementalAlterConfigs: set the value.
const SET: i8 = 0;
/// IncrementalAlterConfigs: go back to the default.
const DELETE: i8 = 1;

impl Command<'_> {
    /// The settings of an entity in the order of their keys: those that were made for it, or all.
    pub(super) async fn configs(
        &self,
        kind: &str,
        name: &str,
        synonyms: bool,
        all: bool,
    ) -> Result<Vec<DescribeConfigsResourceResult>, Failure> {
        check_name(kind, name)?;
        let resource_type = resource_type(kind).ok_or_else(|| illegal(format!("Invalid entity type: {kind}")))?;
        let resource = DescribeConfigsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(StrBytes::from_string(name.to_owned()))
            .with_configuration_keys(None);
        let request = DescribeConfigsRequest::default().with_resources(vec![resource]).with_include_synonyms(synonyms);
        let (client, to) = (&self.cluster.client, self.asked(kind, name));
        let answered = timeout(PATIENCE, client.call("describeConfigs", &to, &request)).await;
        let answer = answered.map_err(|_| late())?.map_err(|error| executed(Thrown::of(error)))?;
        let mut configs = described(answer, name).map_err(executed)?;
        if let Some(source) = dynamic_source(kind, name).filter(|_| !all) {
            configs.retain(|config| config.config_source == source);
        }
        configs.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        Ok(configs)
    }

    /// Sets and unsets settings of an entity.
    pub(super) async fn alter_resource(
        &self,
        kind: &str,
        name: &str,
        add: &Settings,
        delete: &[String],
    ) -> Result<(), Failure> {
        let text = |text: &str| StrBytes::from_string(text.to_owned());
        let op = |key: &str, operation: i8, value: &str| {
            AlterableConfig::default()
                .with_name(text(key))
                .with_config_operation(operation)
                .with_value(Some(text(value)))
        };
        let deletions = delete.iter().map(|key| op(key, DELETE, ""));
        let ops = deletions.chain(add.iter().map(|(key, value)| op(key, SET, value)));
        let resource = AlterConfigsResource::default()
            .with_resource_type(resource_type(kind).unwrap_or_default())
            .with_resource_name(text(name))
            .with_configs(ops.collect());
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        let client = &self.cluster.client;
        let judge = |answer: &IncrementalAlterConfigsResponse| {
            let code = answer.responses.first().map_or(0, |response| response.error_code);
            Verdict::of(code)
        };
        let answer = client.call_until("incrementalAlterConfigs", &self.asked(kind, name), &request, judge).await;
        let answer = match answer {
            Err(Error::Unsupported { .. }) if kind != BROKER_LOGGERS => return Err(illegal(TOO_OLD)),
            answer => answer.map_err(|error| executed(Thrown::of(error)))?,
        };
        let refusals = answer.responses.iter().filter_map(|it| Thrown::wire(it.error_code, it.error_message.as_ref()));
        refusals.map(executed).next().map_or(Ok(()), Err)
    }

    /// Sets and unsets the levels of loggers, all of which there must be.
    pub(super) async fn alter_loggers(&self, broker: &str, add: &Settings, delete: &[String]) -> Result<(), Failure> {
        let known = self.configs(BROKER_LOGGERS, broker, false, false).await?;
        let asked = delete.iter().chain(add.iter().map(|(key, _)| key));
        let strange = asked.filter(|key| !known.iter().any(|config| config.name.as_str() == key.as_str()));
        let strange: Vec<&str> = strange.map(String::as_str).collect();
        if !strange.is_empty() {
            return Err(illegal(format!("Invalid broker logger(s): {}", strange.join(","))));
        }
        self.alter_resource(BROKER_LOGGERS, broker, add, delete).await
    }

    /// Whom to ask: a broker about itself, any about the rest.
    fn asked(&self, kind: &str, name: &str) -> To {
        match name.parse() {
            Ok(id) if matches!(kind, BROKERS | BROKER_LOGGERS) && !self.controllers => To::Node(id),
            _ => To::Any,
        }
    }
}

/// What the tool says of brokers that cannot change single settings.
const TOO_OLD: &str = "The INCREMENTAL_ALTER_CONFIGS API is not supported by the cluster. The API is supported starting from version 2.3.0. You may want to use an older version of this tool to interact with your cluster, or upgrade your brokers to version 2.3.0 or newer to avoid this error.";

/// Kafka's tool has waited long enough.
pub(super) fn late() -> Failure {
    Thrown { class: "java.util.concurrent.TimeoutException".into(), message: None, code: None }.into()
}

pub(super) fn check_topic(name: &str) -> Result<(), Failure> {
    match topic_name_fault(name) {
        // Kafka's exception of this is one of configurations, too.
        Some(fault) => Err(illegal(fault)),
        None => Ok(()),
    }
}

fn check_name(kind: &str, name: &str) -> Result<(), Failure> {
    match kind {
        _ if name.is_empty() => Ok(()),
        TOPICS => check_topic(name),
        BROKERS | BROKER_LOGGERS => check_broker(kind, name),
        _ => Ok(()),
    }
}

/// A broker's name must be its id (`validateBrokerId`).
pub(super) fn check_broker(kind: &str, name: &str) -> Result<(), Failure> {
    let fault = || illegal(format!("The entity name for {kind} must be a valid integer broker id, found: {name}"));
    name.parse::<i32>().map(drop).map_err(|_| fault())
}

/// The source of settings that were made for the entity itself (`ConfigEntry.ConfigSource`); loggers have none.
fn dynamic_source(kind: &str, name: &str) -> Option<i8> {
    match kind {
        TOPICS => Some(1),
        BROKERS if name.is_empty() => Some(3),
        BROKERS => Some(2),
        CLIENT_METRICS => Some(7),
        GROUPS => Some(8),
        _ => None,
    }
}

fn described(answer: DescribeConfigsResponse, name: &str) -> Result<Vec<DescribeConfigsResourceResult>, Thrown> {
    let Some(result) = answer.results.into_iter().next() else {
        let text = format!("The node response did not contain a result for config resource {name}");
        return Err(Thrown::new("org.apache.kafka.common.errors.ApiException", text));
    };
    match Thrown::wire(result.error_code, result.error_message.as_ref()) {
        Some(thrown) => Err(thrown),
        None => Ok(result.configs),
    }
}
