//! A log in memory, for tests: commits at once or when told, fails when told.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use klamm_base::{ErrorCode, LeaderEpoch, Offset};
use tokio::sync::Notify;

use crate::log::{Committed, PartitionLog};

#[derive(Default)]
struct Partition {
    batches: Vec<(Offset, Bytes)>,
    end: i64,
    high_watermark: i64,
}

#[derive(Default)]
struct State {
    partitions: BTreeMap<i32, Partition>,
    refuse: Option<ErrorCode>,
    holds_back: bool,
}

/// The log. Share it by `Arc` to restart a coordinator over it.
#[derive(Default)]
pub struct LogMem {
    state: Mutex<State>,
    moved: Notify,
}

impl LogMem {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Refuses appends with `code`, or takes them again.
    pub fn refuse(&self, code: Option<ErrorCode>) {
        self.state().refuse = code;
    }

    /// Lets appends be uncommitted from now on.
    pub fn hold_back(&self) {
        self.state().holds_back = true;
    }

    /// Commits all that was appended, and what will be.
    pub fn commit(&self) {
        let mut state = self.state();
        state.holds_back = false;
        for partition in state.partitions.values_mut() {
            partition.high_watermark = partition.end;
        }
        self.moved.notify_waiters();
    }

    /// How many batches a partition has.
    pub fn batches(&self, partition: i32) -> usize {
        self.state().partitions.get(&partition).map_or(0, |partition| partition.batches.len())
    }

    /// Appends a batch as it is.
    pub fn put(&self, partition: i32, batch: &Bytes) -> Offset {
        let mut state = self.state();
        let holds_back = state.holds_back;
        let partition = state.partitions.entry(partition).or_default();
        let header = klamm_record::BatchHeader::parse(batch).unwrap();
        let base = Offset(partition.end);
        let mut bytes = batch.to_vec();
        let stamped = klamm_record::stamp(bytes[..61].try_into().unwrap(), base, LeaderEpoch(0));
        bytes[..61].copy_from_slice(&stamped);
        partition.batches.push((base, bytes.into()));
        partition.end += i64::from(header.last_offset_delta) + 1;
        if !holds_back {
            partition.high_watermark = partition.end;
        }
        Offset(partition.end)
    }
}

impl PartitionLog for LogMem {
    fn append(&self, partition: i32, batch: &Bytes) -> Result<Offset, ErrorCode> {
        match self.state().refuse {
            Some(code) => return Err(code),
            None => assert!(klamm_record::is_crc_valid(batch)),
        }
        Ok(self.put(partition, batch))
    }

    fn high_watermark(&self, partition: i32) -> Offset {
        Offset(self.state().partitions.get(&partition).map_or(0, |partition| partition.high_watermark))
    }

    fn committed(&self, partition: i32, until: Offset) -> Committed<'_> {
        Box::pin(async move {
            loop {
                let moved = self.moved.notified();
                if self.high_watermark(partition) >= until {
                    return Ok(());
                }
                moved.await;
            }
        })
    }

    fn bounds(&self, partition: i32) -> Result<(Offset, Offset), ErrorCode> {
        let end = self.state().partitions.get(&partition).map_or(0, |partition| partition.end);
        Ok((Offset::ZERO, Offset(end)))
    }

    fn read(&self, partition: i32, from: Offset, _max_bytes: usize) -> Result<Bytes, ErrorCode> {
        let state = self.state();
        let Some(partition) = state.partitions.get(&partition) else { return Ok(Bytes::new()) };
        let at = partition.batches.iter().rev().find(|(base, _)| *base <= from && from.0 < partition.end);
        Ok(at.map(|(_, bytes)| bytes.clone()).unwrap_or_default())
    }
}
