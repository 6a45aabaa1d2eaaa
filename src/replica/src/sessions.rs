//! Incremental fetch sessions (KIP-227): what a consumer asks for again and again is kept here, so that its requests
//! name only what changed and its answers hold only what is new.
//!
//! Pure: time comes in, decisions go out. [`FetchSessions`] is the bounded cache; a [`FetchContext`] is one request
//! within it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use klamm_base::{ErrorCode, LeaderEpoch, Offset, TopicId};

/// How long a session must have been idle, or must have existed, before another may take its slot
/// (`min.incremental.fetch.session.eviction.ms`).
const EVICTION_MS: i64 = 120_000;

/// The epoch of a request that wants no session.
const FINAL_EPOCH: i32 = -1;
/// The epoch of a request that wants a new one.
const INITIAL_EPOCH: i32 = 0;

/// A topic as a fetch names it: by id from version 13 on, by name before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicKey {
    /// By name.
    Name(Arc<str>),
    /// By id (KIP-516).
    Id(TopicId),
}

/// A partition as a fetch names it.
pub type PartitionKey = (TopicKey, i32);

/// What a client wants of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The first offset wanted.
    pub fetch_offset: Offset,
    /// The most record bytes wanted; the first batch may be larger.
    pub max_bytes: i32,
    /// The leader epoch that the client knows, or -1.
    pub current_leader_epoch: LeaderEpoch,
    /// The epoch of the last record that the client has, or -1 (KIP-595).
    pub last_fetched_epoch: LeaderEpoch,
}

/// What must be known of a partition's answer to decide whether it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// True if it has records.
    pub has_records: bool,
    /// True if it has an error, a diverging epoch or a preferred replica.
    pub must_send: bool,
    /// The high watermark in it, -1 with an error.
    pub high_watermark: i64,
    /// The log start offset in it, -1 with an error.
    pub log_start: i64,
}

/// One request's part in a session.
pub enum FetchContext {
    /// No session: everything asked is answered.
    Sessionless(Vec<Entry>),
    /// A new session is wanted: everything asked is answered, and kept if there is a slot.
    Full(Vec<Entry>),
    /// A known session: what it holds is read, what changed is answered.
    Incremental(Arc<Mutex<Session>>),
    /// The session cannot be used: the answer is this error and no partition.
    Failed(ErrorCode),
}

/// A partition to read.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which.
    pub key: PartitionKey,
    /// From where and how much.
    pub wanted: Wanted,
    /// The topic's name when an earlier fetch of this session could tell it.
    pub resolved: Option<Arc<str>>,
}

/// A request's view of sessions.
pub struct FetchRequest {
    /// The session's id, 0 for none.
    pub session_id: i32,
    /// The session's epoch.
    pub epoch: i32,
    /// The partitions named.
    pub partitions: Vec<(PartitionKey, Wanted)>,
    /// The partitions to drop from the session.
    pub forgotten: Vec<PartitionKey>,
    /// True if topics are named by id (version 13 and later).
    pub uses_topic_ids: bool,
}

struct Cached {
    key: PartitionKey,
    wanted: Wanted,
    resolved: Option<Arc<str>>,
    high_watermark: i64,
    log_start: i64,
}

/// What one client fetches.
pub struct Session {
    id: i32,
    epoch: i32,
    uses_topic_ids: bool,
    created_ms: i64,
    last_used_ms: i64,
    /// By place in the order of service; the lowest place is served first.
    order: BTreeMap<u64, Cached>,
    places: BTreeMap<PartitionKey, u64>,
    next_place: u64,
}

impl Session {
    fn new(id: i32, uses_topic_ids: bool, now_ms: i64) -> Session {
        Session {
            id,
            epoch: 1,
            uses_topic_ids,
            created_ms: now_ms,
            last_used_ms: now_ms,
            order: BTreeMap::new(),
            places: BTreeMap::new(),
            next_place: 0,
        }
    }

    /// The partitions, in the order in which they are to be read.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |cached: &Cached| Entry {
            key: cached.key.clone(),
            wanted: cached.wanted.clone(),
            resolved: cached.resolved.clone(),
        };
        self.order.values().map(entry).collect()
    }

    /// Notes the topic's name for later fetches.
    pub fn resolve(&mut self, key: &PartitionKey, name: &Arc<str>) {
        if let Some(cached) = self.places.get(key).and_then(|place| self.order.get_mut(place)) {
            cached.resolved = Some(name.clone());
        }
    }

    fn put(&mut self, key: PartitionKey, wanted: Wanted) {
        match self.places.get(&key).and_then(|place| self.order.get_mut(place)) {
            Some(cached) => cached.wanted = wanted,
            None => {
                let cached = Cached { key, wanted, resolved: None, high_watermark: -1, log_start: -1 };
                self.append(cached);
            }
        }
    }

    fn append(&mut self, cached: Cached) {
        self.places.insert(cached.key.clone(), self.next_place);
        self.order.insert(self.next_place, cached);
        self.next_place += 1;
    }

    fn remove(&mut self, key: &PartitionKey) -> Option<Cached> {
        self.places.remove(key).and_then(|place| self.order.remove(&place))
    }

    /// Decides whether the answer for a partition must be sent, and remembers what the client then knows. A partition
    /// that returned records goes to the end of the order, so that a full answer does not starve those behind it (S5).
    fn admit(&mut self, key: &PartitionKey, summary: Summary) -> bool {
        let Some(place) = self.places.get(key) else { return true };
        let Some(cached) = self.order.get_mut(place) else { return true };
        let changed = cached.high_watermark != summary.high_watermark || cached.log_start != summary.log_start;
        cached.high_watermark = if summary.must_send { -1 } else { summary.high_watermark };
        cached.log_start = summary.log_start;
        if summary.has_records
            && let Some(cached) = self.remove(key)
        {
            self.append(cached);
        }
        changed || summary.has_records || summary.must_send
    }
}

/// The sessions of one broker, bounded by `max.incremental.fetch.session.cache.slots`.
pub struct FetchSessions {
    slots: usize,
    sessions: Mutex<BTreeMap<i32, Arc<Mutex<Session>>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FetchSessions {
    /// No sessions, and room for `slots`.
    pub fn new(slots: usize) -> FetchSessions {
        FetchSessions { slots, sessions: Mutex::default() }
    }

    /// How many sessions there are.
    pub fn count(&self) -> usize {
        lock(&self.sessions).len()
    }

    /// Finds what a request is about (S1, S2, S3, S6).
    pub fn begin(&self, request: FetchRequest, now_ms: i64) -> FetchContext {
        if request.epoch == INITIAL_EPOCH || request.epoch == FINAL_EPOCH {
            lock(&self.sessions).remove(&request.session_id);
            let entries = distinct(request.partitions);
            return if request.epoch == FINAL_EPOCH {
                FetchContext::Sessionless(entries)
            } else {
                FetchContext::Full(entries)
            };
        }
        let found = lock(&self.sessions).get(&request.session_id).cloned();
        let Some(session) = found else { return FetchContext::Failed(ErrorCode::FetchSessionIdNotFound) };
        self.go_on(session, request, now_ms)
    }

    fn go_on(&self, session: Arc<Mutex<Session>>, request: FetchRequest, now_ms: i64) -> FetchContext {
        let mut held = lock(&session);
        if held.epoch != request.epoch {
            return FetchContext::Failed(ErrorCode::InvalidFetchSessionEpoch);
        }
        if held.uses_topic_ids != request.uses_topic_ids {
            return FetchContext::Failed(ErrorCode::FetchSessionTopicIdError);
        }
        for (key, wanted) in request.partitions {
            held.put(key, wanted);
        }
        for key in &request.forgotten {
            held.remove(key);
        }
        if held.order.is_empty() {
            lock(&self.sessions).remove(&held.id);
            return FetchContext::Sessionless(Vec::new());
        }
        held.epoch = next_epoch(held.epoch);
        held.last_used_ms = now_ms;
        drop(held);
        FetchContext::Incremental(session)
    }

    /// Ends a request: which of its answers are sent, and the session id to send with them. `answers` are in the order
    /// in which they were read; `random` draws the id of a new session.
    pub fn finish(
        &self,
        context: &FetchContext,
        answers: &[(PartitionKey, Option<Arc<str>>, Summary)],
        uses_topic_ids: bool,
        now_ms: i64,
        random: impl FnMut() -> u64,
    ) -> (i32, Vec<bool>) {
        match context {
            FetchContext::Sessionless(_) | FetchContext::Failed(_) => (0, vec![true; answers.len()]),
            FetchContext::Full(entries) => {
                let id = self.create(entries, answers, uses_topic_ids, now_ms, random);
                (id, vec![true; answers.len()])
            }
            FetchContext::Incremental(session) => {
                let mut session = lock(session);
                let kept = answers.iter().map(|(key, name, summary)| {
                    if let Some(name) = name {
                        session.resolve(key, name);
                    }
                    session.admit(key, *summary)
                });
                let kept = kept.collect();
                (session.id, kept)
            }
        }
    }

    /// Keeps a new session if there is a slot; 0 if there is none, which is no failure (S7).
    fn create(
        &self,
        entries: &[Entry],
        answers: &[(PartitionKey, Option<Arc<str>>, Summary)],
        uses_topic_ids: bool,
        now_ms: i64,
        mut random: impl FnMut() -> u64,
    ) -> i32 {
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= self.slots && !evict(&mut sessions, entries.len(), now_ms) {
            return 0;
        }
        let id = loop {
            let id = i32::try_from(random() & 0x7fff_ffff).unwrap_or(0);
            if id > 0 && !sessions.contains_key(&id) {
                break id;
            }
        };
        let mut session = Session::new(id, uses_topic_ids, now_ms);
        for entry in entries {
            session.put(entry.key.clone(), entry.wanted.clone());
        }
        for (key, name, summary) in answers {
            if let Some(name) = name {
                session.resolve(key, name);
            }
            if let Some(cached) = session.places.get(key).and_then(|place| session.order.get_mut(place)) {
                cached.high_watermark = if summary.must_send { -1 } else { summary.high_watermark };
                cached.log_start = summary.log_start;
            }
        }
        sessions.insert(id, Arc::new(Mutex::new(session)));
        id
    }
}

/// Frees one slot: of a session that was idle long enough, else of one that is old enough and smaller than the new
/// one. False if there is neither.
fn evict(sessions: &mut BTreeMap<i32, Arc<Mutex<Session>>>, size: usize, now_ms: i64) -> bool {
    let facts = sessions.iter().map(|(id, session)| {
        let session = lock(session);
        (*id, session.last_used_ms, session.created_ms, session.order.len())
    });
    let facts: Vec<_> = facts.collect();
    let idle = facts.iter().min_by_key(|fact| fact.1).filter(|fact| now_ms - fact.1 > EVICTION_MS);
    let smaller = facts.iter().filter(|fact| now_ms - fact.2 > EVICTION_MS && fact.3 < size).min_by_key(|fact| fact.3);
    match idle.or(smaller) {
        Some(fact) => sessions.remove(&fact.0).is_some(),
        None => false,
    }
}

/// A partition named twice is read once, as its last mention says (F19b).
fn distinct(partitions: Vec<(PartitionKey, Wanted)>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(partitions.len());
    let mut places = BTreeMap::new();
    for (key, wanted) in partitions {
        match places.get(&key) {
            Some(place) => {
                let entry: &mut Entry = &mut entries[*place];
                entry.wanted = wanted;
            }
            None => {
                places.insert(key.clone(), entries.len());
                entries.push(Entry { key, wanted, resolved: None });
            }
        }
    }
    entries
}

/// After the largest epoch comes 1, never 0 (S2).
fn next_epoch(epoch: i32) -> i32 {
    if epoch == i32::MAX { 1 } else { epoch + 1 }
}

#[cfg(test)]
#[path = "sessions_test.rs"]
mod sessions_test;
