//! Signals that end a tool.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM, taken over.
pub(crate) struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Signals {
    /// From now on they do not end the process by themselves. Where the system refuses, they do.
    pub(crate) fn listen() -> Signals {
        let of = |kind| signal(kind).ok();
        Signals { interrupt: of(SignalKind::interrupt()), terminate: of(SignalKind::terminate()) }
    }

    /// Does the work, unless one comes first: then `Err` with what [`Signals::wait`] gives.
    pub(crate) async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Result<T, u8> {
        tokio::select! {
            value = work => Ok(value),
            code = self.wait() => Err(code),
        }
    }

    /// Waits for one; what the JVM ends with after it.
    pub(crate) async fn wait(&mut self) -> u8 {
        tokio::select! {
            () = arrives(&mut self.interrupt) => 128 + 2,
            () = arrives(&mut self.terminate) => 128 + 15,
        }
    }
}

async fn arrives(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
