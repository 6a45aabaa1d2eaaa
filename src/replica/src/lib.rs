//! A partition in the cluster: what its leader lets in, what it lets out, and who waits for it.
//!
//! Law: one place owns a log's writer, the [`Partition`]; nobody else appends. This node leads every partition that it
//! holds and is its only replica, so that a record is committed once it is appended: the high watermark follows the log
//! end within the append. What the cluster wants comes as image and delta; [`Replicas::apply`] compares and acts.
//!
//! ```text
//!   produce ─> validate (outside the lock) ─> Writer::append ─> high watermark ─> Waiters::wake
//!   fetch   ─> Reader::read up to the high watermark ─> too little: park at Waiters
//! ```

mod config;
pub mod error;
pub mod memory;
pub mod metric;
#[cfg(test)]
mod model_test;
pub mod partition;
pub mod registry;
pub mod sessions;
pub mod stored;
#[cfg(test)]
mod testing;
pub mod waiters;

pub use error::{Error, ProduceRefusal};
pub use memory::{FetchMemory, Held};
pub use metric::ReplicaMetrics;
pub use partition::{Bound, Fetched, Partition, Produced, ProducerDescription};
pub use registry::{DirReport, Replicas};
pub use stored::Stored;
pub use waiters::Parked;
