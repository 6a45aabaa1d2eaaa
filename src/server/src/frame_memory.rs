//! Room for large frames, bounded for the broker as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use klamm_base::limits::{FRAME_MEMORY_BYTES, LARGE_FRAME_MEMORY_BYTES};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long a frame waits for room, and how long one may take to arrive while another waits.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a frame may get no bytes while another waits.
pub const STALL: Duration = Duration::from_secs(1);
const UNIT_BYTES: usize = 1024;

/// The room of all connections. Large frames wait for each other only, so that they hold up no others.
#[derive(Clone)]
pub struct FrameMemory {
    /// For the first part of a frame.
    pub first: Pool,
    /// For frames that are larger.
    pub large: Pool,
}

impl Default for FrameMemory {
    fn default() -> FrameMemory {
        FrameMemory { first: Pool::new(FRAME_MEMORY_BYTES), large: Pool::new(LARGE_FRAME_MEMORY_BYTES) }
    }
}

/// A room for some. Clones share it.
#[derive(Clone)]
pub struct Pool {
    free: Arc<Semaphore>,
    most_units: usize,
    waiting: Arc<AtomicUsize>,
}

/// A part of the room, given back when dropped.
pub struct Room {
    _permit: OwnedSemaphorePermit,
    waiting: Arc<AtomicUsize>,
}

/// A place among those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pool {
    /// Room for `most_bytes`.
    pub fn new(most_bytes: usize) -> Pool {
        let most_units = most_bytes / UNIT_BYTES;
        Pool { free: Arc::new(Semaphore::new(most_units)), most_units, waiting: Arc::default() }
    }

    /// Takes room for `bytes`, or all that there is if they are more; waits for others if it must, in the order of
    /// asking. `None` if that took too long.
    pub async fn take(&self, bytes: usize) -> Option<Room> {
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES).min(self.most_units)).ok()?;
        let permit = match self.free.clone().try_acquire_many_owned(units) {
            Ok(permit) => permit,
            Err(_) => self.wait_for(units).await?,
        };
        Some(Room { _permit: permit, waiting: self.waiting.clone() })
    }

    async fn wait_for(&self, units: u32) -> Option<OwnedSemaphorePermit> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        timeout(PATIENCE, self.free.clone().acquire_many_owned(units)).await.ok()?.ok()
    }
}

impl Room {
    /// True while a frame waits for what this one holds.
    pub fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_frame_waits_for_room_and_gets_it_when_another_is_served() {
        let pool = Pool::new(100 * UNIT_BYTES);
        let first = pool.take(60 * UNIT_BYTES).await.unwrap();
        assert!(pool.take(40 * UNIT_BYTES + 1).await.is_none(), "nobody gave back");
        assert!(!first.is_wanted());
        let waits = pool.take(50 * UNIT_BYTES);
        tokio::pin!(waits);
        assert!(timeout(STALL, waits.as_mut()).await.is_err());
        assert!(first.is_wanted());
        drop(first);
        assert!(!waits.await.unwrap().is_wanted());
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_larger_than_all_the_room_takes_all_of_it() {
        let pool = Pool::new(100 * UNIT_BYTES);
        let large = pool.take(5000 * UNIT_BYTES).await.unwrap();
        assert!(pool.take(1).await.is_none());
        drop(large);
        assert!(pool.take(1).await.is_some());
    }
}
