//! What changed between two images.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use klamm_base::{NodeId, TopicId};

use crate::{ConfigResource, Image, Topic};

/// What changed between an image and a later one. Only names what to look at; the later image holds the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Topics that are new, with their names.
    pub created: BTreeMap<TopicId, Arc<str>>,
    /// Topics that were there and have new or changed partitions: their names and those partitions.
    pub changed: BTreeMap<TopicId, (Arc<str>, BTreeSet<i32>)>,
    /// Topics that are gone, as they were last.
    pub deleted: BTreeMap<TopicId, Arc<Topic>>,
    /// Whose configuration changed.
    pub configs: BTreeSet<ConfigResource>,
    /// Brokers that came, changed or went.
    pub brokers: BTreeSet<NodeId>,
    /// True if the cluster's own facts changed.
    pub cluster: bool,
}

/// A step of the cluster, as it is handed to those who follow.
#[derive(Clone, Debug)]
pub struct Update {
    /// The cluster after the step.
    pub image: Arc<Image>,
    /// What the step changed.
    pub delta: Delta,
}

impl Delta {
    /// True if nothing changed that anybody follows.
    pub fn is_empty(&self) -> bool {
        *self == Delta::default()
    }

    /// What a reader of `old` must look at in `new`, found by comparing the two. From an empty image this is the whole.
    pub fn between(old: &Image, new: &Image) -> Delta {
        let mut delta = Delta { cluster: old.cluster != new.cluster, ..Delta::default() };
        for (id, name) in old.ids.iter().filter(|(id, _)| !new.ids.contains_key(*id)) {
            delta.deleted.extend(old.topic(name).map(|topic| (*id, topic.clone())));
        }
        for topic in new.topics.values() {
            match old.topic_by_id(topic.id) {
                None => {
                    delta.created.insert(topic.id, topic.name.clone());
                }
                Some(before) if Arc::ptr_eq(before, topic) => {}
                Some(before) => {
                    let differs = |index: &i32| before.partition(*index) != topic.partition(*index);
                    let partitions: BTreeSet<i32> = (0..topic.partition_count()).filter(differs).collect();
                    if !partitions.is_empty() {
                        delta.changed.insert(topic.id, (topic.name.clone(), partitions));
                    }
                }
            }
        }
        let resources = old.configs.keys().chain(new.configs.keys());
        delta.configs = resources.filter(|key| old.configs.get(*key) != new.configs.get(*key)).cloned().collect();
        let brokers = old.brokers.keys().chain(new.brokers.keys());
        delta.brokers = brokers.filter(|id| old.brokers.get(id) != new.brokers.get(id)).copied().collect();
        delta
    }

    /// Adds a later step, so that this one leads from its old image to the later one's new image.
    pub fn merge(&mut self, later: Delta) {
        for (id, name) in &later.created {
            self.topic_created(*id, name);
        }
        for (id, (name, partitions)) in &later.changed {
            for partition in partitions {
                self.partition_changed(*id, name, *partition);
            }
        }
        for topic in later.deleted.into_values() {
            self.topic_deleted(topic);
        }
        self.configs.extend(later.configs);
        self.brokers.extend(later.brokers);
        self.cluster |= later.cluster;
    }

    pub(crate) fn topic_created(&mut self, id: TopicId, name: &Arc<str>) {
        self.created.insert(id, name.clone());
    }

    pub(crate) fn partition_changed(&mut self, id: TopicId, name: &Arc<str>, partition: i32) {
        if !self.created.contains_key(&id) {
            self.changed.entry(id).or_insert_with(|| (name.clone(), BTreeSet::new())).1.insert(partition);
        }
    }

    /// A topic that came and went within one step was never seen, so it is not named at all.
    pub(crate) fn topic_deleted(&mut self, topic: Arc<Topic>) {
        self.changed.remove(&topic.id);
        if self.created.remove(&topic.id).is_none() {
            self.deleted.insert(topic.id, topic);
        }
    }
}
