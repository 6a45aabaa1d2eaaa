//! Record batches as bytes: the 61-byte header, validation, compression, building.
//!
//! Law: no IO, no clock, no state. A batch stays the bytes that the producer sent; this room reads its header, walks
//! its records without keeping them, and corrects the few header fields that belong to the broker. It decodes records
//! only on the cold path ([`records()`]: compaction, time lookups, coordinators). It uses `base` and the codecs.
//!
//! ```text
//!                  12                 21                                      61
//!   ├──────┬──────┼───────┬─────┬────┼──────┬─────┬──────┬──────┬────┬───┬───┼──────────────────┤
//!   │ base │length│leader │magic│crc │attri-│last │ base │ max  │pid │pid│seq│ records, perhaps │
//!   │offset│      │ epoch │ = 2 │    │butes │delta│ time │ time │    │ep.│ n │ compressed       │
//!   └──────┴──────┴───────┴─────┴────┴──────┴─────┴──────┴──────┴────┴───┴───┴──────────────────┘
//!                                    ╰────────────── under the CRC-32C ─────────────────────────╯
//!
//!   produce:  bytes ── validate_produced ──▶ header [u8; 61] + body ── stamp ──▶ two slices for the log
//!   fetch:    bytes ── batches ──▶ header, bytes                    (never further than the header)
//!   cold:     batch ── records ──▶ offset, time, key, value, headers
//! ```
//!
//! Base offset, length, leader epoch and magic lie outside the CRC, which is why an append costs one header stamp and
//! no pass over the records. Formats: `DefaultRecordBatch`, `DefaultRecord` (KIP-98).

pub mod batch;
#[cfg(test)]
mod batch_test;
pub mod build;
#[cfg(test)]
mod build_test;
mod check;
pub mod codec;
pub mod compress;
#[cfg(test)]
mod compress_test;
pub mod control;
pub mod decompress;
pub mod fault;
pub mod header;
#[cfg(test)]
mod header_test;
#[cfg(test)]
mod interop_test;
#[cfg(test)]
mod property_test;
pub mod records;
#[cfg(test)]
mod records_test;
pub mod validate;
#[cfg(test)]
mod validate_test;
mod varint;
mod walk;

pub use batch::{Batch, Batches, batches};
pub use build::{BatchBuilder, NewHeader};
pub use codec::Codec;
pub use compress::{CompressFault, compress};
pub use control::{ControlType, EndTxnMarker};
pub use decompress::{Decompress, decompress};
pub use fault::BatchFault;
pub use header::{Attributes, BatchHeader, HEADER_LEN, TimestampType, crc_of, is_crc_valid, stamp, stamp_timestamps};
pub use records::{Headers, Record, Records, records};
pub use validate::{Refusal, Rules, TopicCompression, Validated, check_shape, validate_produced};
