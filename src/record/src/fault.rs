//! What can be wrong with the bytes of a batch.

use thiserror::Error;

/// Why bytes are not a batch, or a batch's body not records.
///
/// It says what the bytes are; which Kafka code a client hears is decided where the bytes came from a client
/// ([`crate::validate`]), and a log that finds such bytes on disk reacts as its recovery says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BatchFault {
    /// Fewer bytes than the header needs.
    #[error("a batch header needs 61 bytes, there are {0}")]
    Short(usize),
    /// A length field that cannot hold its header: below 49 for a batch of magic 2, below 14 for any magic.
    #[error("Record size {length} is less than the minimum record overhead ({least})")]
    Length {
        /// The length field.
        length: i32,
        /// The least length it could have.
        least: i32,
    },
    /// A magic other than 2.
    #[error("Invalid magic found in record: {0}")]
    Magic(i8),
    /// The checksum does not fit the bytes.
    #[error("Record is corrupt (stored crc = {stored}, computed crc = {computed})")]
    Crc {
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// Compression bits that name no codec (5 to 7).
    #[error("Unknown compression type id: {0}")]
    Codec(i8),
    /// A body that its codec cannot decompress.
    #[error("the batch does not decompress: {0}")]
    Undecodable(String),
    /// A body that decompresses to more than [`klamm_base::limits::DECOMPRESSED_BATCH_BYTES`].
    #[error("the batch decompresses to more than {0} bytes")]
    Bomb(u64),
    /// Records that are not what the record format says.
    #[error("invalid record structure: {0}")]
    Structure(&'static str),
}
