//! Consumer groups of the classic protocol and their committed offsets.
//!
//! ```text
//!   shard      the groups and offsets of one partition; requests, timers and replay come in here
//!   classic/   one group: members, generations, the join and sync phases
//!   offsets    committed offsets; expire looks for those that are too old
//!   describe   what groups there are and what they look like; deleting them
//!   records    how all of it is written: Kafka's own record schemas; replay reads it back
//! ```

pub mod classic;
pub mod codec;
pub mod config;
pub mod describe;
pub mod expire;
pub mod message;
pub mod offsets;
pub mod records;
pub mod replay;
pub mod shard;

#[cfg(test)]
mod contract_test;
#[cfg(test)]
pub(crate) mod testing;
