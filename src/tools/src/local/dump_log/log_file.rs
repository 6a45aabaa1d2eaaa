//! A log file as batches, one after another, however broken (`FileRecords`, `FileLogInputStream`).

use std::sync::Arc;

use bytes::Bytes;
use klamm_env::File;
use klamm_record::{Batch, BatchHeader, HEADER_LEN, is_crc_valid};

use super::{Failure, io_failure, open};

/// The bytes up to and with the magic.
const HEAD_LEN: u64 = 17;
/// The bytes before those that a length counts.
const LOG_OVERHEAD: u64 = 12;
/// The least length of any format (`LegacyRecord.RECORD_OVERHEAD_V0`).
const LEAST_LENGTH: i32 = 14;

/// The least length of a batch of magic 2.
const LENGTH_OF_HEADER: i32 = 49;

const KAFKA: &str = "org.apache.kafka.common.KafkaException";

/// A log file, or a part of one (`FileRecords`).
pub(super) struct LogFile {
    file: Arc<dyn File>,
    name: String,
    /// Its size in bytes when it was opened.
    pub(super) len: u64,
}

/// A batch with its header's fields as they are, whatever they say.
pub(super) struct Found {
    /// The batch; of a magic above 2 it is read as of 2.
    pub(super) batch: Batch,
    pub(super) magic: i8,
    /// Whether its checksum fits.
    pub(super) is_valid: bool,
}

impl LogFile {
    pub(super) fn open(name: &str) -> Result<LogFile, Failure> {
        let file = open(name)?;
        let len = file.len().map_err(|problem| io_failure(name, &problem))?;
        Ok(LogFile { file, name: name.to_owned(), len })
    }

    /// The end of the part from `position`, of `size` bytes at most (`FileRecords.availableBytes`).
    pub(super) fn slice_end(&self, position: i64, size: i32) -> Result<u64, Failure> {
        let this = || self.shown(i64::from(i32::MAX));
        let Ok(start) = u64::try_from(position) else {
            return Err(Failure::illegal(format!("Invalid position: {position} in read from {}", this())));
        };
        if start > self.len {
            return Err(Failure::illegal(format!("Slice from position {position} exceeds end position of {}", this())));
        }
        let Ok(size) = u64::try_from(size) else {
            return Err(Failure::illegal(format!("Invalid size: {size} in read from {}", this())));
        };
        Ok(self.len.min(start.saturating_add(size)))
    }

    fn shown(&self, end: i64) -> String {
        format!("FileRecords(size={}, file={}, start=0, end={end})", self.len, self.name)
    }

    /// The batch at `position`; `None` if it does not end before `end` (`FileLogInputStream.nextBatch`).
    pub(super) fn batch_at(&self, position: u64, end: u64) -> Result<Option<Found>, Failure> {
        if position + HEAD_LEN > end {
            return Ok(None);
        }
        let head = self.read(position, HEAD_LEN).map_err(|failure| match failure.class {
            "java.io.IOException" => {
                Failure::thrown(KAFKA, failure.message.map(|message| format!("java.io.IOException: {message}")))
            }
            _ => failure,
        })?;
        let field = head.get(8..12).and_then(|field| field.first_chunk()).copied().unwrap_or_default();
        let length = i32::from_be_bytes(field);
        if length < LEAST_LENGTH {
            let text = format!(
                "Found record size {length} smaller than minimum record overhead ({LEAST_LENGTH}) in file {}.",
                self.name
            );
            return Err(Failure::thrown("org.apache.kafka.common.errors.CorruptRecordException", Some(text)));
        }
        let size = u64::from(length.unsigned_abs()) + LOG_OVERHEAD;
        if position + size > end {
            return Ok(None);
        }
        let magic = head.get(16).map_or(0, |byte| *byte as i8);
        if magic < 2 {
            let text = format!(
                "the batch at position {position} of {} is of message format v{magic}, from before Kafka 0.11, which this \
                 tool does not read",
                self.name
            );
            return Err(Failure::thrown(
                "org.apache.kafka.common.errors.UnsupportedForMessageFormatException",
                Some(text),
            ));
        }
        self.found(position, size, magic, end).map(Some)
    }

    /// A batch that is too short for a header is shown with what lies behind it in the file.
    fn found(&self, position: u64, size: u64, magic: i8, end: u64) -> Result<Found, Failure> {
        if position + HEADER_LEN as u64 > self.len {
            let end = i64::try_from(end).unwrap_or(i64::MAX);
            let text = format!("Failed to load record batch at position {position} from {}", self.shown(end));
            return Err(Failure::thrown(KAFKA, Some(text)));
        }
        let mut head = self.read(position, HEADER_LEN as u64)?.to_vec();
        let length = head.get(8..12).and_then(|field| field.first_chunk()).copied().unwrap_or_default();
        // Whatever its magic and length are, it is read as a batch of today.
        head.splice(8..12, LENGTH_OF_HEADER.to_be_bytes());
        head.splice(16..17, [2]);
        let mut header = BatchHeader::parse(&head).map_err(|fault| invalid(&fault.to_string()))?;
        header.length = i32::from_be_bytes(length);
        let mut bytes = self.read(position, size)?;
        let is_valid = is_crc_valid(&bytes);
        if magic != 2 && bytes.len() > 16 {
            let mut patched = bytes.to_vec();
            patched[16] = 2;
            bytes = Bytes::from(patched);
        }
        Ok(Found { batch: Batch { header, bytes }, magic, is_valid })
    }

    fn read(&self, position: u64, len: u64) -> Result<Bytes, Failure> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.file.read_at(position, len).map_err(|problem| io_failure(&self.name, &problem))
    }
}

/// A record or a batch that cannot be read.
pub(super) fn invalid(why: &str) -> Failure {
    Failure::thrown("org.apache.kafka.common.InvalidRecordException", Some(why))
}
