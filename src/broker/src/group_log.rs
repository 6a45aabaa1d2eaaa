//! The group topic's partitions, as the coordinator writes and reads them.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::name::CONSUMER_OFFSETS;
use klamm_base::{ErrorCode, Offset};
use klamm_coordinator::{Committed, PartitionLog};
use klamm_replica::{Bound, Partition, Replicas};
use tokio::sync::Notify;

/// The log behind the group coordinator: this node's partitions of `__consumer_offsets`.
pub(crate) struct GroupLog(pub Arc<Replicas>);

impl GroupLog {
    fn partition(&self, index: i32) -> Result<Arc<Partition>, ErrorCode> {
        self.0.partition(CONSUMER_OFFSETS, index).ok_or(ErrorCode::NotLeaderOrFollower)
    }
}

impl PartitionLog for GroupLog {
    fn append(&self, partition: i32, batch: &Bytes) -> Result<Offset, ErrorCode> {
        self.partition(partition)?.append_own(batch)
    }

    fn high_watermark(&self, partition: i32) -> Offset {
        self.partition(partition).map_or(Offset::ZERO, |partition| partition.high_watermark())
    }

    fn committed(&self, partition: i32, until: Offset) -> Committed<'_> {
        Box::pin(async move {
            let found = self.partition(partition)?;
            let wake = Arc::new(Notify::new());
            let _parked = found.park(&wake);
            while found.high_watermark() < until {
                wake.notified().await;
                self.partition(partition)?;
            }
            Ok(())
        })
    }

    fn bounds(&self, partition: i32) -> Result<(Offset, Offset), ErrorCode> {
        let found = self.partition(partition)?;
        Ok((found.log_start(), found.end(Bound::LogEnd)))
    }

    fn read(&self, partition: i32, from: Offset, max_bytes: usize) -> Result<Bytes, ErrorCode> {
        self.partition(partition)?.read_own(from, max_bytes)
    }
}
