//! The compression codecs and the levels that each takes.

use std::ops::RangeInclusive;

use crate::fault::BatchFault;

/// A compression codec, by the id that bits 0 to 2 of a batch's attributes carry (`CompressionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Records lie in the batch as they are.
    None,
    /// gzip, RFC 1952; may have several members.
    Gzip,
    /// Snappy, in the framing of snappy-java or as one raw block.
    Snappy,
    /// LZ4 frames with independent blocks.
    Lz4,
    /// Zstandard (KIP-110).
    Zstd,
}

impl Codec {
    /// Every codec, in the order of their ids.
    pub const ALL: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

    /// The codec with this id.
    ///
    /// # Errors
    /// [`BatchFault::Codec`] for an id that no codec has.
    pub fn from_id(id: i8) -> Result<Codec, BatchFault> {
        usize::try_from(id).ok().and_then(|at| Codec::ALL.get(at).copied()).ok_or(BatchFault::Codec(id))
    }

    /// The id that a batch's attributes carry, 0 to 4.
    pub fn id(self) -> i8 {
        self as i8
    }

    /// The name in settings and tools (`compression.type`).
    pub fn name(self) -> &'static str {
        match self {
            Codec::None => "none",
            Codec::Gzip => "gzip",
            Codec::Snappy => "snappy",
            Codec::Lz4 => "lz4",
            Codec::Zstd => "zstd",
        }
    }

    /// The levels that `compression.*.level` may name (KIP-390); `None` for a codec without levels.
    /// Gzip also takes its default, -1.
    pub fn levels(self) -> Option<RangeInclusive<i32>> {
        match self {
            Codec::None | Codec::Snappy => None,
            Codec::Gzip => Some(1..=9),
            Codec::Lz4 => Some(1..=17),
            Codec::Zstd => Some(-131_072..=22),
        }
    }

    /// The level where none is named (KIP-390).
    pub fn default_level(self) -> i32 {
        match self {
            Codec::None | Codec::Snappy => 0,
            Codec::Gzip => -1,
            Codec::Lz4 => 9,
            Codec::Zstd => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_is_found_by_its_id_and_no_other_id_is_p29() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_id(codec.id()), Ok(codec));
        }
        for id in [-1, 5, 6, 7, i8::MAX] {
            assert_eq!(Codec::from_id(id), Err(BatchFault::Codec(id)));
        }
    }
}
