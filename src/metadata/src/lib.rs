//! The cluster as a value: what exists, who leads, what is configured.
//!
//! Law: pure and deterministic. No clock, no chance, no IO; nothing here decides. A [`Record`] is a decision that was
//! taken elsewhere, and [`apply`] writes it into an [`Image`] in the same way on every node and in every version.
//!
//! ```text
//!   Record ──codec──> bytes (the Raft log, snapshots)
//!      │
//!      └── apply ──> Image   who asks reads this; a clone shares its maps and costs next to nothing
//!                └─> Delta   what changed, for those who follow
//! ```
//!
//! Maps that grow with the cluster are persistent ones (`imbl`), so that readers, snapshots and the controller's scratch
//! copy hold old versions without a deep copy.

mod apply;
#[cfg(test)]
mod apply_test;
mod broker;
mod bytes;
mod check;
pub mod codec;
#[cfg(test)]
mod codec_test;
mod config;
mod delta;
mod error;
mod image;
pub mod placement;
mod record;
pub mod snapshot;
#[cfg(test)]
mod testing;
mod topic;

pub use apply::{apply, apply_all};
pub use broker::{Broker, Endpoint, SecurityProtocol};
pub use check::check;
pub use config::{ConfigResource, ResourceKind};
pub use delta::{Delta, Update};
pub use error::Error;
pub use image::{ClusterInfo, Image, Position};
pub use record::Record;
pub use topic::{Partition, Topic};
