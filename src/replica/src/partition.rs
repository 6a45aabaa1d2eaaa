//! One partition: the handle through which everything reaches its log.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use klamm_base::{ErrorCode, LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, TopicId, TopicPartition};
use klamm_env::Clock;
use klamm_log::{Appendable, Appended, Flusher, LogConfig, LogDir, Origin, Reader, Writer};
use klamm_record::{HEADER_LEN, is_crc_valid, validate_produced};
use klamm_settings::TopicConfig;
use tokio::sync::Notify;

use crate::config::rules;
use crate::error::{Error, ProduceRefusal, read_code};
use crate::metric::PartitionMetrics;
use crate::sessions::Wanted;
use crate::waiters::{Parked, Waiters};

/// A partition that this node leads. It owns the log's writer.
pub struct Partition {
    /// Which.
    pub id: TopicPartition,
    /// The incarnation of its topic.
    pub topic_id: TopicId,
    /// The log directory that holds it.
    pub(crate) dir: Arc<LogDir>,
    leader_epoch: LeaderEpoch,
    reader: Reader,
    /// `None` once the log is closed: then nothing is appended any more.
    writer: Mutex<Option<Writer>>,
    /// Held while the log start moves and is kept on disk, so that the file never falls behind what a client was told.
    deleting: Mutex<()>,
    flusher: Flusher,
    /// `log_start <= high_watermark <= leo`; never goes back.
    high_watermark: AtomicI64,
    waiters: Arc<Waiters>,
    config: ArcSwap<TopicConfig>,
    metrics: PartitionMetrics,
    clock: Clock,
    /// True once its topic is deleted.
    retired: AtomicBool,
    /// True if a segment was rolled since the last sync.
    rolled: AtomicBool,
    /// When a record was first seen unsynced, by the clock; `i64::MAX` if all is synced.
    unsynced_since_ms: AtomicI64,
}

/// Up to where a read may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// What is committed.
    HighWatermark,
    /// Everything.
    LogEnd,
}

/// What became of a produced batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Produced {
    /// The offset of its first record.
    pub base_offset: Offset,
    /// When the broker stamped it, -1 if the producer's times were kept. For a duplicate the time in the log (I2).
    pub log_append_time_ms: i64,
    /// The log's start.
    pub log_start: Offset,
}

/// What a fetch found. The marks are those of the moment before the read (F7).
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Whole batches, perhaps none.
    pub records: Bytes,
    /// The offset after the last record; the offset that was asked for if there is none.
    pub next_offset: Offset,
    /// The high watermark.
    pub high_watermark: Offset,
    /// The log's start.
    pub log_start: Offset,
    /// Where the client's log parts from this one (KIP-595), instead of records.
    pub diverging: Option<(LeaderEpoch, Offset)>,
}

/// A producer with state in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerDescription {
    /// Its id.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// The sequence of its last record.
    pub last_sequence: Sequence,
    /// The time of its last batch.
    pub last_timestamp_ms: i64,
}

/// A timestamp with the record that has it.
type Timestamped = (i64, Offset, LeaderEpoch);

pub(crate) struct Opened {
    pub writer: Writer,
    pub reader: Reader,
    pub flusher: Flusher,
    pub dir: Arc<LogDir>,
}

impl Partition {
    pub(crate) fn new(
        id: TopicPartition,
        topic_id: TopicId,
        leader_epoch: LeaderEpoch,
        opened: Opened,
        config: TopicConfig,
        metrics: PartitionMetrics,
        clock: Clock,
    ) -> Partition {
        Partition {
            id,
            topic_id,
            dir: opened.dir,
            leader_epoch,
            high_watermark: AtomicI64::new(opened.reader.leo().0),
            reader: opened.reader,
            writer: Mutex::new(Some(opened.writer)),
            deleting: Mutex::new(()),
            flusher: opened.flusher,
            waiters: Arc::default(),
            config: ArcSwap::from_pointee(config),
            metrics,
            clock,
            retired: AtomicBool::new(false),
            rolled: AtomicBool::new(false),
            unsynced_since_ms: AtomicI64::new(i64::MAX),
        }
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deleting(&self) -> MutexGuard<'_, ()> {
        self.deleting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends the one batch in `records`, which came in a produce request of `version`. Validation runs before the
    /// lock is taken, so that producers hold each other up only while bytes are written.
    ///
    /// # Errors
    /// What the client is told; then nothing was appended.
    pub fn produce(&self, records: &Bytes, version: i16) -> Result<Produced, ProduceRefusal> {
        let produced = self.try_produce(records, version).map_err(|refusal| self.with_start(refusal, records));
        if produced.is_err() {
            self.metrics.produce_failed();
        }
        produced
    }

    fn try_produce(&self, records: &Bytes, version: i16) -> Result<Produced, ProduceRefusal> {
        let config = self.config.load();
        let now_ms = self.clock.now_ms();
        let valid = validate_produced(records, &rules(&config, version), now_ms)?;
        let (messages, bytes) = (valid.record_count, valid.body.len() + HEADER_LEN);
        let batch = Appendable { header: valid.header, body: valid.body, info: valid.info };
        let appended = self.append(&batch, Origin::Client, now_ms)?;
        if !appended.duplicate {
            self.metrics.produced(u64::try_from(messages).unwrap_or(0), bytes as u64);
        }
        Ok(Produced {
            base_offset: appended.base_offset,
            log_append_time_ms: appended.log_append_time_ms,
            log_start: self.log_start(),
        })
    }

    /// A refusal tells the log's start, but for those that Kafka makes out before it has looked at the log
    /// (`ReplicaManager.appendRecordsToLeader`).
    fn with_start(&self, refusal: ProduceRefusal, records: &Bytes) -> ProduceRefusal {
        let early = match refusal.code {
            ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge | ErrorCode::KafkaStorageError => true,
            ErrorCode::CorruptMessage => !is_crc_valid(records),
            _ => false,
        };
        if early { refusal } else { ProduceRefusal { log_start: self.log_start(), ..refusal } }
    }

    /// Appends a batch that this node built: a coordinator's. Returns the offset after its last record.
    ///
    /// # Errors
    /// What a client would be told.
    pub fn append_own(&self, batch: &Bytes) -> Result<Offset, ErrorCode> {
        let config = self.config.load();
        if batch.len() > usize::try_from(config.max_message_bytes).unwrap_or(0) {
            return Err(ErrorCode::MessageTooLarge);
        }
        let batch = klamm_record::Batch::parse(batch).map_err(|_| ErrorCode::UnknownServerError)?;
        let batch = Appendable { header: batch.header.to_array(), body: batch.body(), info: batch.header };
        let appended = self.append(&batch, Origin::Coordinator, self.clock.now_ms()).map_err(|refusal| refusal.code)?;
        Ok(appended.last_offset.plus(1))
    }

    fn append(&self, batch: &Appendable, origin: Origin, now_ms: i64) -> Result<Appended, ProduceRefusal> {
        let mut held = self.writer();
        let writer = held.as_mut().ok_or_else(|| self.closed_code())?;
        let appended = writer.append(batch, self.leader_epoch, origin, now_ms)?;
        // The only replica has it: it is committed.
        let before = self.high_watermark.swap(self.reader.leo().0, Ordering::AcqRel);
        drop(held);
        assert!(before <= self.reader.leo().0, "a high watermark never goes back");
        if appended.rolled {
            self.rolled.store(true, Ordering::Release);
        }
        if !appended.duplicate {
            self.waiters.wake();
        }
        Ok(appended)
    }

    /// What a client is told that wants to write to a log that is closed: its topic is deleted, or the broker stops.
    fn closed_code(&self) -> ErrorCode {
        if self.is_retired() { ErrorCode::UnknownTopicOrPartition } else { ErrorCode::NotLeaderOrFollower }
    }

    fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// Reads up to `max_bytes` for a client; with `min_one` the first batch whatever its size.
    ///
    /// # Errors
    /// What the client is told.
    pub fn fetch(&self, wanted: &Wanted, max_bytes: usize, min_one: bool) -> Result<Fetched, ErrorCode> {
        let fetched = self.try_fetch(wanted, max_bytes, min_one);
        match &fetched {
            Ok(fetched) => self.metrics.fetched(fetched.records.len() as u64),
            Err(_) => self.metrics.fetch_failed(),
        }
        fetched
    }

    fn try_fetch(&self, wanted: &Wanted, max_bytes: usize, min_one: bool) -> Result<Fetched, ErrorCode> {
        if self.is_retired() {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        if wanted.current_leader_epoch.0 >= 0 {
            self.check_epoch_strictly(wanted.current_leader_epoch)?;
        }
        // In this order: the start never passes the watermark that is read after it.
        let log_start = self.log_start();
        let high_watermark = self.high_watermark();
        let next_offset = wanted.fetch_offset;
        let nothing = Fetched { records: Bytes::new(), next_offset, high_watermark, log_start, diverging: None };
        if let Some(diverging) = self.divergence(wanted)? {
            return Ok(Fetched { diverging: Some(diverging), ..nothing });
        }
        let read = self.reader.read(wanted.fetch_offset, max_bytes, min_one, high_watermark);
        if self.is_retired() {
            // The folder went while it was read; what came may be of the topic that has the name now.
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        let read = read.map_err(|error| read_code(&error))?;
        Ok(Fetched { records: without_waste(read.bytes), next_offset: read.next_offset, ..nothing })
    }

    /// Reads again, from the batch that holds `from` on, what a fetch has read before, and the offset after it.
    pub(crate) fn read_again(&self, from: Offset, max_bytes: usize, end: Offset) -> std::io::Result<(Bytes, Offset)> {
        let read = self.reader.read(from, max_bytes, true, end).map_err(std::io::Error::other)?;
        if self.retired.load(Ordering::Acquire) {
            return Err(std::io::Error::other("the topic was deleted"));
        }
        Ok((without_waste(read.bytes), read.next_offset))
    }

    /// Where the log of a client that names the epoch of its last record parts from this one (F12).
    fn divergence(&self, wanted: &Wanted) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
        if wanted.last_fetched_epoch.0 < 0 {
            return Ok(None);
        }
        let (epoch, end) = self.end_of_epoch(wanted.last_fetched_epoch);
        if epoch == LeaderEpoch::NONE || end == Offset::NONE {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let parts = epoch < wanted.last_fetched_epoch || end < wanted.fetch_offset;
        Ok(parts.then_some((epoch, end)))
    }

    /// Reads whole batches from `from` on for a coordinator that loads its state; empty at the end.
    ///
    /// # Errors
    /// As a client would be told.
    pub fn read_own(&self, from: Offset, max_bytes: usize) -> Result<Bytes, ErrorCode> {
        let read = self.reader.read(from, max_bytes, true, self.high_watermark());
        read.map(|read| read.bytes).map_err(|error| read_code(&error))
    }

    /// Wakes `wake` at every move of this partition until the returned place is dropped.
    pub fn park(&self, wake: &Arc<Notify>) -> Parked {
        self.waiters.park(wake.clone())
    }

    /// Checks the leader epoch that a client knows; any negative one but -1 is an old one (F11).
    ///
    /// # Errors
    /// FENCED_LEADER_EPOCH for an older epoch than ours, UNKNOWN_LEADER_EPOCH for a newer one.
    pub fn check_epoch_strictly(&self, known: LeaderEpoch) -> Result<(), ErrorCode> {
        match known.cmp(&self.leader_epoch) {
            _ if known == LeaderEpoch::NONE => Ok(()),
            std::cmp::Ordering::Less => Err(ErrorCode::FencedLeaderEpoch),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(ErrorCode::UnknownLeaderEpoch),
        }
    }

    /// The first offset that can be read.
    pub fn log_start(&self) -> Offset {
        self.reader.log_start()
    }

    /// Everything below is committed.
    pub fn high_watermark(&self) -> Offset {
        Offset(self.high_watermark.load(Ordering::Acquire))
    }

    /// The end, as far as `bound` lets see.
    pub fn end(&self, bound: Bound) -> Offset {
        match bound {
            Bound::HighWatermark => self.high_watermark(),
            Bound::LogEnd => self.reader.leo(),
        }
    }

    /// The epoch of this leader, which ListOffsets tells with the latest offset.
    pub fn leader_epoch(&self) -> LeaderEpoch {
        self.leader_epoch
    }

    /// The epoch of the first record; of this leader, if there is none.
    pub fn epoch_at_start(&self) -> LeaderEpoch {
        self.reader.epoch_for_offset(self.log_start()).unwrap_or(self.leader_epoch)
    }

    /// The epoch of the end of the log.
    pub fn epoch_at_end(&self) -> LeaderEpoch {
        self.leader_epoch
    }

    /// The first record with the newest timestamp, also below the log's start, as Kafka answers (L2).
    ///
    /// # Errors
    /// KAFKA_STORAGE_ERROR if the disk fails.
    pub fn max_timestamp(&self) -> Result<Option<Timestamped>, ErrorCode> {
        let found = self.reader.max_timestamp().map_err(|error| read_code(&error))?;
        Ok(found.map(|found| (found.timestamp_ms, found.offset, found.leader_epoch)))
    }

    /// The first record at or after `timestamp_ms` below `bound` (L3).
    ///
    /// # Errors
    /// KAFKA_STORAGE_ERROR if the disk fails.
    pub fn find_timestamp(&self, timestamp_ms: i64, bound: Bound) -> Result<Option<Timestamped>, ErrorCode> {
        let found =
            self.reader.offset_for_timestamp(timestamp_ms, self.end(bound)).map_err(|error| read_code(&error))?;
        Ok(found.map(|found| (found.timestamp_ms, found.offset, found.leader_epoch)))
    }

    /// Where `epoch` ended here; (-1, -1) if that is unknown (L6). This leader's own epoch ends at the log's end even
    /// where nothing was appended in it.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        if epoch == self.leader_epoch {
            return (epoch, self.reader.leo());
        }
        if epoch < LeaderEpoch::NONE {
            // Before every epoch there is, so the first one's start is its end.
            return (epoch, self.log_start());
        }
        let end = self.reader.end_offset_for_epoch(epoch);
        (end.epoch, end.end_offset)
    }

    /// Deletes the records below `offset`, -1 for all that are committed; the new start is on disk when this returns
    /// (D6). Blocks on the disk.
    ///
    /// # Errors
    /// OFFSET_OUT_OF_RANGE above the high watermark or for another negative offset, POLICY_VIOLATION for a topic that
    /// is only compacted, KAFKA_STORAGE_ERROR if the disk fails, and what a closed log is told.
    pub fn delete_records(&self, offset: i64) -> Result<Offset, ErrorCode> {
        let _one_at_a_time = self.deleting();
        let policy = self.config.load();
        if policy.cleanup_policy.compact && !policy.cleanup_policy.delete {
            return Err(ErrorCode::PolicyViolation);
        }
        let high_watermark = self.high_watermark();
        let to = if offset == -1 { high_watermark } else { Offset(offset) };
        if to < Offset::ZERO || to > high_watermark {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let stored = |error: &dyn std::fmt::Display| {
            tracing::error!(partition = %self.id, %error, "records could not be deleted");
            ErrorCode::KafkaStorageError
        };
        let start = {
            let mut held = self.writer();
            let writer = held.as_mut().ok_or_else(|| self.closed_code())?;
            writer.delete_records(to).map_err(|error| stored(&error))?
        };
        self.dir.save_log_start(&self.id, Some(start)).map_err(|error| stored(&error))?;
        self.waiters.wake();
        Ok(start)
    }

    /// The producers with state here.
    pub fn producers(&self) -> Vec<ProducerDescription> {
        let describe = |entry: &klamm_log::ProducerEntry| ProducerDescription {
            producer_id: entry.producer_id,
            producer_epoch: entry.epoch,
            last_sequence: entry.last_sequence(),
            last_timestamp_ms: entry.last_timestamp_ms,
        };
        self.writer().iter().flat_map(Writer::producers).map(describe).collect()
    }

    /// The bytes of its segments.
    pub fn size_bytes(&self) -> u64 {
        self.reader.size_bytes()
    }

    /// Takes on a changed configuration; appends under way see the old one or the new one whole (V6).
    pub(crate) fn set_config(&self, config: TopicConfig, log_config: LogConfig) {
        if let Some(writer) = self.writer().as_mut() {
            writer.set_config(log_config);
        }
        self.config.store(Arc::new(config));
    }

    /// How the topic is configured.
    pub fn config(&self) -> Arc<TopicConfig> {
        self.config.load_full()
    }

    /// Syncs what was appended so far; the new recovery point. Blocks on the disk, but not the appends.
    pub(crate) fn flush(&self) -> Result<Offset, Error> {
        // What is appended from here on has a time of its own.
        self.unsynced_since_ms.store(i64::MAX, Ordering::Relaxed);
        self.flusher.flush().map_err(|source| self.fault(source))
    }

    /// Everything below survives a power cut.
    pub(crate) fn recovery_point(&self) -> Offset {
        self.reader.recovery_point()
    }

    /// True if it should be synced now: a segment was rolled, or the oldest unsynced record is older than `flush.ms`.
    pub(crate) fn is_flush_due(&self) -> bool {
        if self.recovery_point() == self.reader.leo() {
            self.unsynced_since_ms.store(i64::MAX, Ordering::Relaxed);
            return false;
        }
        let now_ms = self.clock.now_ms();
        let since_ms = self.unsynced_since_ms.fetch_min(now_ms, Ordering::Relaxed).min(now_ms);
        let rolled = self.rolled.swap(false, Ordering::AcqRel);
        rolled || now_ms.saturating_sub(since_ms) >= self.config.load().flush_ms
    }

    /// Forgets producers that were silent for too long and removes segments that were deleted.
    pub(crate) fn tidy(&self) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        let mut held = self.writer();
        let Some(writer) = held.as_mut() else { return Ok(()) };
        writer.expire_producers(now_ms);
        let tidied = writer.retire_segments(now_ms).and_then(|_| writer.remove_expired_files(now_ms));
        tidied.map(drop).map_err(|source| self.fault(source))
    }

    /// Syncs everything and writes what a clean start needs; nothing is appended afterwards. The recovery point.
    pub(crate) fn close(&self) -> Result<Offset, Error> {
        match self.writer().take() {
            Some(writer) => writer.close().map_err(|source| self.fault(source)),
            None => Ok(self.recovery_point()),
        }
    }

    /// Closes the log of a deleted topic and wakes who waits. When this returns nothing of this partition is written
    /// any more, neither records nor its log start.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        let _no_delete_is_under_way = self.deleting();
        self.writer().take();
        self.waiters.wake();
    }

    fn fault(&self, source: klamm_log::Error) -> Error {
        Error::Log { partition: self.id.to_string(), source }
    }
}

/// A read takes memory for the bytes that it may give; where whole batches are much less, as before a large one, they
/// must not keep all of it.
fn without_waste(records: Bytes) -> Bytes {
    match records.try_into_mut() {
        Ok(records) if records.capacity() / 2 > records.len() => Bytes::copy_from_slice(&records),
        Ok(records) => records.freeze(),
        Err(records) => records,
    }
}

#[cfg(test)]
#[path = "partition_test.rs"]
mod partition_test;
