//! The quorum's node: its birth, its proposals, its death.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use klamm_base::{NodeId, TopicId};
use klamm_env::Env;
use klamm_metadata::{Image, Record, codec};
use openraft::error::{ClientWriteError, RaftError};
use openraft::{BasicNode, Config, ServerState, SnapshotPolicy};
use tokio::sync::watch;

use crate::disk::{Change, Loaded, RaftDisk};
use crate::image_cell::ImageCell;
use crate::io_thread::IoThread;
use crate::log_store::LogStore;
use crate::network::NoPeers;
use crate::sled_disk::SledDisk;
use crate::snapshots::Snapshots;
use crate::state_machine::Machine;
use crate::types::{Batch, Raft, node_of, raft_id};
use crate::{Error, QuorumStatus, Updates};

/// The most bytes of one proposal. It bounds what a reader must hold at once.
const PROPOSAL_BYTES: usize = 16 * 1024 * 1024;

/// A snapshot is written after so many entries, or bytes of entries, whichever comes first.
const SNAPSHOT_ENTRIES: u64 = 10_000;
const SNAPSHOT_BYTES: usize = 16 * 1024 * 1024;

/// How many entries stay in the log although a snapshot holds them.
const KEEP_ENTRIES: u64 = 1000;

const HEARTBEAT_MS: u64 = 100;
const ELECTION_MIN_MS: u64 = 300;
const ELECTION_MAX_MS: u64 = 600;

/// A quorum of one elects itself in milliseconds; this only bounds the wait on a very slow disk.
const LEADER_WAIT_MS: u64 = 30_000;

/// This node's part in the metadata quorum. Cheap to clone.
#[derive(Clone)]
pub struct Quorum(Arc<Inner>);

struct Inner {
    raft: Raft,
    cell: Arc<ImageCell>,
    io: IoThread,
    leader: watch::Receiver<Option<(NodeId, u64)>>,
    /// Bytes proposed since a snapshot was asked for.
    unsnapped_bytes: AtomicUsize,
}

impl Quorum {
    /// Opens the store in `dir`, or makes it, and returns when this node leads and has applied all that was committed.
    ///
    /// The cluster's id is drawn at the first start, unless `cluster_id` gives it; at later starts `cluster_id` must be
    /// the same, if given.
    ///
    /// # Errors
    /// If the store cannot be opened, belongs to another node or cluster, or is damaged.
    pub async fn start(env: &Env, dir: &Path, node: NodeId, cluster_id: Option<&str>) -> Result<Quorum, Error> {
        env.disk.create_dir_all(dir)?;
        let folder = dir.to_owned();
        let open = move || SledDisk::open(&folder).and_then(|mut disk| Ok((disk.load()?, disk)));
        let (loaded, disk) = env.tasks.offload(open).await?;
        Quorum::on(env, dir, node, cluster_id, loaded, disk).await
    }

    /// As [`Quorum::start`], on a disk that was loaded. Snapshots go to `dir`.
    pub(crate) async fn on(
        env: &Env,
        dir: &Path,
        node: NodeId,
        cluster_id: Option<&str>,
        loaded: Loaded,
        disk: impl RaftDisk,
    ) -> Result<Quorum, Error> {
        let snapshots = Snapshots::new(env.disk.clone(), dir);
        let newest = snapshots.newest()?;
        check_no_gap(&loaded, newest.as_ref().and_then(|newest| newest.meta.last_log_id).map(|id| id.index), dir)?;
        if let Some(have) = loaded.identity.map(node_of).filter(|have| *have != node) {
            return Err(Error::WrongNode { have, want: node });
        }
        let io = IoThread::start(env, disk)?;
        let id = loaded.identity.unwrap_or_else(|| raft_id(node, env.random.next_u64() as u32));
        if loaded.identity.is_none() {
            io.write(Change::Identity(id)).await?;
        }
        let (machine, cell) = Machine::open(snapshots, newest, env.tasks.clone());
        let log = LogStore::new(id, loaded, io.clone());
        let raft = match Raft::new(id, config(), NoPeers, log, machine).await {
            Ok(raft) => raft,
            Err(fatal) => {
                io.close().await;
                return Err(stopped(&fatal));
            }
        };
        let leader = watch_leader(env, &raft);
        let quorum = Quorum(Arc::new(Inner { raft, cell, io, leader, unsnapped_bytes: AtomicUsize::new(0) }));
        match quorum.take_office(env, id, cluster_id).await {
            Ok(()) => Ok(quorum),
            Err(error) => {
                quorum.stop().await;
                Err(error)
            }
        }
    }

    /// Becomes leader and commits an entry in the new term, which commits all before it; then sees to the cluster's id.
    async fn take_office(&self, env: &Env, id: u64, cluster_id: Option<&str>) -> Result<(), Error> {
        if self.elect(id).await? {
            self.propose(Vec::new()).await?;
        }
        let have = self.image().cluster.id.clone();
        match cluster_id {
            Some(want) if !have.is_empty() && *have != *want => {
                Err(Error::WrongCluster { have: have.to_string(), want: want.to_owned() })
            }
            _ if !have.is_empty() => Ok(()),
            _ => {
                let drawn = || TopicId::from_random(env.random.bytes16()).to_string();
                let id = cluster_id.map_or_else(drawn, str::to_owned).into();
                self.propose(vec![Record::Cluster { id }]).await.map(drop)
            }
        }
    }

    /// Becomes leader at once, without waiting for a timer. True if the log has a past.
    async fn elect(&self, id: u64) -> Result<bool, Error> {
        let raft = &self.0.raft;
        let voters = raft.with_raft_state(|state| state.membership_state.effective().voter_ids().collect::<Vec<_>>());
        let voters = voters.await.map_err(|fatal| stopped(&fatal))?;
        let has_past = raft.is_initialized().await.map_err(|fatal| stopped(&fatal))?;
        if !has_past {
            let members = BTreeMap::from([(id, BasicNode::default())]);
            raft.initialize(members).await.map_err(|error| stopped(&error))?;
        } else if voters == [id] {
            raft.trigger().elect().await.map_err(|fatal| stopped(&fatal))?;
        } else {
            return Err(Error::SeveralVoters(voters.len()));
        }
        let wait = raft.wait(Some(Duration::from_millis(LEADER_WAIT_MS)));
        wait.state(ServerState::Leader, "take office").await.map_err(|_| Error::NoLeader(LEADER_WAIT_MS))?;
        Ok(has_past)
    }

    /// The newest image that this node has applied.
    pub fn image(&self) -> Arc<Image> {
        self.0.cell.load()
    }

    /// The cluster's id.
    pub fn cluster_id(&self) -> Arc<str> {
        self.image().cluster.id.clone()
    }

    /// Proposes `records` as one entry, all or none, and returns its index once it is committed and applied here.
    ///
    /// # Errors
    /// [`Error::NotLeader`] and [`Error::TooLarge`] say that it was not taken; after [`Error::Stopped`] it may have been.
    pub async fn propose(&self, records: Vec<Record>) -> Result<u64, Error> {
        let bytes = codec::encode(&records);
        if bytes.len() > PROPOSAL_BYTES {
            return Err(Error::TooLarge(bytes.len()));
        }
        let len = bytes.len();
        match self.0.raft.client_write(Batch(bytes)).await {
            Ok(written) => {
                self.count_bytes(len).await;
                Ok(written.log_id.index)
            }
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(to))) => {
                Err(Error::NotLeader { leader: to.leader_id.map(node_of) })
            }
            Err(error) => Err(stopped(&error)),
        }
    }

    #[cfg(test)]
    pub(crate) fn raft(&self) -> &Raft {
        &self.0.raft
    }

    /// Asks for a snapshot when much was proposed since the last one. A fault of it shows in the log's own state.
    async fn count_bytes(&self, len: usize) {
        let unsnapped = self.0.unsnapped_bytes.fetch_add(len, Ordering::Relaxed) + len;
        if unsnapped > SNAPSHOT_BYTES {
            self.0.unsnapped_bytes.store(0, Ordering::Relaxed);
            if let Err(fatal) = self.0.raft.trigger().snapshot().await {
                tracing::error!("no snapshot of the metadata: {fatal}");
            }
        }
    }

    /// Every step of the image from now on, in order. The first leads from nothing to the image of now.
    pub fn updates(&self) -> Updates {
        self.0.cell.follow()
    }

    /// Waits until the entry `index` is in [`Quorum::image`].
    ///
    /// # Errors
    /// [`Error::Stopped`] if the quorum ends before.
    pub async fn wait_applied(&self, index: u64) -> Result<(), Error> {
        tokio::select! {
            true = self.0.cell.wait_applied(index) => Ok(()),
            fault = self.failed() => Err(Error::Stopped(fault)),
        }
    }

    /// The leader and its term, as far as this node knows, and every change of them.
    pub fn leader(&self) -> watch::Receiver<Option<(NodeId, u64)>> {
        self.0.leader.clone()
    }

    /// What the quorum says about itself.
    pub fn status(&self) -> QuorumStatus {
        QuorumStatus::of(&self.0.raft.metrics().borrow())
    }

    /// Waits until the quorum has ended, and says why. If nobody stopped it, the node must end: its disk or its memory
    /// of the log cannot be trusted any more.
    pub async fn failed(&self) -> String {
        let mut metrics = self.0.raft.metrics();
        match metrics.wait_for(|metrics| metrics.running_state.is_err()).await {
            Ok(metrics) => metrics.running_state.as_ref().err().map_or_else(String::new, ToString::to_string),
            Err(_) => "the Raft core is gone".to_owned(),
        }
    }

    /// Ends this node's part in the quorum and lets go of the store, which may then be opened again.
    pub async fn stop(&self) {
        if let Err(error) = self.0.raft.shutdown().await {
            tracing::error!("the Raft core did not end well: {error}");
        }
        self.0.cell.close();
        self.0.io.close().await;
    }
}

fn stopped(error: &dyn std::error::Error) -> Error {
    Error::Stopped(error.to_string())
}

fn config() -> Arc<Config> {
    Arc::new(Config {
        cluster_name: "klamm".to_owned(),
        heartbeat_interval: HEARTBEAT_MS,
        election_timeout_min: ELECTION_MIN_MS,
        election_timeout_max: ELECTION_MAX_MS,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(SNAPSHOT_ENTRIES),
        max_in_snapshot_log_to_keep: KEEP_ENTRIES,
        ..Config::default()
    })
}

/// What was purged from the log must be in the snapshot, or the state between is lost.
fn check_no_gap(loaded: &Loaded, snapshot: Option<u64>, dir: &Path) -> Result<(), Error> {
    match loaded.purged {
        Some(purged) if snapshot.is_none_or(|snapshot| snapshot < purged.index) => {
            let what = format!("the log begins after entry {}, but the newest snapshot is {snapshot:?}", purged.index);
            Err(Error::Damaged { dir: dir.to_owned(), what })
        }
        _ => Ok(()),
    }
}

fn watch_leader(env: &Env, raft: &Raft) -> watch::Receiver<Option<(NodeId, u64)>> {
    let (leader, seen) = watch::channel(None);
    let mut metrics = raft.server_metrics();
    env.tasks.spawn(async move {
        loop {
            let now = {
                let metrics = metrics.borrow_and_update();
                metrics.current_leader.map(|id| (node_of(id), metrics.vote.leader_id.term))
            };
            leader.send_if_modified(|last| std::mem::replace(last, now) != now);
            if metrics.changed().await.is_err() {
                return;
            }
        }
    });
    seen
}
