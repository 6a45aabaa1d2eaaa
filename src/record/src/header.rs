//! The 61-byte header of a batch of magic 2 (`DefaultRecordBatch`).
//!
//! ```text
//! at   bytes  field                     at   bytes  field
//!  0     8    base offset               27     8    base timestamp
//!  8     4    length (of what follows)  35     8    max timestamp
//! 12     4    partition leader epoch    43     8    producer id
//! 16     1    magic, 2                  51     2    producer epoch
//! 17     4    CRC-32C of byte 21 on     53     4    base sequence
//! 21     2    attributes                57     4    record count
//! 23     4    last offset delta         61          records
//!
//! attributes: bits 0-2 codec, 3 log append time, 4 transactional, 5 control, 6 delete horizon
//! ```
//! All numbers are big-endian.

use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::codec::Codec;
use crate::fault::BatchFault;

/// The bytes of a batch before its records.
pub const HEADER_LEN: usize = 61;
/// The bytes up to and with the length field, which the length does not count (`Records.LOG_OVERHEAD`).
pub const LOG_OVERHEAD: usize = 12;
/// Where the magic lies in a batch of any format.
pub(crate) const MAGIC_AT: usize = 16;
/// The length field of a batch without a byte of records.
pub(crate) const LEAST_LENGTH: i32 = 49;

const CRC_AT: usize = 17;
const CRC_FROM: usize = 21;
const MAX_TIMESTAMP_AT: usize = 35;

const CODEC_MASK: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
const DELETE_HORIZON: i16 = 0x40;

/// Whose clock stamped the records of a batch (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's; each record has its own.
    CreateTime,
    /// The broker's at the append; every record has the batch's max timestamp.
    LogAppendTime,
}

/// The attribute bits of a batch. Bits without a meaning (7 to 15) are kept as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub i16);

impl Attributes {
    /// The codec of the body.
    ///
    /// # Errors
    /// [`BatchFault::Codec`] for the ids 5 to 7.
    pub fn codec(self) -> Result<Codec, BatchFault> {
        Codec::from_id((self.0 & CODEC_MASK) as i8)
    }

    /// Whose clock stamped the records.
    pub fn timestamp_type(self) -> TimestampType {
        if self.0 & LOG_APPEND_TIME == 0 { TimestampType::CreateTime } else { TimestampType::LogAppendTime }
    }

    /// True for a batch inside a transaction, and for the marker that ends one.
    pub fn is_transactional(self) -> bool {
        self.0 & TRANSACTIONAL != 0
    }

    /// True for a batch that carries a control record, which consumers do not see.
    pub fn is_control(self) -> bool {
        self.0 & CONTROL != 0
    }

    /// True where the base timestamp is the time from which compaction may drop the batch's tombstones (KIP-534).
    pub fn has_delete_horizon(self) -> bool {
        self.0 & DELETE_HORIZON != 0
    }

    /// The same bits with another codec.
    #[must_use]
    pub fn with_codec(self, codec: Codec) -> Attributes {
        Attributes((self.0 & !CODEC_MASK) | i16::from(codec.id()))
    }

    /// The same bits with another timestamp type.
    #[must_use]
    pub fn with_timestamp_type(self, timestamp_type: TimestampType) -> Attributes {
        self.with(LOG_APPEND_TIME, timestamp_type == TimestampType::LogAppendTime)
    }

    /// The same bits, transactional or not.
    #[must_use]
    pub fn with_transactional(self, on: bool) -> Attributes {
        self.with(TRANSACTIONAL, on)
    }

    /// The same bits, control batch or not.
    #[must_use]
    pub fn with_control(self, on: bool) -> Attributes {
        self.with(CONTROL, on)
    }

    /// The same bits, with or without a delete horizon.
    #[must_use]
    pub fn with_delete_horizon(self, on: bool) -> Attributes {
        self.with(DELETE_HORIZON, on)
    }

    fn with(self, bit: i16, on: bool) -> Attributes {
        Attributes(if on { self.0 | bit } else { self.0 & !bit })
    }
}

/// The fields of a batch's header, read once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// The offset of the first record that the batch had when it was appended.
    pub base_offset: Offset,
    /// The bytes after the length field.
    pub length: i32,
    /// The epoch of the leader that appended it.
    pub leader_epoch: LeaderEpoch,
    /// The format, always 2 here.
    pub magic: i8,
    /// The CRC-32C of everything from the attributes on.
    pub crc: u32,
    /// Codec and flags.
    pub attributes: Attributes,
    /// The last record's offset less the base offset; stays when compaction drops the record.
    pub last_offset_delta: i32,
    /// What the records' timestamp deltas count from, in ms; the delete horizon where the attributes say so.
    pub base_timestamp_ms: i64,
    /// The largest timestamp of the records, in ms; the time of the append on a LogAppendTime topic.
    pub max_timestamp_ms: i64,
    /// The producer, or -1.
    pub producer_id: ProducerId,
    /// The producer's epoch, or -1.
    pub producer_epoch: ProducerEpoch,
    /// The sequence of the first record, or -1.
    pub base_sequence: Sequence,
    /// The records in the batch; fewer than the offsets it spans once compaction has been there.
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`. Says nothing of the CRC or the records.
    ///
    /// # Errors
    /// [`BatchFault::Short`] below 61 bytes, [`BatchFault::Magic`] for a magic other than 2, [`BatchFault::Length`] for
    /// a length field below 49.
    pub fn parse(bytes: &[u8]) -> Result<BatchHeader, BatchFault> {
        let header: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(BatchFault::Short(bytes.len()))?;
        let parsed = BatchHeader::from_array(header);
        if parsed.magic != 2 {
            return Err(BatchFault::Magic(parsed.magic));
        }
        if parsed.length < LEAST_LENGTH {
            return Err(BatchFault::Length { length: parsed.length, least: LEAST_LENGTH });
        }
        Ok(parsed)
    }

    /// Reads the fields as they are.
    pub(crate) fn from_array(header: &[u8; HEADER_LEN]) -> BatchHeader {
        BatchHeader {
            base_offset: Offset(i64::from_be_bytes(part(header, 0))),
            length: i32::from_be_bytes(part(header, 8)),
            leader_epoch: LeaderEpoch(i32::from_be_bytes(part(header, 12))),
            magic: i8::from_be_bytes(part(header, MAGIC_AT)),
            crc: u32::from_be_bytes(part(header, CRC_AT)),
            attributes: Attributes(i16::from_be_bytes(part(header, 21))),
            last_offset_delta: i32::from_be_bytes(part(header, 23)),
            base_timestamp_ms: i64::from_be_bytes(part(header, 27)),
            max_timestamp_ms: i64::from_be_bytes(part(header, MAX_TIMESTAMP_AT)),
            producer_id: ProducerId(i64::from_be_bytes(part(header, 43))),
            producer_epoch: ProducerEpoch(i16::from_be_bytes(part(header, 51))),
            base_sequence: Sequence(i32::from_be_bytes(part(header, 53))),
            record_count: i32::from_be_bytes(part(header, 57)),
        }
    }

    /// The header as bytes, with the fields as they are.
    pub fn to_array(&self) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        put(&mut header, 0, self.base_offset.0.to_be_bytes());
        put(&mut header, 8, self.length.to_be_bytes());
        put(&mut header, 12, self.leader_epoch.0.to_be_bytes());
        put(&mut header, MAGIC_AT, self.magic.to_be_bytes());
        put(&mut header, CRC_AT, self.crc.to_be_bytes());
        put(&mut header, 21, self.attributes.0.to_be_bytes());
        put(&mut header, 23, self.last_offset_delta.to_be_bytes());
        put(&mut header, 27, self.base_timestamp_ms.to_be_bytes());
        put(&mut header, MAX_TIMESTAMP_AT, self.max_timestamp_ms.to_be_bytes());
        put(&mut header, 43, self.producer_id.0.to_be_bytes());
        put(&mut header, 51, self.producer_epoch.0.to_be_bytes());
        put(&mut header, 53, self.base_sequence.0.to_be_bytes());
        put(&mut header, 57, self.record_count.to_be_bytes());
        header
    }

    /// The header as bytes, with the CRC that fits these fields and `body`. The crc field of `self` is not used.
    pub fn seal(&self, body: &[u8]) -> [u8; HEADER_LEN] {
        let mut header = self.to_array();
        let crc = crc32c::crc32c_append(crc32c::crc32c(&header[CRC_FROM..]), body);
        put(&mut header, CRC_AT, crc.to_be_bytes());
        header
    }

    /// The size of the whole batch, in bytes.
    pub fn size_bytes(&self) -> usize {
        usize::try_from(self.length).unwrap_or(0) + LOG_OVERHEAD
    }

    /// The last offset that the batch takes. Saturates, so that a hostile header cannot wrap it.
    pub fn last_offset(&self) -> Offset {
        Offset(self.base_offset.0.saturating_add(i64::from(self.last_offset_delta)))
    }

    /// The offset after the batch. Saturates like [`BatchHeader::last_offset`].
    pub fn next_offset(&self) -> Offset {
        Offset(self.last_offset().0.saturating_add(1))
    }

    /// The sequence of the last record (wraps to 0 after 2147483647), or -1 for a batch without sequences.
    pub fn last_sequence(&self) -> Sequence {
        if self.base_sequence == Sequence::NONE {
            Sequence::NONE
        } else {
            self.base_sequence.plus(self.last_offset_delta)
        }
    }
}

/// The header with the two fields that an append sets; both lie outside the CRC.
pub fn stamp(header: &[u8; HEADER_LEN], base_offset: Offset, leader_epoch: LeaderEpoch) -> [u8; HEADER_LEN] {
    let mut stamped = *header;
    put(&mut stamped, 0, base_offset.0.to_be_bytes());
    put(&mut stamped, 12, leader_epoch.0.to_be_bytes());
    stamped
}

/// The header with another timestamp type and max timestamp (ms) and the CRC that fits them and `body`.
///
/// Where both are already so, the header comes back as it was and `body` is not read.
pub fn stamp_timestamps(
    header: &[u8; HEADER_LEN],
    body: &[u8],
    timestamp_type: TimestampType,
    max_timestamp_ms: i64,
) -> [u8; HEADER_LEN] {
    let mut fields = BatchHeader::from_array(header);
    if fields.attributes.timestamp_type() == timestamp_type && fields.max_timestamp_ms == max_timestamp_ms {
        return *header;
    }
    fields.attributes = fields.attributes.with_timestamp_type(timestamp_type);
    fields.max_timestamp_ms = max_timestamp_ms;
    fields.seal(body)
}

/// The CRC-32C that the header of `batch` should carry: that of everything from the attributes on.
pub fn crc_of(batch: &[u8]) -> u32 {
    crc32c::crc32c(batch.get(CRC_FROM..).unwrap_or_default())
}

/// True if `batch`, which is one whole batch and nothing after it, carries the CRC of its bytes.
pub fn is_crc_valid(batch: &[u8]) -> bool {
    batch.len() >= HEADER_LEN
        && batch[CRC_AT..].first_chunk().is_some_and(|stored| u32::from_be_bytes(*stored) == crc_of(batch))
}

/// `N` bytes of the header, from `at`. Every caller's place is a constant inside the header.
fn part<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

fn put<const N: usize>(header: &mut [u8; HEADER_LEN], at: usize, bytes: [u8; N]) {
    header[at..at + N].copy_from_slice(&bytes);
}
