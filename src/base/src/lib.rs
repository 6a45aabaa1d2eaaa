//! The vocabulary that every room shares: ids, offsets, epochs, error codes, limits.
//!
//! Law: std and bytes only. Nothing here knows Kafka's messages, a disk or a socket, and nothing here has behaviour
//! beyond the arithmetic and the text form of a value.

pub mod code;
pub mod id;
pub mod limits;
pub mod name;
pub mod offset;
pub mod text;

pub use code::ErrorCode;
pub use id::{NodeId, TopicId, TopicPartition};
pub use offset::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
