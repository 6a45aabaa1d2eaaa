//! openraft's type parameters, as this house fills them.

use std::path::PathBuf;

use klamm_base::NodeId;
use openraft::{BasicNode, CommittedLeaderId, Membership};
use serde::{Deserialize, Serialize};

openraft::declare_raft_types!(
    /// A batch of metadata records per entry, a file per snapshot.
    pub(crate) TypeConfig:
        D = Batch,
        R = (),
        NodeId = u64,
        Node = BasicNode,
        SnapshotData = SnapshotFile,
);

pub(crate) type Raft = openraft::Raft<TypeConfig>;
pub(crate) type Entry = openraft::Entry<TypeConfig>;
pub(crate) type LogId = openraft::LogId<u64>;
pub(crate) type Vote = openraft::Vote<u64>;
pub(crate) type Members = Membership<u64, BasicNode>;
pub(crate) type StoredMembership = openraft::StoredMembership<u64, BasicNode>;
pub(crate) type SnapshotMeta = openraft::SnapshotMeta<u64, BasicNode>;
pub(crate) type Snapshot = openraft::Snapshot<TypeConfig>;
pub(crate) type LogState = openraft::LogState<TypeConfig>;
pub(crate) type StorageError = openraft::StorageError<u64>;
pub(crate) type StorageIoError = openraft::StorageIOError<u64>;

/// The records of one entry, encoded by `klamm_metadata::codec`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch(pub Vec<u8>);

/// Where a snapshot's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotFile(pub PathBuf);

/// The log id of an entry. Terms have one leader each, so the leader need not be named.
pub(crate) fn log_id(term: u64, index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(term, 0), index)
}

/// The id under which a node takes part in Raft. It names the disk too: a node that lost its disk is another voter, so
/// that it can neither vote again with amnesia nor be taken for the one that had the log.
pub(crate) fn raft_id(node: NodeId, incarnation: u32) -> u64 {
    (u64::from(node.0.unsigned_abs()) << 32) | u64::from(incarnation)
}

/// The node that takes part under this id.
pub(crate) fn node_of(raft_id: u64) -> NodeId {
    NodeId(i32::try_from(raft_id >> 32).unwrap_or(-1))
}
