//! Group coordinators: who is in a group, who owns what, and how far each group has read.
//!
//! Law: a shard is a pure state machine: (request, now) gives records and replies, and `replay(record)` gives the
//! state back. A shard holds no clock, no chance, no socket and no log; time comes in with each call, timers are data
//! (`next_deadline`, `on_time`). What is not here on purpose: Kafka's messages (that is `api`), the log behind a
//! partition (that is [`PartitionLog`], given from outside), authorisation, and whether a topic exists.
//!
//! ```text
//!   api ── Groups ──► one queue per partition of __consumer_offsets ──► Shard (pure)
//!            ▲                     │                                      │
//!            │                     │ append ◄──── Write {records, after} ─┤
//!            │                     ▼                                      │
//!            │              PartitionLog ── committed ──► settle(after) ──┤
//!            └──────────────────── replies, by ticket ◄───────────────────┘
//! ```
//!
//! One shard serves the groups whose id hashes to its partition ([`route`]). A reply that depends on a record leaves
//! only after the record is committed, and so does every reply that reads state: nobody sees what could still be lost.

pub mod error;
pub mod group;
pub mod log;
#[cfg(test)]
mod log_mem;
pub mod outcome;
pub mod route;
pub mod runtime;
pub mod timer;

pub use error::Error;
pub use group::config::GroupConfig;
pub use group::message;
pub use log::{Committed, PartitionLog};
pub use outcome::{Moment, Record};
pub use runtime::Groups;
