//! Answers on their way out.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};
use klamm_env::Stream;
use klamm_wire::Answer;
use tokio::io::AsyncWriteExt;

/// The chunks that wait to be written, in order. Written by vectored writes, so that record bytes are not copied.
#[derive(Default)]
pub struct Outbox {
    chunks: VecDeque<Bytes>,
    bytes: usize,
}

impl Outbox {
    /// Puts an answer behind those that wait.
    pub fn push(&mut self, answer: Answer) {
        for chunk in answer.into_chunks() {
            self.bytes += chunk.len();
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
    /// If the connection fails.
    pub async fn flush(&mut self, stream: &mut Stream) -> io::Result<()> {
        while self.has_remaining() {
            if stream.write_buf(self).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

impl Buf for Outbox {
    fn remaining(&self) -> usize {
        self.bytes
    }

    fn chunk(&self) -> &[u8] {
        self.chunks.front().map_or(&[], |chunk| chunk)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
            *slice = IoSlice::new(chunk);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.bytes, "an outbox is not advanced past its end");
        self.bytes -= count;
        while let Some(front) = self.chunks.front_mut() {
            if front.len() > count {
                front.advance(count);
                return;
            }
            count -= front.len();
            self.chunks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_drops_what_was_written_and_keeps_the_rest() {
        let mut outbox = Outbox::default();
        for text in ["abc", "de", "fgh"] {
            outbox.bytes += text.len();
            outbox.chunks.push_back(Bytes::from_static(text.as_bytes()));
        }
        outbox.advance(4);
        assert_eq!((outbox.len(), outbox.chunk()), (4, &b"e"[..]));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(outbox.chunks_vectored(&mut slices), 2);
        outbox.advance(4);
        assert!(outbox.is_empty() && outbox.chunk().is_empty());
    }
}
