//! Appending one batch: check, stamp, write, index, publish. The shortest path of the room.

use std::io::IoSlice;

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset};
use klamm_record::{Batch, BatchFault, BatchHeader, HEADER_LEN, TimestampType, Validated, stamp};

use crate::error::{AppendError, Error};
use crate::producers::{BatchEntry, Verdict};
use crate::writer::Writer;

/// A batch that was validated and has no offsets yet.
#[derive(Clone, Debug)]
pub struct Appendable {
    /// The header's bytes, with attributes, timestamps and CRC as they shall be stored.
    pub header: [u8; HEADER_LEN],
    /// The records, as they were sent; never copied here.
    pub body: Bytes,
    /// What `header` says.
    pub info: BatchHeader,
}

impl Appendable {
    /// A batch that the broker itself built, whole and with nothing after it.
    ///
    /// # Errors
    /// As [`Batch::parse`]; [`BatchFault::Short`] too if there are bytes after the batch.
    pub fn from_bytes(bytes: &Bytes) -> Result<Appendable, BatchFault> {
        let batch = Batch::parse(bytes)?;
        match bytes.first_chunk() {
            Some(header) if batch.bytes.len() == bytes.len() => {
                Ok(Appendable { header: *header, body: batch.body(), info: batch.header })
            }
            _ => Err(BatchFault::Short(bytes.len())),
        }
    }
}

impl From<Validated> for Appendable {
    fn from(batch: Validated) -> Appendable {
        Appendable { header: batch.header, body: batch.body, info: batch.info }
    }
}

/// Who asks for an append (`AppendOrigin`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A producer: its sequences must be without gaps.
    Client,
    /// The broker itself: only the producer epoch is checked.
    Coordinator,
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The offset of the batch's first record.
    pub base_offset: Offset,
    /// The offset of its last record. An answer that waits for replication waits for the high watermark to pass it.
    pub last_offset: Offset,
    /// What a producer is told in `log_append_time_ms`: the time of a LogAppendTime batch, -1 for CreateTime, and for a
    /// duplicate the newest timestamp of the original batch, whatever its kind (as Kafka answers).
    pub log_append_time_ms: i64,
    /// True if the batch was in the log already; nothing was written then.
    pub duplicate: bool,
    /// True if a new segment was begun; the old one should be flushed soon.
    pub rolled: bool,
}

impl Writer {
    /// Appends one batch at the end of the log, stamped with its offset and `leader_epoch`. When this returns, readers
    /// see it. `now_ms` is wall time in milliseconds since 1970.
    ///
    /// # Errors
    /// A refusal leaves the log as it was. [`AppendError::Fault`] if the disk failed: nothing of the batch is visible,
    /// and the log takes no more appends.
    ///
    /// # Panics
    /// If `info` does not belong to `header` and `body`.
    pub fn append(
        &mut self,
        batch: &Appendable,
        leader_epoch: LeaderEpoch,
        origin: Origin,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        assert_eq!(batch.info.size_bytes(), HEADER_LEN + batch.body.len(), "the length field covers the body");
        if self.shared.is_poisoned() {
            return Err(Error::Poisoned.into());
        }
        self.check_size(batch.info.size_bytes() as u64)?;
        match self.producers.check(&batch.info, self.leo, origin == Origin::Client)? {
            Verdict::Duplicate(original) => Ok(Appended::again(&original)),
            Verdict::Fresh => {
                let info = BatchHeader { base_offset: self.leo, leader_epoch, ..batch.info };
                let appended = self.append_fresh(batch, &info, now_ms);
                appended.inspect_err(|_| self.shared.poison()).map_err(AppendError::Fault)
            }
        }
    }

    fn check_size(&self, size_bytes: u64) -> Result<(), AppendError> {
        let segment_bytes = u64::from(self.config.segment_bytes);
        if size_bytes > segment_bytes {
            return Err(AppendError::RecordListTooLarge { size_bytes, segment_bytes });
        }
        Ok(())
    }

    fn append_fresh(&mut self, batch: &Appendable, info: &BatchHeader, now_ms: i64) -> Result<Appended, Error> {
        let rolled = self.roll_before(info, now_ms)?;
        self.begin_epoch(info.leader_epoch)?;
        let position = self.active.size();
        let header = stamp(&batch.header, info.base_offset, info.leader_epoch);
        self.active.write(position, &mut [IoSlice::new(&header), IoSlice::new(&batch.body)])?;
        self.since_entry =
            self.active.index(info, position, self.since_entry, u64::from(self.config.index_interval_bytes))?;
        self.first_timestamp_ms.get_or_insert(info.max_timestamp_ms);
        self.producers.update(info);
        self.active.publish(position + info.size_bytes() as u64);
        self.leo = info.next_offset();
        self.shared.publish(self.leo);
        if self.leo.0 - self.shared.recovery_point().0 >= self.config.flush_messages {
            self.flush()?;
        }
        Ok(Appended::fresh(info, rolled))
    }
}

impl Appended {
    fn fresh(info: &BatchHeader, rolled: bool) -> Appended {
        let log_append_time_ms = match info.attributes.timestamp_type() {
            TimestampType::LogAppendTime => info.max_timestamp_ms,
            TimestampType::CreateTime => -1,
        };
        let (base_offset, last_offset) = (info.base_offset, info.last_offset());
        Appended { base_offset, last_offset, log_append_time_ms, duplicate: false, rolled }
    }

    fn again(original: &BatchEntry) -> Appended {
        Appended {
            base_offset: original.first_offset(),
            last_offset: original.last_offset,
            log_append_time_ms: original.timestamp_ms,
            duplicate: true,
            rolled: false,
        }
    }
}
