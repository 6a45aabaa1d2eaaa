//! Birth, death and wiring of a node.
//!
//! Law: wires rooms together and decides nothing. [`Broker::start`] gets the world and the settings as values, so that
//! several brokers can live in one process.
//!
//! ```text
//!   listeners bound (not accepting) ─> log dirs locked ─> Raft quorum ─> dirs claimed ─> controller
//!     ─> registered ─> partitions open ─> publisher ─> group topic ─> groups loaded ─> accepting ─> ready
//! ```
//! Death goes the other way: no new requests, groups stop, logs are synced and closed, the quorum stops last.

pub mod chores;
mod doors;
pub mod error;
pub mod exporter;
mod group_log;
mod publisher;
mod rules;
pub mod start;

pub use error::Error;
pub use start::Broker;
