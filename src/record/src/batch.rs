//! One batch among many: where it begins and ends.

use bytes::Bytes;

use crate::fault::BatchFault;
use crate::header::{BatchHeader, HEADER_LEN, LEAST_LENGTH, LOG_OVERHEAD, MAGIC_AT, is_crc_valid};

/// The least length that any format can have (`LegacyRecord.RECORD_OVERHEAD_V0`).
const LEAST_LENGTH_OF_ANY: i32 = 14;

/// One whole batch: its header, and its bytes with the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The header's fields.
    pub header: BatchHeader,
    /// The whole batch; shares memory with what it was read from.
    pub bytes: Bytes,
}

impl Batch {
    /// The batch that `bytes` begin with; what follows it is left out.
    ///
    /// # Errors
    /// As [`BatchHeader::parse`]; [`BatchFault::Short`] too if the batch is not whole.
    pub fn parse(bytes: &Bytes) -> Result<Batch, BatchFault> {
        let header = BatchHeader::parse(bytes)?;
        let size = header.size_bytes();
        if bytes.len() < size {
            return Err(BatchFault::Short(bytes.len()));
        }
        Ok(Batch { header, bytes: bytes.slice(..size) })
    }

    /// The bytes after the header: the records, compressed or not.
    pub fn body(&self) -> Bytes {
        self.bytes.slice(HEADER_LEN..)
    }

    /// True if the CRC fits the bytes.
    pub fn is_crc_valid(&self) -> bool {
        is_crc_valid(&self.bytes)
    }
}

/// The batches that lie one after another in `bytes`, until an incomplete one or the end.
///
/// Headers only: neither CRCs nor records are looked at.
pub fn batches(bytes: &Bytes) -> Batches {
    Batches { rest: bytes.clone(), whole_bytes: 0, failed: false }
}

/// The iterator of [`batches()`]. Ends after the first fault.
#[derive(Clone, Debug)]
pub struct Batches {
    rest: Bytes,
    whole_bytes: usize,
    failed: bool,
}

impl Batches {
    /// How many bytes the batches yielded so far take together. After the end, what lies beyond is an incomplete
    /// batch or, if the last item was a fault, the bytes at fault.
    pub fn whole_bytes(&self) -> usize {
        self.whole_bytes
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, BatchFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = next_batch_size(&self.rest).transpose()?.and_then(|size| {
            let header = header_of(&self.rest[..size])?;
            let bytes = self.rest.split_to(size);
            self.whole_bytes += size;
            Ok(Batch { header, bytes })
        });
        self.failed = next.is_err();
        Some(next)
    }
}

/// The header of a whole batch of any size; one too small for a header has a wrong length or is of an old magic.
fn header_of(batch: &[u8]) -> Result<BatchHeader, BatchFault> {
    match (batch.get(MAGIC_AT), batch.len()) {
        (Some(2), len) if len < HEADER_LEN => {
            let length = i32::try_from(len.saturating_sub(LOG_OVERHEAD)).unwrap_or(0);
            Err(BatchFault::Length { length, least: LEAST_LENGTH })
        }
        (Some(magic), _) if *magic != 2 => Err(BatchFault::Magic(*magic as i8)),
        _ => BatchHeader::parse(batch),
    }
}

/// The size of the batch, of any magic, that `bytes` begin with, in bytes; `None` if it is not whole
/// (`ByteBufferLogInputStream.nextBatchSize`, with its order of checks).
///
/// # Errors
/// [`BatchFault::Length`] below 14, [`BatchFault::Magic`] for a magic that never existed. Batches of magic 0 and 1
/// are sized as well: telling an old batch from a broken one is the caller's.
pub(crate) fn next_batch_size(bytes: &[u8]) -> Result<Option<usize>, BatchFault> {
    let Some(length) = bytes.get(8..LOG_OVERHEAD).and_then(|field| field.first_chunk()) else {
        return Ok(None);
    };
    let length = i32::from_be_bytes(*length);
    if length < LEAST_LENGTH_OF_ANY {
        return Err(BatchFault::Length { length, least: LEAST_LENGTH_OF_ANY });
    }
    let Some(magic) = bytes.get(MAGIC_AT) else {
        return Ok(None);
    };
    if *magic > 2 {
        return Err(BatchFault::Magic(*magic as i8));
    }
    let size = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(LOG_OVERHEAD);
    Ok((size <= bytes.len()).then_some(size))
}
