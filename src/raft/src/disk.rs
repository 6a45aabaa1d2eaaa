//! What a Raft log needs of a disk.

use std::io;

use crate::Error;
use crate::types::{Entry, LogId, Vote};

/// All that a voter keeps, but for the snapshots. One thread owns it and calls in order.
///
/// What [`RaftDisk::write`] was told may be lost by a power cut until [`RaftDisk::sync`] has returned, but never so that a
/// later change survives an earlier one. After an error from either the disk must not be used again.
pub(crate) trait RaftDisk: Send + 'static {
    /// All that was kept.
    fn load(&mut self) -> Result<Loaded, Error>;

    /// Makes a change, at once as a whole.
    fn write(&mut self, change: &Change) -> io::Result<()>;

    /// Makes all changes so far survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

/// What was kept.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Loaded {
    /// The Raft id of the node that made the store.
    pub identity: Option<u64>,
    /// The last vote.
    pub vote: Option<Vote>,
    /// The last entry that was removed because a snapshot holds it.
    pub purged: Option<LogId>,
    /// An entry that is known to be committed; those after it may be too.
    pub committed: Option<LogId>,
    /// The entries after `purged`, without a gap.
    pub entries: Vec<Entry>,
}

/// A change of what is kept.
#[derive(Debug)]
pub(crate) enum Change {
    /// Whose store this is.
    Identity(u64),
    /// Entries at the end, or in place of those with the same index.
    Append(Vec<Entry>),
    /// Removes the entries from this index on.
    TruncateFrom(u64),
    /// Removes the entries up to this one.
    PurgeUpto(LogId),
    /// A vote.
    Vote(Vote),
    /// What is known to be committed.
    Committed(LogId),
}

impl Change {
    /// True if somebody waits for this to be durable. What is lost of the others is found again.
    pub fn must_last(&self) -> bool {
        !matches!(self, Change::PurgeUpto(_) | Change::Committed(_))
    }
}
