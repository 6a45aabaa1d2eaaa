//! Everything that can be decided about the cluster.

use std::sync::Arc;

use klamm_base::{NodeId, ProducerId, TopicId};

use crate::{Broker, ConfigResource, Partition};

/// A decision about the cluster. `codec` gives each kind its number and the layout of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The cluster's id, decided once.
    Cluster {
        /// The id's text form.
        id: Arc<str>,
    },
    /// A broker came, or came back with another incarnation or address.
    RegisterBroker(Broker),
    /// A broker was fenced or unfenced.
    FenceBroker {
        /// The broker.
        id: NodeId,
        /// Its registration.
        epoch: i64,
        /// What it is from now on.
        fenced: bool,
    },
    /// A broker is gone for good.
    UnregisterBroker {
        /// The broker.
        id: NodeId,
        /// Its registration.
        epoch: i64,
    },
    /// A topic without partitions yet.
    Topic {
        /// The id of this incarnation.
        id: TopicId,
        /// The name.
        name: Arc<str>,
    },
    /// A topic is gone, and its configuration with it.
    RemoveTopic {
        /// The topic.
        id: TopicId,
    },
    /// The state of a partition: of a new one if `partition` is the topic's count, else of that one.
    Partition {
        /// The topic.
        topic: TopicId,
        /// The partition's index.
        partition: i32,
        /// All of its state.
        state: Partition,
    },
    /// One key of a configuration.
    Config {
        /// Whose configuration.
        resource: ConfigResource,
        /// The key.
        name: String,
        /// The value; `None` removes the key.
        value: Option<String>,
    },
    /// Producer ids below `next` are taken.
    ProducerIds {
        /// Who took the newest block.
        broker: NodeId,
        /// Its registration.
        epoch: i64,
        /// The first id that is free.
        next: ProducerId,
    },
}
