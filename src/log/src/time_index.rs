//! The time index: from a timestamp to an offset before which nothing is newer.
//!
//! ```text
//! NNN.timeindex:  | timestamp i64, ms | relative offset i32 |  12 bytes each, big-endian, timestamps strictly rising
//! ```
//!
//! An entry says: up to here the newest timestamp is this one, and the batch that ends at this offset was the first to
//! have it. One is added with each entry of the offset index and once more when the segment is left.

use crate::sparse_index::{Entry, Parsed, parse};

/// The timestamp of a record that has none.
pub(crate) const NO_TIMESTAMP_MS: i64 = -1;

/// One entry of the time index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// The newest timestamp so far, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The last offset of the batch that had it first, relative to the segment's base offset.
    pub relative_offset: u32,
}

impl Entry for TimeEntry {
    const LEN: usize = 12;

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp_ms.to_be_bytes());
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
    }

    fn decode(bytes: &[u8]) -> TimeEntry {
        let (time, offset) = bytes.split_at(8);
        let timestamp = time.iter().fold(0u64, |word, byte| (word << 8) | u64::from(*byte));
        let relative_offset = offset.iter().fold(0, |word, byte| (word << 8) | u32::from(*byte));
        TimeEntry { timestamp_ms: timestamp.cast_signed(), relative_offset }
    }

    fn key(self) -> i64 {
        self.timestamp_ms
    }

    fn may_follow(self, before: Option<TimeEntry>) -> bool {
        let is_in_range = self.relative_offset <= i32::MAX as u32;
        is_in_range
            && match before {
                Some(before) => {
                    self.timestamp_ms > before.timestamp_ms && self.relative_offset > before.relative_offset
                }
                None => self.timestamp_ms > NO_TIMESTAMP_MS,
            }
    }
}

/// Reads the bytes of a time index; `None` if they are damaged. Trailing zeros are padding.
pub fn parse_time_index(bytes: &[u8]) -> Option<Vec<TimeEntry>> {
    let Parsed { entries, is_whole } = parse(bytes);
    is_whole.then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_padding_is_dropped_w3() {
        let entries = [(1_000, 3), (2_000, 70)]
            .map(|(timestamp_ms, relative_offset)| TimeEntry { timestamp_ms, relative_offset });
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| entry.encode(&mut bytes));
        assert_eq!(bytes[..12], [0, 0, 0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 3]);
        bytes.extend([0; 24]);
        assert_eq!(parse_time_index(&bytes), Some(entries.to_vec()));
    }

    #[test]
    fn a_timestamp_that_does_not_rise_is_damage_w3() {
        let entry = TimeEntry { timestamp_ms: 5, relative_offset: 1 };
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        entry.encode(&mut bytes);
        assert_eq!(parse_time_index(&bytes), None);
    }
}
