//! The log behind a shard, as the coordinator needs it. Whoever owns the replicas implements it.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use klamm_base::{ErrorCode, Offset};

/// The wait of [`PartitionLog::committed`].
pub type Committed<'a> = Pin<Box<dyn Future<Output = Result<(), ErrorCode>> + Send + 'a>>;

/// The partitions of `__consumer_offsets` that this broker leads.
pub trait PartitionLog: Send + Sync {
    /// Appends one batch, built from offset 0, and gives the offset after its last record. May return before the
    /// batch is committed.
    ///
    /// # Errors
    /// The code that a producer would get; nothing was written.
    fn append(&self, partition: i32, batch: &Bytes) -> Result<Offset, ErrorCode>;

    /// The offset below which all records are committed.
    fn high_watermark(&self, partition: i32) -> Offset;

    /// Waits until all records below `until` are committed. Dropping the wait is no harm.
    ///
    /// # Errors
    /// Why that will not happen here: this broker is no longer the leader, or its disk has failed.
    fn committed(&self, partition: i32, until: Offset) -> Committed<'_>;

    /// The first offset that can be read and the offset after the last record.
    ///
    /// # Errors
    /// If the partition is not led here.
    fn bounds(&self, partition: i32) -> Result<(Offset, Offset), ErrorCode>;

    /// Reads whole batches: the one that holds `from`, whatever its size, and more up to `max_bytes`; nothing at the
    /// end. May block on the disk.
    ///
    /// # Errors
    /// If the partition is not led here or cannot be read.
    fn read(&self, partition: i32, from: Offset, max_bytes: usize) -> Result<Bytes, ErrorCode>;
}
