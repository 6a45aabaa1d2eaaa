//! Frames out of a stream of bytes.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use klamm_base::limits::{FRAME_FREE_BYTES, FRAME_PREALLOCATE_BYTES, READ_BUFFER_BYTES};
use klamm_env::Stream;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use crate::frame_memory::{FrameMemory, PATIENCE, Room, STALL};

/// Cuts a stream into frames. It owns the read buffer; a frame is a slice of it.
///
/// Small frames share a buffer. A frame that does not fit gets a buffer of its own that grows as its bytes come, so that
/// a size of 100 MiB alone costs next to nothing (N2):
///
/// ```text
///   16 KiB, 64 KiB            whoever asks
///   1 MiB                     if there is room among the frames of all connections
///   its size                  if there is room among those above 1 MiB
/// ```
pub struct FrameReader {
    buffer: BytesMut,
    max_frame_bytes: usize,
    memory: FrameMemory,
    /// The rooms of the frame that arrives, or that was given out last.
    rooms: Vec<Room>,
    /// When the frame that arrives got the last of them.
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
        FrameReader { buffer: BytesMut::new(), max_frame_bytes, memory, rooms: Vec::new(), since: Instant::now() }
    }

    /// The frame that was given out last is served: its room is free for others.
    pub fn served(&mut self) {
        self.rooms.clear();
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

    /// Takes what has arrived meanwhile, without waiting for anything. What is wrong with the connection shows at the
    /// next read.
    pub async fn take_arrived(&mut self, stream: &mut Stream) {
        if !self.buffer.is_empty() {
            return;
        }
        self.buffer.reserve(READ_BUFFER_BYTES);
        tokio::select! {
            biased;
            _ = stream.read_buf(&mut self.buffer) => {}
            () = std::future::ready(()) => {}
        }
    }

    /// Reads what there is. A frame that holds room must go on while others wait for it.
    async fn read_some(&mut self, stream: &mut Stream) -> Result<usize, FrameFault> {
        while !self.rooms.is_empty() {
            let read = timeout(STALL, stream.read_buf(&mut self.buffer)).await;
            let is_late = read.is_err() || self.since.elapsed() > PATIENCE;
            if is_late && self.rooms.iter().any(Room::is_wanted) && !self.is_whole()? {
                return Err(FrameFault::NoRoom { size: self.frame_end()?.unwrap_or(0) });
            }
            if let Ok(read) = read {
                return Ok(read?);
            }
        }
        Ok(stream.read_buf(&mut self.buffer).await?)
    }

    fn is_whole(&self) -> Result<bool, FrameFault> {
        Ok(self.frame_end()?.is_some_and(|end| self.buffer.len() >= end))
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
            arrived if arrived < FRAME_PREALLOCATE_BYTES => end.min(FRAME_PREALLOCATE_BYTES),
            _ => end,
        }
    }

    async fn make_room(&mut self) -> Result<(), FrameFault> {
        let end = self.frame_end()?.unwrap_or(0);
        let wanted = self.wanted_bytes(end);
        if self.buffer.len() < self.buffer.capacity() && self.buffer.capacity() >= wanted.min(end) {
            return Ok(());
        }
        let (pool, place) = if wanted <= FRAME_FREE_BYTES {
            (None, 0)
        } else if wanted <= FRAME_PREALLOCATE_BYTES {
            (Some(&self.memory.first), 0)
        } else {
            (Some(&self.memory.large), 1)
        };
        if let Some(pool) = pool.filter(|_| self.rooms.len() <= place) {
            let room = pool.take(wanted).await.ok_or(FrameFault::NoRoom { size: end })?;
            self.rooms.push(room);
            self.since = Instant::now();
        }
        self.buffer.reserve(wanted.saturating_sub(self.buffer.len()).max(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_memory::Pool;

    fn reader(bytes: &[u8]) -> FrameReader {
        FrameReader { buffer: BytesMut::from(bytes), ..FrameReader::new(100, FrameMemory::default()) }
    }

    #[test]
    fn frames_come_out_in_order_and_half_a_frame_waits() {
        let mut frames = reader(&[0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9, 0, 0, 0, 5, 1]);
        assert_eq!(frames.buffered().unwrap().as_deref(), Some(&[7][..]));
        assert_eq!(frames.buffered().unwrap().as_deref(), Some(&[8, 9][..]));
        assert!(frames.buffered().unwrap().is_none());
    }

    /// A stream that was accepted, and the client's end of it.
    #[allow(clippy::disallowed_methods, reason = "the client of a test")]
    async fn connected() -> (Stream, tokio::net::TcpStream) {
        let options = klamm_env::net::ListenOptions { backlog: 1, send_buffer: -1, receive_buffer: -1 };
        let listener = klamm_env::Net.listen("127.0.0.1", 0, options).await.unwrap();
        let client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (listener.accept().await.unwrap().0, client)
    }

    #[tokio::test]
    async fn what_a_client_sent_before_it_closed_is_taken_without_waiting_n9() {
        let (mut stream, mut client) = connected().await;
        let mut frames = reader(&[]);
        frames.take_arrived(&mut stream).await;
        assert!(frames.buffered().unwrap().is_none(), "nothing has arrived, and nobody waits for it");
        tokio::io::AsyncWriteExt::write_all(&mut client, &[0, 0, 0, 1, 7]).await.unwrap();
        drop(client);
        stream.readable().await.unwrap();
        frames.take_arrived(&mut stream).await;
        assert_eq!(frames.buffered().unwrap().as_deref(), Some(&[7][..]));
    }

    #[test]
    fn a_size_that_is_not_allowed_is_refused_n1() {
        for size in [0i32, -1, i32::MIN, 101, i32::MAX] {
            assert!(reader(&size.to_be_bytes()).buffered().is_err(), "{size}");
        }
        assert!(reader(&100i32.to_be_bytes()).buffered().unwrap().is_none(), "exactly the limit is waited for");
    }

    /// A reader to whom so many bytes of a frame of `size` have come.
    fn begun(size: i32, arrived: usize, memory: &FrameMemory) -> FrameReader {
        let mut frames = FrameReader::new(104_857_600, memory.clone());
        frames.buffer.extend_from_slice(&size.to_be_bytes());
        frames.buffer.resize(arrived, 7);
        frames
    }

    #[tokio::test]
    async fn a_buffer_grows_as_the_bytes_come_and_takes_room_from_64_kib_on_n2() {
        let size = 104_857_600;
        let steps = [
            (4, FRAME_FREE_BYTES, 0),
            (FRAME_FREE_BYTES, FRAME_PREALLOCATE_BYTES, 1),
            (FRAME_PREALLOCATE_BYTES, size + 4, 2),
        ];
        let mut frames = begun(size as i32, 4, &FrameMemory::default());
        for (arrived, capacity, rooms) in steps {
            frames.buffer.resize(arrived, 7);
            frames.make_room().await.unwrap();
            assert_eq!((frames.buffer.capacity(), frames.rooms.len()), (capacity, rooms));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_without_room_is_refused_and_a_served_one_gives_its_room_back() {
        let memory = FrameMemory { first: Pool::new(FRAME_PREALLOCATE_BYTES), large: Pool::new(0) };
        let [mut first, mut second] = [0, 1].map(|_| begun(1_000_000, FRAME_FREE_BYTES, &memory));
        first.make_room().await.unwrap();
        assert!(matches!(second.make_room().await, Err(FrameFault::NoRoom { size: 1_000_004 })));
        first.served();
        second.make_room().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn large_frames_do_not_hold_up_others() {
        let memory = FrameMemory::default();
        let mut large = [0; 3].map(|_| begun(100_000_000, FRAME_PREALLOCATE_BYTES, &memory));
        large[0].make_room().await.unwrap();
        assert!(large[1].make_room().await.is_err());
        begun(1_000_000, FRAME_FREE_BYTES, &memory).make_room().await.unwrap();
        large[0].served();
        large[2].make_room().await.unwrap();
    }
}
