//! The one writer of a log: roll, leader epochs, producers, close. Appending is in `append.rs`, removal in `retire.rs`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use klamm_base::{LeaderEpoch, Offset};
use klamm_record::BatchHeader;

use crate::config::LogConfig;
use crate::epochs;
use crate::error::Error;
use crate::flush::{Flusher, save_epochs};
use crate::names;
use crate::producer_snapshot;
use crate::producers::{ProducerEntry, Producers};
use crate::reader::Reader;
use crate::segment::Segment;
use crate::shared::Shared;
use crate::sparse_index::Entry;
use crate::{OffsetEntry, TimeEntry};

/// The only one who changes a log. Owns the producer state and the end of the newest segment.
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) config: LogConfig,
    /// The newest segment.
    pub(crate) active: Arc<Segment>,
    /// The bytes in it since the last index entry.
    pub(crate) since_entry: u64,
    /// The newest timestamp of its first batch, from which its age counts.
    pub(crate) first_timestamp_ms: Option<i64>,
    /// When it was begun or opened, in milliseconds since 1970; its age counts from here if its records have no time.
    pub(crate) begun_ms: i64,
    /// The next offset to be given. The same as the shared mark, read without a barrier.
    pub(crate) leo: Offset,
    pub(crate) producers: Producers,
    /// The offsets of the snapshots on disk.
    pub(crate) snapshots: BTreeSet<Offset>,
    /// Files that wait for their removal, and when it is due.
    pub(crate) doomed: Vec<(PathBuf, i64)>,
}

impl Writer {
    /// A reader of this log.
    pub fn reader(&self) -> Reader {
        Reader { shared: self.shared.clone() }
    }

    /// What syncs this log, for use from another thread while this writer goes on.
    pub fn flusher(&self) -> Flusher {
        Flusher { shared: self.shared.clone() }
    }

    /// The partition's folder.
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// The log end offset.
    pub fn leo(&self) -> Offset {
        self.leo
    }

    /// The settings in force.
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// Changes the settings; they hold from the next append on.
    pub fn set_config(&mut self, config: LogConfig) {
        self.config = config;
    }

    /// The producers known here, by id.
    pub fn producers(&self) -> impl Iterator<Item = &ProducerEntry> {
        self.producers.iter()
    }

    /// Forgets producers that were silent for `producer.id.expiration.ms`; to be called now and then.
    pub fn expire_producers(&mut self, now_ms: i64) {
        self.producers.expire(now_ms, self.config.producer_id_expiration_ms);
    }

    /// Syncs everything that was appended; gives the new recovery point.
    ///
    /// # Errors
    /// As [`Flusher::flush`].
    pub fn flush(&mut self) -> Result<Offset, Error> {
        self.flusher().flush()
    }

    /// Notes that records appended from now on are of `epoch`, also if none come (OffsetForLeaderEpoch knows it then).
    /// An append does the same by itself.
    ///
    /// # Errors
    /// [`Error::Disk`] if the checkpoint cannot be written; then the log is poisoned.
    pub fn begin_epoch(&mut self, epoch: LeaderEpoch) -> Result<(), Error> {
        let known = self.shared.epochs();
        if known.latest() == Some(epoch) {
            return Ok(());
        }
        let mut epochs = epochs::LeaderEpochs::clone(&known);
        if epochs.assign(epoch, self.leo) {
            self.shared.set_epochs(epochs);
            save_epochs(&self.shared, false).inspect_err(|_| self.shared.poison())?;
        }
        Ok(())
    }

    /// Begins a new segment if the batch does not belong into the newest one (`LogSegment.shouldRoll`). True if it did.
    pub(crate) fn roll_before(&mut self, batch: &BatchHeader, now_ms: i64) -> Result<bool, Error> {
        let size = self.active.size();
        // Rolling an empty segment would give two of one name.
        let rolls = size > 0
            && (size + batch.size_bytes() as u64 > u64::from(self.config.segment_bytes)
                || self.active_age_ms(batch.max_timestamp_ms, now_ms)
                    > self.config.segment_ms.saturating_sub(self.config.segment_jitter_ms)
                || self.is_index_full()
                || self.active.relative(batch.last_offset()).is_none());
        if rolls {
            self.roll(now_ms)?;
        }
        Ok(rolls)
    }

    /// The time between the first batch of the newest segment and the one that comes; by the clock if there are no
    /// timestamps.
    fn active_age_ms(&self, timestamp_ms: i64, now_ms: i64) -> i64 {
        match self.first_timestamp_ms {
            Some(first_ms) if first_ms >= 0 => timestamp_ms.saturating_sub(first_ms),
            _ => now_ms.saturating_sub(self.begun_ms),
        }
    }

    fn is_index_full(&self) -> bool {
        let most = self.config.segment_index_bytes as usize;
        (self.active.offsets.len_in_memory() + 1) * OffsetEntry::LEN > most
            || (self.active.times.len_in_memory() + 1) * TimeEntry::LEN > most
    }

    fn roll(&mut self, now_ms: i64) -> Result<(), Error> {
        self.active.seal()?;
        self.take_snapshot(false)?;
        self.drop_old_snapshots()?;
        let segment = Arc::new(Segment::create(&self.shared.disk, &self.shared.dir, self.leo)?);
        self.shared.names_unsynced.store(true, Ordering::Release);
        let mut segments = Vec::clone(&self.shared.segments());
        segments.push(segment.clone());
        self.shared.set_segments(segments);
        tracing::debug!(dir = %self.shared.dir.display(), base_offset = self.leo.0, "rolled a segment");
        self.active = segment;
        self.since_entry = 0;
        self.first_timestamp_ms = None;
        self.begun_ms = now_ms;
        Ok(())
    }

    fn take_snapshot(&mut self, synced: bool) -> Result<(), Error> {
        let path = names::file(&self.shared.dir, self.leo, names::SNAPSHOT);
        producer_snapshot::write(self.shared.disk.as_ref(), &path, &self.producers, synced)?;
        self.snapshots.insert(self.leo);
        self.shared.names_unsynced.store(true, Ordering::Release);
        Ok(())
    }

    /// Keeps the snapshots at the beginnings of the two newest segments and what lies after them.
    fn drop_old_snapshots(&mut self) -> Result<(), Error> {
        let oldest_kept = self.active.base_offset;
        let kept = self.snapshots.split_off(&oldest_kept);
        for offset in std::mem::replace(&mut self.snapshots, kept) {
            let path = names::file(&self.shared.dir, offset, names::SNAPSHOT);
            if self.shared.disk.exists(&path) {
                self.shared.disk.remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Leaves the log so that the next open needs no scan: everything synced, indexes whole, a producer snapshot at the
    /// end. Gives the recovery point, which is the log end offset. Writes nothing that is on disk already.
    ///
    /// # Errors
    /// [`Error::Poisoned`] after an earlier fault, [`Error::Disk`] on one now: then the stop was not a clean one.
    pub fn close(mut self) -> Result<Offset, Error> {
        if self.shared.is_poisoned() {
            return Err(Error::Poisoned);
        }
        let is_empty = self.shared.segments().len() == 1 && self.active.size() == 0;
        if is_empty {
            return Ok(self.leo);
        }
        self.active.finish_times()?;
        self.active.sync_indexes()?;
        if !self.snapshots.contains(&self.leo) {
            self.take_snapshot(true)?;
        }
        self.flush()
    }
}
