//! Frames out of a stream of bytes.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use klamm_base::limits::{FRAME_PREALLOCATE_BYTES, READ_BUFFER_BYTES};
use klamm_env::Stream;
use tokio::io::AsyncReadExt;

/// Cuts a stream into frames. It owns the read buffer; a frame is a slice of it.
///
/// Small frames share a buffer. A frame that does not fit gets a buffer of its own, at most [`FRAME_PREALLOCATE_BYTES`]
/// before its bytes have come and doubled as they do, so that a size of 100 MiB alone costs next to nothing (N2).
pub struct FrameReader {
    buffer: BytesMut,
    max_frame_bytes: usize,
}

/// Why no frame came.
#[derive(Debug, thiserror::Error)]
pub enum FrameFault {
    /// A size of 0 or less, or above `socket.request.max.bytes` (N1).
    #[error("a frame of {size} bytes is not allowed (socket.request.max.bytes is {max})")]
    Size {
        /// What the client wrote.
        size: i32,
        /// What is allowed.
        max: usize,
    },
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FrameReader {
    /// A reader that allows frames of up to `max_frame_bytes`.
    pub fn new(max_frame_bytes: usize) -> FrameReader {
        FrameReader { buffer: BytesMut::new(), max_frame_bytes }
    }

    /// The next frame that is here already, without its size; `None` if it is not here whole.
    ///
    /// # Errors
    /// If its size is not allowed.
    pub fn buffered(&mut self) -> Result<Option<Bytes>, FrameFault> {
        let Some(end) = self.frame_end()? else { return Ok(None) };
        if self.buffer.len() < end {
            return Ok(None);
        }
        self.buffer.advance(4);
        Ok(Some(self.buffer.split_to(end - 4).freeze()))
    }

    /// Waits for the next frame; `None` when the client has closed its side. Half a frame before the end is dropped.
    ///
    /// # Errors
    /// If its size is not allowed, or the connection fails. May be dropped while waiting without losing bytes.
    pub async fn next(&mut self, stream: &mut Stream) -> Result<Option<Bytes>, FrameFault> {
        loop {
            if let Some(frame) = self.buffered()? {
                return Ok(Some(frame));
            }
            if self.buffer.is_empty() {
                // An idle connection holds no buffer.
                self.buffer = BytesMut::new();
                stream.readable().await?;
            }
            self.make_room()?;
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Where the frame at the front ends, its size included.
    fn frame_end(&self) -> Result<Option<usize>, FrameFault> {
        let Some(size) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let size = i32::from_be_bytes(*size);
        match usize::try_from(size) {
            Ok(length @ 1..) if length <= self.max_frame_bytes => Ok(Some(length + 4)),
            _ => Err(FrameFault::Size { size, max: self.max_frame_bytes }),
        }
    }

    fn make_room(&mut self) -> Result<(), FrameFault> {
        let end = self.frame_end()?.unwrap_or(0);
        let wanted = if end <= READ_BUFFER_BYTES {
            READ_BUFFER_BYTES
        } else {
            end.min(FRAME_PREALLOCATE_BYTES.max(self.buffer.len() * 2))
        };
        if self.buffer.len() == self.buffer.capacity() || self.buffer.capacity() < wanted.min(end) {
            self.buffer.reserve(wanted.saturating_sub(self.buffer.len()).max(1));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> FrameReader {
        FrameReader { buffer: BytesMut::from(bytes), max_frame_bytes: 100 }
    }

    #[test]
    fn frames_come_out_in_order_and_half_a_frame_waits() {
        let mut frames = reader(&[0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9, 0, 0, 0, 5, 1]);
        assert_eq!(frames.buffered().unwrap().as_deref(), Some(&[7][..]));
        assert_eq!(frames.buffered().unwrap().as_deref(), Some(&[8, 9][..]));
        assert!(frames.buffered().unwrap().is_none());
    }

    #[test]
    fn a_size_that_is_not_allowed_is_refused_n1() {
        for size in [0i32, -1, i32::MIN, 101, i32::MAX] {
            assert!(reader(&size.to_be_bytes()).buffered().is_err(), "{size}");
        }
        assert!(reader(&100i32.to_be_bytes()).buffered().unwrap().is_none(), "exactly the limit is waited for");
    }

    #[test]
    fn a_large_size_alone_reserves_little_n2() {
        let mut frames = FrameReader::new(104_857_600);
        frames.buffer.extend_from_slice(&104_857_600i32.to_be_bytes());
        frames.make_room().unwrap();
        assert!(frames.buffer.capacity() <= 2 * FRAME_PREALLOCATE_BYTES);
    }
}
