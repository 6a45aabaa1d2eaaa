//! The Raft log in sled 0.34.7, which is never used bare.
//!
//! ```text
//! tree "log"   index u64 | piece u16  ->  more to come 0 or 1 u8 | up to 4 KiB of the entry     (see `codec`)
//! tree "meta"  "format" -> 1    "identity" -> Raft id u64    "vote"    "purged"    "committed"
//! ```
//!
//! What is known to go wrong with it, and what meets it here:
//!
//! - `flush` writes but does not sync, so a power cut takes acknowledged data, or the whole database. After every flush
//!   comes an `fdatasync` through a handle of our own; after the first opening the file, the folder and its parent are
//!   synced.
//! - A process that dies while it opens leaves `snap.*.generating`, which makes every later opening fail. Such files are
//!   removed first.
//! - A leaf above 128 KiB goes to a file that is never synced. Leaves split by count, at 17 items, so a value has at most
//!   4 KiB and a larger entry is cut into pieces, which one batch makes all or none of.
//! - Damage is met by a panic. Opening and loading catch it and say which folder a person must look at.
//! - The cache is 1 GiB by default; ours is 16 MiB. The background flusher stays on, for only it collects garbage.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::codec::{entry_of, entry_to_bytes, log_id_of, put_log_id, vote_of, vote_to_bytes};
use crate::disk::{Change, Loaded, RaftDisk};
use crate::types::Entry;

const FORMAT: &[u8] = &[1];
const PIECE_BYTES: usize = 4096;
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
const FLUSH_EVERY_MS: u64 = 500;

/// The Raft log in a folder.
pub(crate) struct SledDisk {
    dir: PathBuf,
    db: sled::Db,
    log: sled::Tree,
    meta: sled::Tree,
    /// For the sync that sled leaves out.
    file: std::fs::File,
}

/// A lock that is held is asked for again this often before it counts as held: whoever had it may be a moment from
/// gone. A process that ends lets go of it late, and so does a child that another thread of ours has just forked and that
/// has not become another program yet.
const LOCK_TRIES: u32 = 50;

#[allow(clippy::disallowed_methods, reason = "sled tries its lock and cannot wait for it")]
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}

impl SledDisk {
    /// Opens the store in `dir`, or makes it.
    ///
    /// # Errors
    /// If another process has it open, or it is damaged.
    pub fn open(dir: &Path) -> Result<SledDisk, Error> {
        for _ in 0..LOCK_TRIES {
            match SledDisk::try_open(dir) {
                Err(Error::InUse(_)) => pause(),
                opened => return opened,
            }
        }
        SledDisk::try_open(dir)
    }

    fn try_open(dir: &Path) -> Result<SledDisk, Error> {
        remove_half_made_files(dir)?;
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS));
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let db = config.open()?;
            let (log, meta) = (db.open_tree("log")?, db.open_tree("meta")?);
            Ok((db, log, meta))
        }));
        let (db, log, meta) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(sled::Error::Io(error))) if is_lock(&error) => return Err(Error::InUse(dir.to_owned())),
            Ok(Err(sled::Error::Io(error))) => return Err(error.into()),
            Ok(Err(error)) => return Err(damaged(dir, error.to_string())),
            Err(panic) => return Err(damaged(dir, panic_text(&*panic))),
        };
        let mut disk = SledDisk { dir: dir.to_owned(), file: open_file(&dir.join("db"))?, db, log, meta };
        disk.check_format()?;
        Ok(disk)
    }

    fn check_format(&mut self) -> Result<(), Error> {
        match self.meta.get("format").map_err(sled_io)? {
            Some(format) if format == FORMAT => Ok(()),
            Some(_) => Err(damaged(&self.dir, "unknown format; was it written by a newer version?".to_owned())),
            None => {
                self.meta.insert("format", FORMAT).map_err(sled_io)?;
                self.sync()?;
                open_file(&self.dir)?.sync_all()?;
                let parent = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty());
                Ok(open_file(parent.unwrap_or(Path::new(".")))?.sync_all()?)
            }
        }
    }

    fn load_all(&self) -> Result<Loaded, Error> {
        let mut loaded = Loaded::default();
        if let Some(bytes) = self.meta.get("identity").map_err(sled_io)? {
            let bytes = bytes.as_ref().try_into().map_err(|_| self.damaged("identity"))?;
            loaded.identity = Some(u64::from_be_bytes(bytes));
        }
        let meta = |key: &str| self.meta.get(key).map_err(sled_io);
        let faulty = |key: &'static str| move |_| self.damaged(key);
        if let Some(bytes) = meta("vote")? {
            loaded.vote = Some(vote_of(&mut bytes.as_ref()).map_err(faulty("vote"))?);
        }
        if let Some(bytes) = meta("purged")? {
            loaded.purged = Some(log_id_of(&mut bytes.as_ref()).map_err(faulty("purged"))?);
        }
        if let Some(bytes) = meta("committed")? {
            loaded.committed = Some(log_id_of(&mut bytes.as_ref()).map_err(faulty("committed"))?);
        }
        loaded.entries = self.load_entries(loaded.purged.map(|id| id.index))?;
        Ok(loaded)
    }

    /// The entries after `purged`. Removing entries follows the note that they are purged, so some may be left.
    fn load_entries(&self, purged: Option<u64>) -> Result<Vec<Entry>, Error> {
        let first = purged.map_or(0, |index| index + 1);
        let mut entries: Vec<Entry> = Vec::new();
        let mut bytes = Vec::new();
        let mut next = (first, 0);
        for item in self.log.range(first.to_be_bytes()..) {
            let (key, value) = item.map_err(sled_io)?;
            let (index, piece) = key_of(&key).ok_or_else(|| self.damaged("a key of the log"))?;
            if (index, piece) != next {
                return Err(self.damaged(&format!("entry {} piece {} is missing", next.0, next.1)));
            }
            let (more, part) = value.split_first().ok_or_else(|| self.damaged("a piece of the log"))?;
            bytes.extend_from_slice(part);
            if *more == 1 {
                next = (index, piece + 1);
                continue;
            }
            next = (index + 1, 0);
            entries.push(entry_of(index, &bytes).map_err(|fault| self.damaged(&format!("entry {index}: {fault}")))?);
            bytes.clear();
        }
        if next.1 != 0 {
            return Err(self.damaged(&format!("entry {} piece {} is missing", next.0, next.1)));
        }
        Ok(entries)
    }

    /// Removes the pieces of the entries in `from..=to`.
    fn remove(&self, from: u64, to: u64, batch: &mut sled::Batch) -> io::Result<()> {
        for key in self.log.range(key(from, 0)..=key(to, u16::MAX)).keys() {
            batch.remove(key?);
        }
        Ok(())
    }

    fn append(&self, entries: &[Entry]) -> io::Result<()> {
        let mut batch = sled::Batch::default();
        for entry in entries {
            let index = entry.log_id.index;
            self.remove(index, index, &mut batch)?;
            let bytes = entry_to_bytes(entry);
            let last = bytes.len().div_ceil(PIECE_BYTES) - 1;
            for (piece, part) in bytes.chunks(PIECE_BYTES).enumerate() {
                let number = u16::try_from(piece).map_err(io::Error::other)?;
                let mut value = vec![u8::from(piece < last)];
                value.extend_from_slice(part);
                batch.insert(&key(index, number), value);
            }
        }
        Ok(self.log.apply_batch(batch)?)
    }

    fn damaged(&self, what: &str) -> Error {
        damaged(&self.dir, what.to_owned())
    }
}

impl RaftDisk for SledDisk {
    fn load(&mut self) -> Result<Loaded, Error> {
        catch_unwind(AssertUnwindSafe(|| self.load_all()))
            .unwrap_or_else(|panic| Err(damaged(&self.dir, panic_text(&*panic))))
    }

    fn write(&mut self, change: &Change) -> io::Result<()> {
        let mut removals = sled::Batch::default();
        match change {
            Change::Identity(id) => self.meta.insert("identity", &id.to_be_bytes()).map(drop)?,
            Change::Vote(vote) => self.meta.insert("vote", vote_to_bytes(vote)).map(drop)?,
            Change::Committed(id) => self.meta.insert("committed", log_id_bytes(id)).map(drop)?,
            Change::Append(entries) => self.append(entries)?,
            Change::TruncateFrom(index) => {
                self.remove(*index, u64::MAX, &mut removals)?;
                self.log.apply_batch(removals)?;
            }
            // The note first: entries without it would be a gap.
            Change::PurgeUpto(id) => {
                self.meta.insert("purged", log_id_bytes(id))?;
                self.remove(0, id.index, &mut removals)?;
                self.log.apply_batch(removals)?;
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.db.flush()?;
        self.file.sync_data()
    }
}

fn key(index: u64, piece: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&index.to_be_bytes());
    key[8..].copy_from_slice(&piece.to_be_bytes());
    key
}

fn key_of(key: &[u8]) -> Option<(u64, u16)> {
    let (index, piece) = key.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*index), u16::from_be_bytes(piece.try_into().ok()?)))
}

fn log_id_bytes(id: &crate::types::LogId) -> Vec<u8> {
    let mut out = Vec::new();
    put_log_id(&mut out, id);
    out
}

fn damaged(dir: &Path, what: String) -> Error {
    Error::Damaged { dir: dir.to_owned(), what }
}

fn sled_io(error: sled::Error) -> Error {
    io::Error::from(error).into()
}

/// sled wraps the lock's `WouldBlock` into an error of another kind and tells it in words only.
fn is_lock(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.to_string().contains("could not acquire lock")
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

#[allow(
    clippy::disallowed_methods,
    reason = "sled does its own file IO, so its folder is looked after in the same way"
)]
fn open_file(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::open(path)
}

#[allow(
    clippy::disallowed_methods,
    reason = "sled does its own file IO, so its folder is looked after in the same way"
)]
fn remove_half_made_files(dir: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
