//! Changing configurations: key by key (KIP-339), and the older way that replaces all.

use std::collections::{BTreeMap, BTreeSet};

use klamm_base::name::topic_name_fault;
use klamm_base::{ErrorCode, NodeId};
use klamm_metadata::{ConfigResource, Image, Record, ResourceKind};

use crate::{Refusal, Rules};

/// The longest value, in bytes.
const VALUE_MAX: usize = 32_767;

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";

/// What to do with a key (`AlterConfigOp.OpType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigOp {
    /// Gives it the value.
    Set,
    /// Gives it back its default.
    Delete,
    /// Adds elements to a list.
    Append,
    /// Takes elements out of a list.
    Subtract,
}

impl ConfigOp {
    /// The operation with Kafka's number; `None` for an unknown one.
    pub fn from_id(id: i8) -> Option<ConfigOp> {
        match id {
            0 => Some(ConfigOp::Set),
            1 => Some(ConfigOp::Delete),
            2 => Some(ConfigOp::Append),
            3 => Some(ConfigOp::Subtract),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            ConfigOp::Set => "SET",
            ConfigOp::Delete => "DELETE",
            ConfigOp::Append => "APPEND",
            ConfigOp::Subtract => "SUBTRACT",
        }
    }
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigChange {
    /// The key.
    pub name: String,
    /// Kafka's number of the operation, known or not.
    pub op: i8,
    /// The value, if any.
    pub value: Option<String>,
}

impl ConfigChange {
    /// Sets a key.
    pub fn set(name: impl Into<String>, value: impl Into<String>) -> ConfigChange {
        ConfigChange { name: name.into(), op: 0, value: Some(value.into()) }
    }
}

/// Changes of one resource's configuration. For the older way only the names and values count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alter {
    /// Kafka's number of the resource's kind, known or not.
    pub kind: i8,
    /// The resource's name.
    pub name: String,
    /// The changes.
    pub changes: Vec<ConfigChange>,
}

/// Whether the changes are made to what is, or in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Incremental,
    Replace,
}

type Values = BTreeMap<String, String>;

/// Decides about all resources of one request; the results are in their order. `node` is the broker that was asked:
/// only its own configuration and that of all brokers can be changed there.
pub(crate) fn alter(
    image: &Image,
    rules: &dyn Rules,
    node: NodeId,
    way: Way,
    resources: &[Alter],
) -> (Vec<Record>, Vec<Result<(), Refusal>>) {
    let mut seen: BTreeSet<(i8, &str)> = BTreeSet::new();
    let key = |alter: &Alter| (alter.kind, alter.name.clone());
    let twice: BTreeSet<(i8, String)> =
        resources.iter().filter(|alter| !seen.insert((alter.kind, &alter.name))).map(key).collect();
    let mut records = Vec::new();
    let mut results = Vec::new();
    for alter in resources {
        let made = if twice.contains(&key(alter)) {
            Err(Refusal::invalid_request("Each resource must appear at most once."))
        } else {
            alter_one(image, rules, node, way, alter)
        };
        results.push(made.map(|made| records.extend(made)));
    }
    (records, results)
}

fn alter_one(image: &Image, rules: &dyn Rules, node: NodeId, way: Way, alter: &Alter) -> Result<Vec<Record>, Refusal> {
    check_changes(way, &alter.changes)?;
    let kind = ResourceKind::from_id(alter.kind)
        .ok_or_else(|| Refusal::invalid_request(format!("Unknown resource type {}", alter.kind)))?;
    if kind == ResourceKind::Broker {
        check_broker_name(&alter.name, node)?;
    }
    let resource = ConfigResource::new(kind, alter.name.as_str());
    let old = image.config(&resource).map(|values| (**values).clone()).unwrap_or_default();
    let new = match way {
        Way::Incremental => changed(rules, kind, &old, &alter.changes)?,
        Way::Replace => {
            alter.changes.iter().filter_map(|change| Some((change.name.clone(), change.value.clone()?))).collect()
        }
    };
    check_values(&new)?;
    if kind == ResourceKind::Broker {
        check_min_insync_replicas(&alter.name, &old, &new)?;
    }
    check_resource(image, rules, &resource, &new)?;
    Ok(records(&resource, &old, &new))
}

/// What is wrong with the request itself (`ConfigAdminManager.preprocess`).
fn check_changes(way: Way, changes: &[ConfigChange]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    if !changes.iter().all(|change| seen.insert(change.name.as_str())) {
        return Err(Refusal::invalid_request("Error due to duplicate config keys"));
    }
    let may_be_null =
        |change: &&ConfigChange| way == Way::Incremental && ConfigOp::from_id(change.op) == Some(ConfigOp::Delete);
    let nulls = changes.iter().filter(|change| change.value.is_none() && !may_be_null(change));
    let nulls: Vec<&str> = nulls.map(|change| change.name.as_str()).collect();
    if !nulls.is_empty() {
        return Err(Refusal::invalid_request(format!("Null value not supported for : {}", nulls.join(", "))));
    }
    Ok(())
}

fn check_broker_name(name: &str, node: NodeId) -> Result<(), Refusal> {
    if name.is_empty() {
        return Ok(());
    }
    match name.parse::<i32>() {
        Err(_) => Err(Refusal::invalid_request(format!("Node id must be an integer, but it is: {name}"))),
        Ok(id) if id != node.0 => {
            Err(Refusal::invalid_request(format!("Unexpected broker id, expected {node}, but received {name}")))
        }
        Ok(_) => Ok(()),
    }
}

/// `old` after `changes`, one key each.
fn changed(rules: &dyn Rules, kind: ResourceKind, old: &Values, changes: &[ConfigChange]) -> Result<Values, Refusal> {
    let mut new = old.clone();
    for change in changes {
        let op = ConfigOp::from_id(change.op).ok_or_else(|| unknown_op(kind, change.op))?;
        let value = change.value.clone().unwrap_or_default();
        match op {
            ConfigOp::Set => drop(new.insert(change.name.clone(), value)),
            ConfigOp::Delete => drop(new.remove(&change.name)),
            ConfigOp::Append | ConfigOp::Subtract => {
                let default = rules.list_default(kind, &change.name).ok_or_else(|| no_list(kind, op, &change.name))?;
                let have = new.get(&change.name).cloned().unwrap_or(default);
                new.insert(change.name.clone(), list_after(&have, op, &value));
            }
        }
    }
    Ok(new)
}

/// An unknown operation is a bug of Kafka's that clients see: only for brokers is it told as what it is.
fn unknown_op(kind: ResourceKind, op: i8) -> Refusal {
    match kind {
        ResourceKind::Broker => Refusal::invalid_request(format!("Unknown operations type {op}")),
        _ => ErrorCode::UnknownServerError.into(),
    }
}

fn no_list(kind: ResourceKind, op: ConfigOp, key: &str) -> Refusal {
    let text = match kind {
        ResourceKind::Broker => {
            let verb = if op == ConfigOp::Append { "append" } else { "subtract" };
            format!("Config value {verb} is not allowed for config key: {key}")
        }
        _ => format!("Can't {} to key {key} because its type is not LIST.", op.name()),
    };
    Refusal::invalid_config(text)
}

/// A list after elements were appended that it did not have, or taken out.
fn list_after(have: &str, op: ConfigOp, value: &str) -> String {
    let mut list: Vec<&str> = have.split(',').filter(|element| !element.is_empty()).collect();
    for element in value.split(',') {
        match list.iter().position(|have| *have == element) {
            None if op == ConfigOp::Append => list.push(element),
            Some(place) if op == ConfigOp::Subtract => drop(list.remove(place)),
            _ => {}
        }
    }
    list.join(",")
}

/// Values must fit what Kafka can keep.
pub(crate) fn check_values(values: &Values) -> Result<(), Refusal> {
    if values.values().any(|value| value.len() > VALUE_MAX) {
        let text = format!(
            "The configuration value cannot be added because it exceeds the maximum value size of {VALUE_MAX} bytes."
        );
        return Err(Refusal::invalid_config(text));
    }
    Ok(())
}

/// With eligible leader replicas (KIP-966), which every new cluster has, this key exists for all brokers or for none.
fn check_min_insync_replicas(name: &str, old: &Values, new: &Values) -> Result<(), Refusal> {
    let (before, after) = (old.get(MIN_INSYNC_REPLICAS), new.get(MIN_INSYNC_REPLICAS));
    if !name.is_empty() && before != after {
        let text = format!("Broker-level {MIN_INSYNC_REPLICAS} cannot be altered while ELR is enabled.");
        return Err(Refusal::invalid_config(text));
    }
    if name.is_empty() && before.is_some() && after.is_none() {
        let text = format!("Cluster-level {MIN_INSYNC_REPLICAS} cannot be removed while ELR is enabled.");
        return Err(Refusal::invalid_config(text));
    }
    Ok(())
}

/// What the resource's kind demands (`ControllerConfigurationValidator`), and that it exists.
fn check_resource(image: &Image, rules: &dyn Rules, resource: &ConfigResource, new: &Values) -> Result<(), Refusal> {
    let name = &*resource.name;
    match resource.kind {
        ResourceKind::Topic => {
            if name.is_empty() {
                return Err(Refusal::invalid_request("Default topic resources are not allowed."));
            }
            if let Some(fault) = topic_name_fault(name) {
                return Err(Refusal::new(ErrorCode::InvalidTopicException, fault));
            }
            rules.check_topic(new).map_err(Refusal::invalid_config)?;
            if image.topic(name).is_none() {
                let text = format!("The topic '{name}' does not exist.");
                return Err(Refusal::new(ErrorCode::UnknownTopicOrPartition, text));
            }
            Ok(())
        }
        ResourceKind::Broker => rules.check_broker(!name.is_empty(), new),
        ResourceKind::ClientMetrics => rules.check_client_metrics(name, new),
        ResourceKind::Group => {
            if name.is_empty() {
                return Err(Refusal::invalid_request("Default group resources are not allowed."));
            }
            rules.check_group(new).map_err(Refusal::invalid_config)
        }
    }
}

/// The records that lead from `old` to `new`.
fn records(resource: &ConfigResource, old: &Values, new: &Values) -> Vec<Record> {
    let record =
        |name: &String, value: Option<String>| Record::Config { resource: resource.clone(), name: name.clone(), value };
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| record(key, None));
    let set = new.iter().filter(|(key, value)| old.get(*key) != Some(*value));
    set.map(|(key, value)| record(key, Some(value.clone()))).chain(gone).collect()
}

/// The record that a new cluster begins with, so that the key exists for all brokers; none if it does already.
pub(crate) fn first_record(image: &Image, value: &str) -> Option<Record> {
    let resource = ConfigResource::all_brokers();
    let has = image.config(&resource).is_some_and(|values| values.contains_key(MIN_INSYNC_REPLICAS));
    let value = Some(value.to_owned());
    (!has).then(|| Record::Config { resource, name: MIN_INSYNC_REPLICAS.to_owned(), value })
}
