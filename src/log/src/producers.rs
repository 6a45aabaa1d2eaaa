//! What the log knows of idempotent producers: the newest epoch and the last five batches of each (KIP-98,
//! `ProducerStateManager`, `ProducerAppendInfo`).
//!
//! The state follows from the log alone, so that a restart or another replica arrives at the same. Deciding and
//! changing are apart: [`Producers::check`] looks, the append writes, and only then [`Producers::update`] remembers.

use std::collections::{BTreeMap, VecDeque};

use klamm_base::{Offset, ProducerEpoch, ProducerId, Sequence};
use klamm_record::BatchHeader;

use crate::error::AppendError;

/// How many batches of a producer are remembered: a client has at most five in flight
/// (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
pub(crate) const BATCHES_RETAINED: usize = 5;

/// The coordinator epoch of a producer that never ended a transaction here.
const NO_COORDINATOR_EPOCH: i32 = -1;

/// What is remembered of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchEntry {
    /// The sequence of its last record.
    pub last_sequence: Sequence,
    /// The offset of its last record.
    pub last_offset: Offset,
    /// Its last offset minus its first.
    pub offset_delta: i32,
    /// Its newest timestamp, in milliseconds since 1970.
    pub timestamp_ms: i64,
}

impl BatchEntry {
    /// The sequence of its first record.
    pub fn first_sequence(&self) -> Sequence {
        self.last_sequence.plus(self.offset_delta.saturating_neg())
    }

    /// The offset of its first record.
    pub fn first_offset(&self) -> Offset {
        Offset(self.last_offset.0.saturating_sub(i64::from(self.offset_delta)))
    }

    fn of(header: &BatchHeader) -> BatchEntry {
        BatchEntry {
            last_sequence: header.last_sequence(),
            last_offset: header.last_offset(),
            offset_delta: header.last_offset_delta,
            timestamp_ms: header.max_timestamp_ms,
        }
    }
}

/// What is remembered of one producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    /// Who.
    pub producer_id: ProducerId,
    /// Its newest epoch.
    pub epoch: ProducerEpoch,
    /// The epoch of the coordinator that last ended a transaction of it here; -1 if none did.
    pub coordinator_epoch: i32,
    /// Its last batches in this epoch, oldest first, at most five.
    pub batches: VecDeque<BatchEntry>,
    /// The newest timestamp of its last batch, in milliseconds since 1970.
    pub last_timestamp_ms: i64,
}

impl ProducerEntry {
    /// A producer that has sent nothing yet.
    pub(crate) fn new(producer_id: ProducerId, epoch: ProducerEpoch) -> ProducerEntry {
        ProducerEntry {
            producer_id,
            epoch,
            coordinator_epoch: NO_COORDINATOR_EPOCH,
            batches: VecDeque::with_capacity(1),
            last_timestamp_ms: crate::time_index::NO_TIMESTAMP_MS,
        }
    }

    /// The sequence of the last record in this epoch; -1 if there is none.
    pub fn last_sequence(&self) -> Sequence {
        self.batches.back().map_or(Sequence::NONE, |batch| batch.last_sequence)
    }

    /// Remembers a batch of `epoch`; a new epoch forgets the batches of the old one.
    pub(crate) fn push(&mut self, epoch: ProducerEpoch, batch: BatchEntry) {
        if epoch != self.epoch {
            self.batches.clear();
            self.epoch = epoch;
        }
        if self.batches.len() == BATCHES_RETAINED {
            self.batches.pop_front();
        }
        self.batches.push_back(batch);
        self.last_timestamp_ms = batch.timestamp_ms;
    }

    fn duplicate_of(&self, header: &BatchHeader) -> Option<BatchEntry> {
        let is_same = |batch: &&BatchEntry| {
            batch.first_sequence() == header.base_sequence && batch.last_sequence == header.last_sequence()
        };
        if header.producer_epoch == self.epoch { self.batches.iter().find(is_same).copied() } else { None }
    }
}

/// What [`Producers::check`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// To be appended.
    Fresh,
    /// It is in the log already, as this batch.
    Duplicate(BatchEntry),
}

/// The producers of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Producers {
    entries: BTreeMap<ProducerId, ProducerEntry>,
}

/// True for a batch that belongs to a sequence. Control batches do not.
fn is_sequenced(header: &BatchHeader) -> bool {
    header.producer_id > ProducerId::NONE && !header.attributes.is_control()
}

impl Producers {
    /// Whether a batch may be appended at `offset`. `checks_sequence` is false for batches that the broker itself
    /// writes.
    pub(crate) fn check(
        &self,
        header: &BatchHeader,
        offset: Offset,
        checks_sequence: bool,
    ) -> Result<Verdict, AppendError> {
        if !is_sequenced(header) {
            return Ok(Verdict::Fresh);
        }
        let Some(entry) = self.entries.get(&header.producer_id) else { return Ok(Verdict::Fresh) };
        if let Some(batch) = entry.duplicate_of(header) {
            return Ok(Verdict::Duplicate(batch));
        }
        if header.producer_epoch < entry.epoch {
            return Err(AppendError::InvalidProducerEpoch {
                producer_id: header.producer_id,
                offset,
                epoch: header.producer_epoch,
                current: entry.epoch,
            });
        }
        if checks_sequence && !is_next(entry, header) {
            return Err(AppendError::OutOfOrderSequence {
                producer_id: header.producer_id,
                offset,
                first: header.base_sequence,
                last: entry.last_sequence(),
            });
        }
        Ok(Verdict::Fresh)
    }

    /// Remembers a batch that is in the log, with its final offsets.
    pub(crate) fn update(&mut self, header: &BatchHeader) {
        if is_sequenced(header) {
            let epoch = header.producer_epoch;
            let entry = self.entries.entry(header.producer_id);
            let entry = entry.or_insert_with(|| ProducerEntry::new(header.producer_id, epoch));
            entry.push(epoch, BatchEntry::of(header));
        }
    }

    /// Adds or replaces a producer.
    pub(crate) fn insert(&mut self, entry: ProducerEntry) {
        self.entries.insert(entry.producer_id, entry);
    }

    /// The producer with this id, to add to.
    pub(crate) fn entry_mut(&mut self, producer_id: ProducerId, epoch: ProducerEpoch) -> &mut ProducerEntry {
        self.entries.entry(producer_id).or_insert_with(|| ProducerEntry::new(producer_id, epoch))
    }

    /// All producers, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ProducerEntry> {
        self.entries.values()
    }

    /// Forgets producers whose last batch is older than `expiration_ms`.
    pub(crate) fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        self.entries.retain(|_, entry| now_ms.saturating_sub(entry.last_timestamp_ms) < expiration_ms);
    }
}

/// Whether the batch's first sequence follows what the producer sent last.
fn is_next(entry: &ProducerEntry, header: &BatchHeader) -> bool {
    if entry.epoch == ProducerEpoch::NONE {
        return true;
    }
    if header.producer_epoch != entry.epoch {
        return header.base_sequence == Sequence(0);
    }
    match entry.batches.back() {
        Some(last) => header.base_sequence == last.last_sequence.plus(1),
        None => header.base_sequence == Sequence(0),
    }
}
