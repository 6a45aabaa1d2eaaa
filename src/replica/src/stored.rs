//! Record bytes of an answer, which the log holds as well.

use std::sync::Arc;
use std::{fmt, io};

use bytes::Bytes;
use klamm_base::Offset;
use klamm_base::limits::REREAD_BYTES;
use klamm_record::BatchHeader;
use klamm_wire::Source;

use crate::memory::Held;
use crate::partition::{Fetched, Partition};

/// The batches that a fetch found. They leave memory when their client does not read them, and are read from the log
/// again, a piece at a time, when it does.
///
/// ```text
///   | written | at .. bytes.len(): in memory | behind: in the log, from offset `next` on |
///                                             `skip` of them were written before the memory was given back
/// ```
pub struct Stored {
    partition: Arc<Partition>,
    /// Whole batches.
    bytes: Bytes,
    /// How many of `bytes` are written.
    at: usize,
    /// How many bytes lie in the log only, counted from the beginning of a batch.
    behind: usize,
    /// An offset of the batch with which they begin.
    next: Offset,
    /// How many of them are written.
    skip: usize,
    /// The offset after the last record of the answer.
    end: Offset,
    held: Held,
}

impl Stored {
    /// What `fetched` from `partition` holds in memory, which `held` accounts for.
    pub fn new(partition: Arc<Partition>, fetched: &Fetched, held: Held) -> Stored {
        let (bytes, end) = (fetched.records.clone(), fetched.next_offset);
        Stored { partition, bytes, at: 0, behind: 0, next: end, skip: 0, end, held }
    }

    fn forget(&mut self) {
        self.bytes = Bytes::new();
        self.at = 0;
        self.held.set(0);
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bytes of {} up to {:?}", self.remaining(), self.partition.id, self.end)
    }
}

impl Source for Stored {
    fn ready(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn remaining(&self) -> usize {
        self.bytes.len() - self.at + self.behind - self.skip
    }

    fn advance(&mut self, count: usize) {
        self.at += count;
        assert!(self.at <= self.bytes.len(), "only what is in memory can be passed over");
        if self.at == self.bytes.len() {
            self.forget();
        }
    }

    fn release(&mut self) {
        let mut begin = 0;
        while let Ok(header) = BatchHeader::parse(&self.bytes[begin..]) {
            let end = begin + header.size_bytes();
            if end > self.at {
                self.behind += self.bytes.len() - begin;
                self.skip = self.at - begin;
                // Its last offset: the log may begin within the batch by now, but not behind it.
                self.next = Offset(header.next_offset().0 - 1);
                return self.forget();
            }
            begin = end;
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.remaining() == 0 {
            return Ok(());
        }
        let (bytes, next) = self.partition.read_again(self.next, self.behind.min(REREAD_BYTES), self.end)?;
        if bytes.len() <= self.skip || bytes.len() > self.behind {
            return Err(io::Error::other("the log has other batches than the answer promised"));
        }
        self.held.set(bytes.len());
        self.behind -= bytes.len();
        (self.bytes, self.at, self.next) = (bytes, std::mem::take(&mut self.skip), next);
        Ok(())
    }

    fn is_wanted(&self) -> bool {
        !self.bytes.is_empty() && self.held.is_wanted()
    }
}

#[cfg(test)]
#[path = "stored_test.rs"]
mod stored_test;
