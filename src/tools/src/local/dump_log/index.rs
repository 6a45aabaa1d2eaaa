//! The offset index and the time index of a segment, held against its log (`OffsetIndex`, `TimeIndex`).

use std::path::Path;

use bytes::Bytes;
use klamm_env::{Disk, DiskOs};

use super::log::each_record;
use super::log_file::LogFile;
use super::{Ask, Failure, Faults, absolute, io_failure, offset_of, sibling};
use crate::io::Io;

const CORRUPT: &str = "org.apache.kafka.storage.internals.log.CorruptIndexException";
/// The bytes at the end of an index that Kafka searches first.
const WARM_BYTES: usize = 8192;

/// An index file; `WIDTH` bytes make an entry, the last four of which are an offset or a position.
struct Index<const WIDTH: usize> {
    bytes: Bytes,
    /// Its full path.
    path: String,
    base: i64,
}

impl<const WIDTH: usize> Index<WIDTH> {
    fn read(path: String, base: i64) -> Result<Index<WIDTH>, Failure> {
        let bytes = DiskOs.read(Path::new(&path)).map_err(|problem| match problem.kind() {
            // The stock tool makes an index that is missing, without a size.
            std::io::ErrorKind::NotFound => Failure::illegal("Invalid max index size: -1".to_owned()),
            _ => io_failure(&path, &problem),
        })?;
        Ok(Index { bytes, path, base })
    }

    fn entries(&self) -> usize {
        self.bytes.len() / WIDTH
    }

    fn i32_at(&self, entry: usize, at: usize) -> i32 {
        let field = self.bytes.get(entry * WIDTH + at..).and_then(|rest| rest.first_chunk());
        field.map_or(0, |field| i32::from_be_bytes(*field))
    }

    /// The offset that stands at `at` in an entry, which counts from the segment's base.
    fn offset_at(&self, entry: usize, at: usize) -> i64 {
        self.base.wrapping_add(i64::from(self.i32_at(entry, at)))
    }

    fn check_length(&self, what: &str) -> Result<(), Failure> {
        if self.bytes.len().is_multiple_of(WIDTH) {
            return Ok(());
        }
        let (path, found) = (&self.path, self.bytes.len());
        let text = format!(
            "{what} {path} is corrupt, found {found} bytes which is neither positive nor a multiple of {WIDTH}"
        );
        Err(Failure::thrown(CORRUPT, Some(text)))
    }
}

impl Index<8> {
    fn offset(&self, entry: usize) -> i64 {
        self.offset_at(entry, 0)
    }

    fn position(&self, entry: usize) -> i32 {
        self.i32_at(entry, 4)
    }

    fn check(&self) -> Result<(), Failure> {
        let last = self.entries().checked_sub(1).map_or(self.base, |last| self.offset(last));
        if last < self.base {
            let text = format!(
                "Corrupt index found, index file {} has non-zero size but the last offset is {last} which is less than the \
                 base offset {}",
                self.path, self.base
            );
            return Err(Failure::thrown(CORRUPT, Some(text)));
        }
        self.check_length("Index file")
    }

    /// The position of the last entry that is not above `offset`. An index may end in zeros that are no entries, so the
    /// search goes the very way that Kafka's goes (`AbstractIndex.indexSlotRangeFor`).
    fn lookup(&self, offset: i64) -> i32 {
        let Some(last) = self.entries().checked_sub(1) else { return 0 };
        let warm = last.saturating_sub(WARM_BYTES / 8);
        if self.offset(warm) < offset {
            return self.position(self.search(offset, warm, last));
        }
        if self.offset(0) > offset { 0 } else { self.position(self.search(offset, 0, warm)) }
    }

    fn search(&self, offset: i64, mut low: usize, mut high: usize) -> usize {
        while low < high {
            let middle = (low + high).div_ceil(2);
            match self.offset(middle).cmp(&offset) {
                std::cmp::Ordering::Greater => high = middle - 1,
                std::cmp::Ordering::Less => low = middle,
                std::cmp::Ordering::Equal => return middle,
            }
        }
        low
    }
}

impl Index<12> {
    fn timestamp(&self, entry: usize) -> i64 {
        let field = self.bytes.get(entry * 12..).and_then(|rest| rest.first_chunk());
        field.map_or(0, |field| i64::from_be_bytes(*field))
    }

    fn offset(&self, entry: usize) -> i64 {
        self.offset_at(entry, 8)
    }

    fn check(&self) -> Result<(), Failure> {
        let path = &self.path;
        let corrupt = |last: String, first: String| {
            let text = format!(
                "Corrupt time index found, time index file ({path}) has non-zero size but the last {last} which is less than \
                 the first {first}"
            );
            Err(Failure::thrown(CORRUPT, Some(text)))
        };
        if let Some(last) = self.entries().checked_sub(1) {
            let (time, first) = (self.timestamp(last), self.timestamp(0));
            if time < first {
                return corrupt(format!("timestamp is {time}"), format!("timestamp {first}"));
            }
            let offset = self.offset(last);
            if offset < self.base {
                return corrupt(format!("offset is {offset}"), format!("offset {}", self.base));
            }
        }
        self.check_length("Time index file")
    }
}

/// Dumps an offset index.
pub(super) fn dump_offsets(name: &str, ask: &Ask<'_>, faults: &mut Faults, io: &mut Io) -> Result<(), Failure> {
    let max_message_size = ask.max_message_size()?;
    let base = offset_of(name)?;
    let log = LogFile::open(&sibling(name, ".log"))?;
    let index = Index::<8>::read(absolute(name), base)?;
    if index.entries() == 0 {
        io.say(format_args!("{name} is empty."));
        return Ok(());
    }
    if ask.sanity_only {
        index.check()?;
        io.say(format_args!("{name} passed sanity check."));
        return Ok(());
    }
    for entry in 0..index.entries() {
        let (offset, position) = (index.offset(entry), index.position(entry));
        // An index that is still written to ends in zeros.
        if offset == base && entry > 0 {
            return Ok(());
        }
        let end = log.slice_end(i64::from(position), max_message_size)?;
        let found = log.batch_at(u64::from(position.unsigned_abs()), end)?;
        let found = found.ok_or_else(|| Failure::thrown("java.util.NoSuchElementException", None::<String>))?;
        let last_offset = found.batch.header.last_offset().0;
        if last_offset != offset {
            faults.mismatches.entry(absolute(name)).or_default().insert(offset, last_offset);
        }
        if !ask.verify_only {
            io.say(format_args!("offset: {offset} position: {position}"));
        }
    }
    Ok(())
}

/// Dumps a time index.
pub(super) fn dump_times(name: &str, ask: &Ask<'_>, faults: &mut Faults, io: &mut Io) -> Result<(), Failure> {
    let base = offset_of(name)?;
    let log = LogFile::open(&sibling(name, ".log"))?;
    let offsets = Index::<8>::read(sibling(name, ".index"), base)?;
    let times = Index::<12>::read(absolute(name), base)?;
    if ask.sanity_only {
        times.check()?;
        io.say(format_args!("{name} passed sanity check."));
        return Ok(());
    }
    let mut before = -1;
    for entry in 0..times.entries() {
        let (time, offset) = (times.timestamp(entry), times.offset(entry));
        if offset == base && entry > 0 {
            return Ok(());
        }
        let position = offsets.lookup(offset);
        let fault = |list: &mut std::collections::BTreeMap<String, Vec<(i64, i64)>>, pair: (i64, i64)| {
            list.entry(absolute(name)).or_default().push(pair);
        };
        match newest_of(&log, position, offset)? {
            Ok(newest) => {
                if newest != time {
                    fault(&mut faults.times, (time, newest));
                }
                if before >= time {
                    fault(&mut faults.out_of_order, (time, before));
                }
            }
            Err(found) => fault(&mut faults.not_found, (offset, found)),
        }
        if !ask.verify_only {
            io.say(format_args!("timestamp: {time} offset: {offset}"));
        }
        before = time;
    }
    Ok(())
}

/// The newest timestamp of the batch that ends at `offset`; else where the first batch ends that goes beyond, or -1.
fn newest_of(log: &LogFile, position: i32, offset: i64) -> Result<Result<i64, i64>, Failure> {
    let end = log.slice_end(i64::from(position), i32::MAX)?;
    let mut at = u64::from(position.unsigned_abs());
    while let Some(found) = log.batch_at(at, end)? {
        let last_offset = found.batch.header.last_offset().0;
        if last_offset == offset {
            let mut newest = -1;
            each_record(&found.batch, |record| {
                newest = newest.max(record.timestamp_ms);
                Ok(())
            })?;
            return Ok(Ok(newest));
        }
        if last_offset > offset {
            return Ok(Err(last_offset));
        }
        at += found.batch.bytes.len() as u64;
    }
    Ok(Err(-1))
}
