//! What the two sparse indexes share: entries of one size, in order, held in memory while their segment grows and left
//! on disk afterwards.
//!
//! While a segment is active, its entries live in memory and reach the file in groups: each time [`GATHER`] are pending,
//! at a flush, at a roll and at a close. That is safe because recovery rebuilds the indexes of every segment that is not
//! wholly below the recovery point, and the recovery point passes a segment only after its indexes were synced. No file
//! is kept open, so that a log costs one descriptor per segment in use.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use klamm_env::{Disk, File, Mode};

/// How many entries wait in memory before they are written.
const GATHER: usize = 512;

/// How many entries a search in a file reads at once, in its last step.
const BLOCK: usize = 256;

/// One entry of an index.
pub(crate) trait Entry: Copy {
    /// Its length in bytes.
    const LEN: usize;
    /// Adds its bytes to `out`.
    fn encode(self, out: &mut Vec<u8>);
    /// Reads it from exactly [`Entry::LEN`] bytes.
    fn decode(bytes: &[u8]) -> Self;
    /// What it is found by.
    fn key(self) -> i64;
    /// True if it may stand right after `before`, or first if there is none.
    fn may_follow(self, before: Option<Self>) -> bool;
}

/// An index of a segment.
pub(crate) struct SparseIndex<E> {
    disk: Arc<dyn Disk>,
    state: RwLock<State<E>>,
}

struct State<E> {
    path: PathBuf,
    held: Held<E>,
    unsynced: bool,
}

enum Held<E> {
    /// All entries, of which the first `written` are in the file too.
    Memory { entries: Vec<E>, written: usize },
    /// All entries are in the file and there will be no more.
    File,
}

/// What [`parse`] found.
pub(crate) struct Parsed<E> {
    /// The entries up to the first that is out of order.
    pub entries: Vec<E>,
    /// True if nothing but zeros (the tail that Kafka preallocates) came after them.
    pub is_whole: bool,
}

/// Reads an index file's bytes. Never fails: what is out of order ends it.
pub(crate) fn parse<E: Entry>(bytes: &[u8]) -> Parsed<E> {
    let mut entries = Vec::with_capacity(bytes.len() / E::LEN);
    let mut rest = bytes;
    while let Some((head, tail)) = rest.split_at_checked(E::LEN) {
        let entry = E::decode(head);
        if !entry.may_follow(entries.last().copied()) {
            break;
        }
        entries.push(entry);
        rest = tail;
    }
    Parsed { entries, is_whole: rest.iter().all(|byte| *byte == 0) }
}

impl<E: Entry> SparseIndex<E> {
    /// A new index in an empty file.
    pub(crate) fn create(disk: Arc<dyn Disk>, path: PathBuf) -> io::Result<SparseIndex<E>> {
        disk.open(&path, Mode::CreateEmpty)?;
        Ok(SparseIndex::hold(disk, path, Held::Memory { entries: Vec::new(), written: 0 }))
    }

    /// Marks the file as unsynced even if nothing is written to it: it was emptied, and what it held could come back.
    pub(crate) fn mark_unsynced(&self) {
        self.state_mut().unsynced = true;
    }

    /// The index of a segment that grows, from entries that were read from its file.
    pub(crate) fn resume(disk: Arc<dyn Disk>, path: PathBuf, entries: Vec<E>) -> SparseIndex<E> {
        let written = entries.len();
        SparseIndex::hold(disk, path, Held::Memory { entries, written })
    }

    /// The index of a segment that grows no more.
    pub(crate) fn sealed(disk: Arc<dyn Disk>, path: PathBuf) -> SparseIndex<E> {
        SparseIndex::hold(disk, path, Held::File)
    }

    fn hold(disk: Arc<dyn Disk>, path: PathBuf, held: Held<E>) -> SparseIndex<E> {
        SparseIndex { disk, state: RwLock::new(State { path, held, unsynced: false }) }
    }

    fn state(&self) -> RwLockReadGuard<'_, State<E>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State<E>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry; one that may not follow the last is left out.
    ///
    /// # Panics
    /// If the index is sealed: its segment takes no more batches.
    pub(crate) fn push(&self, entry: E) -> io::Result<()> {
        let mut state = self.state_mut();
        let Held::Memory { entries, written } = &mut state.held else { panic!("a sealed index takes no entries") };
        if !entry.may_follow(entries.last().copied()) {
            return Ok(());
        }
        entries.push(entry);
        if entries.len() - *written >= GATHER {
            state.write_out(self.disk.as_ref())?;
        }
        Ok(())
    }

    /// How many entries there are in memory; a sealed index has none there.
    pub(crate) fn len_in_memory(&self) -> usize {
        match &self.state().held {
            Held::Memory { entries, .. } => entries.len(),
            Held::File => 0,
        }
    }

    /// The last entry.
    pub(crate) fn last(&self) -> io::Result<Option<E>> {
        let state = self.state();
        match &state.held {
            Held::Memory { entries, .. } => Ok(entries.last().copied()),
            Held::File => {
                let file = self.disk.open(&state.path, Mode::Read)?;
                let count = file.len()? as usize / E::LEN;
                if count == 0 { Ok(None) } else { entry_at(file.as_ref(), count - 1) }
            }
        }
    }

    /// The last entry whose key is not above `key`.
    pub(crate) fn floor(&self, key: i64) -> io::Result<Option<E>> {
        let state = self.state();
        match &state.held {
            Held::Memory { entries, .. } => Ok(floor_of(entries, key)),
            Held::File => floor_in_file(self.disk.open(&state.path, Mode::Read)?.as_ref(), key),
        }
    }

    /// Writes what is pending and lets go of the memory.
    pub(crate) fn seal(&self) -> io::Result<()> {
        let mut state = self.state_mut();
        state.write_out(self.disk.as_ref())?;
        state.held = Held::File;
        Ok(())
    }

    /// Writes what is pending and makes it survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if self.state().is_synced() {
            return Ok(());
        }
        let file = {
            let mut state = self.state_mut();
            state.write_out(self.disk.as_ref())?;
            state.unsynced = false;
            self.disk.open(&state.path, Mode::Write)
        };
        // Readers look things up meanwhile. A file that is gone belongs to a segment that was removed.
        match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            file => file?.sync_data(),
        }
    }

    /// Renames the file, for its removal.
    pub(crate) fn rename(&self, to: &Path) -> io::Result<()> {
        let mut state = self.state_mut();
        self.disk.rename(&state.path, to)?;
        to.clone_into(&mut state.path);
        Ok(())
    }
}

impl<E: Entry> State<E> {
    fn is_synced(&self) -> bool {
        let has_pending = matches!(&self.held, Held::Memory { entries, written } if *written < entries.len());
        !self.unsynced && !has_pending
    }

    fn write_out(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let Held::Memory { entries, written } = &mut self.held else { return Ok(()) };
        if *written == entries.len() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity((entries.len() - *written) * E::LEN);
        for entry in &entries[*written..] {
            entry.encode(&mut bytes);
        }
        let file = disk.open(&self.path, Mode::Create)?;
        file.write_at((*written * E::LEN) as u64, &mut [IoSlice::new(&bytes)])?;
        *written = entries.len();
        self.unsynced = true;
        Ok(())
    }
}

fn floor_of<E: Entry>(entries: &[E], key: i64) -> Option<E> {
    let above = entries.partition_point(|entry| entry.key() <= key);
    above.checked_sub(1).and_then(|place| entries.get(place)).copied()
}

fn entry_at<E: Entry>(file: &dyn File, place: usize) -> io::Result<Option<E>> {
    let bytes = file.read_at((place * E::LEN) as u64, E::LEN)?;
    Ok((bytes.len() == E::LEN).then(|| E::decode(&bytes)))
}

/// A binary search by single entries (from the page cache) until one block is left, which is read whole.
fn floor_in_file<E: Entry>(file: &dyn File, key: i64) -> io::Result<Option<E>> {
    let (mut low, mut high) = (0, file.len()? as usize / E::LEN);
    while high - low > BLOCK {
        let middle = low + (high - low) / 2;
        match entry_at::<E>(file, middle)? {
            Some(entry) if entry.key() <= key => low = middle,
            _ => high = middle,
        }
    }
    let bytes = file.read_at((low * E::LEN) as u64, (high - low) * E::LEN)?;
    let entries: Vec<E> = bytes.chunks_exact(E::LEN).map(E::decode).collect();
    Ok(floor_of(&entries, key))
}
