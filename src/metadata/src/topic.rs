//! Topics and partitions.

use std::sync::Arc;

use klamm_base::{LeaderEpoch, NodeId, TopicId};

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The id of this incarnation; a topic that is deleted and made again has another.
    pub id: TopicId,
    /// The name.
    pub name: Arc<str>,
    /// The partitions, by index.
    pub partitions: Vec<Partition>,
}

impl Topic {
    /// The partition with this index.
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    /// The number of partitions.
    pub fn partition_count(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    /// The number of replicas of the first partition, which is what Kafka calls the topic's replication factor.
    pub fn replication_factor(&self) -> i16 {
        self.partitions.first().and_then(|first| i16::try_from(first.replicas.len()).ok()).unwrap_or(0)
    }
}

/// Who holds a partition and who leads it (`PartitionRegistration`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Who holds it, the preferred leader first.
    pub replicas: Vec<NodeId>,
    /// Which of them are in sync with the leader.
    pub isr: Vec<NodeId>,
    /// Who leads it; [`NodeId::NONE`] if nobody can.
    pub leader: NodeId,
    /// How often the leader was chosen.
    pub leader_epoch: LeaderEpoch,
    /// How often anything of this was changed.
    pub partition_epoch: i32,
    /// The log directory of each replica (KIP-858), in the order of `replicas`; [`TopicId::ZERO`] where not chosen.
    pub directories: Vec<TopicId>,
}

impl Partition {
    /// A partition as it begins: all replicas in sync, the first one leads.
    ///
    /// `directories` gives the log directory of each replica.
    pub fn new(replicas: Vec<NodeId>, directories: Vec<TopicId>) -> Partition {
        Partition {
            isr: replicas.clone(),
            leader: replicas.first().copied().unwrap_or(NodeId::NONE),
            leader_epoch: LeaderEpoch(0),
            partition_epoch: 0,
            directories,
            replicas,
        }
    }
}
