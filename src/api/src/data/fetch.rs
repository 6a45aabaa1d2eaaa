//! Fetch, key 1.
//!
//! - Versions 4-18. From 7 on sessions (KIP-227), from 12 on divergence by epoch (KIP-595), from 13 on topic ids
//!   (KIP-516).
//! - The first batch of an answer is whole however small the limits are (KIP-74); an answer holds whole batches only.
//! - Both isolation levels; without transactions the last stable offset is the high watermark and no transaction is
//!   ever aborted.
//! - An answer has at most 24 MiB beyond its first batch, and less while the answers that clients have not read yet fill
//!   the memory that there is for them: those leave it and are read again when their clients read on.
//! - Only consumers are served: a node that claims to be a replica is none of this partition (F13, F19b).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::fetch_response::{EpochEndOffset, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use klamm_base::limits::FETCH_ANSWER_BYTES;
use klamm_base::{ErrorCode, LeaderEpoch, Offset};
use klamm_replica::sessions::{self, Entry, FetchContext, PartitionKey, Summary, TopicKey, Wanted};
use klamm_replica::{FetchMemory, Fetched, Held, Parked, Partition, Stored};
use klamm_wire::Source;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::call::{Call, Handler};
use crate::convert::{topic_id, topic_name, uuid};
use crate::reply::Reply;

/// The handler.
pub struct Fetch;

/// The replica id of a consumer that looks at what followers have (`DEBUGGING_CONSUMER_ID`).
const DEBUGGING_CONSUMER: i32 = -2;

/// How long a fetch waits for others to give memory back before it takes what there is.
const MEMORY_WAIT: Duration = Duration::from_millis(500);

impl Handler for Fetch {
    type Request = FetchRequest;
    type Response = FetchResponse;

    async fn handle(call: Call<'_>, request: FetchRequest) -> Reply<FetchResponse> {
        let now_ms = call.services.env.clock.now_ms();
        let asked = Asked::of(call, &request);
        if !(0..=1).contains(&request.isolation_level) {
            return Reply::Now(unknown_isolation(&request, call.version()));
        }
        let sessions = &call.services.sessions;
        let context = sessions.begin(session_request(request, call.version()), now_ms);
        let entries = match &context {
            FetchContext::Failed(code) => {
                return Reply::Now(FetchResponse::default().with_error_code(code.code()));
            }
            FetchContext::Sessionless(entries) | FetchContext::Full(entries) => entries.clone(),
            FetchContext::Incremental(session) => {
                session.lock().unwrap_or_else(std::sync::PoisonError::into_inner).entries()
            }
        };
        let targets: Vec<Target> = entries.into_iter().map(|entry| Target::find(call, entry)).collect();
        let mut reads = asked.read_or_wait(&targets, call.services.replicas.memory()).await;
        let summaries: Vec<_> = targets.iter().zip(&reads).map(|(target, read)| target.summary(read)).collect();
        let (session_id, kept) =
            sessions.finish(&context, &summaries, asked.by_id, now_ms, || call.services.env.random.next_u64());
        let sources = sources(&targets, &mut reads);
        Reply::Streamed(response(session_id, targets, reads, &kept, asked.committed), sources)
    }

    fn records(response: &FetchResponse) -> Vec<Bytes> {
        let parts = response.responses.iter().flat_map(|topic| &topic.partitions);
        parts.filter_map(|part| part.records.clone()).collect()
    }
}

/// The limits of a request.
struct Asked {
    max_wait: Duration,
    min_bytes: i64,
    /// Negative where the client said so: then nothing can be read (F1).
    max_bytes: i64,
    replica_id: i32,
    by_id: bool,
    /// True for a reader of committed records only.
    committed: bool,
}

impl Asked {
    fn of(call: Call<'_>, request: &FetchRequest) -> Asked {
        let most = call.services.config.fetch_max_bytes.min(FETCH_ANSWER_BYTES as i64);
        let max_bytes = i64::from(request.max_bytes).min(most);
        let replica_id = if call.version() >= 15 { request.replica_state.replica_id } else { request.replica_id };
        Asked {
            max_wait: Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)),
            min_bytes: i64::from(request.min_bytes).min(max_bytes),
            max_bytes,
            replica_id: replica_id.0,
            by_id: call.version() >= 13,
            committed: request.isolation_level == 1,
        }
    }

    /// Reads, and reads again at every move of a partition, until there is enough, a read fails, or time is up (F4, F5).
    /// What was read is given back before waiting.
    async fn read_or_wait(&self, targets: &[Target], memory: &FetchMemory) -> Vec<Result<Read, Refused>> {
        let readable = targets.iter().any(|target| target.partition.is_ok());
        let reads = self.read_enough(targets, memory).await;
        if self.max_wait.is_zero() || !readable || self.is_enough(&reads) {
            return reads;
        }
        drop(reads);
        let deadline = Instant::now() + self.max_wait;
        let wake = Arc::new(Notify::new());
        let _parked: Vec<Parked> =
            targets.iter().filter_map(|target| target.partition.as_ref().ok()).map(|part| part.park(&wake)).collect();
        loop {
            let reads = self.read_enough(targets, memory).await;
            if self.is_enough(&reads) || Instant::now() >= deadline {
                return reads;
            }
            let pause = pause_after(&reads);
            drop(reads);
            // Whether time is up shows after the next read, which is the one that answers then.
            if timeout_at(deadline, wake.notified()).await.is_ok() && !pause.is_zero() {
                sleep_until(deadline.min(Instant::now() + pause)).await;
            }
        }
    }

    /// Reads, and reads again after waiting for memory as long as the lack of it costs much of the answer.
    async fn read_enough(&self, targets: &[Target], memory: &FetchMemory) -> Vec<Result<Read, Refused>> {
        let deadline = Instant::now() + MEMORY_WAIT;
        loop {
            let (reads, is_short) = self.read(targets, memory);
            if !is_short || Instant::now() >= deadline {
                return reads;
            }
            drop(reads);
            memory.wait_for(self.most_bytes(targets), deadline).await;
        }
    }

    fn most_bytes(&self, targets: &[Target]) -> usize {
        let each = targets.iter().map(|target| i64::from(target.entry.wanted.max_bytes.max(0)));
        usize::try_from(each.sum::<i64>().min(self.max_bytes)).unwrap_or(0)
    }

    fn is_enough(&self, reads: &[Result<Read, Refused>]) -> bool {
        let bytes: i64 = reads.iter().flatten().map(|read| read.available_bytes).sum();
        let ended = |read: &Result<Read, Refused>| match read {
            Ok(read) => read.fetched.diverging.is_some(),
            Err(refused) => refused.by_read,
        };
        bytes >= self.min_bytes || reads.iter().any(ended)
    }

    /// Reads the partitions in their order. Until something was found, the limits do not hold for the first batch (F1).
    /// True if there would have been much more but for the lack of memory.
    fn read(&self, targets: &[Target], memory: &FetchMemory) -> (Vec<Result<Read, Refused>>, bool) {
        let (mut left, mut found, mut is_cut) = (self.max_bytes, false, false);
        // In one piece before the first read: two that take a bit at a time would each keep the other from enough.
        let mut held = memory.reserve(self.most_bytes(targets));
        let read = |target: &Target| {
            let partition = target.partition.as_ref().map_err(|code| Refused { code: *code, by_read: false })?;
            let limit = i64::from(target.entry.wanted.max_bytes).min(left);
            let read = self.read_one(partition, &target.entry.wanted, limit, !found, &mut held);
            let read = read.map_err(|code| Refused { code, by_read: true })?;
            let bytes = read.fetched.records.len() as i64;
            is_cut |= read.is_cut;
            found |= bytes > 0;
            left = (left - bytes).max(0);
            Ok(read)
        };
        let reads = targets.iter().map(read).collect();
        let wanted = i64::try_from(self.most_bytes(targets)).unwrap_or(i64::MAX);
        (reads, is_cut && (self.max_bytes - left) < wanted - wanted / 4)
    }

    fn read_one(
        &self,
        partition: &Partition,
        wanted: &Wanted,
        limit: i64,
        min_one: bool,
        memory: &mut Held,
    ) -> Result<Read, ErrorCode> {
        if self.replica_id >= 0 {
            let knows_epoch = wanted.current_leader_epoch.0 >= 0;
            return Err(if knows_epoch { ErrorCode::UnknownLeaderEpoch } else { ErrorCode::NotLeaderOrFollower });
        }
        debug_assert!(self.replica_id <= -1 || self.replica_id == DEBUGGING_CONSUMER);
        let max_bytes = usize::try_from(limit).map_err(|_| ErrorCode::UnknownServerError)?;
        let granted = max_bytes.min(memory.bytes());
        let fetched = partition.fetch(wanted, granted, min_one)?;
        let goes_on = fetched.diverging.is_none() && fetched.next_offset < fetched.high_watermark;
        let is_cut = goes_on && granted < max_bytes;
        // What lies behind the limits counts as far as they reach (F5): whole batches never fill them to the last byte.
        let available_bytes = if goes_on { limit } else { fetched.records.len() as i64 };
        // A first batch beyond the limits is held as well, but not at the cost of the partitions that follow.
        let mut held = memory.split_off(fetched.records.len().min(granted));
        held.set(fetched.records.len());
        Ok(Read { fetched, held: Some(held), available_bytes, is_cut })
    }
}

/// How long to wait before reading again what was much and still not enough: a client that asks for megabytes must not
/// have them all read at every small append. Ten milliseconds for each.
fn pause_after(reads: &[Result<Read, Refused>]) -> Duration {
    let bytes: usize = reads.iter().flatten().map(|read| read.fetched.records.len()).sum();
    let pause = Duration::from_millis(bytes as u64 >> 20) * 10;
    pause.min(Duration::from_millis(100))
}

/// What was found in a partition.
struct Read {
    fetched: Fetched,
    /// The memory of its records, until their source takes it over.
    held: Option<Held>,
    /// How much there is, up to the client's limits.
    available_bytes: i64,
    /// True if the lack of memory made it less than it could have been.
    is_cut: bool,
}

/// Why a partition has no records, and whether the log said so or nobody got as far.
struct Refused {
    code: ErrorCode,
    by_read: bool,
}

/// A partition of a request, and what it is here.
struct Target {
    entry: Entry,
    name: Option<Arc<str>>,
    partition: Result<Arc<Partition>, ErrorCode>,
}

impl Target {
    fn find(call: Call<'_>, entry: Entry) -> Target {
        let (topic, index) = &entry.key;
        let (name, missing) = match topic {
            TopicKey::Name(name) => (Some(name.clone()), ErrorCode::UnknownTopicOrPartition),
            TopicKey::Id(id) => match (call.services.topic_name(*id), &entry.resolved) {
                (Some(name), _) => (Some(name), ErrorCode::UnknownTopicOrPartition),
                // Its topic was deleted while the session knew it (F15).
                (None, Some(_)) => (None, ErrorCode::UnknownTopicOrPartition),
                (None, None) => (None, ErrorCode::UnknownTopicId),
            },
        };
        let partition = name.as_ref().and_then(|name| call.services.replicas.partition(name, *index)).ok_or(missing);
        let is_meant = |partition: &Arc<Partition>| match topic {
            TopicKey::Id(id) => partition.topic_id == *id,
            TopicKey::Name(_) => true,
        };
        let partition = match partition {
            // The topic was deleted and made again, and only the partitions know it yet (F15).
            Ok(partition) if !is_meant(&partition) => Err(ErrorCode::InconsistentTopicId),
            found => found,
        };
        Target { entry, name, partition }
    }

    fn summary(&self, read: &Result<Read, Refused>) -> (PartitionKey, Option<Arc<str>>, Summary) {
        let summary = match read {
            Ok(Read { fetched, .. }) => Summary {
                has_records: !fetched.records.is_empty(),
                must_send: fetched.diverging.is_some(),
                high_watermark: fetched.high_watermark.0,
                log_start: fetched.log_start.0,
            },
            Err(_) => Summary { has_records: false, must_send: true, high_watermark: -1, log_start: -1 },
        };
        (self.entry.key.clone(), self.name.clone(), summary)
    }
}

fn session_request(request: FetchRequest, version: i16) -> sessions::FetchRequest {
    let by_id = version >= 13;
    let key = |name: &str, id| if by_id { TopicKey::Id(topic_id(id)) } else { TopicKey::Name(Arc::from(name)) };
    let mut partitions = Vec::new();
    for topic in &request.topics {
        let topic_key = key(&topic.topic, topic.topic_id);
        for part in &topic.partitions {
            let wanted = Wanted {
                fetch_offset: Offset(part.fetch_offset),
                max_bytes: part.partition_max_bytes,
                current_leader_epoch: LeaderEpoch(part.current_leader_epoch),
                last_fetched_epoch: LeaderEpoch(part.last_fetched_epoch),
            };
            partitions.push(((topic_key.clone(), part.partition), wanted));
        }
    }
    let mut forgotten = Vec::new();
    for topic in &request.forgotten_topics_data {
        let topic_key = key(&topic.topic, topic.topic_id);
        forgotten.extend(topic.partitions.iter().map(|index| (topic_key.clone(), *index)));
    }
    let (session_id, epoch) = if version >= 7 { (request.session_id, request.session_epoch) } else { (0, -1) };
    sessions::FetchRequest { session_id, epoch, partitions, forgotten, uses_topic_ids: by_id }
}

/// Where the answer's records come from, in its order.
fn sources(targets: &[Target], reads: &mut [Result<Read, Refused>]) -> Vec<Box<dyn Source>> {
    let source = |(target, read): (&Target, &mut Result<Read, Refused>)| {
        let (Ok(partition), Ok(read)) = (&target.partition, read) else { return None };
        let held = read.held.take().filter(|_| !read.fetched.records.is_empty())?;
        Some(Box::new(Stored::new(partition.clone(), &read.fetched, held)) as Box<dyn Source>)
    };
    targets.iter().zip(reads).filter_map(source).collect()
}

fn response(
    session_id: i32,
    targets: Vec<Target>,
    reads: Vec<Result<Read, Refused>>,
    kept: &[bool],
    committed: bool,
) -> FetchResponse {
    let mut topics: Vec<(TopicKey, FetchableTopicResponse)> = Vec::new();
    let answers = targets.into_iter().zip(reads).zip(kept).filter(|(_, kept)| **kept);
    for ((target, read), _) in answers {
        let (topic, index) = target.entry.key;
        let data = partition_data(index, read.map(|read| read.fetched), committed);
        match topics.last_mut().filter(|(last, _)| *last == topic) {
            Some((_, response)) => response.partitions.push(data),
            None => {
                let response = match &topic {
                    TopicKey::Name(name) => FetchableTopicResponse::default().with_topic(topic_name(name)),
                    TopicKey::Id(id) => FetchableTopicResponse::default().with_topic_id(uuid(*id)),
                };
                topics.push((topic, response.with_partitions(vec![data])));
            }
        }
    }
    let responses = topics.into_iter().map(|(_, response)| response).collect();
    FetchResponse::default().with_session_id(session_id).with_responses(responses)
}

/// Nothing is ever aborted without transactions: a reader of committed records is told so, another is told nothing (F9).
fn partition_data(index: i32, read: Result<Fetched, Refused>, committed: bool) -> PartitionData {
    let data = PartitionData::default().with_partition_index(index);
    match read {
        Ok(read) => {
            let diverging =
                read.diverging.map(|(epoch, end)| EpochEndOffset::default().with_epoch(epoch.0).with_end_offset(end.0));
            data.with_high_watermark(read.high_watermark.0)
                .with_last_stable_offset(read.high_watermark.0)
                .with_log_start_offset(read.log_start.0)
                .with_diverging_epoch(diverging.unwrap_or_default())
                .with_aborted_transactions(committed.then(Vec::new))
                .with_records(Some(read.records))
        }
        Err(refused) => data
            .with_error_code(refused.code.code())
            .with_high_watermark(-1)
            .with_last_stable_offset(-1)
            .with_log_start_offset(-1)
            .with_aborted_transactions(if refused.by_read { None } else { Some(Vec::new()) })
            .with_records(Some(Bytes::new())),
    }
}

/// An isolation level that does not exist is an error of every partition, from version 7 on of the whole answer, and
/// from 13 on without partitions (F7).
fn unknown_isolation(request: &FetchRequest, version: i16) -> FetchResponse {
    let code = ErrorCode::UnknownServerError;
    let response = FetchResponse::default().with_error_code(if version >= 7 { code.code() } else { 0 });
    if version >= 13 {
        return response;
    }
    let topics = request.topics.iter().map(|topic| {
        let refused = |index| partition_data(index, Err(Refused { code, by_read: false }), false);
        let parts = topic.partitions.iter().map(|part| refused(part.partition)).collect();
        FetchableTopicResponse::default().with_topic(topic.topic.clone()).with_partitions(parts)
    });
    response.with_responses(topics.collect())
}
