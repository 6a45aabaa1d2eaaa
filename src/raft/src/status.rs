//! What the quorum says about itself (DescribeQuorum).

use klamm_base::NodeId;
use openraft::RaftMetrics;

use crate::types::node_of;

/// The quorum as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumStatus {
    /// The leader, if there is one.
    pub leader: Option<NodeId>,
    /// The newest term; Kafka's leader epoch of the metadata partition.
    pub term: u64,
    /// The index of the last entry of this node's log; `None` if it is empty.
    pub last_log_index: Option<u64>,
    /// The index of the last entry that is committed and applied here.
    pub committed: Option<u64>,
    /// The voters.
    pub voters: Vec<Voter>,
}

/// One voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voter {
    /// The node.
    pub node: NodeId,
    /// The index of the last entry that is known to be in its log.
    pub last_log_index: Option<u64>,
}

impl QuorumStatus {
    pub(crate) fn of(metrics: &RaftMetrics<u64, openraft::BasicNode>) -> QuorumStatus {
        let voter = |id: u64| {
            let replicated = metrics.replication.as_ref().and_then(|all| all.get(&id)).copied().flatten();
            let own = (id == metrics.id).then_some(metrics.last_log_index).flatten();
            Voter { node: node_of(id), last_log_index: own.or(replicated.map(|id| id.index)) }
        };
        QuorumStatus {
            leader: metrics.current_leader.map(node_of),
            term: metrics.current_term,
            last_log_index: metrics.last_log_index,
            committed: metrics.last_applied.map(|id| id.index),
            voters: metrics.membership_config.voter_ids().map(voter).collect(),
        }
    }
}
