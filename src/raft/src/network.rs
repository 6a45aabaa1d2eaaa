//! The way to other voters. A quorum of one has none, so nobody can be reached.

use std::future::Future;
use std::time::Duration;

use openraft::error::{Fatal, RPCError, RaftError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{Backoff, RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse};
use openraft::{BasicNode, OptionalSend};

use crate::types::{Snapshot, TypeConfig, Vote, node_of};

/// How long openraft waits before it tries a voter again. Only `Unreachable` waits at all, so it is the only error here.
const BACKOFF: Duration = Duration::from_millis(50);

/// Knows no peers.
pub(crate) struct NoPeers;

/// A voter that cannot be reached.
pub(crate) struct NoPeer(u64);

#[derive(Debug, thiserror::Error)]
#[error("no such peer: node {0}")]
struct NoSuchPeer(klamm_base::NodeId);

impl RaftNetworkFactory<TypeConfig> for NoPeers {
    type Network = NoPeer;

    async fn new_client(&mut self, target: u64, _node: &BasicNode) -> NoPeer {
        NoPeer(target)
    }
}

impl NoPeer {
    fn unreachable(&self) -> Unreachable {
        Unreachable::new(&NoSuchPeer(node_of(self.0)))
    }
}

type Refused<T> = Result<T, RPCError<u64, BasicNode, RaftError<u64>>>;

impl RaftNetwork<TypeConfig> for NoPeer {
    async fn append_entries(
        &mut self,
        _rpc: AppendEntriesRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Refused<AppendEntriesResponse<u64>> {
        Err(self.unreachable().into())
    }

    async fn vote(&mut self, _rpc: VoteRequest<u64>, _option: RPCOption) -> Refused<VoteResponse<u64>> {
        Err(self.unreachable().into())
    }

    async fn full_snapshot(
        &mut self,
        _vote: Vote,
        _snapshot: Snapshot,
        _cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<u64>, StreamingError<TypeConfig, Fatal<u64>>> {
        Err(self.unreachable().into())
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(std::iter::repeat(BACKOFF))
    }
}
