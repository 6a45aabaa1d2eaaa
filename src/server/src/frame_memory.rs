//! Room for large frames, bounded for the broker as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long a frame waits for room, and how long one may take to arrive while another waits.
pub const PATIENCE: Duration = Duration::from_secs(10);
const UNIT_BYTES: usize = 1024;

/// The room. Clones share it.
#[derive(Clone)]
pub struct FrameMemory {
    free: Arc<Semaphore>,
    most_units: usize,
    waiting: Arc<AtomicUsize>,
}

/// A part of the room, given back when dropped.
pub struct Room {
    permit: OwnedSemaphorePermit,
}

/// A place among those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl FrameMemory {
    /// Room for `most_bytes`.
    pub fn new(most_bytes: usize) -> FrameMemory {
        let most_units = most_bytes / UNIT_BYTES;
        FrameMemory { free: Arc::new(Semaphore::new(most_units)), most_units, waiting: Arc::default() }
    }

    /// Makes `room` one of `bytes`, or of all that there is if they are more; waits for others if it must, in the order
    /// of asking. False if that took too long.
    pub async fn grow(&self, room: &mut Option<Room>, bytes: usize) -> bool {
        let has = room.as_ref().map_or(0, |room| room.permit.num_permits());
        let lacks = bytes.div_ceil(UNIT_BYTES).min(self.most_units).saturating_sub(has);
        let Ok(lacks @ 1..) = u32::try_from(lacks) else { return true };
        let permit = match self.free.clone().try_acquire_many_owned(lacks) {
            Ok(permit) => Some(permit),
            Err(_) => self.wait_for(lacks).await,
        };
        match (permit, room) {
            (Some(more), Some(room)) => room.permit.merge(more),
            (Some(first), room @ None) => *room = Some(Room { permit: first }),
            (None, _) => return false,
        }
        true
    }

    async fn wait_for(&self, units: u32) -> Option<OwnedSemaphorePermit> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        timeout(PATIENCE, self.free.clone().acquire_many_owned(units)).await.ok()?.ok()
    }

    /// True while a frame waits for room.
    pub fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_frame_waits_for_room_and_gets_it_when_another_is_served() {
        let memory = FrameMemory::new(100 * UNIT_BYTES);
        let (mut first, mut second) = (None, None);
        assert!(memory.grow(&mut first, 60 * UNIT_BYTES).await);
        assert!(memory.grow(&mut first, 60 * UNIT_BYTES).await, "it has that already");
        assert!(memory.grow(&mut second, 30 * UNIT_BYTES).await && !memory.is_wanted());
        assert!(!memory.grow(&mut second, 50 * UNIT_BYTES).await, "nobody gave back");
        let waits = memory.grow(&mut second, 50 * UNIT_BYTES);
        tokio::pin!(waits);
        assert!(timeout(Duration::from_millis(1), waits.as_mut()).await.is_err());
        assert!(memory.is_wanted());
        drop(first);
        assert!(waits.await && !memory.is_wanted());
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_larger_than_all_the_room_takes_all_of_it() {
        let memory = FrameMemory::new(100 * UNIT_BYTES);
        let (mut large, mut small) = (None, None);
        assert!(memory.grow(&mut large, 5000 * UNIT_BYTES).await);
        assert!(!memory.grow(&mut small, 1).await);
        drop(large);
        assert!(memory.grow(&mut small, 1).await);
    }
}
