//! The memory that answers to fetches hold until their clients have read them, bounded for the broker as a whole.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// The bound. Clones share it.
#[derive(Clone, Debug)]
pub struct FetchMemory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most_bytes: usize,
    held_bytes: Mutex<usize>,
    /// How many fetches wait for more.
    waiting: AtomicUsize,
    freed: Notify,
}

/// A part of the memory, given back when dropped.
#[derive(Debug)]
pub struct Held {
    memory: FetchMemory,
    bytes: usize,
}

/// A place among those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl FetchMemory {
    /// `most_bytes`, none of them held.
    pub fn new(most_bytes: usize) -> FetchMemory {
        let inner = Inner { most_bytes, held_bytes: Mutex::new(0), waiting: AtomicUsize::new(0), freed: Notify::new() };
        FetchMemory(Arc::new(inner))
    }

    fn held(&self) -> MutexGuard<'_, usize> {
        self.0.held_bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes are not held.
    pub fn left(&self) -> usize {
        self.0.most_bytes.saturating_sub(*self.held())
    }

    /// Holds up to `wanted` bytes, but never all that is left: a quarter stays for the next one.
    pub fn reserve(&self, wanted: usize) -> Held {
        let mut held = self.held();
        let bytes = wanted.min(share(self.0.most_bytes.saturating_sub(*held)));
        *held += bytes;
        drop(held);
        Held { memory: self.clone(), bytes }
    }

    /// Waits until `wanted` bytes could be held, or until `deadline`. Holders whose clients do not read are asked for
    /// theirs meanwhile. False if the time passed.
    pub async fn wait_for(&self, wanted: usize, deadline: Instant) -> bool {
        let _waiting = Waiting::among(&self.0.waiting);
        let enough = async {
            loop {
                let freed = self.0.freed.notified();
                tokio::pin!(freed);
                freed.as_mut().enable();
                if share(self.left()) >= wanted {
                    return;
                }
                freed.await;
            }
        };
        timeout_at(deadline, enough).await.is_ok()
    }
}

/// What one may take of `left` bytes.
fn share(left: usize) -> usize {
    left - left / 4
}

impl Held {
    /// How many bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Parts with `bytes` of it, or with all if that is less.
    #[must_use]
    pub fn split_off(&mut self, bytes: usize) -> Held {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Held { memory: self.memory.clone(), bytes }
    }

    /// Holds `bytes` from now on, also if that is more than there is: the first batch of an answer must fit.
    pub fn set(&mut self, bytes: usize) {
        let mut held = self.memory.held();
        *held = *held - self.bytes + bytes;
        drop(held);
        let frees = bytes < self.bytes;
        self.bytes = bytes;
        if frees && self.is_wanted() {
            self.memory.0.freed.notify_waiters();
        }
    }

    /// True while a fetch waits for memory.
    pub fn is_wanted(&self) -> bool {
        self.memory.0.waiting.load(Ordering::Acquire) > 0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl Waiting<'_> {
    fn among(waiting: &AtomicUsize) -> Waiting<'_> {
        waiting.fetch_add(1, Ordering::AcqRel);
        Waiting(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nobody_takes_all_that_is_left_and_a_first_batch_always_fits() {
        let memory = FetchMemory::new(100);
        assert_eq!(memory.reserve(10).bytes(), 10);
        let first = memory.reserve(1000);
        let mut second = memory.reserve(1000);
        assert_eq!((first.bytes(), second.bytes(), memory.left()), (75, 19, 6));
        second.set(500);
        assert_eq!((memory.left(), memory.reserve(1).bytes()), (0, 0));
        drop((first, second));
        assert_eq!(memory.left(), 100);
        let mut whole = memory.reserve(70);
        let (part, rest) = (whole.split_off(50), whole.split_off(50));
        assert_eq!((part.bytes(), rest.bytes(), whole.bytes(), memory.left()), (50, 20, 0, 30));
        drop((whole, part));
        assert_eq!(memory.left(), 80);
        drop(rest);
        assert_eq!(memory.left(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_known_to_holders_and_is_woken_when_one_gives_back() {
        let memory = FetchMemory::new(100);
        let held = memory.reserve(60);
        assert!(!held.is_wanted());
        let after = |ms| Instant::now() + Duration::from_millis(ms);
        let waits = memory.wait_for(70, after(100));
        tokio::pin!(waits);
        assert!(timeout_at(after(1), waits.as_mut()).await.is_err());
        assert!(held.is_wanted());
        drop(held);
        assert!(waits.await);
        let held = memory.reserve(60);
        assert!(!held.is_wanted(), "who waited has left");
        assert!(!memory.wait_for(70, after(100)).await, "the time passes");
    }
}
