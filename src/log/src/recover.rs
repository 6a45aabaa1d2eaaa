//! Loading segments: as they are after a clean stop, batch by batch after any other.
//!
//! After an unclean stop everything at or above the recovery point is in doubt: a batch there may be cut, or one of its
//! sectors may be old. So each segment that is not wholly below it is walked, size and CRC of each batch are checked,
//! the log is cut at the first bad byte, and what lies beyond goes, whatever it looks like: a hole is never skipped.
//! A segment that ends before the next one begins is a hole too (its end never reached the disk), unless compaction
//! made it, which is told by offsets that are missing elsewhere in it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use klamm_base::Offset;
use klamm_env::{Disk, File, Mode};

use crate::config::LogConfig;
use crate::epochs::LeaderEpochs;
use crate::names;
use crate::offset_index::OffsetEntry;
use crate::open::OpenOptions;
use crate::scan::{LONG_WINDOW, SHORT_WINDOW, Scan};
use crate::segment::Segment;
use crate::sparse_index::{Entry, SparseIndex, parse};
use crate::tidy::{Contents, Parts};
use crate::time_index::TimeEntry;

/// Loads the segments of one log.
pub(crate) struct Loader<'a> {
    pub disk: &'a Arc<dyn Disk>,
    pub dir: &'a Path,
    pub config: &'a LogConfig,
    pub options: &'a OpenOptions,
    /// Learns the epochs of the batches that are walked.
    pub epochs: &'a mut LeaderEpochs,
}

/// The segments of a log, and how its newest one ends.
pub(crate) struct Loaded {
    pub segments: Vec<Arc<Segment>>,
    pub leo: Offset,
    pub since_entry: u64,
}

/// One loaded segment.
struct Part {
    segment: Segment,
    next_offset: Offset,
    since_entry: u64,
    /// True if its indexes are in memory.
    is_growing: bool,
    /// True if bytes were cut off.
    is_cut: bool,
    /// True if the next segment must begin where this one ends.
    is_dense: bool,
}

/// What a walk is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// To find what survived: CRCs are checked and the rest is cut off.
    Recover,
    /// To make the indexes of a synced segment anew; its bytes stay.
    Reindex,
}

impl Loader<'_> {
    /// Loads all segments of `contents`, of which there is at least one.
    pub(crate) fn load(&mut self, contents: &Contents) -> io::Result<Loaded> {
        let bases: Vec<(Offset, Parts)> = contents.segments.iter().map(|(base, parts)| (*base, *parts)).collect();
        let mut loaded = Loaded { segments: Vec::new(), leo: Offset::ZERO, since_entry: 0 };
        for (place, (base, parts)) in bases.iter().enumerate() {
            let next = bases.get(place + 1).map(|(next, _)| *next);
            let part = self.load_one(*base, *parts, next)?;
            let is_end = part.is_cut || (part.is_dense && next.is_some_and(|next| next != part.next_offset));
            let is_last = next.is_none() || is_end;
            if !is_last && part.is_growing {
                part.segment.seal()?;
            }
            loaded.leo = part.next_offset;
            loaded.since_entry = part.since_entry;
            loaded.segments.push(Arc::new(part.segment));
            if is_end {
                self.remove_segments(&bases[place + 1..])?;
                break;
            }
        }
        Ok(loaded)
    }

    fn load_one(&mut self, base: Offset, parts: Parts, next: Option<Offset>) -> io::Result<Part> {
        let recovery_point = self.options.recovery_point;
        if !self.options.clean_shutdown && next.is_none_or(|next| next > recovery_point) {
            return self.walk(base, Walk::Recover);
        }
        if !self.options.clean_shutdown && next == Some(recovery_point) {
            // It may have been the newest one when the recovery point was set, with indexes that were not synced.
            return self.walk(base, Walk::Reindex);
        }
        let as_it_is = match next {
            _ if !parts.has_offsets || !parts.has_times => None,
            None => self.resume(base)?,
            Some(next) => self.sealed(base, next)?,
        };
        match as_it_is {
            Some(part) => Ok(part),
            None => {
                tracing::warn!(dir = %self.dir.display(), segment = base.0, "an index is missing or damaged, making it anew");
                self.walk(base, if next.is_none() { Walk::Recover } else { Walk::Reindex })
            }
        }
    }

    /// Walks a segment's batches and makes its indexes anew.
    fn walk(&mut self, base: Offset, walk: Walk) -> io::Result<Part> {
        let file = self.disk.open(&names::file(self.dir, base, names::LOG), Mode::Write)?;
        let end = file.len()?;
        let indexes = (self.new_index(base, names::INDEX, walk)?, self.new_index(base, names::TIME_INDEX, walk)?);
        let segment = Segment::resume(self.disk, self.dir, base, file.clone(), end, indexes);
        let mut scan = Scan::new(file.clone(), 0, end, LONG_WINDOW);
        let (mut next_offset, mut since_entry, mut is_dense) = (base, 0, walk == Walk::Recover);
        while let Some(placed) = scan.next()? {
            let header = &placed.header;
            let fits = header.base_offset >= next_offset && segment.relative(header.last_offset()).is_some();
            if !fits || (walk == Walk::Recover && !scan.is_crc_valid(&placed)?) {
                scan.refuse(&placed);
                break;
            }
            let interval = u64::from(self.config.index_interval_bytes);
            since_entry = segment.index(header, placed.position, since_entry, interval)?;
            self.epochs.observe(header.leader_epoch, header.base_offset);
            let has_all = i64::from(header.record_count) == i64::from(header.last_offset_delta) + 1;
            is_dense &= has_all && header.base_offset == next_offset;
            next_offset = header.next_offset();
        }
        let is_cut = walk == Walk::Recover && scan.position() < end;
        if is_cut {
            self.cut(&segment, file.as_ref(), scan.position(), end)?;
        }
        match walk {
            Walk::Recover => segment.mark_unsynced(),
            Walk::Reindex => self.put_indexes(&segment)?,
        }
        Ok(Part { segment, next_offset, since_entry, is_growing: walk == Walk::Recover, is_cut, is_dense })
    }

    /// An empty index. One for a segment below the recovery point is written beside its place, because no later start
    /// would notice that a power cut left a half of it.
    fn new_index<E: Entry>(&self, base: Offset, suffix: &str, walk: Walk) -> io::Result<SparseIndex<E>> {
        let path = names::file(self.dir, base, suffix);
        match walk {
            Walk::Recover => SparseIndex::create(self.disk.clone(), path),
            Walk::Reindex => SparseIndex::create(self.disk.clone(), names::beside(&path)),
        }
    }

    /// Puts new indexes in their place, durably.
    fn put_indexes(&self, segment: &Segment) -> io::Result<()> {
        segment.seal()?;
        segment.sync_indexes()?;
        segment.offsets.rename(&names::file(self.dir, segment.base_offset, names::INDEX))?;
        segment.times.rename(&names::file(self.dir, segment.base_offset, names::TIME_INDEX))?;
        self.disk.sync_dir(self.dir)
    }

    /// Cuts a segment off at `valid`. Synced at once: bytes of the old end that came back by a second power cut could
    /// fit behind batches that will be written here.
    fn cut(&self, segment: &Segment, file: &dyn File, valid: u64, end: u64) -> io::Result<()> {
        tracing::warn!(
            dir = %self.dir.display(), segment = segment.base_offset.0, valid, bytes_cut = end - valid,
            "the log was not stopped cleanly, cutting off what is no whole batch"
        );
        file.set_len(valid)?;
        file.sync_data()?;
        segment.publish(valid);
        Ok(())
    }

    fn remove_segments(&self, doomed: &[(Offset, Parts)]) -> io::Result<()> {
        for (base, _) in doomed {
            tracing::warn!(dir = %self.dir.display(), segment = base.0, "removing a segment that lies beyond the cut");
            for suffix in [names::LOG, names::INDEX, names::TIME_INDEX, names::TXN_INDEX] {
                let path = names::file(self.dir, *base, suffix);
                if self.disk.exists(&path) {
                    self.disk.remove_file(&path)?;
                }
            }
        }
        self.disk.sync_dir(self.dir)
    }

    /// The newest segment after a clean stop: its indexes go to memory, and only the batches after the last entry are
    /// walked. `None` if something does not fit.
    fn resume(&mut self, base: Offset) -> io::Result<Option<Part>> {
        let file = self.disk.open(&names::file(self.dir, base, names::LOG), Mode::Write)?;
        let end = file.len()?;
        let Some(offsets) = self.read_index::<OffsetEntry>(base, names::INDEX)? else { return Ok(None) };
        let Some(times) = self.read_index::<TimeEntry>(base, names::TIME_INDEX)? else { return Ok(None) };
        let last = offsets.last().copied();
        let offsets = SparseIndex::resume(self.disk.clone(), names::file(self.dir, base, names::INDEX), offsets);
        let times = SparseIndex::resume(self.disk.clone(), names::file(self.dir, base, names::TIME_INDEX), times);
        let segment = Segment::resume(self.disk, self.dir, base, file.clone(), end, (offsets, times));
        let from = last.map_or(0, |entry| u64::from(entry.position));
        let mut scan = Scan::new(file, from.min(end), end, SHORT_WINDOW);
        let mut next_offset = last.map_or(base, |entry| base.plus(i64::from(entry.relative_offset)));
        let mut is_first = last.is_some();
        while let Some(placed) = scan.next()? {
            let last_offset = placed.header.last_offset();
            let fits = if is_first { last_offset == next_offset } else { placed.header.base_offset >= next_offset };
            if !fits || segment.relative(last_offset).is_none() {
                return Ok(None);
            }
            segment.raise_newest(&placed.header)?;
            next_offset = placed.header.next_offset();
            is_first = false;
        }
        let is_whole = scan.position() == end && !is_first;
        Ok(is_whole.then_some(Part {
            segment,
            next_offset,
            since_entry: end - from.min(end),
            is_growing: true,
            is_cut: false,
            is_dense: false,
        }))
    }

    /// Reads an index into memory and takes off its padding; `None` if it is damaged.
    fn read_index<E: Entry>(&self, base: Offset, suffix: &str) -> io::Result<Option<Vec<E>>> {
        let path = names::file(self.dir, base, suffix);
        let bytes = self.disk.read(&path)?;
        let parsed = parse::<E>(&bytes);
        if !parsed.is_whole {
            return Ok(None);
        }
        let len = parsed.entries.len() * E::LEN;
        if len < bytes.len() {
            self.disk.open(&path, Mode::Write)?.set_len(len as u64)?;
        }
        Ok(Some(parsed.entries))
    }

    /// A segment that grows no more. Its indexes stay on disk, only their ends are looked at. `None` if they are damaged.
    fn sealed(&self, base: Offset, next: Offset) -> io::Result<Option<Part>> {
        let size = self.disk.open(&names::file(self.dir, base, names::LOG), Mode::Read)?.len()?;
        let span = next.0.saturating_sub(base.0);
        let is_sound = self.is_sound::<OffsetEntry>(base, names::INDEX, |last| u64::from(last.position) < size)?
            && self.is_sound::<TimeEntry>(base, names::TIME_INDEX, |last| i64::from(last.relative_offset) < span)?;
        let segment = Segment::sealed(self.disk, self.dir, base, size);
        let part =
            Part { segment, next_offset: next, since_entry: 0, is_growing: false, is_cut: false, is_dense: false };
        Ok(is_sound.then_some(part))
    }

    /// Whether the last two entries of an index are as they should be: a last one that does not rise is the padding of
    /// a file that was not trimmed.
    fn is_sound<E: Entry>(&self, base: Offset, suffix: &str, is_last_sound: impl Fn(E) -> bool) -> io::Result<bool> {
        let file = self.disk.open(&names::file(self.dir, base, suffix), Mode::Read)?;
        let len = file.len()?;
        if len % E::LEN as u64 != 0 {
            return Ok(false);
        }
        let from = len.saturating_sub(2 * E::LEN as u64);
        let bytes = file.read_at(from, 2 * E::LEN)?;
        let entries = parse::<E>(&bytes).entries;
        Ok(entries.len() * E::LEN == bytes.len() && entries.last().is_none_or(|last| is_last_sound(*last)))
    }
}
