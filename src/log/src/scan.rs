//! Walking the batches of a segment's file, header by header, through a window of fixed size.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use klamm_env::File;
use klamm_record::{BatchHeader, HEADER_LEN};

/// The window for walking a whole segment.
pub(crate) const LONG_WINDOW: usize = 1024 * 1024;
/// The window for finding one batch near a known position.
pub(crate) const SHORT_WINDOW: usize = 8 * 1024;

/// Where the bytes under the CRC begin.
const CRC_FROM: u64 = 21;

/// A batch that was found whole in the file. Its CRC is another question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// Where it begins, in bytes.
    pub position: u64,
    /// Its header.
    pub header: BatchHeader,
}

impl Placed {
    /// Where it ends, in bytes.
    pub(crate) fn end(&self) -> u64 {
        self.position + self.header.size_bytes() as u64
    }
}

/// A walk from one position of a file to another.
pub(crate) struct Scan {
    file: Arc<dyn File>,
    position: u64,
    end: u64,
    window: Bytes,
    window_at: u64,
    window_bytes: usize,
}

impl Scan {
    /// A walk over `from..end` that reads `window_bytes` at a time. `from` must be the beginning of a batch.
    pub(crate) fn new(file: Arc<dyn File>, from: u64, end: u64, window_bytes: usize) -> Scan {
        Scan { file, position: from, end, window: Bytes::new(), window_at: from, window_bytes }
    }

    /// Where the next batch would begin; after the walk, where the last whole batch ended.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next batch; `None` at the end, and where the bytes are no whole batch ([`Scan::position`] tells which).
    pub(crate) fn next(&mut self) -> io::Result<Option<Placed>> {
        let bytes = self.bytes_at(self.position, HEADER_LEN)?;
        let Ok(header) = BatchHeader::parse(&bytes) else { return Ok(None) };
        let placed = Placed { position: self.position, header };
        if header.last_offset_delta < 0 || header.base_offset.0 < 0 || placed.end() > self.end {
            return Ok(None);
        }
        self.position = placed.end();
        Ok(Some(placed))
    }

    /// Steps back so that `placed` is not counted as walked over.
    pub(crate) fn refuse(&mut self, placed: &Placed) {
        self.position = placed.position;
    }

    /// True if the CRC in the header is that of the batch's bytes. Memory is bounded by the window.
    pub(crate) fn is_crc_valid(&mut self, placed: &Placed) -> io::Result<bool> {
        let mut crc = 0;
        let mut at = placed.position + CRC_FROM;
        while at < placed.end() {
            let left = usize::try_from(placed.end() - at).unwrap_or(usize::MAX);
            let bytes = self.bytes_at(at, left.min(self.window_bytes))?;
            if bytes.is_empty() {
                return Ok(false);
            }
            crc = crc32c::crc32c_append(crc, &bytes);
            at += bytes.len() as u64;
        }
        Ok(crc == placed.header.crc)
    }

    /// Up to `len` bytes at `at`, from the window if they are there; fewer only at the end of the walk or of the file.
    fn bytes_at(&mut self, at: u64, len: usize) -> io::Result<Bytes> {
        let len = len.min(usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX));
        let is_inside = at >= self.window_at && at + len as u64 <= self.window_at + self.window.len() as u64;
        if !is_inside {
            let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
            self.window = self.file.read_at(at, self.window_bytes.max(len).min(left))?;
            self.window_at = at;
        }
        let from = usize::try_from(at - self.window_at).unwrap_or(usize::MAX).min(self.window.len());
        Ok(self.window.slice(from..(from + len).min(self.window.len())))
    }
}
