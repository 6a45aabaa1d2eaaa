//! Creating topics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use klamm_base::name::{CLUSTER_METADATA, topic_name_fault};
use klamm_base::{ErrorCode, NodeId, TopicId};
use klamm_env::Random;
use klamm_metadata::{ConfigResource, Image, Record, ResourceKind};

use crate::configs::check_values;
use crate::partitions::{assigned, partition_records, placed};
use crate::{Defaults, Refusal, Rules};

/// The most partitions that one request may ask for (`MAX_PARTITIONS_PER_BATCH`).
const PARTITIONS_MAX: i64 = 10_000;

/// The most records that one request may lead to (`MAX_RECORDS_PER_USER_OP`).
pub(crate) const RECORDS_MAX: usize = 10_000;

/// A topic to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 for the broker's default.
    pub partitions: i32,
    /// How many replicas of each; -1 for the broker's default.
    pub replication_factor: i16,
    /// The replicas of each partition by hand, with the partition's index; then the numbers above must be -1.
    pub assignments: Vec<(i32, Vec<NodeId>)>,
    /// The configuration.
    pub configs: Vec<(String, Option<String>)>,
}

/// A topic that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its id.
    pub id: TopicId,
    /// How many partitions it has.
    pub partitions: i32,
    /// How many replicas of each.
    pub replication_factor: i16,
    /// What was configured for it.
    pub configs: BTreeMap<String, String>,
}

/// What deciding may lean on, besides the image.
pub(crate) struct Ground<'a> {
    pub defaults: &'a Defaults,
    pub rules: &'a dyn Rules,
    pub random: &'a Random,
}

/// Decides about all topics of one request; the results are in their order.
pub(crate) fn create(
    image: &Image,
    ground: &Ground<'_>,
    topics: &[NewTopic],
) -> (Vec<Record>, Vec<Result<CreatedTopic, Refusal>>) {
    let refuse_all = |refusal: Refusal| (Vec::new(), topics.iter().map(|_| Err(refusal.clone())).collect());
    if asked_partitions(topics, ground.defaults) > PARTITIONS_MAX {
        let text = "Excessively large number of partitions per request.";
        return refuse_all(Refusal::new(ErrorCode::PolicyViolation, text));
    }
    let twice = named_twice(topics.iter().map(|topic| topic.name.as_str()));
    let mut records = Vec::new();
    let mut results = Vec::new();
    for topic in topics {
        let made = if twice.contains(topic.name.as_str()) {
            Err(Refusal::invalid_request("Duplicate topic name."))
        } else {
            create_one(image, ground, topic)
        };
        results.push(made.map(|(created, made)| {
            records.extend(made);
            created
        }));
    }
    if records.len() > RECORDS_MAX { refuse_all(Refusal::too_large()) } else { (records, results) }
}

fn asked_partitions(topics: &[NewTopic], defaults: &Defaults) -> i64 {
    let asked = |topic: &NewTopic| match topic.partitions {
        _ if !topic.assignments.is_empty() => i64::try_from(topic.assignments.len()).unwrap_or(i64::MAX),
        -1 => i64::from(defaults.num_partitions),
        count => i64::from(count.max(0)),
    };
    topics.iter().map(asked).sum()
}

/// The names that occur more than once.
pub(crate) fn named_twice<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut once = BTreeSet::new();
    names.filter(|name| !once.insert(*name)).collect()
}

fn create_one(image: &Image, ground: &Ground<'_>, topic: &NewTopic) -> Result<(CreatedTopic, Vec<Record>), Refusal> {
    check_name(image, &topic.name)?;
    let configs = check_configs(ground.rules, topic)?;
    let replicas = replicas_of(image, ground, topic)?;
    let id = TopicId::from_random(ground.random.bytes16());
    let name: Arc<str> = topic.name.as_str().into();
    let mut records = vec![Record::Topic { id, name: name.clone() }];
    let resource = ConfigResource::new(ResourceKind::Topic, name);
    records.extend(configs.iter().map(|(name, value)| Record::Config {
        resource: resource.clone(),
        name: name.clone(),
        value: Some(value.clone()),
    }));
    let created = CreatedTopic {
        id,
        partitions: i32::try_from(replicas.len()).unwrap_or(i32::MAX),
        replication_factor: replicas.first().and_then(|first| i16::try_from(first.len()).ok()).unwrap_or(0),
        configs,
    };
    records.extend(partition_records(image, id, 0, replicas)?);
    Ok((created, records))
}

fn check_name(image: &Image, name: &str) -> Result<(), Refusal> {
    if name == CLUSTER_METADATA {
        return Err(Refusal::invalid_request(format!("Creation of internal topic {name} is prohibited.")));
    }
    if image.topic(name).is_some() {
        let text = format!("Topic '{name}' already exists.");
        return Err(Refusal::new(ErrorCode::TopicAlreadyExists, text));
    }
    if let Some(fault) = topic_name_fault(name) {
        return Err(Refusal::new(ErrorCode::InvalidTopicException, fault));
    }
    if let Some(other) = image.colliding_topic(name) {
        let text = format!("Topic '{name}' collides with existing topic: {other}");
        return Err(Refusal::new(ErrorCode::InvalidTopicException, text));
    }
    Ok(())
}

/// The configuration that the topic will have. Of a key that is named twice the last value counts, as in Kafka.
fn check_configs(rules: &dyn Rules, topic: &NewTopic) -> Result<BTreeMap<String, String>, Refusal> {
    let nulls: Vec<&str> =
        topic.configs.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str()).collect();
    if !nulls.is_empty() {
        let text = format!("Null value not supported for topic configs: {}", nulls.join(","));
        return Err(Refusal::invalid_config(text));
    }
    let values: BTreeMap<String, String> =
        topic.configs.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect();
    check_values(&values)?;
    rules.check_topic(&values).map_err(Refusal::invalid_config)?;
    Ok(values)
}

fn replicas_of(image: &Image, ground: &Ground<'_>, topic: &NewTopic) -> Result<Vec<Vec<NodeId>>, Refusal> {
    if !topic.assignments.is_empty() {
        return by_hand(image, topic);
    }
    if topic.replication_factor < -1 || topic.replication_factor == 0 {
        let text = "Replication factor must be larger than 0, or -1 to use the default value.";
        return Err(Refusal::new(ErrorCode::InvalidReplicationFactor, text));
    }
    if topic.partitions < -1 || topic.partitions == 0 {
        let text = "Number of partitions was set to an invalid non-positive value.";
        return Err(Refusal::new(ErrorCode::InvalidPartitions, text));
    }
    let or_default = |asked: i32, default: i32| if asked == -1 { default } else { asked };
    let partitions = or_default(topic.partitions, ground.defaults.num_partitions);
    let factor = match topic.replication_factor {
        -1 => ground.defaults.replication_factor,
        factor => factor,
    };
    placed(image, usize::try_from(partitions).unwrap_or(0), factor, ground.random.next_u64()).map_err(|error| {
        let text = format!("Unable to replicate the partition {factor} time(s): {error}");
        Refusal::new(ErrorCode::InvalidReplicationFactor, text)
    })
}

fn by_hand(image: &Image, topic: &NewTopic) -> Result<Vec<Vec<NodeId>>, Refusal> {
    let unset = |what: &str| {
        let text = format!("A manual partition assignment was specified, but {what} was not set to -1.");
        Err(Refusal::invalid_request(text))
    };
    if topic.replication_factor != -1 {
        return unset("replication factor");
    }
    if topic.partitions != -1 {
        return unset("numPartitions");
    }
    let refuse = |text: String| Err(Refusal::new(ErrorCode::InvalidReplicaAssignment, text));
    let mut by_index = BTreeMap::new();
    let mut factor = None;
    for (index, replicas) in &topic.assignments {
        if by_index.contains_key(index) {
            return refuse(format!("Found multiple manual partition assignments for partition {index}"));
        }
        by_index.insert(*index, assigned(image, *index, replicas, factor)?);
        factor = Some(replicas.len());
    }
    if !by_index.keys().copied().eq(0..i32::try_from(by_index.len()).unwrap_or(i32::MAX)) {
        return refuse("partitions should be a consecutive 0-based integer sequence".to_owned());
    }
    Ok(by_index.into_values().collect())
}
