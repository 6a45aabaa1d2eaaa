//! What a batch that a client produced must satisfy, and what the broker corrects in it.
//!
//! ```text
//! shape      one whole batch of magic 2                          (ProduceRequest.validateRecords)
//! envelope   base offset 0, size, CRC, codec                     (UnifiedLog.analyzeAndValidateRecords)
//! counts     records, offsets, control bit, sequence             (LogValidator.validateBatch)
//! records    structure, dense offsets, keys, timestamps          (LogValidator.validateRecord, DefaultRecord)
//! correct    codec of the topic, timestamp type, max timestamp   (LogValidator, setMaxTimestamp)
//! ```
//! The first check that fails answers. Record bytes are read where they lie: an uncompressed batch is walked in place, a
//! compressed one through a window. Only a topic that names another codec than the batch's costs new bytes.
//!
//! Where the answer is not Kafka's, on purpose:
//!
//! | bytes | Kafka | here | reason |
//! | --- | --- | --- | --- |
//! | codec 5 to 7 | UNKNOWN_SERVER_ERROR | CORRUPT_MESSAGE | an unknown server error tells the client nothing |
//! | a compressed body that does not decompress | UNKNOWN_SERVER_ERROR | CORRUPT_MESSAGE | the same |
//! | an lz4 body with too few or too many records | UNKNOWN_SERVER_ERROR | INVALID_RECORD | as for the other codecs |
//! | a varint of more than five bytes | UNKNOWN_SERVER_ERROR | INVALID_RECORD | as for any wrong structure |
//! | length field 2147483647 | UNKNOWN_SERVER_ERROR | INVALID_RECORD | as for any batch cut short |
//! | length below 14 or unknown magic | the whole request fails | this partition fails | the others are good |
//! | offset deltas not 0, 1, 2, ..., uncompressed | stored as sent | INVALID_RECORD | consumers would see wrong offsets |
//! | the same, compressed | UNKNOWN_SERVER_ERROR | INVALID_RECORD | as uncompressed |
//! | bytes after the declared end of a compressed record | misread as the next | INVALID_RECORD | as uncompressed |
//! | a body of more than 1 GiB once decompressed | read to the end | INVALID_RECORD | one request must not hold a core |
//! | more than 8 MiB of records behind a zstd window above 8 MiB | read to the end | INVALID_RECORD | the window is memory |
//! | LogAppendTime bit on a CreateTime topic | header's time trusted | the records' times too | they are what consumers see |
//! | times before 1970 in a batch that gets another codec | UNKNOWN_SERVER_ERROR | stored | as where no codec changes |
//! | a record without key on a compacted topic | the text names the partition | it does not | the answer's entry does |
//! | thousands of wrong records | a record error for each | for the first 100 | the answer must not outgrow the request |

use bytes::Bytes;
use klamm_base::ErrorCode;
use klamm_base::limits::{DECOMPRESSED_BATCH_BYTES, LARGE_WINDOW_BYTES};

use crate::batch::{Batch, next_batch_size};
use crate::check::{Findings, check_records};
use crate::codec::Codec;
use crate::compress::{CompressFault, compress};
use crate::decompress::{Window, decompress, decompress_within};
use crate::fault::BatchFault;
use crate::header::{BatchHeader, HEADER_LEN, LEAST_LENGTH, MAGIC_AT, TimestampType, crc_of};
use crate::walk::{SliceSource, StreamSource};

/// The first produce version whose clients may send zstd (KIP-110).
const ZSTD_FROM_VERSION: i16 = 7;

/// What the topic and the request demand of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The version of the produce request.
    pub request_version: i16,
    /// `max.message.bytes`: the most bytes of a batch, compressed and with its header.
    pub max_message_bytes: i32,
    /// True if `cleanup.policy` contains `compact`: every record needs a key.
    pub compacted: bool,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`: how far a record's time may lie before now.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`: how far a record's time may lie past now.
    pub timestamp_after_max_ms: i64,
    /// `compression.type` and the level that belongs to it.
    pub compression: TopicCompression,
}

/// How a topic stores batches (`compression.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicCompression {
    /// As the producer compressed them.
    Producer,
    /// With this codec; a batch that has it already stays as it is, whatever its level.
    Codec {
        /// The codec; [`Codec::None`] for `uncompressed`.
        codec: Codec,
        /// The level for batches that are compressed here.
        level: i32,
    },
}

/// A batch that may be appended, once its header is stamped with offset and epoch ([`crate::stamp`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// The header with corrected attributes, max timestamp, length and CRC.
    pub header: [u8; HEADER_LEN],
    /// The records; the producer's own bytes unless the topic names another codec.
    pub body: Bytes,
    /// The fields of `header`.
    pub info: BatchHeader,
    /// The largest timestamp, in ms: of the records, or now on a LogAppendTime topic; -1 if no record has one.
    pub max_timestamp_ms: i64,
    /// How far past the base offset the first record with that timestamp lies; -1 if no record has one.
    pub offset_of_max_timestamp: i32,
    /// The records in the batch, at least 1.
    pub record_count: i32,
}

/// What the client hears of a batch that may not be appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Refusal {
    /// The code of the partition's answer.
    pub code: ErrorCode,
    /// The answer's `error_message`.
    pub message: Option<String>,
    /// The answer's `record_errors`: index of the record in the batch, and what is wrong with it.
    pub record_errors: Vec<(i32, Option<String>)>,
}

impl Refusal {
    /// A refusal that says no more than its code.
    pub fn of(code: ErrorCode) -> Refusal {
        Refusal { code, message: None, record_errors: Vec::new() }
    }
}

impl From<BatchFault> for Refusal {
    /// Kafka shows a text only for the two faults that it meets before it knows the partition.
    fn from(fault: BatchFault) -> Refusal {
        let shown = matches!(fault, BatchFault::Magic(_))
            || matches!(fault, BatchFault::Length { least, .. } if least < LEAST_LENGTH);
        let code = match fault {
            BatchFault::Length { .. } | BatchFault::Magic(_) | BatchFault::Crc { .. } => ErrorCode::CorruptMessage,
            BatchFault::Codec(_) | BatchFault::Undecodable(_) => ErrorCode::CorruptMessage,
            BatchFault::Short(_) | BatchFault::Bomb(_) | BatchFault::Structure(_) => ErrorCode::InvalidRecord,
        };
        Refusal { message: shown.then(|| fault.to_string()), ..Refusal::of(code) }
    }
}

/// Finds the one batch of magic 2 that a partition of a produce request holds; the bytes of an incomplete second one
/// are dropped. Looks at no CRC and no record: it comes before the leader is even looked up.
///
/// # Errors
/// INVALID_RECORD for no whole batch, more than one, or one of magic 0 or 1; UNSUPPORTED_COMPRESSION_TYPE for zstd
/// before version 7; CORRUPT_MESSAGE for a length or magic that no batch has.
pub fn check_shape(records: &Bytes, request_version: i16) -> Result<Batch, Refusal> {
    let invalid = || Refusal::of(ErrorCode::InvalidRecord);
    let size = next_batch_size(records)?.ok_or_else(invalid)?;
    let batch = Batch::parse(&records.slice(..size));
    if records.get(MAGIC_AT) != Some(&2) {
        return Err(invalid());
    }
    let is_zstd = batch.as_ref().is_ok_and(|batch| batch.header.attributes.codec() == Ok(Codec::Zstd));
    if is_zstd && request_version < ZSTD_FROM_VERSION {
        return Err(Refusal::of(ErrorCode::UnsupportedCompressionType));
    }
    let second = next_batch_size(&records[size..]).map_err(|_| Refusal::of(ErrorCode::CorruptMessage))?;
    if second.is_some() {
        return Err(invalid());
    }
    // What is left to go wrong is a length too small for a header.
    batch.map_err(|_| Refusal::of(ErrorCode::CorruptMessage))
}

/// Checks the records that a client sent for one partition, and corrects what the broker owns of them.
///
/// `now_ms` is wall time. The checks on the sequence belong to the log, those on the leader to its replica.
///
/// # Errors
/// The [`Refusal`] to answer with; nothing of the batch may be appended then, and no offset is used.
pub fn validate_produced(records: &Bytes, rules: &Rules, now_ms: i64) -> Result<Validated, Refusal> {
    let batch = check_shape(records, rules.request_version)?;
    let codec = check_envelope(&batch, rules)?;
    check_counts(&batch.header)?;
    let findings = find(&batch, codec, rules, now_ms)?;
    let (body, codec) = match rules.compression {
        TopicCompression::Codec { codec: target, level } if target != codec => {
            (recompress(&batch, codec, target, level, rules)?, target)
        }
        _ => (batch.body(), codec),
    };
    Ok(correct(&batch, body, codec, rules.timestamp_type, &findings))
}

/// What needs no look at the records, in the log's order.
fn check_envelope(batch: &Batch, rules: &Rules) -> Result<Codec, Refusal> {
    if batch.header.base_offset.0 != 0 {
        return Err(Refusal::of(ErrorCode::InvalidRecord));
    }
    check_size(batch.header.size_bytes(), rules)?;
    let computed = crc_of(&batch.bytes);
    if computed != batch.header.crc {
        return Err(BatchFault::Crc { stored: batch.header.crc, computed }.into());
    }
    Ok(batch.header.attributes.codec()?)
}

fn check_size(size_bytes: usize, rules: &Rules) -> Result<(), Refusal> {
    if size_bytes > most_bytes(rules) { Err(Refusal::of(ErrorCode::MessageTooLarge)) } else { Ok(()) }
}

fn most_bytes(rules: &Rules) -> usize {
    usize::try_from(rules.max_message_bytes).unwrap_or(0)
}

/// What the header says of the records must fit together.
fn check_counts(header: &BatchHeader) -> Result<(), Refusal> {
    let offsets = i64::from(header.last_offset_delta) + 1;
    let counts_fit = header.record_count > 0 && offsets == i64::from(header.record_count);
    let sequence_fits = header.producer_id.0 < 0 || header.base_sequence.0 >= 0;
    if counts_fit && !header.attributes.is_control() && sequence_fits {
        Ok(())
    } else {
        Err(Refusal::of(ErrorCode::InvalidRecord))
    }
}

fn find(batch: &Batch, codec: Codec, rules: &Rules, now_ms: i64) -> Result<Findings, Refusal> {
    let body = &batch.bytes[HEADER_LEN..];
    if codec == Codec::None {
        return check_records(&mut SliceSource::new(body), &batch.header, rules, now_ms);
    }
    let findings = find_within(batch, codec, Window::Small, DECOMPRESSED_BATCH_BYTES, rules, now_ms);
    // Clients that stream at levels above 19 ask for large windows whatever they send. A batch of theirs is read on as
    // long as its content fills no more of that window than it could of a small one.
    match findings {
        Err(refusal) if codec == Codec::Zstd && refusal.code == ErrorCode::CorruptMessage => {
            find_within(batch, codec, Window::Large, LARGE_WINDOW_BYTES, rules, now_ms)
        }
        findings => findings,
    }
}

fn find_within(
    batch: &Batch,
    codec: Codec,
    window: Window,
    most_bytes: u64,
    rules: &Rules,
    now_ms: i64,
) -> Result<Findings, Refusal> {
    let stream = decompress_within(codec, &batch.bytes[HEADER_LEN..], window);
    let stream = stream.map_err(|error| BatchFault::Undecodable(error.to_string()))?;
    check_records(&mut StreamSource::new(stream, most_bytes), &batch.header, rules, now_ms)
}

/// The records in the topic's codec; they were walked already, so they are known to be good and bounded.
fn recompress(batch: &Batch, from: Codec, to: Codec, level: i32, rules: &Rules) -> Result<Bytes, Refusal> {
    let undecodable = |error: std::io::Error| BatchFault::Undecodable(error.to_string());
    let stream = decompress(from, &batch.bytes[HEADER_LEN..]).map_err(undecodable)?;
    match compress(to, level, stream, most_bytes(rules).saturating_sub(HEADER_LEN)) {
        Ok(body) => Ok(Bytes::from(body)),
        Err(CompressFault::TooLarge(_)) => Err(Refusal::of(ErrorCode::MessageTooLarge)),
        Err(CompressFault::Io(error)) => Err(undecodable(error).into()),
    }
}

/// The batch with the header that the log writes. The CRC is computed again only if a field under it changed.
fn correct(batch: &Batch, body: Bytes, codec: Codec, timestamp_type: TimestampType, findings: &Findings) -> Validated {
    let sent = batch.header;
    let corrected = BatchHeader {
        // Within i32: the body is what a frame held, or what the size limit let through.
        length: i32::try_from(body.len()).unwrap_or(i32::MAX - LEAST_LENGTH) + LEAST_LENGTH,
        attributes: sent.attributes.with_codec(codec).with_timestamp_type(timestamp_type),
        max_timestamp_ms: findings.max_timestamp_ms,
        ..sent
    };
    let header = if corrected == sent { sent.to_array() } else { corrected.seal(&body) };
    Validated {
        info: BatchHeader::from_array(&header),
        header,
        body,
        max_timestamp_ms: findings.max_timestamp_ms,
        offset_of_max_timestamp: findings.offset_of_max_timestamp,
        record_count: sent.record_count,
    }
}
