//! Loading: a shard is what its log says.

use std::collections::BTreeMap;

use klamm_base::{ErrorCode, Offset, ProducerId};
use klamm_record::{Batch, EndTxnMarker, batches, records};

use crate::group::shard::Shard;
use crate::{GroupConfig, PartitionLog, Record};

/// How much of a log is read at once, in bytes.
const READ_BYTES: usize = 1024 * 1024;

/// Builds the shard of `partition` from its log, and gives the offset after its last record. Blocks on the disk.
///
/// A record that cannot be read is left out with a warning: one bad record must not cost a broker its groups.
///
/// # Errors
/// As the log gives them.
pub fn load(log: &dyn PartitionLog, partition: i32, config: GroupConfig) -> Result<(Shard, Offset), ErrorCode> {
    let (mut at, end) = log.bounds(partition)?;
    let mut loader = Loader { partition, shard: Shard::new(config), open: BTreeMap::new() };
    while at < end {
        let bytes = log.read(partition, at, READ_BYTES)?;
        let mut next = at;
        for batch in batches(&bytes) {
            let batch = batch.map_err(|fault| {
                tracing::error!(partition, %fault, "the log of a group coordinator cannot be read");
                ErrorCode::CorruptMessage
            })?;
            next = next.max(batch.header.next_offset());
            loader.take(&batch);
        }
        if next == at {
            break;
        }
        at = next;
    }
    Ok((loader.shard, end))
}

struct Loader {
    partition: i32,
    shard: Shard,
    /// Offsets of transactions whose end was not read yet. They count once the transaction is committed.
    open: BTreeMap<ProducerId, Vec<Record>>,
}

impl Loader {
    fn take(&mut self, batch: &Batch) {
        let attributes = batch.header.attributes;
        if attributes.is_control() {
            return self.end_transaction(batch);
        }
        for record in records(batch) {
            let record = match record {
                Ok(record) => record,
                Err(fault) => return self.skip(&fault),
            };
            let Some(key) = record.key else { continue };
            // Copies: a slice would keep a whole read in memory for as long as a member lives.
            let copy = |bytes: bytes::Bytes| bytes::Bytes::copy_from_slice(&bytes);
            let record = Record { key, value: record.value.map(copy) };
            if attributes.is_transactional() {
                self.open.entry(batch.header.producer_id).or_default().push(record);
            } else {
                self.replay(&record);
            }
        }
    }

    fn end_transaction(&mut self, batch: &Batch) {
        match EndTxnMarker::read(batch) {
            Ok(Some((_, marker))) => {
                let records = self.open.remove(&marker.producer_id).unwrap_or_default();
                for record in records.iter().filter(|_| marker.commit) {
                    self.replay(record);
                }
            }
            Ok(None) => {}
            Err(fault) => self.skip(&fault),
        }
    }

    fn replay(&mut self, record: &Record) {
        if let Err(error) = self.shard.replay(record) {
            self.skip(&error);
        }
    }

    fn skip(&self, why: &dyn std::fmt::Display) {
        tracing::warn!(partition = self.partition, %why, "left out a record of a group coordinator");
    }
}
