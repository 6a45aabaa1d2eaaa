//! Control records: what brokers write between the records of producers.
//!
//! ```text
//! key:    version i16 = 0 | type i16            (ControlRecordType)
//! value:  version i16 = 0 | coordinator epoch i32     for ABORT and COMMIT (EndTxnMarker)
//! ```

use bytes::Bytes;
use klamm_base::{Offset, ProducerEpoch, ProducerId, Sequence};

use crate::batch::Batch;
use crate::build::BatchBuilder;
use crate::codec::Codec;
use crate::fault::BatchFault;
use crate::records::records;

/// What a control record says, from its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlType {
    /// The producer's transaction ends, and consumers of committed data skip its records.
    Abort,
    /// The producer's transaction ends, and its records count.
    Commit,
    /// A quorum of Kafka's own has a new leader (KIP-595).
    LeaderChange,
    /// A type that this broker does not write and need not know (snapshot header and footer, quorum versions).
    Other(i16),
}

impl ControlType {
    /// Reads the type from a control record's key; `None` for a key that is too short or of a negative version.
    /// Keys of later versions only append fields, so they are read as well (`ControlRecordType.parseTypeId`).
    pub fn read(key: &[u8]) -> Option<ControlType> {
        let [v0, v1, t0, t1, ..] = key else {
            return None;
        };
        if i16::from_be_bytes([*v0, *v1]) < 0 {
            return None;
        }
        Some(match i16::from_be_bytes([*t0, *t1]) {
            0 => ControlType::Abort,
            1 => ControlType::Commit,
            2 => ControlType::LeaderChange,
            other => ControlType::Other(other),
        })
    }

    /// The type's number.
    pub fn id(self) -> i16 {
        match self {
            ControlType::Abort => 0,
            ControlType::Commit => 1,
            ControlType::LeaderChange => 2,
            ControlType::Other(id) => id,
        }
    }

    /// A control record's key of this type.
    pub fn write(self) -> [u8; 4] {
        let [t0, t1] = self.id().to_be_bytes();
        [0, 0, t0, t1]
    }
}

/// The end of a producer's transaction in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndTxnMarker {
    /// The producer whose transaction ends.
    pub producer_id: ProducerId,
    /// The epoch under which it ends; later appends of the producer carry at least this one.
    pub producer_epoch: ProducerEpoch,
    /// True for commit, false for abort.
    pub commit: bool,
    /// The epoch of the coordinator that decided, which fences markers of an older one.
    pub coordinator_epoch: i32,
}

impl EndTxnMarker {
    /// The marker as a batch of one control record at offset 0, to be stamped by the append
    /// (`MemoryRecords.withEndTransactionMarker`).
    pub fn batch(&self, now_ms: i64) -> Bytes {
        let control_type = if self.commit { ControlType::Commit } else { ControlType::Abort };
        let mut value = [0; 6];
        value[2..].copy_from_slice(&self.coordinator_epoch.to_be_bytes());
        let mut builder = BatchBuilder::new(Codec::None)
            .producer(self.producer_id, self.producer_epoch, Sequence::NONE)
            .transactional()
            .control();
        builder.append(now_ms, Some(&control_type.write()), Some(&value), &[]);
        builder.build()
    }

    /// The marker that `batch` carries, and its offset; `None` for a batch without one.
    ///
    /// # Errors
    /// [`BatchFault::Structure`] for a control batch whose record is none, and what reading a record fails with.
    pub fn read(batch: &Batch) -> Result<Option<(Offset, EndTxnMarker)>, BatchFault> {
        if !batch.header.attributes.is_control() {
            return Ok(None);
        }
        let Some(record) = records(batch).next().transpose()? else {
            return Ok(None);
        };
        let control_type = record.key.as_deref().and_then(ControlType::read);
        let commit = match control_type.ok_or(BatchFault::Structure("a control record without a type"))? {
            ControlType::Commit => true,
            ControlType::Abort => false,
            ControlType::LeaderChange | ControlType::Other(_) => return Ok(None),
        };
        let epoch = record.value.as_deref().and_then(|value| value.get(2..)?.first_chunk::<4>());
        let epoch = epoch.ok_or(BatchFault::Structure("a transaction marker without a coordinator epoch"))?;
        let marker = EndTxnMarker {
            producer_id: batch.header.producer_id,
            producer_epoch: batch.header.producer_epoch,
            commit,
            coordinator_epoch: i32::from_be_bytes(*epoch),
        };
        Ok(Some((record.offset, marker)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches;

    fn marker(commit: bool) -> EndTxnMarker {
        EndTxnMarker { producer_id: ProducerId(4000), producer_epoch: ProducerEpoch(3), commit, coordinator_epoch: 17 }
    }

    #[test]
    fn a_marker_comes_back_from_its_batch() {
        for commit in [true, false] {
            let batch = batches(&marker(commit).batch(1_000)).next().unwrap().unwrap();
            assert!(batch.is_crc_valid());
            assert!(batch.header.attributes.is_control() && batch.header.attributes.is_transactional());
            assert_eq!(batch.header.base_sequence, Sequence::NONE);
            assert_eq!(EndTxnMarker::read(&batch), Ok(Some((Offset(0), marker(commit)))));
        }
    }

    #[test]
    fn batches_without_a_marker_have_none() {
        let mut data = BatchBuilder::new(Codec::None);
        data.append(0, Some(&[0, 0, 0, 1]), Some(&[0; 6]), &[]);
        let data = batches(&data.build()).next().unwrap().unwrap();
        assert_eq!(EndTxnMarker::read(&data), Ok(None));
        let mut change = BatchBuilder::new(Codec::None).control();
        change.append(0, Some(&ControlType::LeaderChange.write()), Some(&[0; 6]), &[]);
        let change = batches(&change.build()).next().unwrap().unwrap();
        assert_eq!(EndTxnMarker::read(&change), Ok(None));
    }

    #[test]
    fn a_control_record_that_is_cut_is_refused() {
        for (key, value) in [(&[0u8, 0, 0][..], &[0u8; 6][..]), (&[0, 0, 0, 1], &[0; 5]), (&[0xff, 0, 0, 1], &[0; 6])] {
            let mut builder = BatchBuilder::new(Codec::None).control();
            builder.append(0, Some(key), Some(value), &[]);
            let batch = batches(&builder.build()).next().unwrap().unwrap();
            assert!(matches!(EndTxnMarker::read(&batch), Err(BatchFault::Structure(_))));
        }
    }

    #[test]
    fn types_come_back_from_their_keys() {
        for id in [0, 1, 2, 3, 6, -1, i16::MAX] {
            let read = ControlType::read(&[0, 0, (id >> 8) as u8, id as u8]).unwrap();
            assert_eq!(read.id(), id);
            assert_eq!(ControlType::read(&read.write()), Some(read));
        }
    }
}
