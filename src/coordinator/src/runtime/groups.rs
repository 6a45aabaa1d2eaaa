//! The handle that the API calls.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use klamm_base::limits::COORDINATOR_QUEUE;
use klamm_base::{ErrorCode, Offset, TopicId};
use klamm_env::Env;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::load::load;
use super::shard_loop::{Call, ShardLoop, World};
use crate::group::message::{
    CommitReply, CommitRequest, DeleteReply, DescribedGroup, FetchOffsetsReply, FetchOffsetsRequest, HeartbeatRequest,
    JoinReply, JoinRequest, LeaveReply, LeaveRequest, ListReply, ListRequest, OffsetDeleteReply, OffsetDeleteRequest,
    Reply, Request, SyncReply, SyncRequest,
};
use crate::group::shard::Shard;
use crate::outcome::Answer;
use crate::route::partition_of;
use crate::{GroupConfig, PartitionLog};

/// How many logs are read at the same time.
const LOADS_AT_ONCE: usize = 4;

/// The group coordinator of a broker. Clones share it.
#[derive(Clone)]
pub struct Groups {
    shared: Arc<Shared>,
}

struct Shared {
    world: World,
    config: GroupConfig,
    partitions: i32,
    shards: RwLock<BTreeMap<i32, Slot>>,
    /// How many shards are being loaded.
    loading: watch::Sender<usize>,
    loads: Semaphore,
}

/// A partition that is led here.
enum Slot {
    /// Its log is being read. The queue, which is not used yet, tells one load from a later one.
    Loading(mpsc::Sender<Call>),
    Active(mpsc::Sender<Call>),
    /// Its log cannot be read.
    Failed,
}

macro_rules! unwrap_reply {
    ($answer:expr, $kind:ident) => {
        match $answer {
            Ok(Reply::$kind(reply)) => Ok(reply),
            Ok(other) => unreachable!("a shard replied {other:?}"),
            Err(code) => Err(code),
        }
    };
}

impl Groups {
    /// A coordinator for `__consumer_offsets` with `partitions` partitions, none of which is loaded.
    ///
    /// # Panics
    /// If `partitions` is not positive.
    pub fn new(env: Env, config: GroupConfig, log: Arc<dyn PartitionLog>, partitions: i32) -> Groups {
        assert!(partitions > 0, "a topic has partitions");
        let commit_timeout = Duration::from_millis(u64::try_from(config.commit_timeout_ms).unwrap_or(0));
        let world = World { env, log, origin: Instant::now(), commit_timeout };
        let shards = RwLock::new(BTreeMap::new());
        let (loading, loads) = (watch::Sender::new(0), Semaphore::new(LOADS_AT_ONCE));
        Groups { shared: Arc::new(Shared { world, config, partitions, shards, loading, loads }) }
    }

    /// The partition of `__consumer_offsets` that keeps `group_id`.
    pub fn partition_of(&self, group_id: &str) -> i32 {
        partition_of(group_id, self.shared.partitions)
    }

    /// Begins to serve the groups of `partition`: reads its log in the background. Does nothing if it is served.
    pub fn load(&self, partition: i32) {
        let (sender, calls) = mpsc::channel(COORDINATOR_QUEUE);
        {
            let mut shards = self.shared.shards.write().unwrap_or_else(PoisonError::into_inner);
            if matches!(shards.get(&partition), Some(Slot::Loading(_) | Slot::Active(_))) {
                return;
            }
            shards.insert(partition, Slot::Loading(sender.clone()));
        }
        self.shared.loading.send_modify(|loading| *loading += 1);
        let shared = self.shared.clone();
        self.shared.world.env.tasks.spawn(async move {
            let loaded = shared.read_log(partition).await;
            let is_served = shared.end_load(partition, sender, loaded.is_ok());
            shared.loading.send_modify(|loading| *loading -= 1);
            if let (true, Ok((shard, end))) = (is_served, loaded) {
                let world = shared.world.clone();
                drop(shared);
                ShardLoop::new(world, partition, shard, end, calls).run().await;
            }
        });
    }

    /// Stops to serve the groups of `partition`: its leader is elsewhere. Whoever waits is told.
    pub fn unload(&self, partition: i32) {
        // The loop ends when the last sender of its queue is gone.
        self.shared.shards.write().unwrap_or_else(PoisonError::into_inner).remove(&partition);
    }

    /// Waits until no partition is being loaded.
    pub async fn wait_loaded(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.shared.loading.subscribe().wait_for(|loading| *loading == 0).await;
    }

    /// JoinGroup. Chance for a new member's id is taken here.
    pub fn join(&self, mut request: JoinRequest) -> impl Future<Output = JoinReply> + Send + use<> {
        if request.member_id.is_empty() {
            request.fresh_uuid = self.shared.world.env.random.uuid_text();
        }
        let answer = self.call(&request.group_id.clone(), Request::Join(request));
        async move { unwrap_reply!(answer.answer().await, Join).unwrap_or_else(|code| JoinReply::refusal("", code)) }
    }

    /// SyncGroup.
    pub fn sync(&self, request: SyncRequest) -> impl Future<Output = SyncReply> + Send + use<> {
        let answer = self.call(&request.group_id.clone(), Request::Sync(request));
        async move { unwrap_reply!(answer.answer().await, Sync).unwrap_or_else(SyncReply::refusal) }
    }

    /// Heartbeat. While the group is being loaded every heartbeat is taken to be right, so that a restart of the
    /// coordinator costs no rebalance.
    pub fn heartbeat(&self, request: HeartbeatRequest) -> impl Future<Output = ErrorCode> + Send + use<> {
        let answer = self.call(&request.group_id.clone(), Request::Heartbeat(request));
        async move {
            match unwrap_reply!(answer.answer().await, Heartbeat) {
                Err(ErrorCode::CoordinatorLoadInProgress) => ErrorCode::None,
                Ok(code) | Err(code) => code,
            }
        }
    }

    /// LeaveGroup.
    pub fn leave(&self, request: LeaveRequest) -> impl Future<Output = LeaveReply> + Send + use<> {
        let answer = self.call(&request.group_id.clone(), Request::Leave(request));
        async move {
            unwrap_reply!(answer.answer().await, Leave)
                .unwrap_or_else(|error| LeaveReply { error, members: Vec::new() })
        }
    }

    /// OffsetCommit. An error stands for every partition of the request.
    pub fn commit(
        &self,
        request: CommitRequest,
    ) -> impl Future<Output = Result<CommitReply, ErrorCode>> + Send + use<> {
        let answer = self.call(&request.group_id.clone(), Request::Commit(request));
        async move { unwrap_reply!(answer.answer().await, Commit) }
    }

    /// OffsetFetch for one group. An error stands for the group.
    pub fn fetch_offsets(
        &self,
        request: FetchOffsetsRequest,
    ) -> impl Future<Output = Result<FetchOffsetsReply, ErrorCode>> + Send + use<> {
        let answer = self.call(&request.group_id.clone(), Request::FetchOffsets(request));
        async move { unwrap_reply!(answer.answer().await, FetchOffsets) }
    }

    /// OffsetDelete.
    pub fn delete_offsets(
        &self,
        request: OffsetDeleteRequest,
    ) -> impl Future<Output = OffsetDeleteReply> + Send + use<> {
        let answer = self.call(&request.group_id.clone(), Request::OffsetDelete(request));
        async move {
            let refusal = |error| OffsetDeleteReply { error, topics: Vec::new() };
            unwrap_reply!(answer.answer().await, OffsetDelete).unwrap_or_else(refusal)
        }
    }

    /// DescribeGroups of this version: one answer for each id, in the order of `ids`.
    pub fn describe(
        &self,
        ids: Vec<Arc<str>>,
        version: i16,
    ) -> impl Future<Output = Vec<DescribedGroup>> + Send + use<> {
        let calls = self.call_each(ids, |ids| Request::Describe(ids, version));
        async move {
            let mut described = Vec::new();
            for (places, ids, answer) in calls {
                let groups = unwrap_reply!(answer.answer().await, Describe)
                    .unwrap_or_else(|code| ids.into_iter().map(|id| DescribedGroup::refusal(id, code)).collect());
                described.extend(places.into_iter().zip(groups));
            }
            in_order(described)
        }
    }

    /// DeleteGroups: each group once, in the order in which they are first named.
    pub fn delete(&self, ids: Vec<Arc<str>>) -> impl Future<Output = DeleteReply> + Send + use<> {
        let mut seen = std::collections::BTreeSet::new();
        let ids: Vec<_> = ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
        let calls = self.call_each(ids, Request::Delete);
        async move {
            let mut deleted = Vec::new();
            for (places, ids, answer) in calls {
                let groups = match unwrap_reply!(answer.answer().await, Delete) {
                    Ok(reply) => reply.groups,
                    Err(code) => ids.into_iter().map(|id| (id, code)).collect(),
                };
                deleted.extend(places.into_iter().zip(groups));
            }
            DeleteReply { groups: in_order(deleted) }
        }
    }

    /// ListGroups: the groups of all partitions that are led here.
    pub fn list(&self, request: ListRequest) -> impl Future<Output = ListReply> + Send + use<> {
        let list = |partition| self.call_at(partition, Request::List(request.clone()));
        let answers: Vec<_> = self.served().into_iter().map(list).collect();
        async move {
            let mut reply = ListReply { error: ErrorCode::None, groups: Vec::new() };
            for answer in answers {
                match unwrap_reply!(answer.answer().await, List) {
                    Ok(groups) => reply.groups.extend(groups),
                    Err(ErrorCode::NotCoordinator) => {}
                    Err(error) => return ListReply { error, groups: Vec::new() },
                }
            }
            reply
        }
    }

    /// Deletes the offsets of topics that are gone, in all groups. The answer is the first error, if there is one.
    pub fn topics_deleted(
        &self,
        topics: Vec<(Arc<str>, TopicId)>,
    ) -> impl Future<Output = Result<(), ErrorCode>> + Send + use<> {
        let delete = |partition| self.call_at(partition, Request::TopicsDeleted(topics.clone()));
        let answers: Vec<_> = self.served().into_iter().map(delete).collect();
        async move {
            let mut result = Ok(());
            for answer in answers {
                if let Err(code) = answer.answer().await {
                    result = result.and(Err(code));
                }
            }
            result
        }
    }

    fn served(&self) -> Vec<i32> {
        self.shared.shards.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    fn call(&self, group_id: &str, request: Request) -> Queued {
        self.call_at(self.partition_of(group_id), request)
    }

    /// Calls each shard once, for the ids that are its own.
    fn call_each(&self, ids: Vec<Arc<str>>, request: impl Fn(Vec<Arc<str>>) -> Request) -> Vec<Part> {
        let mut parts: BTreeMap<i32, (Vec<usize>, Vec<Arc<str>>)> = BTreeMap::new();
        for (place, id) in ids.into_iter().enumerate() {
            let part = parts.entry(self.partition_of(&id)).or_default();
            part.0.push(place);
            part.1.push(id);
        }
        let call = |(partition, (places, ids)): (i32, (Vec<usize>, Vec<Arc<str>>))| {
            let queued = self.call_at(partition, request(ids.clone()));
            (places, ids, queued)
        };
        parts.into_iter().map(call).collect()
    }

    fn call_at(&self, partition: i32, request: Request) -> Queued {
        Queued(self.shared.queue(partition, request))
    }
}

/// A call that is queued; what is left is to wait for its answer.
struct Queued(Result<oneshot::Receiver<Answer>, ErrorCode>);

impl Queued {
    async fn answer(self) -> Answer {
        // A loop that ends drops what it has; it is no longer the coordinator.
        self.0?.await.unwrap_or(Err(ErrorCode::NotCoordinator))
    }
}

/// The part of a call that one shard answers: the places of the ids in the whole, the ids, and the queued call.
type Part = (Vec<usize>, Vec<Arc<str>>, Queued);

impl Shared {
    fn queue(&self, partition: i32, request: Request) -> Result<oneshot::Receiver<Answer>, ErrorCode> {
        if self.world.env.tasks.is_stopping() {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
        let calls = match shards.get(&partition) {
            Some(Slot::Active(calls)) => calls,
            Some(Slot::Loading(_)) => return Err(ErrorCode::CoordinatorLoadInProgress),
            Some(Slot::Failed) | None => return Err(ErrorCode::NotCoordinator),
        };
        let (answer, receiver) = oneshot::channel();
        match calls.try_send(Call { request: Box::new(request), answer }) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => Err(ErrorCode::CoordinatorNotAvailable),
            Err(TrySendError::Closed(_)) => Err(ErrorCode::NotCoordinator),
        }
    }

    async fn read_log(&self, partition: i32) -> Result<(Shard, Offset), ErrorCode> {
        let log = self.world.log.clone();
        let (start, end) = log.bounds(partition)?;
        if start == end {
            // Most partitions are empty: no reason to ask for a thread.
            return Ok((Shard::new(self.config.clone()), end));
        }
        let _permit = self.loads.acquire().await;
        let config = self.config.clone();
        self.world.env.tasks.offload(move || load(&*log, partition, config)).await
    }

    /// Marks a shard as served or failed. False if it was unloaded meanwhile, or cannot be served.
    fn end_load(&self, partition: i32, sender: mpsc::Sender<Call>, is_loaded: bool) -> bool {
        let mut shards = self.shards.write().unwrap_or_else(PoisonError::into_inner);
        let is_ours = matches!(shards.get(&partition), Some(Slot::Loading(own)) if own.same_channel(&sender));
        if !is_ours {
            return false;
        }
        if !is_loaded {
            tracing::error!(partition, "the groups of a partition cannot be loaded and are not served");
        }
        shards.insert(partition, if is_loaded { Slot::Active(sender) } else { Slot::Failed });
        is_loaded
    }
}

fn in_order<T>(mut items: Vec<(usize, T)>) -> Vec<T> {
    items.sort_by_key(|(place, _)| *place);
    items.into_iter().map(|(_, item)| item).collect()
}
