//! What can go wrong: faults of the disk, and refusals of an append or a read.

use std::io;
use std::path::PathBuf;

use klamm_base::{Offset, ProducerEpoch, ProducerId, Sequence};

/// A fault: the log or the folder it lies in cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed. The log takes no more appends.
    #[error("disk: {0}")]
    Disk(#[from] io::Error),
    /// An earlier write or sync failed; what the page cache holds is unknown, so nothing more is written.
    #[error("the log takes no more writes after an earlier fault")]
    Poisoned,
    /// Bytes that were written whole do not read back as a batch.
    #[error("corrupt batch in segment {segment} at byte {position}")]
    Corrupt {
        /// The segment's base offset.
        segment: Offset,
        /// Where the batch begins.
        position: u64,
    },
}

/// Why an append did not happen. A refusal leaves the log as it was.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The batch's sequence does not follow the producer's last one (`OutOfOrderSequenceException`).
    #[error(
        "Out of order sequence number for producer {producer_id} at offset {offset}: {first} (incoming seq. number), \
         {last} (current end sequence number)"
    )]
    OutOfOrderSequence {
        /// Who sent it.
        producer_id: ProducerId,
        /// Where it would have gone.
        offset: Offset,
        /// The batch's first sequence.
        first: Sequence,
        /// The producer's last sequence here; -1 if none in this epoch.
        last: Sequence,
    },
    /// The batch is of an older incarnation of the producer (`InvalidProducerEpochException`).
    #[error(
        "Epoch of producer {producer_id} at offset {offset} is {epoch}, which is smaller than the last seen epoch {current}"
    )]
    InvalidProducerEpoch {
        /// Who sent it.
        producer_id: ProducerId,
        /// Where it would have gone.
        offset: Offset,
        /// The batch's epoch.
        epoch: ProducerEpoch,
        /// The newest epoch seen.
        current: ProducerEpoch,
    },
    /// The batch is longer than a segment may be (`RecordBatchTooLargeException`).
    #[error(
        "Message batch size is {size_bytes} bytes in append which exceeds the maximum configured segment size of {segment_bytes}."
    )]
    RecordListTooLarge {
        /// The batch's length.
        size_bytes: u64,
        /// `segment.bytes`.
        segment_bytes: u64,
    },
    /// The disk failed; the log is poisoned.
    #[error(transparent)]
    Fault(#[from] Error),
}

/// Why a read gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The offset is below the log's start or above its end.
    #[error("Received request for offset {offset}, but we only have log segments from offset {log_start} up to {leo}.")]
    OutOfRange {
        /// What was asked for.
        offset: Offset,
        /// The first offset that can be read.
        log_start: Offset,
        /// One after the last offset.
        leo: Offset,
    },
    /// The disk failed or gave back other bytes than were written.
    #[error(transparent)]
    Fault(#[from] Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Fault(Error::Disk(error))
    }
}

/// Why a log directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// The disk failed.
    #[error("disk: {0}")]
    Disk(#[from] io::Error),
    /// Another process has the folder.
    #[error("{} is in use by another process (its file .lock is held)", path.display())]
    Locked {
        /// The log directory.
        path: PathBuf,
    },
    /// `meta.properties` cannot be read.
    #[error("{}: {why}", path.display())]
    BadMeta {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The folder belongs to another cluster.
    #[error("{} belongs to cluster {found}, not to {wanted}", path.display())]
    ClusterMismatch {
        /// The log directory.
        path: PathBuf,
        /// Its `cluster.id`.
        found: String,
        /// Ours.
        wanted: String,
    },
    /// The folder belongs to another node.
    #[error("{} belongs to node {found}, not to node {wanted}", path.display())]
    NodeMismatch {
        /// The log directory.
        path: PathBuf,
        /// Its `node.id`.
        found: i32,
        /// Ours.
        wanted: i32,
    },
    /// A checkpoint file was damaged.
    #[error("{}: {why}", path.display())]
    BadCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}
