//! Those who wait for a partition to move: parked fetches.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The parked fetches of one partition. Each is woken once per move and then asks again.
#[derive(Default)]
pub struct Waiters {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    parked: BTreeMap<u64, Arc<Notify>>,
}

/// A place among the waiters, given back when dropped.
pub struct Parked {
    waiters: Arc<Waiters>,
    id: u64,
}

impl Waiters {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins those who wait: `wake` is notified at every move until the returned place is dropped. One `wake` may wait
    /// at many partitions. Whoever joins must look at the partition once more afterwards, or miss a move in between.
    pub fn park(self: &Arc<Self>, wake: Arc<Notify>) -> Parked {
        let mut inner = self.lock();
        let id = inner.next;
        inner.next += 1;
        inner.parked.insert(id, wake);
        Parked { waiters: self.clone(), id }
    }

    /// Wakes all.
    pub fn wake(&self) {
        for wake in self.lock().parked.values() {
            wake.notify_one();
        }
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.waiters.lock().parked.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_move_wakes_who_waits_and_who_left_is_forgotten() {
        let waiters = Arc::new(Waiters::default());
        let wake = Arc::new(Notify::new());
        let parked = waiters.park(wake.clone());
        waiters.wake();
        wake.notified().await;
        drop(parked);
        assert!(waiters.lock().parked.is_empty());
    }
}
