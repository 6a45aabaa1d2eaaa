//! What waits to be sent, in memory: batches by partition, sequences, retries (`RecordAccumulator`, `TransactionManager`).
//!
//! Pure: it is told the time and what became of a batch, and says what to send. Batches of a partition go out in their
//! order; after one came back to be tried again, the others of its partition come home before anything goes out anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use klamm_base::{ErrorCode, Sequence};
use tokio::time::{Duration, Instant};

use super::batch::{Batch, NewRecord, Open, SPAN, Sent};
use super::config::ProducerConfig;
use crate::thrown::Thrown;

/// A partition.
pub(super) type Key = (Arc<str>, i32);

/// What became of records that were sent together.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) topic: Arc<str>,
    pub(crate) sent: Vec<Sent>,
    /// Why they were not delivered.
    pub(crate) fault: Option<Thrown>,
}

/// A batch to send.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) key: Key,
    pub(super) place: u64,
    pub(super) bytes: Bytes,
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// The broker has it, or nobody will ever say.
    Written,
    /// The broker refused it.
    Refused(ErrorCode, Option<String>),
    /// Nobody could be asked.
    Unsent,
}

/// The batches of a producer.
pub(super) struct Queues {
    config: ProducerConfig,
    parts: BTreeMap<Key, Part>,
    next_place: u64,
    used_bytes: usize,
    unfinished: usize,
    deliveries: Vec<Delivery>,
    keeps_successes: bool,
    /// Producer id and epoch.
    pub(super) identity: Option<(i64, i16)>,
    /// An outcome is unknown: sequences begin anew with the next epoch once everything has come home.
    restarts: bool,
    /// Nothing can be sent any more.
    pub(super) broken: Option<Thrown>,
    /// Everything goes out at once, lingering or not.
    pub(super) flushing: bool,
    /// Somebody waits for room: as [`Queues::flushing`], until there is some.
    hurries: bool,
}

#[derive(Default)]
struct Part {
    open: Option<Open>,
    ready: VecDeque<Batch>,
    flying: Vec<Batch>,
    next: i32,
    /// The sequence that the broker waits for.
    awaited: i32,
    rests_until: Option<Instant>,
}

impl Queues {
    pub(super) fn new(config: ProducerConfig, keeps_successes: bool) -> Queues {
        Queues {
            config,
            parts: BTreeMap::new(),
            next_place: 0,
            used_bytes: 0,
            unfinished: 0,
            deliveries: Vec::new(),
            keeps_successes,
            identity: None,
            restarts: false,
            broken: None,
            flushing: false,
            hurries: false,
        }
    }

    pub(super) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Somebody waits for room.
    pub(super) fn hurry(&mut self) {
        self.hurries = true;
    }

    /// True if no record waits for its fate.
    pub(super) fn is_done(&self) -> bool {
        self.unfinished == 0
    }

    pub(super) fn deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }

    pub(super) fn report(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery);
    }

    /// True if the record would begin a new batch.
    pub(super) fn would_open(&self, key: &Key, record: NewRecord<'_>) -> bool {
        let open = self.parts.get(key).and_then(|part| part.open.as_ref());
        open.is_none_or(|open| open.size_bytes() + record.size_bytes() - 61 > self.config.batch_size_bytes)
    }

    /// Takes a record. True if there is something to send at once.
    pub(super) fn append(&mut self, key: &Key, record: NewRecord<'_>, timestamp_ms: i64, now: Instant) -> bool {
        let fresh = self.would_open(key, record);
        let mut full = false;
        if fresh {
            full = self.close(key);
        }
        let (codec, level) = (self.config.codec, self.config.level);
        if !self.parts.contains_key(key) {
            self.parts.insert(key.clone(), Part::default());
        }
        let Some(part) = self.parts.get_mut(key) else { return false };
        let before = part.open.as_ref().map_or(0, Open::size_bytes);
        if part.open.is_none() {
            self.unfinished += 1;
        }
        let open = part.open.get_or_insert_with(|| Open::new(codec, level, now));
        open.append(record, timestamp_ms, now);
        self.used_bytes += open.size_bytes() - before;
        full || (fresh && self.config.linger.is_zero()) || open.size_bytes() >= self.config.batch_size_bytes
    }

    /// Closes the open batch of a partition, if there is one.
    fn close(&mut self, key: &Key) -> bool {
        let Some(part) = self.parts.get_mut(key) else { return false };
        let Some(open) = part.open.take() else { return false };
        self.next_place += SPAN;
        part.ready.push_back(open.close(self.next_place));
        true
    }

    /// The partitions that have something to send now.
    pub(super) fn ready(&mut self, now: Instant) -> Vec<Key> {
        if self.config.idempotent && (self.identity.is_none() || self.restarts) {
            return Vec::new();
        }
        let hurry = self.flushing || std::mem::take(&mut self.hurries);
        let (linger, size) = (self.config.linger, self.config.batch_size_bytes);
        let due = |open: &Open| hurry || open.created + linger <= now || open.size_bytes() >= size;
        let due: Vec<Key> = self
            .parts
            .iter()
            .filter(|(_, part)| part.ready.is_empty() && part.open.as_ref().is_some_and(due))
            .map(|(key, _)| key.clone())
            .collect();
        due.iter().for_each(|key| {
            self.close(key);
        });
        self.parts.iter().filter(|(_, part)| part.may_send(now)).map(|(key, _)| key.clone()).collect()
    }

    /// Takes the next batch of a partition, if it is below `room_bytes`, to send it.
    pub(super) fn take(&mut self, key: &Key, room_bytes: usize) -> Option<Outgoing> {
        let identity = self.identity.filter(|_| self.config.idempotent);
        let part = self.parts.get_mut(key)?;
        if part.ready.front()?.size_bytes() > room_bytes {
            return None;
        }
        let mut batch = part.ready.pop_front()?;
        if identity.is_some() && batch.sequence.is_none() {
            batch.sequence = Some(Sequence(part.next));
            part.next = Sequence(part.next).plus(batch.count()).0;
        }
        let bytes = batch.bytes(identity, self.config.transactional_id.is_some());
        let outgoing = Outgoing { key: key.clone(), place: batch.order.place, bytes };
        part.flying.push(batch);
        Some(outgoing)
    }

    /// Is told what became of a batch.
    pub(super) fn finish(&mut self, key: &Key, place: u64, outcome: Outcome, now: Instant) {
        let Some(part) = self.parts.get_mut(key) else { return };
        let Some(at) = part.flying.iter().position(|batch| batch.order.place == place) else { return };
        let mut batch = part.flying.remove(at);
        match outcome {
            Outcome::Written | Outcome::Refused(ErrorCode::DuplicateSequenceNumber, _) => {
                if let Some(sequence) = batch.sequence {
                    part.awaited = sequence.plus(batch.count()).0;
                }
                self.settle(key, batch, None);
            }
            Outcome::Unsent => self.again(key, batch, now),
            Outcome::Refused(ErrorCode::MessageTooLarge, _) if batch.sent.len() > 1 => {
                match batch.split(self.config.codec, self.config.level) {
                    Some([first, second]) => {
                        self.unfinished += 1;
                        self.put_back(key, second);
                        self.put_back(key, first);
                    }
                    None => self.fail(key, batch, Thrown::coded(ErrorCode::MessageTooLarge, None)),
                }
            }
            Outcome::Refused(code, message) => {
                let early = batch.sequence.is_some_and(|sequence| sequence.0 != part.awaited);
                let stale = batch.sent_sequence != batch.sequence;
                if code == ErrorCode::OutOfOrderSequenceNumber && (early || stale) {
                    return self.again(key, batch, now);
                }
                batch.attempts += 1;
                if may_pass(code) && batch.attempts <= self.config.retries {
                    return self.again(key, batch, now);
                }
                if matches!(code, ErrorCode::InvalidProducerEpoch | ErrorCode::ProducerFenced) {
                    self.broken = Some(Thrown::coded(code, message.clone()));
                }
                self.restarts |= batch.sequence.is_some()
                    && (may_pass(code)
                        || matches!(code, ErrorCode::OutOfOrderSequenceNumber | ErrorCode::UnknownProducerId));
                self.fail(key, batch, Thrown::coded(code, message));
            }
        }
        self.restart_if_home();
    }

    /// Fails everything that is older than `delivery.timeout.ms` and not on its way.
    pub(super) fn expire(&mut self, now: Instant) {
        let span = self.config.delivery_timeout;
        let old: Vec<Key> = self
            .parts
            .iter()
            .filter(|(_, part)| part.oldest().is_some_and(|created| created + span <= now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in old {
            self.close(&key);
            while let Some(part) = self.parts.get_mut(&key) {
                let Some(at) = part.ready.iter().position(|batch| batch.created + span <= now) else { break };
                let Some(batch) = part.ready.remove(at) else { break };
                self.restarts |= batch.sequence.is_some();
                let (count, ms) = (batch.sent.len(), span.as_millis());
                let why = format!(
                    "Expiring {count} record(s) for {}-{}:{ms} ms has passed since batch creation",
                    key.0, key.1
                );
                self.fail(&key, batch, Thrown::coded(ErrorCode::RequestTimedOut, Some(why)));
            }
        }
        self.restart_if_home();
    }

    /// Fails whatever is not on its way: the producer cannot go on.
    pub(super) fn fail_all(&mut self, fault: &Thrown) {
        let keys: Vec<Key> = self.parts.keys().cloned().collect();
        for key in keys {
            self.close(&key);
            let waiting = self.parts.get_mut(&key).map(|part| std::mem::take(&mut part.ready)).unwrap_or_default();
            waiting.into_iter().for_each(|batch| self.settle(&key, batch, Some(fault.clone())));
        }
    }

    /// When something is due by itself: a batch has lingered, rested, or is too old.
    pub(super) fn next_event(&self) -> Option<Instant> {
        let of = |part: &Part| {
            let linger = part.open.as_ref().map(|open| open.created + self.config.linger);
            let rest = part.rests_until.filter(|_| !part.ready.is_empty());
            let old = part.oldest().map(|created| created + self.config.delivery_timeout);
            [linger, rest, old].into_iter().flatten().min()
        };
        self.parts.values().filter_map(of).min()
    }

    fn again(&mut self, key: &Key, batch: Batch, now: Instant) {
        let doublings = batch.attempts.saturating_sub(1).min(16);
        let rest = (self.config.retry_backoff * (1 << doublings)).min(self.config.retry_backoff_max);
        if let Some(part) = self.parts.get_mut(key) {
            part.rests_until = Some(now + rest);
        }
        self.put_back(key, batch);
    }

    /// Puts a batch back at its place.
    fn put_back(&mut self, key: &Key, mut batch: Batch) {
        batch.returned = true;
        let Some(part) = self.parts.get_mut(key) else { return };
        let at = part.ready.partition_point(|other| other.order.place < batch.order.place);
        part.ready.insert(at, batch);
    }

    /// A batch is lost; the sequences of those behind it close the gap.
    fn fail(&mut self, key: &Key, batch: Batch, fault: Thrown) {
        if let (Some(failed), Some(part), false) = (batch.sequence, self.parts.get_mut(key), self.restarts) {
            let count = batch.count();
            let later =
                part.ready.iter_mut().chain(&mut part.flying).filter(|other| other.order.place > batch.order.place);
            for other in later {
                other.sequence = other.sequence.map(|sequence| sequence.plus(-count));
            }
            part.next = Sequence(part.next).plus(-count).0;
            part.awaited = failed.0.min(part.awaited);
        }
        self.settle(key, batch, Some(fault));
    }

    fn settle(&mut self, key: &Key, batch: Batch, fault: Option<Thrown>) {
        self.used_bytes = self.used_bytes.saturating_sub(batch.charge_bytes);
        self.unfinished -= 1;
        if fault.is_some() || self.keeps_successes {
            self.deliveries.push(Delivery { topic: key.0.clone(), sent: batch.sent, fault });
        }
    }

    /// Begins the next epoch with sequences from 0 (`bumpIdempotentProducerEpoch`), once nothing is on its way.
    fn restart_if_home(&mut self) {
        if !self.restarts || self.parts.values().any(|part| !part.flying.is_empty()) {
            return;
        }
        self.restarts = false;
        self.identity = self.identity.and_then(|(id, epoch)| epoch.checked_add(1).map(|epoch| (id, epoch)));
        for part in self.parts.values_mut() {
            (part.next, part.awaited) = (0, 0);
            part.ready.iter_mut().for_each(|batch| batch.sequence = None);
        }
    }
}

impl Part {
    fn may_send(&self, now: Instant) -> bool {
        let rests = self.rests_until.is_some_and(|until| until > now);
        let returned = self.ready.front().is_some_and(|batch| batch.returned);
        !self.ready.is_empty() && !rests && (!returned || self.flying.is_empty())
    }

    fn oldest(&self) -> Option<Instant> {
        let ready = self.ready.iter().map(|batch| batch.created).min();
        [ready, self.open.as_ref().map(|open| open.created)].into_iter().flatten().min()
    }
}

/// True for what another try may mend (`RetriableException`).
pub(super) fn may_pass(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::UnknownTopicOrPartition
            | ErrorCode::LeaderNotAvailable
            | ErrorCode::NotLeaderOrFollower
            | ErrorCode::RequestTimedOut
            | ErrorCode::ReplicaNotAvailable
            | ErrorCode::NetworkException
            | ErrorCode::CorruptMessage
            | ErrorCode::NotEnoughReplicas
            | ErrorCode::NotEnoughReplicasAfterAppend
            | ErrorCode::KafkaStorageError
            | ErrorCode::FencedLeaderEpoch
            | ErrorCode::UnknownLeaderEpoch
            | ErrorCode::UnknownTopicId
            | ErrorCode::InconsistentTopicId
            | ErrorCode::ThrottlingQuotaExceeded
            | ErrorCode::ConcurrentTransactions
    )
}

/// The pause that a user of the queue makes before it looks again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[cfg(test)]
#[path = "queue_test.rs"]
mod queue_test;
