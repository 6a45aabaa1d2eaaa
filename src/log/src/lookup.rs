//! Finding records by time (ListOffsets).

use std::io;

use klamm_base::{LeaderEpoch, Offset};
use klamm_record::{Batch, TimestampType, records};

use crate::error::{Error, ReadError};
use crate::reader::Reader;
use crate::scan::{LONG_WINDOW, Placed, SHORT_WINDOW, Scan};
use crate::segment::Segment;

/// A record that was found by its timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its timestamp, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Its offset.
    pub offset: Offset,
    /// The leader epoch in which it was appended; -1 if unknown.
    pub leader_epoch: LeaderEpoch,
}

impl Reader {
    /// The first record at or after the log start whose timestamp is not below `timestamp_ms`; `None` if there is none
    /// below `upper`.
    ///
    /// # Errors
    /// [`ReadError::Fault`] if the disk fails or a batch does not decompress.
    pub fn offset_for_timestamp(&self, timestamp_ms: i64, upper: Offset) -> Result<Option<Found>, ReadError> {
        let (log_start, upper) = (self.log_start(), upper.min(self.leo()));
        for segment in self.shared.segments().iter() {
            if segment.newest()?.timestamp_ms < timestamp_ms {
                continue;
            }
            let from = position_for(segment, timestamp_ms, log_start)?;
            let mut scan = Scan::new(segment.file()?, from, segment.size(), LONG_WINDOW.min(8 * SHORT_WINDOW));
            while let Some(placed) = scan.next()? {
                if placed.header.base_offset >= upper {
                    return Ok(None);
                }
                if placed.header.max_timestamp_ms >= timestamp_ms && placed.header.last_offset() >= log_start {
                    let wanted = |record: &(i64, Offset)| record.0 >= timestamp_ms && record.1 >= log_start;
                    if let Some(record) = self.first_record(segment, &placed, wanted)? {
                        return Ok((record.1 < upper).then(|| self.found(record)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The first record with the newest timestamp of all segments, also if it is below the log start, as Kafka answers;
    /// `None` in an empty log.
    ///
    /// # Errors
    /// As [`Reader::offset_for_timestamp`].
    pub fn max_timestamp(&self) -> Result<Option<Found>, ReadError> {
        let mut newest: Option<(i64, _)> = None;
        let segments = self.shared.segments();
        for segment in segments.iter().filter(|segment| segment.size() > 0) {
            let timestamp_ms = segment.newest()?.timestamp_ms;
            if newest.is_none_or(|(newest_ms, _)| timestamp_ms > newest_ms) {
                newest = Some((timestamp_ms, segment));
            }
        }
        let Some((timestamp_ms, segment)) = newest else { return Ok(None) };
        let from = segment.position_before(segment.newest()?.offset)?;
        let mut scan = Scan::new(segment.file()?, from, segment.size(), LONG_WINDOW.min(8 * SHORT_WINDOW));
        while let Some(placed) = scan.next()? {
            if placed.header.max_timestamp_ms == timestamp_ms {
                // The epochs of deleted records are forgotten, but the batch still says its own.
                let leader_epoch = placed.header.leader_epoch;
                if placed.header.attributes.timestamp_type() == TimestampType::LogAppendTime {
                    // All records have the time; Kafka names the last (`RecordBatch.offsetOfMaxTimestamp`).
                    let offset = placed.header.last_offset();
                    return Ok(Some(Found { timestamp_ms, offset, leader_epoch }));
                }
                let record = self.first_record(segment, &placed, |record| record.0 == timestamp_ms)?;
                return Ok(record.map(|(timestamp_ms, offset)| Found { timestamp_ms, offset, leader_epoch }));
            }
        }
        Ok(None)
    }

    fn found(&self, (timestamp_ms, offset): (i64, Offset)) -> Found {
        let leader_epoch = self.epoch_for_offset(offset).unwrap_or(LeaderEpoch::NONE);
        Found { timestamp_ms, offset, leader_epoch }
    }

    /// Decodes one batch and gives the first of its records (timestamp, offset) that is `wanted`.
    fn first_record(
        &self,
        segment: &Segment,
        placed: &Placed,
        wanted: impl Fn(&(i64, Offset)) -> bool,
    ) -> Result<Option<(i64, Offset)>, ReadError> {
        let corrupt = || ReadError::Fault(Error::Corrupt { segment: segment.base_offset, position: placed.position });
        let bytes = segment.file()?.read_at(placed.position, placed.header.size_bytes())?;
        let batch = Batch::parse(&bytes).map_err(|_| corrupt())?;
        for record in records(&batch) {
            let record = record.map_err(|_| corrupt())?;
            let record = (record.timestamp_ms, record.offset);
            if wanted(&record) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

/// A position before which neither the timestamp nor the offset can be.
fn position_for(segment: &Segment, timestamp_ms: i64, offset: Offset) -> io::Result<u64> {
    // Up to the entry with the largest timestamp that is not above the wanted one, nothing is newer than that entry.
    let entry = segment.times.floor(timestamp_ms).ok().flatten();
    let by_time = entry.map_or(segment.base_offset, |entry| segment.base_offset.plus(i64::from(entry.relative_offset)));
    segment.position_before(by_time.max(offset))
}
