//! `--describe`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResult;
use kafka_protocol::messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics;
use kafka_protocol::messages::{DescribeConfigsRequest, ListPartitionReassignmentsRequest};
use kafka_protocol::protocol::StrBytes;
use klamm_base::name::java_hash;
use klamm_base::{ErrorCode, TopicId, TopicPartition};
use klamm_peer::{Client, Error, To, Verdict};

use super::{ILLEGAL_ARGUMENT, chosen, ensure_found};
use crate::admin::connect::Failure;
use crate::admin::java_map::{in_map_order, in_map_order_of};
use crate::admin::view::{Partition, Topic, describe_ids, describe_topics, list_topics, live_brokers, wire};
use crate::io::Io;
use crate::jopt::Parsed;
use crate::thrown::Thrown;

/// `ConfigResource.Type.TOPIC`.
const TOPIC_RESOURCE: i8 = 2;
/// `ConfigSource.DEFAULT_CONFIG`.
const DEFAULT_SOURCE: i8 = 5;

/// A setting of a topic.
struct Setting {
    name: String,
    value: Option<String>,
    is_default: bool,
}

/// A change of a partition's replicas that is under way.
struct Reassignment {
    replicas: Vec<i32>,
    adding: Vec<i32>,
    removing: Vec<i32>,
}

/// Describes topics.
pub(super) async fn describe(io: &mut Io, parsed: &Parsed, client: &Client) -> Result<(), Failure> {
    let topics = find(parsed, client).await?;
    let mut settings = ask_settings(client, &topics).await?;
    let live = live_brokers(client, "listNodes").await?;
    let reassignments = ask_reassignments(client, &topics).await?;
    let report = Report { parsed, live };
    for topic in &topics {
        let of_topic = settings.remove(&topic.name).unwrap_or_else(|| Ok(Vec::new()))?;
        report.print(io, topic, &of_topic, &reassignments)?;
    }
    Ok(())
}

/// The topics that are meant, in the order in which the stock tool prints them.
async fn find(parsed: &Parsed, client: &Client) -> Result<Vec<Topic>, Failure> {
    let id = parsed.single("topic-id")?.map(read_id).transpose()?;
    if let Some(id) = id.filter(|id| !id.is_zero()) {
        let all = list_topics(client, !parsed.has("exclude-internal")).await?;
        if all.iter().any(|topic| topic.id == id) {
            return Ok(describe_ids(client, &[id]).await?);
        }
        if parsed.has("if-exists") {
            return Ok(Vec::new());
        }
        return Err(Thrown::new(ILLEGAL_ARGUMENT, format!("TopicId '{id}' does not exist as expected")).into());
    }
    let names = chosen(parsed, client).await?;
    ensure_found(parsed, &names)?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let limit = parsed.read_value("partition-size-limit-per-response")?.unwrap_or(2000);
    let topics = describe_topics(client, &names, limit).await?;
    let count = topics.len();
    Ok(in_map_order_of(topics, count, |topic| java_hash(&topic.name)))
}

/// Reads an id (`Uuid.fromString`).
pub(in crate::admin) fn read_id(text: &str) -> Result<TopicId, Thrown> {
    if text.chars().count() > 24 {
        let prefix: String = text.chars().take(24).collect();
        let message = format!("Input string with prefix `{prefix}` is too long to be decoded as a base64 UUID");
        return Err(Thrown::new(ILLEGAL_ARGUMENT, message));
    }
    TopicId::parse(text.trim_end_matches('=')).ok_or_else(|| {
        let message = match text.chars().find(|letter| !letter.is_ascii_alphanumeric() && !"-_=".contains(*letter)) {
            Some(letter) => format!("Illegal base64 character {:x}", u32::from(letter)),
            None if text.len() == 1 => "Input byte[] should at least have 2 bytes for base64 bytes".to_owned(),
            None if text.trim_end_matches('=').len() % 4 == 1 => "Last unit does not have enough valid bits".to_owned(),
            None => {
                let count = text.trim_end_matches('=').len() * 3 / 4;
                format!(
                    "Input string `{text}` decoded as {count} bytes, which is not equal to the expected 16 bytes of a \
                     base64-encoded UUID"
                )
            }
        };
        Thrown::new(ILLEGAL_ARGUMENT, message)
    })
}

/// The settings of each topic in the order in which the stock tool prints them, or why they are not told.
async fn ask_settings(
    client: &Client,
    topics: &[Topic],
) -> Result<BTreeMap<String, Result<Vec<Setting>, Thrown>>, Error> {
    if topics.is_empty() {
        return Ok(BTreeMap::new());
    }
    let resource = |topic: &Topic| {
        DescribeConfigsResource::default()
            .with_resource_type(TOPIC_RESOURCE)
            .with_resource_name(StrBytes::from_string(topic.name.clone()))
            .with_configuration_keys(None)
    };
    let request = DescribeConfigsRequest::default().with_resources(topics.iter().map(resource).collect());
    let answer = client.call("describeConfigs", &To::Any, &request).await?;
    Ok(answer.results.into_iter().map(|result| (result.resource_name.to_string(), read_settings(result))).collect())
}

fn read_settings(result: DescribeConfigsResult) -> Result<Vec<Setting>, Thrown> {
    if let Some(thrown) = Thrown::wire(result.error_code, result.error_message.as_ref()) {
        return Err(thrown);
    }
    let settings = result.configs.into_iter().map(|config| Setting {
        name: config.name.to_string(),
        value: config.value.map(|value| value.to_string()),
        is_default: config.config_source == DEFAULT_SOURCE,
    });
    Ok(in_map_order(settings.collect(), |setting| java_hash(&setting.name)))
}

/// What is being moved; nothing where the brokers do not tell.
async fn ask_reassignments(
    client: &Client,
    topics: &[Topic],
) -> Result<BTreeMap<TopicPartition, Reassignment>, Failure> {
    let wanted = topics.iter().map(|topic| {
        ListPartitionReassignmentsTopics::default()
            .with_name(wire(&topic.name))
            .with_partition_indexes(topic.partitions.iter().map(|partition| partition.index).collect())
    });
    let patience_ms = i32::try_from(client.options().request_timeout.as_millis()).unwrap_or(i32::MAX);
    let request =
        ListPartitionReassignmentsRequest::default().with_topics(Some(wanted.collect())).with_timeout_ms(patience_ms);
    let asked = client
        .call_until("listPartitionReassignments", &To::Controller, &request, |answer| Verdict::of(answer.error_code))
        .await;
    let answer = match asked {
        Err(Error::Unsupported { .. }) => return Ok(BTreeMap::new()),
        asked => asked?,
    };
    match Thrown::wire(answer.error_code, answer.error_message.as_ref()) {
        None => {}
        Some(thrown) if thrown.code == Some(ErrorCode::ClusterAuthorizationFailed) => return Ok(BTreeMap::new()),
        Some(thrown) => return Err(Failure::from(thrown).executed()),
    }
    let ids = |ids: &[kafka_protocol::messages::BrokerId]| ids.iter().map(|id| id.0).collect::<Vec<i32>>();
    let mut moving = BTreeMap::new();
    for topic in &answer.topics {
        for partition in &topic.partitions {
            let key = TopicPartition::new(topic.name.as_str(), partition.partition_index);
            let (adding, removing) = (ids(&partition.adding_replicas), ids(&partition.removing_replicas));
            moving.insert(key, Reassignment { replicas: ids(&partition.replicas), adding, removing });
        }
    }
    Ok(moving)
}

/// What is to be printed.
struct Report<'a> {
    parsed: &'a Parsed,
    live: BTreeSet<i32>,
}

impl Report<'_> {
    /// True if whole topics are described, not partitions in a certain state.
    fn tells_topics(&self) -> bool {
        let of_states = [
            "unavailable-partitions",
            "under-replicated-partitions",
            "under-min-isr-partitions",
            "at-min-isr-partitions",
        ];
        !of_states.iter().any(|option| self.parsed.has(option))
    }

    fn print(
        &self,
        io: &mut Io,
        topic: &Topic,
        settings: &[Setting],
        reassignments: &BTreeMap<TopicPartition, Reassignment>,
    ) -> Result<(), Thrown> {
        let overrides = self.parsed.has("topics-with-overrides");
        let moving =
            |partition: &Partition| reassignments.get(&TopicPartition::new(topic.name.as_str(), partition.index));
        if self.tells_topics() && (!overrides || settings.iter().any(|setting| !setting.is_default)) {
            let factor = topic.partitions.first().map_or(0, |first| replication_factor(first, moving(first)));
            io.say(topic_line(topic, factor, settings));
        }
        if overrides {
            return Ok(());
        }
        let min_isr = settings.iter().find(|setting| setting.name == "min.insync.replicas");
        let min_isr = min_isr.and_then(|setting| setting.value.as_deref()?.parse().ok()).unwrap_or(1);
        for partition in &topic.partitions {
            if self.is_meant(partition, moving(partition), min_isr) {
                io.say(partition_line(&topic.name, partition, moving(partition)));
            }
        }
        Ok(())
    }

    fn is_meant(&self, partition: &Partition, moving: Option<&Reassignment>, min_isr: usize) -> bool {
        let is = |option: &str| self.parsed.has(option);
        let in_sync = partition.isr.len();
        let leads = partition.leader.is_some();
        self.tells_topics()
            || is("under-replicated-partitions") && replication_factor(partition, moving) > in_sync
            || is("unavailable-partitions") && !partition.leader.is_some_and(|leader| self.live.contains(&leader))
            || is("under-min-isr-partitions") && (!leads || in_sync < min_isr)
            || is("at-min-isr-partitions") && in_sync == min_isr
    }
}

/// How many replicas a partition has when nothing of it is being moved any more.
fn replication_factor(partition: &Partition, moving: Option<&Reassignment>) -> usize {
    let concerns = |moving: &&Reassignment| {
        partition.replicas.iter().any(|id| moving.adding.contains(id) || moving.removing.contains(id))
    };
    match moving.filter(concerns) {
        Some(moving) => moving.replicas.len().saturating_sub(moving.adding.len()),
        None => partition.replicas.len(),
    }
}

fn topic_line(topic: &Topic, factor: usize, settings: &[Setting]) -> String {
    let own = settings.iter().filter(|setting| !setting.is_default);
    let own: Vec<String> =
        own.map(|setting| format!("{}={}", setting.name, setting.value.as_deref().unwrap_or("null"))).collect();
    let mut line = format!("Topic: {}", topic.name);
    if !topic.id.is_zero() {
        let _ = write!(line, "\tTopicId: {}", topic.id);
    }
    let count = topic.partitions.len();
    let _ = write!(line, "\tPartitionCount: {count}\tReplicationFactor: {factor}\tConfigs: {}", own.join(","));
    line
}

fn partition_line(topic: &str, partition: &Partition, moving: Option<&Reassignment>) -> String {
    let joined = |ids: &[i32]| ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
    let leader = partition.leader.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let mut line = format!("\tTopic: {topic}\tPartition: {}\tLeader: {leader}", partition.index);
    let _ = write!(line, "\tReplicas: {}\tIsr: {}", joined(&partition.replicas), joined(&partition.isr));
    if let Some(moving) = moving {
        let (adding, removing) = (joined(&moving.adding), joined(&moving.removing));
        let _ = write!(line, "\tAdding Replicas: {adding}\tRemoving Replicas: {removing}");
    }
    let known = |ids: &Option<Vec<i32>>| ids.as_deref().map_or_else(|| "N/A".to_owned(), joined);
    let _ = write!(line, "\tElr: {}\tLastKnownElr: {}", known(&partition.elr), known(&partition.last_known_elr));
    line
}

#[cfg(test)]
#[path = "describe_test.rs"]
mod describe_test;
