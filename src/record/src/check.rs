//! The checks on each record of a produced batch.

use klamm_base::ErrorCode;

use crate::fault::BatchFault;
use crate::header::{BatchHeader, TimestampType};
use crate::validate::{Refusal, Rules};
use crate::walk::{RecordShape, Source, walk_record};

/// The timestamp of a record without one.
const NO_TIMESTAMP: i64 = -1;
/// The most record errors that one answer carries. A batch of a megabyte may hold 150,000 wrong records.
const MOST_RECORD_ERRORS: usize = 100;
/// The record errors that the message of a refusal repeats.
const SHOWN_RECORD_ERRORS: usize = 3;

/// What a walk over good records found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) max_timestamp_ms: i64,
    pub(crate) offset_of_max_timestamp: i32,
}

/// Walks the records of a batch to its end and checks each.
///
/// A wrong structure answers at once; wrong keys and timestamps are collected, so that the client hears of all.
pub(crate) fn check_records<S: Source>(
    source: &mut S,
    header: &BatchHeader,
    rules: &Rules,
    now_ms: i64,
) -> Result<Findings, Refusal> {
    let mut found = Findings { max_timestamp_ms: NO_TIMESTAMP, offset_of_max_timestamp: -1 };
    let mut errors = RecordErrors::default();
    for index in 0..header.record_count {
        let record = walk_record(source)?;
        if record.offset_delta != index {
            return Err(BatchFault::Structure("offset deltas that are not 0, 1, 2 and so on").into());
        }
        let timestamp_ms = header.base_timestamp_ms.wrapping_add(record.timestamp_delta);
        if timestamp_ms > found.max_timestamp_ms {
            found = Findings { max_timestamp_ms: timestamp_ms, offset_of_max_timestamp: index };
        }
        check_record(index, record, timestamp_ms, header, rules, now_ms, &mut errors);
    }
    if !source.at_end()? {
        return Err(BatchFault::Structure("bytes after the last record").into());
    }
    errors.into_result()?;
    Ok(match rules.timestamp_type {
        TimestampType::CreateTime => found,
        TimestampType::LogAppendTime => Findings { max_timestamp_ms: now_ms, offset_of_max_timestamp: 0 },
    })
}

#[inline]
fn check_record(
    index: i32,
    record: RecordShape,
    timestamp_ms: i64,
    header: &BatchHeader,
    rules: &Rules,
    now_ms: i64,
    errors: &mut RecordErrors,
) {
    if rules.compacted && !record.has_key {
        let text = "Compacted topic cannot accept message without key".to_owned();
        return errors.note(ErrorCode::InvalidRecord, index, text);
    }
    if let Some(text) = timestamp_fault(index, timestamp_ms, header, rules, now_ms) {
        errors.note(ErrorCode::InvalidTimestamp, index, text);
    }
}

/// What is wrong with the record's timestamp (`LogValidator.validateTimestamp`).
///
/// A producer must leave the LogAppendTime bit alone, but where its max timestamp would do as a record's own, the
/// broker clears the bit instead of refusing.
#[inline]
fn timestamp_fault(index: i32, timestamp_ms: i64, header: &BatchHeader, rules: &Rules, now_ms: i64) -> Option<String> {
    let claims_append_time = header.attributes.timestamp_type() == TimestampType::LogAppendTime;
    let claimed_ms = if claims_append_time { header.max_timestamp_ms } else { timestamp_ms };
    let by_producer = rules.timestamp_type == TimestampType::CreateTime;
    if claims_append_time && (!by_producer || claimed_ms == NO_TIMESTAMP) {
        return Some(format!(
            "Invalid timestamp type in message with offset {index}. \
             Producer should not set timestamp type to LogAppendTime."
        ));
    }
    let wrong = |timestamp_ms: &i64| by_producer && is_out_of_range(*timestamp_ms, rules, now_ms);
    [claimed_ms, timestamp_ms].into_iter().find(wrong).map(|timestamp_ms| {
        let from = now_ms.wrapping_sub(rules.timestamp_before_max_ms);
        let to = now_ms.wrapping_add(rules.timestamp_after_max_ms);
        format!(
            "Timestamp {timestamp_ms} of message with offset {index} is out of range. \
             The timestamp should be within [{from}, {to}]"
        )
    })
}

/// Wraps where Java wraps, so that the far ends answer alike.
#[inline]
fn is_out_of_range(timestamp_ms: i64, rules: &Rules, now_ms: i64) -> bool {
    let behind = now_ms.wrapping_sub(timestamp_ms);
    timestamp_ms != NO_TIMESTAMP
        && (behind > rules.timestamp_before_max_ms || behind.wrapping_neg() > rules.timestamp_after_max_ms)
}

/// The wrong records of one batch.
#[derive(Debug, Default)]
struct RecordErrors {
    count: usize,
    has_timestamp: bool,
    kept: Vec<(i32, Option<String>)>,
}

impl RecordErrors {
    fn note(&mut self, code: ErrorCode, index: i32, text: String) {
        self.count += 1;
        self.has_timestamp |= code == ErrorCode::InvalidTimestamp;
        if self.kept.len() < MOST_RECORD_ERRORS {
            self.kept.push((index, Some(text)));
        }
    }

    /// One wrong timestamp makes it a refusal of timestamps (`LogValidator.processRecordErrors`).
    fn into_result(self) -> Result<(), Refusal> {
        if self.count == 0 {
            return Ok(());
        }
        let (code, message) = if self.has_timestamp {
            let message = "One or more records have been rejected due to invalid timestamp".to_owned();
            (ErrorCode::InvalidTimestamp, message)
        } else {
            let shown: Vec<String> = self.kept.iter().take(SHOWN_RECORD_ERRORS).map(shown_error).collect();
            let message = format!(
                "One or more records have been rejected due to {} record errors in total, \
                 and only showing the first three errors at most: [{}]",
                self.count,
                shown.join(", ")
            );
            (ErrorCode::InvalidRecord, message)
        };
        Err(Refusal { code, message: Some(message), record_errors: self.kept })
    }
}

/// One error as `ProduceResponse.RecordError` shows itself.
fn shown_error((index, text): &(i32, Option<String>)) -> String {
    format!("RecordError(batchIndex={index}, message='{}')", text.as_deref().unwrap_or_default())
}
