//! Loading segments: as they are after a clean stop, batch by batch after any other.
//!
//! After an unclean stop everything at or above the recovery point is in doubt: a batch there may be cut, or one of its
//! sectors may be old. So each segment that is not wholly below it is walked, size and CRC of each batch are checked,
//! the log is cut at the first bad byte, and what lies beyond goes, whatever it looks like: a hole is never skipped.

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
            let is_last = next.is_none() || part.is_cut;
            if !is_last && part.is_growing {
                part.segment.seal()?;
            }
            loaded.leo = part.next_offset;
            loaded.since_entry = part.since_entry;
            loaded.segments.push(Arc::new(part.segment));
            if part.is_cut {
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
        let has_indexes = parts.has_offsets && parts.has_times;
        let as_it_is = match next {
            _ if !has_indexes => None,
            None => self.resume(base)?,
            // It may have been the newest one when the recovery point was set, with indexes that were not synced.
            Some(next) => self.sealed(base, next, !self.options.clean_shutdown && next == recovery_point)?,
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
        let offsets = SparseIndex::create(self.disk.clone(), names::file(self.dir, base, names::INDEX))?;
        let times = SparseIndex::create(self.disk.clone(), names::file(self.dir, base, names::TIME_INDEX))?;
        let segment = Segment::resume(self.disk, self.dir, base, file.clone(), end, (offsets, times));
        let mut scan = Scan::new(file.clone(), 0, end, LONG_WINDOW);
        let (mut next_offset, mut since_entry) = (base, 0);
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
            next_offset = header.next_offset();
        }
        let is_cut = walk == Walk::Recover && scan.position() < end;
        if is_cut {
            self.cut(&segment, file.as_ref(), scan.position(), end)?;
        }
        if walk == Walk::Recover {
            segment.mark_unsynced();
        }
        Ok(Part { segment, next_offset, since_entry, is_growing: true, is_cut })
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
        Ok(is_whole.then_some(Part { segment, next_offset, since_entry: end - from.min(end), is_growing: true, is_cut: false }))
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

    /// A segment that grows no more. Its indexes stay on disk; their ends are looked at, or with `deep` all of them.
    /// `None` if they are damaged.
    fn sealed(&self, base: Offset, next: Offset, deep: bool) -> io::Result<Option<Part>> {
        let size = self.disk.open(&names::file(self.dir, base, names::LOG), Mode::Read)?.len()?;
        let is_sound = self.is_sound::<OffsetEntry>(base, names::INDEX, deep, |entry| u64::from(entry.position) < size)?
            && self.is_sound::<TimeEntry>(base, names::TIME_INDEX, deep, |entry| {
                i64::from(entry.relative_offset) < next.0.saturating_sub(base.0)
            })?;
        let segment = Segment::sealed(self.disk, self.dir, base, size);
        Ok(is_sound.then_some(Part { segment, next_offset: next, since_entry: 0, is_growing: false, is_cut: false }))
    }

    fn is_sound<E: Entry>(
        &self,
        base: Offset,
        suffix: &str,
        deep: bool,
        is_last_sound: impl Fn(E) -> bool,
    ) -> io::Result<bool> {
        let file = self.disk.open(&names::file(self.dir, base, suffix), Mode::Read)?;
        let len = file.len()?;
        let entry_len = E::LEN as u64;
        if len % entry_len != 0 {
            return Ok(false);
        }
        if deep {
            let bytes = file.read_at(0, usize::try_from(len).unwrap_or(usize::MAX))?;
            let parsed = parse::<E>(&bytes);
            return Ok(parsed.entries.len() as u64 * entry_len == len
                && parsed.entries.last().is_none_or(|last| is_last_sound(*last)));
        }
        if len == 0 {
            return Ok(true);
        }
        let bytes = file.read_at(len - entry_len, E::LEN)?;
        Ok(bytes.len() == E::LEN && {
            let last = E::decode(&bytes);
            last.may_follow(None) && is_last_sound(last)
        })
    }
}
