//! One segment: a file of batches with its two indexes.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use klamm_base::Offset;
use klamm_env::{Disk, File, Mode};
use klamm_record::BatchHeader;

use crate::names;
use crate::offset_index::OffsetEntry;
use crate::scan::{Placed, SHORT_WINDOW, Scan};
use crate::sparse_index::SparseIndex;
use crate::time_index::{NO_TIMESTAMP_MS, TimeEntry};

/// A segment, shared by the writer and the readers. Only the newest one grows.
pub(crate) struct Segment {
    /// The offset from which it is named; no record in it is below.
    pub base_offset: Offset,
    disk: Arc<dyn Disk>,
    log: Mutex<LogFile>,
    /// The bytes that readers may see.
    size: AtomicU64,
    /// True if bytes were written since the last sync.
    unsynced: AtomicBool,
    /// Offset to position.
    pub offsets: SparseIndex<OffsetEntry>,
    /// Timestamp to offset.
    pub times: SparseIndex<TimeEntry>,
    newest: Mutex<Option<Newest>>,
}

struct LogFile {
    path: PathBuf,
    /// Opened when first needed; a segment that nobody reads costs no descriptor.
    file: Option<Arc<dyn File>>,
}

/// The newest timestamp of a segment, and the last offset of the batch that had it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    /// In milliseconds since 1970; -1 if no record has one.
    pub timestamp_ms: i64,
    /// The last offset of that batch.
    pub offset: Offset,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Segment {
    /// A new, empty segment in new files.
    pub(crate) fn create(disk: &Arc<dyn Disk>, dir: &Path, base_offset: Offset) -> io::Result<Segment> {
        let file = disk.open(&names::file(dir, base_offset, names::LOG), Mode::CreateEmpty)?;
        let offsets = SparseIndex::create(disk.clone(), names::file(dir, base_offset, names::INDEX))?;
        let times = SparseIndex::create(disk.clone(), names::file(dir, base_offset, names::TIME_INDEX))?;
        Ok(Segment::resume(disk, dir, base_offset, file, 0, (offsets, times)))
    }

    /// A segment that grows, with indexes in memory.
    pub(crate) fn resume(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        base_offset: Offset,
        file: Arc<dyn File>,
        size: u64,
        (offsets, times): (SparseIndex<OffsetEntry>, SparseIndex<TimeEntry>),
    ) -> Segment {
        let path = names::file(dir, base_offset, names::LOG);
        Segment {
            base_offset,
            disk: disk.clone(),
            log: Mutex::new(LogFile { path, file: Some(file) }),
            size: AtomicU64::new(size),
            unsynced: AtomicBool::new(false),
            offsets,
            times,
            newest: Mutex::new(None),
        }
    }

    /// A segment that grows no more, of `size` bytes.
    pub(crate) fn sealed(disk: &Arc<dyn Disk>, dir: &Path, base_offset: Offset, size: u64) -> Segment {
        Segment {
            base_offset,
            disk: disk.clone(),
            log: Mutex::new(LogFile { path: names::file(dir, base_offset, names::LOG), file: None }),
            size: AtomicU64::new(size),
            unsynced: AtomicBool::new(false),
            offsets: SparseIndex::sealed(disk.clone(), names::file(dir, base_offset, names::INDEX)),
            times: SparseIndex::sealed(disk.clone(), names::file(dir, base_offset, names::TIME_INDEX)),
            newest: Mutex::new(None),
        }
    }

    /// The bytes that readers may see.
    pub(crate) fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// Lets readers see bytes up to `size`.
    pub(crate) fn publish(&self, size: u64) {
        self.size.store(size, Ordering::Release);
    }

    /// The file of batches.
    pub(crate) fn file(&self) -> io::Result<Arc<dyn File>> {
        let mut log = locked(&self.log);
        if let Some(file) = &log.file {
            return Ok(file.clone());
        }
        let file = self.disk.open(&log.path, Mode::Write)?;
        log.file = Some(file.clone());
        Ok(file)
    }

    /// Writes slices at `position`. Readers see them only after [`Segment::publish`].
    pub(crate) fn write(&self, position: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.unsynced.store(true, Ordering::Release);
        self.file()?.write_at(position, slices)
    }

    /// Marks batches and indexes as written and not synced, as they are after an unclean stop.
    pub(crate) fn mark_unsynced(&self) {
        self.offsets.mark_unsynced();
        self.times.mark_unsynced();
        self.unsynced.store(true, Ordering::Release);
    }

    /// Makes the batches survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if self.unsynced.swap(false, Ordering::AcqRel) {
            self.file()?.sync_data()?;
        }
        Ok(())
    }

    /// Makes the indexes survive a power cut.
    pub(crate) fn sync_indexes(&self) -> io::Result<()> {
        self.offsets.sync()?;
        self.times.sync()
    }

    /// An offset relative to the base, if it is one.
    pub(crate) fn relative(&self, offset: Offset) -> Option<u32> {
        u32::try_from(offset.0.checked_sub(self.base_offset.0)?).ok().filter(|relative| *relative <= i32::MAX as u32)
    }

    /// Indexes a batch at `position`, of which `since_entry` bytes came after the last entry. Gives the new count.
    pub(crate) fn index(
        &self,
        header: &BatchHeader,
        position: u64,
        since_entry: u64,
        interval: u64,
    ) -> io::Result<u64> {
        let newest = self.raise_newest(header)?;
        let size = header.size_bytes() as u64;
        if since_entry <= interval {
            return Ok(since_entry + size);
        }
        if let (Some(relative_offset), Ok(position)) = (self.relative(header.last_offset()), u32::try_from(position)) {
            self.offsets.push(OffsetEntry { relative_offset, position })?;
            self.push_time(newest)?;
        }
        Ok(size)
    }

    /// Notes the newest timestamp of a batch.
    pub(crate) fn raise_newest(&self, header: &BatchHeader) -> io::Result<Newest> {
        let mut newest = self.newest()?;
        if header.max_timestamp_ms > newest.timestamp_ms {
            newest = Newest { timestamp_ms: header.max_timestamp_ms, offset: header.last_offset() };
            *locked(&self.newest) = Some(newest);
        }
        Ok(newest)
    }

    fn push_time(&self, newest: Newest) -> io::Result<()> {
        match self.relative(newest.offset) {
            Some(relative_offset) => self.times.push(TimeEntry { timestamp_ms: newest.timestamp_ms, relative_offset }),
            None => Ok(()),
        }
    }

    /// Adds the last entry of the time index: the newest timestamp of the whole segment.
    pub(crate) fn finish_times(&self) -> io::Result<()> {
        let newest = self.newest()?;
        self.push_time(newest)
    }

    /// Takes leave of a segment that grows no more.
    pub(crate) fn seal(&self) -> io::Result<()> {
        self.finish_times()?;
        self.offsets.seal()?;
        self.times.seal()
    }

    /// The newest timestamp of the segment.
    pub(crate) fn newest(&self) -> io::Result<Newest> {
        if let Some(newest) = *locked(&self.newest) {
            return Ok(newest);
        }
        let read = match self.times.last()? {
            Some(entry) => Newest {
                timestamp_ms: entry.timestamp_ms,
                offset: self.base_offset.plus(i64::from(entry.relative_offset)),
            },
            None => Newest { timestamp_ms: NO_TIMESTAMP_MS, offset: self.base_offset },
        };
        Ok(*locked(&self.newest).get_or_insert(read))
    }

    /// A position at or before the batch that holds `offset`, from the index. Damaged entries give 0.
    pub(crate) fn position_before(&self, offset: Offset) -> io::Result<u64> {
        let Some(relative) = self.relative(offset) else { return Ok(0) };
        // A file that is being removed leaves the search to the batches themselves.
        let Ok(Some(entry)) = self.offsets.floor(i64::from(relative)) else { return Ok(0) };
        let position = u64::from(entry.position);
        let end = self.size();
        if position >= end {
            return Ok(0);
        }
        let here = Scan::new(self.file()?, position, end, SHORT_WINDOW).next()?;
        let is_true =
            here.is_some_and(|placed| Some(entry.relative_offset) == self.relative(placed.header.last_offset()));
        Ok(if is_true { position } else { 0 })
    }

    /// The first batch whose last offset is at or after `offset`; `None` if the segment has no such batch.
    pub(crate) fn find(&self, offset: Offset) -> io::Result<Option<Placed>> {
        let from = self.position_before(offset)?;
        let mut scan = Scan::new(self.file()?, from, self.size(), SHORT_WINDOW);
        while let Some(placed) = scan.next()? {
            if placed.header.last_offset() >= offset {
                return Ok(Some(placed));
            }
        }
        Ok(None)
    }

    /// Renames the files for their removal and gives the new names.
    pub(crate) fn doom(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let mut doomed = Vec::new();
        {
            let mut log = locked(&self.log);
            let to = names::doomed(&log.path);
            self.disk.rename(&log.path, &to)?;
            log.path.clone_from(&to);
            doomed.push(to);
        }
        let index = names::doomed(&names::file(dir, self.base_offset, names::INDEX));
        self.offsets.rename(&index)?;
        let times = names::doomed(&names::file(dir, self.base_offset, names::TIME_INDEX));
        self.times.rename(&times)?;
        doomed.extend([index, times]);
        for suffix in [names::TXN_INDEX, names::SNAPSHOT] {
            let path = names::file(dir, self.base_offset, suffix);
            if self.disk.exists(&path) {
                let to = names::doomed(&path);
                self.disk.rename(&path, &to)?;
                doomed.push(to);
            }
        }
        Ok(doomed)
    }
}
