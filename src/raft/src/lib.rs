//! The metadata quorum: a Raft log of decisions, and the image that they make.
//!
//! Law: the only room that names openraft and sled. It orders and keeps decisions; what they mean is `metadata`'s, who
//! takes them is `controller`'s.
//!
//! ```text
//!  propose(records) ─> openraft ─> LogStore ─> IO thread ─> RaftDisk (sled)     durable: acknowledged after fdatasync
//!                         │ committed
//!                         └─> Machine ─> metadata::apply ─> Image ──┬─> image()       read without a lock
//!                                │                                  └─> updates()     every step, in order
//!                                └─> meta-<index>-<term>.snap       so that the log stays short
//! ```
//!
//! One node is a quorum of one: it elects itself when it starts and serves nothing until an entry of its own term is
//! applied. sled 0.34 is durable only with a sync of its own after each flush and breaks in a few known ways; `sled_disk`
//! says how each is met, and is the only file that names it.

mod codec;
#[cfg(test)]
mod codec_test;
mod disk;
#[cfg(test)]
mod disk_mem;
mod error;
mod image_cell;
mod io_thread;
#[cfg(test)]
mod kill_test;
mod log_store;
mod network;
mod quorum;
#[cfg(test)]
mod quorum_test;
mod sled_disk;
#[cfg(test)]
mod sled_disk_test;
mod snapshots;
mod state_machine;
mod status;
#[cfg(test)]
mod suite_test;
mod types;
mod updates;

pub use error::Error;
pub use quorum::Quorum;
pub use status::{QuorumStatus, Voter};
pub use updates::Updates;
