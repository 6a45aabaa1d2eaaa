//! Configurations of topics, brokers, loggers, subscriptions and groups.

use std::collections::BTreeSet;
use std::time::Duration;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResponse};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{DescribeConfigsRequest, IncrementalAlterConfigsRequest, ListConfigResourcesRequest};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_base::name::{java_hash, topic_name_fault};
use klamm_peer::{Error, To, Verdict, Versions};
use tokio::time::timeout;

use super::Command;
use super::entity::{BROKER_LOGGERS, BROKERS, CLIENT_METRICS, GROUPS, TOPICS, resource_type, singular};
use super::failure::{Failure, executed, illegal};
use super::given::Settings;
use crate::admin::java_map::in_map_order;
use crate::io::Io;
use crate::thrown::Thrown;

/// How long Kafka's tool waits for a description.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// IncrementalAlterConfigs: set the value.
const SET: i8 = 0;
/// IncrementalAlterConfigs: go back to the default.
const DELETE: i8 = 1;

impl Command<'_> {
    /// Prints the configuration of an entity, or of all of its type.
    pub(super) async fn describe_resources(&self, io: &mut Io, kind: &str, name: Option<&str>) -> Result<(), Failure> {
        let all = self.parsed.has("all");
        if let Some(name) = name.filter(|_| !all)
            && !self.exists(kind, name).await?
        {
            let kind = singular(kind);
            io.say(format_args!("The {kind} '{name}' doesn't exist and doesn't have dynamic config."));
            return Ok(());
        }
        let names = match name {
            Some(name) => vec![name.to_owned()],
            None => self.names(kind).await?,
        };
        for name in names {
            match name.as_str() {
                "" => io.say(format_args!("Default configs for {kind} in the cluster are:")),
                name => {
                    let which = if all { "All" } else { "Dynamic" };
                    io.say(format_args!("{which} configs for {} {name} are:", singular(kind)));
                }
            }
            for config in self.configs(kind, &name, true, all).await? {
                print_config(io, &config);
            }
        }
        Ok(())
    }

    async fn exists(&self, kind: &str, name: &str) -> Result<bool, Failure> {
        match kind {
            TOPICS => {
                check_topic(name)?;
                Ok(self.cluster.topic_names().await.map_err(executed)?.contains(name))
            }
            BROKERS | BROKER_LOGGERS => Ok(self.brokers().await?.iter().any(|id| id == name) || name.is_empty()),
            CLIENT_METRICS => Ok(self.subscriptions().await?.contains(name)),
            _ => {
                let groups = self.group_names().await?;
                let configured = self.configured_groups().await?;
                // A broker that cannot list the groups with settings is not asked to prove that this one has some.
                Ok(groups.contains(name) || configured.is_none_or(|names| names.contains(name)))
            }
        }
    }

    async fn names(&self, kind: &str) -> Result<Vec<String>, Failure> {
        let names = match kind {
            TOPICS => {
                let topics = self.cluster.topic_names().await.map_err(executed)?;
                return Ok(in_map_order(topics.into_iter().collect(), |topic: &String| java_hash(topic)));
            }
            BROKERS | BROKER_LOGGERS => {
                let mut brokers = self.brokers().await?;
                brokers.push(String::new());
                return Ok(brokers);
            }
            CLIENT_METRICS => self.subscriptions().await?,
            _ => {
                let mut groups = self.group_names().await?;
                groups.extend(self.configured_groups().await?.unwrap_or_default());
                groups
            }
        };
        Ok(names.into_iter().collect())
    }

    async fn brokers(&self) -> Result<Vec<String>, Failure> {
        let nodes = self.cluster.nodes("listNodes").await.map_err(executed)?;
        Ok(nodes.iter().map(|node| node.id.to_string()).collect())
    }

    async fn group_names(&self) -> Result<BTreeSet<String>, Failure> {
        let groups = self.cluster.groups(&[], &[], &[]).await.map_err(executed)?;
        Ok(groups.into_iter().map(|group| group.id).collect())
    }

    async fn subscriptions(&self) -> Result<BTreeSet<String>, Failure> {
        self.list_resources(CLIENT_METRICS).await.map_err(executed)
    }

    /// The groups that have settings; `None` if the brokers do not tell (`listGroupConfigResources`).
    async fn configured_groups(&self) -> Result<Option<BTreeSet<String>>, Failure> {
        match self.list_resources(GROUPS).await {
            Ok(names) => Ok(Some(names)),
            Err(Thrown {
                code: Some(ErrorCode::UnsupportedVersion | ErrorCode::ClusterAuthorizationFailed), ..
            }) => Ok(None),
            Err(thrown) => Err(thrown.into()),
        }
    }

    async fn list_resources(&self, kind: &str) -> Result<BTreeSet<String>, Thrown> {
        let wanted = resource_type(kind).unwrap_or_default();
        let shape = |versions: &Versions| {
            let version = versions.highest::<ListConfigResourcesRequest>()?;
            match version {
                1.. => Ok((version, ListConfigResourcesRequest::default().with_resource_types(vec![wanted]))),
                _ if kind == CLIENT_METRICS => Ok((version, ListConfigResourcesRequest::default())),
                _ => Err(Error::Unwritable("The v0 ListConfigResources only supports CLIENT_METRICS".to_owned())),
            }
        };
        let call = "listConfigResources";
        let client = &self.cluster.client;
        let answer =
            client.call_shaped::<ListConfigResourcesRequest, _>(call, &To::Any, shape, |_| Verdict::Done).await?;
        match Thrown::wire::<String>(answer.error_code, None) {
            Some(thrown) => Err(thrown),
            None => Ok(answer.config_resources.iter().map(|resource| resource.resource_name.to_string()).collect()),
        }
    }

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
        let judge = |answer: &kafka_protocol::messages::IncrementalAlterConfigsResponse| {
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

fn check_topic(name: &str) -> Result<(), Failure> {
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

fn print_config(io: &mut Io, config: &DescribeConfigsResourceResult) {
    let value = |value: &Option<StrBytes>| value.as_ref().map_or_else(|| "null".to_owned(), ToString::to_string);
    let synonyms =
        config.synonyms.iter().map(|it| format!("{}:{}={}", source(it.source), it.name.as_str(), value(&it.value)));
    io.say(format_args!(
        "  {}={} sensitive={} synonyms={{{}}}",
        config.name.as_str(),
        value(&config.value),
        config.is_sensitive,
        synonyms.collect::<Vec<_>>().join(", ")
    ));
}

/// The name of a source (`ConfigEntry.ConfigSource`).
fn source(id: i8) -> &'static str {
    match id {
        1 => "DYNAMIC_TOPIC_CONFIG",
        2 => "DYNAMIC_BROKER_CONFIG",
        3 => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        4 => "STATIC_BROKER_CONFIG",
        5 => "DEFAULT_CONFIG",
        6 => "DYNAMIC_BROKER_LOGGER_CONFIG",
        7 => "DYNAMIC_CLIENT_METRICS_CONFIG",
        8 => "DYNAMIC_GROUP_CONFIG",
        _ => "UNKNOWN",
    }
}
