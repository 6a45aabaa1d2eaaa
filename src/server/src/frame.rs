//! Frames out of a stream of bytes.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use klamm_base::limits::{FRAME_FREE_BYTES, FRAME_PREALLOCATE_BYTES, READ_BUFFER_BYTES};
use klamm_env::Stream;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use crate::frame_memory::{FrameMemory, PATIENCE, Room};

/// Cuts a stream into frames. It owns the read buffer; a frame is a slice of it.
///
/// Small frames share a buffer. A frame that does not fit gets a buffer of its own that grows as its bytes come, so that
/// a size of 100 MiB alone costs next to nothing (N2):
///
/// ```text
///   16 KiB, 64 KiB            whoever asks
///   1 MiB, then doubled       as long as there is room among the large frames of all connections
/// ```
pub struct FrameReader {
    buffer: BytesMut,
    max_frame_bytes: usize,
    memory: FrameMemory,
    /// The room of the frame that arrives, or that was given out last.
    room: Option<Room>,
    /// When the frame that arrives asked for room.
    since: Instant,
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
    /// There is no room for it.
    #[error("a frame of {size} bytes did not arrive in time, or found no room among others")]
    NoRoom {
        /// Its size.
        size: usize,
    },
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FrameReader {
    /// A reader that allows frames of up to `max_frame_bytes`.
    pub fn new(max_frame_bytes: usize, memory: FrameMemory) -> FrameReader {
        FrameReader { buffer: BytesMut::new(), max_frame_bytes, memory, room: None, since: Instant::now() }
    }

    /// The frame that was given out last is served: its room is free for others.
    pub fn served(&mut self) {
        self.room = None;
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
            self.make_room().await?;
            if self.read_some(stream).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads what there is. A frame that holds room must go on while others wait for it.
    async fn read_some(&mut self, stream: &mut Stream) -> Result<usize, FrameFault> {
        while self.room.is_some() {
            if let Ok(read) = timeout(PATIENCE / 10, stream.read_buf(&mut self.buffer)).await {
                return Ok(read?);
            }
            if self.memory.is_wanted() && self.since.elapsed() > PATIENCE {
                return Err(FrameFault::NoRoom { size: self.frame_end()?.unwrap_or(0) });
            }
        }
        Ok(stream.read_buf(&mut self.buffer).await?)
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

    /// How large the buffer should be for the bytes that come next.
    fn wanted_bytes(&self, end: usize) -> usize {
        match self.buffer.len() {
            _ if end <= READ_BUFFER_BYTES => READ_BUFFER_BYTES,
            arrived if arrived < FRAME_FREE_BYTES => end.min(FRAME_FREE_BYTES),
            arrived => end.min(FRAME_PREALLOCATE_BYTES.max(arrived * 2)),
        }
    }

    async fn make_room(&mut self) -> Result<(), FrameFault> {
        let end = self.frame_end()?.unwrap_or(0);
        let wanted = self.wanted_bytes(end);
        if self.buffer.len() < self.buffer.capacity() && self.buffer.capacity() >= wanted.min(end) {
            return Ok(());
        }
        if wanted > FRAME_FREE_BYTES {
            if self.room.is_none() {
                self.since = Instant::now();
            }
            if !self.memory.grow(&mut self.room, wanted).await {
                return Err(FrameFault::NoRoom { size: end });
            }
        }
        self.buffer.reserve(wanted.saturating_sub(self.buffer.len()).max(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> FrameReader {
        FrameReader { buffer: BytesMut::from(bytes), ..FrameReader::new(100, FrameMemory::new(0)) }
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

    #[tokio::test]
    async fn a_buffer_grows_as_the_bytes_come_and_takes_room_from_64_kib_on_n2() {
        let memory = FrameMemory::new(2 * FRAME_PREALLOCATE_BYTES);
        let mut frames = FrameReader::new(104_857_600, memory);
        frames.buffer.extend_from_slice(&104_857_600i32.to_be_bytes());
        frames.make_room().await.unwrap();
        assert!(frames.buffer.capacity() <= 2 * FRAME_FREE_BYTES && frames.room.is_none());
        frames.buffer.resize(FRAME_FREE_BYTES, 7);
        frames.make_room().await.unwrap();
        assert_eq!(frames.buffer.capacity(), FRAME_PREALLOCATE_BYTES);
        assert!(frames.room.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_without_room_is_refused_and_a_served_one_gives_its_room_back() {
        let memory = FrameMemory::new(FRAME_PREALLOCATE_BYTES);
        let half = |frames: &mut FrameReader| {
            frames.buffer.extend_from_slice(&1_000_000i32.to_be_bytes());
            frames.buffer.resize(FRAME_FREE_BYTES, 7);
        };
        let (mut first, mut second) =
            (FrameReader::new(1_000_000, memory.clone()), FrameReader::new(1_000_000, memory.clone()));
        half(&mut first);
        half(&mut second);
        first.make_room().await.unwrap();
        assert!(matches!(second.make_room().await, Err(FrameFault::NoRoom { size: 1_000_004 })));
        first.served();
        second.make_room().await.unwrap();
    }
}
