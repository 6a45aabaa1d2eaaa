//! A disk in memory that knows what was synced, for tests.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use crate::Error;
use crate::disk::{Change, Loaded, RaftDisk};
use crate::types::{Entry, LogId, Vote};

/// Clones share the content, so that a test can look at it, cut the power, and open it again.
#[derive(Clone, Default)]
pub(crate) struct MemDisk(Arc<Mutex<World>>);

#[derive(Default)]
struct World {
    now: Content,
    synced: Content,
    syncs_until_fault: Option<u32>,
}

#[derive(Clone, Default)]
struct Content {
    identity: Option<u64>,
    vote: Option<Vote>,
    purged: Option<LogId>,
    committed: Option<LogId>,
    entries: BTreeMap<u64, Entry>,
}

impl MemDisk {
    /// Takes back all that was not synced.
    pub fn cut_power(&self) {
        let mut world = self.0.lock().unwrap();
        world.now = world.synced.clone();
    }

    /// Lets this many syncs succeed and the next one fail.
    pub fn fail_sync_after(&self, syncs: u32) {
        self.0.lock().unwrap().syncs_until_fault = Some(syncs);
    }
}

impl RaftDisk for MemDisk {
    fn load(&mut self) -> Result<Loaded, Error> {
        let Content { identity, vote, purged, committed, entries } = self.0.lock().unwrap().now.clone();
        Ok(Loaded { identity, vote, purged, committed, entries: entries.into_values().collect() })
    }

    fn write(&mut self, change: &Change) -> io::Result<()> {
        let now = &mut self.0.lock().unwrap().now;
        match change {
            Change::Identity(id) => now.identity = Some(*id),
            Change::Append(entries) => {
                now.entries.extend(entries.iter().map(|entry| (entry.log_id.index, entry.clone())));
            }
            Change::TruncateFrom(index) => now.entries.retain(|key, _| key < index),
            Change::PurgeUpto(id) => {
                now.purged = Some(*id);
                now.entries.retain(|key, _| *key > id.index);
            }
            Change::Vote(vote) => now.vote = Some(*vote),
            Change::Committed(id) => now.committed = Some(*id),
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut world = self.0.lock().unwrap();
        match &mut world.syncs_until_fault {
            Some(0) => return Err(io::Error::other("injected fault")),
            Some(left) => *left -= 1,
            None => {}
        }
        world.synced = world.now.clone();
        Ok(())
    }
}
