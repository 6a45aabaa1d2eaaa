//! The offset index: from an offset to where its batch is near.
//!
//! ```text
//! NNN.index:  | relative offset i32 | position i32 |  8 bytes each, big-endian, both strictly rising
//! ```
//!
//! The relative offset is that of the last record of the batch that begins at the position, minus the segment's base
//! offset. An entry is added before a batch once more than `index.interval.bytes` came since the last one, so the batch
//! at position 0 never has one, and a pair of zeros is the padding that Kafka preallocates.

use crate::sparse_index::{Entry, Parsed, parse};

/// One entry of the offset index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetEntry {
    /// The last offset of the batch at `position`, relative to the segment's base offset.
    pub relative_offset: u32,
    /// Where that batch begins, in bytes.
    pub position: u32,
}

impl Entry for OffsetEntry {
    const LEN: usize = 8;

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }

    fn decode(bytes: &[u8]) -> OffsetEntry {
        let (high, low) = bytes.split_at(4);
        OffsetEntry { relative_offset: be_u32(high), position: be_u32(low) }
    }

    fn key(self) -> i64 {
        i64::from(self.relative_offset)
    }

    fn may_follow(self, before: Option<OffsetEntry>) -> bool {
        let is_in_range = self.relative_offset <= i32::MAX as u32 && self.position <= i32::MAX as u32;
        is_in_range
            && match before {
                Some(before) => self.relative_offset > before.relative_offset && self.position > before.position,
                None => self.position > 0 || self.relative_offset > 0,
            }
    }
}

fn be_u32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, byte| (word << 8) | u32::from(*byte))
}

/// Reads the bytes of an offset index; `None` if they are damaged. Trailing zeros are padding.
pub fn parse_offset_index(bytes: &[u8]) -> Option<Vec<OffsetEntry>> {
    let Parsed { entries, is_whole } = parse(bytes);
    is_whole.then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_padding_is_dropped_w3() {
        let entries =
            [(9, 5000), (20, 9100)].map(|(relative_offset, position)| OffsetEntry { relative_offset, position });
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| entry.encode(&mut bytes));
        assert_eq!(bytes[..8], [0, 0, 0, 9, 0, 0, 0x13, 0x88]);
        assert_eq!(parse_offset_index(&bytes), Some(entries.to_vec()));
        bytes.extend([0; 20]);
        assert_eq!(parse_offset_index(&bytes), Some(entries.to_vec()));
        assert_eq!(parse_offset_index(&[0; 64]), Some(Vec::new()));
    }

    #[test]
    fn entries_out_of_order_are_damage_w3() {
        let bytes = [[0, 0, 0, 9, 0, 0, 1, 0], [0, 0, 0, 9, 0, 0, 2, 0]].concat();
        assert_eq!(parse_offset_index(&bytes), None);
        assert_eq!(parse_offset_index(&[0xff; 8]), None, "negative numbers");
        assert_eq!(parse_offset_index(&[1, 2, 3]), None, "half an entry");
    }
}
