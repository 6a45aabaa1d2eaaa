//! Wall time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A wall clock: the system's, or one that a test sets by hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub fn real() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands at `now_ms` until [`Clock::set`] moves it. Its clones move with it.
    pub fn manual(now_ms: i64) -> Clock {
        Clock(Source::Manual(Arc::new(AtomicI64::new(now_ms))))
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
            Source::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Sets a manual clock to `now_ms`.
    ///
    /// # Panics
    /// On the system's clock, which nobody here sets.
    pub fn set(&self, now_ms: i64) {
        match &self.0 {
            Source::System => panic!("the system's clock is not ours to set"),
            Source::Manual(now) => now.store(now_ms, Ordering::SeqCst),
        }
    }
}
