//! openraft's log, over the disk thread.
//!
//! The entries since the last purge are kept in memory too, so that reading never touches the disk.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::ops::RangeBounds;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{OptionalSend, RaftLogReader, StorageIOError};

use crate::disk::{Change, Loaded};
use crate::io_thread::{Ack, IoThread};
use crate::types::{Entry, LogId, LogState, StorageError, TypeConfig, Vote};

/// The most bytes of entries that one read hands to replication (and always at least one entry): an append that takes
/// longer than a heartbeat is sent again and again.
const READ_BYTES: usize = 128 * 1024;

/// The log. Clones share it.
#[derive(Clone)]
pub(crate) struct LogStore {
    tail: Arc<Mutex<Tail>>,
    io: IoThread,
}

#[derive(Default)]
struct Tail {
    vote: Option<Vote>,
    purged: Option<LogId>,
    committed: Option<LogId>,
    entries: BTreeMap<u64, Entry>,
}

impl LogStore {
    /// The log as `loaded`, which `io` writes on.
    ///
    /// A committed vote for itself would make this node leader at once, with what it last knew to be committed, and so
    /// serve reads that are older than writes it acknowledged. So the vote counts as not yet committed, and the node must
    /// win a new term; its first entry closes the gap. It only forgets that its own vote was granted.
    pub fn new(own_id: u64, loaded: Loaded, io: IoThread) -> LogStore {
        let Loaded { mut vote, purged, committed, entries, .. } = loaded;
        if let Some(vote) = vote.as_mut().filter(|vote| vote.leader_id.voted_for == Some(own_id)) {
            vote.committed = false;
        }
        let entries = entries.into_iter().map(|entry| (entry.log_id.index, entry)).collect();
        LogStore { tail: Arc::new(Mutex::new(Tail { vote, purged, committed, entries })), io }
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_fault(error: io::Error) -> StorageError {
    StorageIOError::write(&error).into()
}

fn entry_bytes(entry: &Entry) -> usize {
    match &entry.payload {
        openraft::EntryPayload::Normal(batch) => batch.0.len(),
        _ => 64,
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, StorageError> {
        Ok(self.tail().entries.range(range).map(|(_, entry)| entry.clone()).collect())
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, StorageError> {
        let tail = self.tail();
        let mut bytes = 0;
        let fits = |(index, entry): &(&u64, &Entry)| {
            bytes += entry_bytes(entry);
            **index == start || bytes <= READ_BYTES
        };
        Ok(tail.entries.range(start..end).take_while(fits).map(|(_, entry)| entry.clone()).collect())
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = LogStore;

    async fn get_log_state(&mut self) -> Result<LogState, StorageError> {
        let tail = self.tail();
        let last = tail.entries.last_key_value().map(|(_, entry)| entry.log_id);
        Ok(LogState { last_purged_log_id: tail.purged, last_log_id: last.or(tail.purged) })
    }

    async fn get_log_reader(&mut self) -> LogStore {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), StorageError> {
        self.io.write(Change::Vote(*vote)).await.map_err(write_fault)?;
        self.tail().vote = Some(*vote);
        Ok(())
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, StorageError> {
        Ok(self.tail().vote)
    }

    /// Called for every commit, so it is never synced for its own sake.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), StorageError> {
        let Some(id) = committed else { return Ok(()) };
        self.tail().committed = Some(id);
        self.io.submit(Change::Committed(id), Ack::Nobody).await.map_err(write_fault)
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, StorageError> {
        Ok(self.tail().committed)
    }

    async fn append<I>(&mut self, entries: I, callback: LogFlushed<TypeConfig>) -> Result<(), StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        self.tail().entries.extend(entries.iter().map(|entry| (entry.log_id.index, entry.clone())));
        self.io.submit(Change::Append(entries), Ack::Raft(callback)).await.map_err(write_fault)
    }

    async fn truncate(&mut self, since: LogId) -> Result<(), StorageError> {
        self.tail().entries.split_off(&since.index);
        self.io.write(Change::TruncateFrom(since.index)).await.map_err(write_fault)
    }

    async fn purge(&mut self, upto: LogId) -> Result<(), StorageError> {
        {
            let mut tail = self.tail();
            tail.purged = Some(upto);
            tail.entries = tail.entries.split_off(&(upto.index + 1));
        }
        self.io.submit(Change::PurgeUpto(upto), Ack::Nobody).await.map_err(write_fault)
    }
}
