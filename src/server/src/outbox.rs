//! Answers on their way out.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

use bytes::Buf;
use klamm_env::Stream;
use klamm_wire::{Answer, Chunk};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// How long a client may take to read on before memory that others wait for is given back.
const WANTED_AFTER: Duration = Duration::from_millis(1);
/// How long a client may take to read on before memory is given back whether others wait for it or not.
const STALLED_AFTER: Duration = Duration::from_millis(20);

/// The chunks that wait to be written, in order. Written by vectored writes, so that record bytes are not copied. Those
/// that their client is slow to read leave memory, and come back piece by piece as it reads (N11).
#[derive(Default)]
pub struct Outbox {
    chunks: VecDeque<Chunk>,
    bytes: usize,
}

impl Outbox {
    /// Puts an answer behind those that wait.
    pub fn push(&mut self, answer: Answer) {
        for chunk in answer.into_chunks() {
            self.bytes += chunk.remaining();
            self.chunks.push_back(chunk);
        }
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Writes all that waits.
    ///
    /// # Errors
    /// If the connection fails, if its client reads nothing for `max_idle`, or if bytes that left memory are gone from
    /// the log as well.
    pub async fn flush(&mut self, stream: &mut Stream, max_idle: Duration) -> io::Result<()> {
        while self.has_remaining() {
            if let Some(front) = self.chunks.front_mut() {
                front.refill()?;
            }
            match timeout(WANTED_AFTER, stream.write_buf(self)).await {
                Ok(written) => progress(written?)?,
                Err(_) => self.stall(stream, max_idle).await?,
            }
        }
        Ok(())
    }

    /// Waits for a client that does not read at the moment, and does not keep its bytes meanwhile.
    async fn stall(&mut self, stream: &mut Stream, max_idle: Duration) -> io::Result<()> {
        let is_wanted = self.chunks.iter().any(Chunk::is_wanted);
        if !is_wanted && let Ok(written) = timeout(STALLED_AFTER, stream.write_buf(self)).await {
            return progress(written?);
        }
        self.chunks.iter_mut().for_each(Chunk::release);
        // Writing no bytes ends when the socket takes some again: only then are they read back.
        timeout(max_idle, stream.write(&[])).await.map_err(|_| ErrorKind::TimedOut)??;
        Ok(())
    }
}

fn progress(written: usize) -> io::Result<()> {
    if written == 0 { Err(ErrorKind::WriteZero.into()) } else { Ok(()) }
}

impl Buf for Outbox {
    fn remaining(&self) -> usize {
        self.bytes
    }

    fn chunk(&self) -> &[u8] {
        self.chunks.front().map_or(&[], Chunk::ready)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
            *slice = IoSlice::new(chunk.ready());
            filled += 1;
            if chunk.ready().len() < chunk.remaining() {
                // What follows must wait until the rest of this one is in memory.
                break;
            }
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.bytes, "an outbox is not advanced past its end");
        self.bytes -= count;
        while let Some(front) = self.chunks.front_mut() {
            let passed = front.ready().len().min(count);
            front.advance(passed);
            count -= passed;
            if front.remaining() > 0 {
                return;
            }
            self.chunks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn advancing_drops_what_was_written_and_keeps_the_rest() {
        let mut outbox = Outbox::default();
        for text in ["abc", "de", "fgh"] {
            outbox.bytes += text.len();
            outbox.chunks.push_back(Chunk::Bytes(Bytes::from_static(text.as_bytes())));
        }
        outbox.advance(4);
        assert_eq!((outbox.len(), outbox.chunk()), (4, &b"e"[..]));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(outbox.chunks_vectored(&mut slices), 2);
        outbox.advance(4);
        assert!(outbox.is_empty() && outbox.chunk().is_empty());
    }
}
