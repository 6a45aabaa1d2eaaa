//! Refusals for clients, and faults that end the start.

use std::path::PathBuf;

use klamm_base::{ErrorCode, Offset};
use klamm_log::{AppendError, DirError, ReadError};
use klamm_record::Refusal;

/// Why records were not appended, as the client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProduceRefusal {
    /// The error.
    pub code: ErrorCode,
    /// What is wrong, in words; null on the wire where there are none.
    pub message: Option<String>,
    /// The records that are wrong, by their place in the batch (KIP-467).
    pub record_errors: Vec<(i32, Option<String>)>,
    /// The log's start, -1 where the log was not reached.
    pub log_start: Offset,
}

impl From<ErrorCode> for ProduceRefusal {
    fn from(code: ErrorCode) -> ProduceRefusal {
        ProduceRefusal { code, message: None, record_errors: Vec::new(), log_start: Offset::NONE }
    }
}

impl From<Refusal> for ProduceRefusal {
    fn from(refusal: Refusal) -> ProduceRefusal {
        ProduceRefusal {
            code: refusal.code,
            message: refusal.message,
            record_errors: refusal.record_errors,
            log_start: Offset::NONE,
        }
    }
}

impl From<AppendError> for ProduceRefusal {
    fn from(error: AppendError) -> ProduceRefusal {
        let code = match error {
            AppendError::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
            AppendError::InvalidProducerEpoch { .. } => ErrorCode::InvalidProducerEpoch,
            AppendError::RecordListTooLarge { .. } => ErrorCode::RecordListTooLarge,
            AppendError::Fault(_) => ErrorCode::KafkaStorageError,
        };
        ProduceRefusal::from(code)
    }
}

/// The code for a read that gave nothing.
pub(crate) fn read_code(error: &ReadError) -> ErrorCode {
    match error {
        ReadError::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
        ReadError::Fault(_) => ErrorCode::KafkaStorageError,
    }
}

/// A fault of the disk or of a log directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A log directory cannot be used.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// A partition's log cannot be used.
    #[error("{partition}: {source}")]
    Log {
        /// The partition.
        partition: String,
        /// What is wrong.
        source: klamm_log::Error,
    },
    /// A partition lies in two log directories; which of them is right nobody can tell.
    #[error("{partition} lies twice: in {} and in {}", first.display(), second.display())]
    Twice {
        /// The partition.
        partition: String,
        /// A folder of it.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// The disk failed.
    #[error("disk: {0}")]
    Disk(#[from] std::io::Error),
}
