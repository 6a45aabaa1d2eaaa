//! Configurations of topics, brokers, loggers, subscriptions and groups.

use std::collections::BTreeSet;

use kafka_protocol::messages::ListConfigResourcesRequest;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResourceResult;
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_base::name::java_hash;
use klamm_peer::{Error, To, Verdict, Versions};

use super::Command;
use super::calls::check_topic;
use super::entity::{BROKER_LOGGERS, BROKERS, CLIENT_METRICS, GROUPS, TOPICS, resource_type, singular};
use super::failure::{Failure, executed};
use crate::admin::java_map::in_map_order;
use crate::io::Io;
use crate::thrown::Thrown;

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
