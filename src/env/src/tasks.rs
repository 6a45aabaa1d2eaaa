//! Tasks: spawned here and nowhere else, and all told to stop by one signal.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where tasks run, and the signal that tells them to stop. Clones share both.
#[derive(Clone)]
pub struct Tasks {
    runtime: Handle,
    stop: watch::Sender<bool>,
}

impl Tasks {
    /// Tasks on the runtime that the caller runs on.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn on_current_runtime() -> Tasks {
        Tasks { runtime: Handle::current(), stop: watch::Sender::new(false) }
    }

    /// Runs `task` beside the others. Dropping the handle leaves it running.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.runtime.spawn(task)
    }

    /// Runs `work`, which may block on the disk, where it holds up no other task.
    ///
    /// # Panics
    /// If `work` panics.
    pub async fn offload<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.runtime.spawn_blocking(work).await.expect("offloaded work does not panic")
    }

    /// Starts a thread of its own for work that blocks for as long as the process lives.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub fn thread(&self, name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
    }

    /// Tells every task to stop.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// True once [`Tasks::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until [`Tasks::stop`] is called.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }
}
