//! Birth, death and wiring of a node.
//!
//! Law: wires rooms together and decides nothing. [`Broker::start`] gets the world and the settings as values, so that
//! several brokers can live in one process.
//!
//! ```text
//!   addresses taken (refusing) ─> log dirs looked at ─> log dirs locked ─> Raft quorum ─> dirs claimed ─> controller
//!     ─> registered ─> partitions open ─> group topic ─> groups loaded ─> publisher ─> wished topics ─> accepting ─> ready
//! ```
//! Death goes the other way: no new requests, groups stop, logs are synced and closed, the quorum stops last.

pub mod birth;
pub mod chores;
mod doors;
pub mod error;
pub mod exporter;
pub mod gateways;
mod ground;
mod group_log;
mod places;
mod publisher;
mod rules;
pub mod start;
mod wishes;

pub use birth::{Birth, ClusterWish, TopicWish};
pub use error::Error;
pub use start::Broker;
