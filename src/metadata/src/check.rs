//! What must hold in every image, whatever was decided.

use std::collections::BTreeSet;

use crate::{Image, Partition, ResourceKind};

/// The first thing in `image` that cannot be, in words; `None` if all is well.
pub fn check(image: &Image) -> Option<String> {
    if image.topics.len() != image.ids.len() {
        return Some(format!("{} topics but {} ids", image.topics.len(), image.ids.len()));
    }
    for (name, topic) in &image.topics {
        if image.ids.get(&topic.id) != Some(name) || topic.name != *name {
            return Some(format!("topic {name} and its id {} disagree", topic.id));
        }
        let fault = topic.partitions.iter().enumerate().find_map(|(index, state)| Some((index, partition(state)?)));
        if let Some((index, fault)) = fault {
            return Some(format!("{name}-{index}: {fault}"));
        }
    }
    for (resource, values) in &image.configs {
        if values.is_empty() {
            return Some(format!("{resource:?} is configured with nothing"));
        }
        if resource.kind == ResourceKind::Topic && image.topic(&resource.name).is_none() {
            return Some(format!("{resource:?} is configured but does not exist"));
        }
    }
    image.brokers.iter().find(|(id, broker)| **id != broker.id).map(|(id, _)| format!("broker {id} has another id"))
}

fn partition(state: &Partition) -> Option<String> {
    let replicas: BTreeSet<_> = state.replicas.iter().collect();
    if state.replicas.is_empty() || replicas.len() != state.replicas.len() {
        return Some(format!("replicas {:?}", state.replicas));
    }
    if state.isr.iter().any(|id| !replicas.contains(id)) {
        return Some(format!("in sync {:?} of replicas {:?}", state.isr, state.replicas));
    }
    if state.leader != klamm_base::NodeId::NONE && !replicas.contains(&state.leader) {
        return Some(format!("leader {} of replicas {:?}", state.leader, state.replicas));
    }
    (state.directories.len() != state.replicas.len()).then(|| format!("{} directories", state.directories.len()))
}
