//! Writing decisions into the image. No logic: whether a decision is wise was settled when it was taken.

use std::sync::Arc;

use klamm_base::{NodeId, ProducerId, TopicId};

use crate::{Broker, ConfigResource, Delta, Error, Image, Partition, Position, Record, Topic};

/// Writes `record`, which stands at `at` in the log, into `image`, and notes in `delta` what it changed.
///
/// # Errors
/// If the record does not fit the image, which is then as before. The controller applies to a scratch image before it
/// proposes, so in a committed record this is a bug or damage, and the node must stop.
pub fn apply(image: &mut Image, record: &Record, at: Position, delta: &mut Delta) -> Result<(), Error> {
    match record {
        Record::Cluster { id } => cluster(image, id, delta)?,
        Record::RegisterBroker(broker) => register(image, broker, delta),
        Record::FenceBroker { id, epoch, fenced } => fence(image, *id, *epoch, *fenced, delta)?,
        Record::UnregisterBroker { id, epoch } => unregister(image, *id, *epoch, delta)?,
        Record::Topic { id, name } => topic(image, *id, name, delta)?,
        Record::RemoveTopic { id } => remove_topic(image, *id, delta)?,
        Record::Partition { topic, partition: index, state } => partition(image, *topic, *index, state, delta)?,
        Record::Config { resource, name, value } => config(image, resource, name, value.as_deref(), delta),
        Record::ProducerIds { next, .. } => producer_ids(image, *next)?,
    }
    image.at = at;
    Ok(())
}

/// Writes all of `records`, which stand at `at`, into `image`.
///
/// # Errors
/// As [`apply`]; then the records before the faulty one have been applied.
pub fn apply_all(image: &mut Image, records: &[Record], at: Position, delta: &mut Delta) -> Result<(), Error> {
    image.at = at;
    records.iter().try_for_each(|record| apply(image, record, at, delta))
}

fn cluster(image: &mut Image, id: &Arc<str>, delta: &mut Delta) -> Result<(), Error> {
    if !image.cluster.id.is_empty() && image.cluster.id != *id {
        return Err(Error::ClusterId(image.cluster.id.to_string()));
    }
    image.cluster.id = id.clone();
    delta.cluster = true;
    Ok(())
}

fn register(image: &mut Image, broker: &Broker, delta: &mut Delta) {
    image.brokers.insert(broker.id, Arc::new(broker.clone()));
    delta.brokers.insert(broker.id);
}

fn registered(image: &mut Image, id: NodeId, epoch: i64) -> Result<&mut Arc<Broker>, Error> {
    image.brokers.get_mut(&id).filter(|broker| broker.epoch == epoch).ok_or(Error::UnknownBroker(id))
}

fn fence(image: &mut Image, id: NodeId, epoch: i64, fenced: bool, delta: &mut Delta) -> Result<(), Error> {
    Arc::make_mut(registered(image, id, epoch)?).fenced = fenced;
    delta.brokers.insert(id);
    Ok(())
}

fn unregister(image: &mut Image, id: NodeId, epoch: i64, delta: &mut Delta) -> Result<(), Error> {
    registered(image, id, epoch)?;
    image.brokers.remove(&id);
    delta.brokers.insert(id);
    Ok(())
}

fn topic(image: &mut Image, id: TopicId, name: &Arc<str>, delta: &mut Delta) -> Result<(), Error> {
    if image.topics.contains_key(name) || image.ids.contains_key(&id) {
        return Err(Error::TopicExists(name.to_string()));
    }
    image.topics.insert(name.clone(), Arc::new(Topic { id, name: name.clone(), partitions: Vec::new() }));
    image.ids.insert(id, name.clone());
    delta.topic_created(id, name);
    Ok(())
}

fn remove_topic(image: &mut Image, id: TopicId, delta: &mut Delta) -> Result<(), Error> {
    let name = image.ids.remove(&id).ok_or(Error::UnknownTopic(id))?;
    let topic = image.topics.remove(&name).ok_or(Error::UnknownTopic(id))?;
    let resource = ConfigResource::topic(name);
    if image.configs.remove(&resource).is_some() {
        delta.configs.insert(resource);
    }
    delta.topic_deleted(topic);
    Ok(())
}

fn partition(image: &mut Image, id: TopicId, index: i32, state: &Partition, delta: &mut Delta) -> Result<(), Error> {
    let name = image.ids.get(&id).ok_or(Error::UnknownTopic(id))?;
    let topic = image.topics.get_mut(name).ok_or(Error::UnknownTopic(id))?;
    let gap = Error::PartitionGap { topic: id, partition: index };
    let place = usize::try_from(index).ok().filter(|place| *place <= topic.partitions.len()).ok_or(gap)?;
    let topic = Arc::make_mut(topic);
    match topic.partitions.get_mut(place) {
        Some(old) => *old = state.clone(),
        None => topic.partitions.push(state.clone()),
    }
    delta.partition_changed(id, name, index);
    Ok(())
}

fn config(image: &mut Image, resource: &ConfigResource, name: &str, value: Option<&str>, delta: &mut Delta) {
    delta.configs.insert(resource.clone());
    let mut values = image.configs.get(resource).cloned().unwrap_or_default();
    let map = Arc::make_mut(&mut values);
    match value {
        Some(value) => map.insert(name.to_owned(), value.to_owned()),
        None => map.remove(name),
    };
    if map.is_empty() {
        image.configs.remove(resource);
    } else {
        image.configs.insert(resource.clone(), values);
    }
}

fn producer_ids(image: &mut Image, next: ProducerId) -> Result<(), Error> {
    if next < image.next_producer_id {
        return Err(Error::ProducerIdsBackwards(next.0));
    }
    image.next_producer_id = next;
    Ok(())
}
