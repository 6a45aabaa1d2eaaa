//! One connection: frames in, answers out, one at a time.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use klamm_api::{Api, Outcome, Session};
use klamm_env::{Stream, Tasks};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use crate::frame::{FrameFault, FrameReader};
use crate::metric::ServerMetrics;
use crate::outbox::Outbox;

/// Answers are written before the next request is served once this many bytes wait: a client that sends without
/// reading must not make them grow.
const OUTBOX_BYTES: usize = 256 * 1024;

/// What is read and thrown away of a client that was refused, at most, before the connection is closed.
const DRAIN_BYTES: u64 = 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// A request that took this long was parked, and others may have come behind it.
const PARKED: Duration = Duration::from_millis(5);

/// Who answers requests: the API, and in tests a stand-in for it.
pub(crate) trait Serve {
    /// The answer to one frame (without its size).
    fn serve(&self, session: &Session, frame: Bytes) -> impl Future<Output = Outcome> + Send;
}

impl Serve for Api {
    fn serve(&self, session: &Session, frame: Bytes) -> impl Future<Output = Outcome> + Send {
        Api::serve(self, session, frame)
    }
}

/// One connection.
pub struct Connection {
    stream: Stream,
    frames: FrameReader,
    outbox: Outbox,
    session: Session,
    max_idle: Duration,
    metrics: ServerMetrics,
}

/// Why a connection ended.
enum End {
    /// The client closed, was idle too long, or the connection failed: nothing that a person must know.
    Quiet,
    /// The client sent what must not be answered.
    Refused(String),
}

impl Connection {
    /// A connection on `stream`, which `frames` reads and which may be idle for `max_idle`.
    pub fn new(
        stream: Stream,
        session: Session,
        frames: FrameReader,
        max_idle: Duration,
        metrics: ServerMetrics,
    ) -> Connection {
        Connection { stream, frames, outbox: Outbox::default(), session, max_idle, metrics }
    }

    /// Serves until the client leaves, sends what has no answer, or the broker stops.
    pub(crate) async fn run(mut self, api: impl Serve, tasks: Tasks) {
        let end = tokio::select! {
            end = self.serve(&api, &tasks) => end,
            () = tasks.stopped() => End::Quiet,
        };
        // Shutting down the write side first lets an answer that is on its way arrive (B7).
        let _ = self.stream.shutdown().await;
        if let End::Refused(reason) = end {
            self.metrics.closed_by_fault.increment(1);
            tracing::warn!(peer = %self.session.peer, listener = %self.session.listener, reason, "connection closed");
            tokio::select! {
                () = self.drain() => {}
                () = tasks.stopped() => {}
            }
        }
    }

    /// Reads what the client has sent behind the request that was refused: closing over unread bytes resets the
    /// connection, and the client may then lose answers that it has not read yet (B7).
    async fn drain(&mut self) {
        let mut rest = (&mut self.stream).take(DRAIN_BYTES);
        let _ = timeout(DRAIN_TIME, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }

    async fn serve(&mut self, api: &impl Serve, tasks: &Tasks) -> End {
        loop {
            let frame = match self.next_frame().await {
                Ok(Some(frame)) => frame,
                Ok(None) | Err(FrameFault::Io(_)) => return End::Quiet,
                Err(fault @ (FrameFault::Size { .. } | FrameFault::NoRoom { .. })) => {
                    return self.refuse(fault.to_string()).await;
                }
            };
            self.metrics.bytes_in.increment(frame.len() as u64 + 4);
            let began = Instant::now();
            let outcome = self.serve_one(api, frame).await;
            if tasks.is_stopping() {
                // Whoever waited was sent away by a coordinator that ends too. Kafka's connections close before that.
                return End::Quiet;
            }
            self.frames.served();
            if began.elapsed() >= PARKED {
                // A client that has closed meanwhile refuses the answer, and then the system forgets what it sent
                // before it closed: a LeaveGroup behind a parked Fetch, say. It counts all the same (N9).
                self.frames.take_arrived(&mut self.stream).await;
            }
            match outcome {
                Outcome::Answer(answer) => self.outbox.push(answer),
                Outcome::Nothing => {}
                Outcome::Close(reason) => return self.refuse(reason).await,
            }
            if self.outbox.len() >= OUTBOX_BYTES && self.flush().await.is_err() {
                return End::Quiet;
            }
        }
    }

    /// Serves a request. Answers to earlier ones wait for it only as long as it is worked upon: they leave as soon as it
    /// waits for something, such as a fetch for records. It is served to its end also if the client is gone (N9).
    async fn serve_one(&mut self, api: &impl Serve, frame: Bytes) -> Outcome {
        let waiting = self.outbox.len();
        let mut served = pin!(api.serve(&self.session, frame));
        let at_once = tokio::select! {
            biased;
            outcome = &mut served => Some(outcome),
            // If the connection has failed, the next flush finds it so again.
            _ = self.outbox.flush(&mut self.stream, self.max_idle), if waiting > 0 => None,
        };
        self.metrics.bytes_out.increment((waiting - self.outbox.len()) as u64);
        match at_once {
            Some(outcome) => outcome,
            None => served.await,
        }
    }

    /// Answers to earlier requests still leave before the connection closes.
    async fn refuse(&mut self, reason: String) -> End {
        let _ = self.flush().await;
        End::Refused(reason)
    }

    /// The next frame; what waits to be written is written before waiting for one.
    async fn next_frame(&mut self) -> Result<Option<Bytes>, FrameFault> {
        if let Some(frame) = self.frames.buffered()? {
            return Ok(Some(frame));
        }
        self.flush().await?;
        match timeout(self.max_idle, self.frames.next(&mut self.stream)).await {
            Ok(frame) => frame,
            Err(_) => Ok(None),
        }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        let bytes = self.outbox.len() as u64;
        self.outbox.flush(&mut self.stream, self.max_idle).await?;
        self.metrics.bytes_out.increment(bytes);
        Ok(())
    }
}

#[cfg(test)]
#[path = "connection_test.rs"]
mod connection_test;
