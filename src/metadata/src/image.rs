//! The image: the whole cluster at one position of the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;
use klamm_base::{NodeId, ProducerId, TopicId};

use crate::{Broker, ConfigResource, Partition, Topic};

/// A place in the Raft log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The entry's index, from 0.
    pub index: u64,
    /// The term in which it was proposed.
    pub term: u64,
}

/// What is true of the cluster as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterInfo {
    /// The cluster's id; empty until the quorum's first record gives it.
    pub id: Arc<str>,
}

/// The whole cluster, as of the log entry `at`. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The last entry that is in it.
    pub at: Position,
    /// The cluster as a whole.
    pub cluster: ClusterInfo,
    /// The registered brokers.
    pub brokers: BTreeMap<NodeId, Arc<Broker>>,
    /// The topics, by name.
    pub topics: OrdMap<Arc<str>, Arc<Topic>>,
    /// The names of the topics, by id.
    pub ids: OrdMap<TopicId, Arc<str>>,
    /// What was configured at run time; a resource without any value is absent.
    pub configs: OrdMap<ConfigResource, Arc<BTreeMap<String, String>>>,
    /// The first producer id that was never handed to a broker.
    pub next_producer_id: ProducerId,
}

impl Default for Image {
    fn default() -> Image {
        Image {
            at: Position::default(),
            cluster: ClusterInfo::default(),
            brokers: BTreeMap::new(),
            topics: OrdMap::new(),
            ids: OrdMap::new(),
            configs: OrdMap::new(),
            next_producer_id: ProducerId(0),
        }
    }
}

impl Image {
    /// The topic with this name.
    pub fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        self.topics.get(name)
    }

    /// The topic with this id.
    pub fn topic_by_id(&self, id: TopicId) -> Option<&Arc<Topic>> {
        self.topics.get(self.ids.get(&id)?)
    }

    /// One partition.
    pub fn partition(&self, topic: &str, partition: i32) -> Option<&Partition> {
        self.topic(topic)?.partition(partition)
    }

    /// What was configured for `resource`, if anything.
    pub fn config(&self, resource: &ConfigResource) -> Option<&Arc<BTreeMap<String, String>>> {
        self.configs.get(resource)
    }

    /// The brokers that clients may be told of.
    pub fn alive_brokers(&self) -> impl Iterator<Item = &Arc<Broker>> {
        self.brokers.values().filter(|broker| !broker.fenced)
    }

    /// A topic whose name is not `name` but would be the same in metric names, where `.` and `_` are alike
    /// (`Topic.hasCollision`).
    pub fn colliding_topic(&self, name: &str) -> Option<&Arc<str>> {
        let alike = |a: u8, b: u8| a == b || (matches!(a, b'.' | b'_') && matches!(b, b'.' | b'_'));
        if !name.contains(['.', '_']) {
            return None;
        }
        self.topics.keys().find(|other| {
            other.len() == name.len() && &***other != name && other.bytes().zip(name.bytes()).all(|(a, b)| alike(a, b))
        })
    }
}
