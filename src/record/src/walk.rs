//! Walking over records without keeping them.
//!
//! ```text
//! record:  size | attributes i8 | timestamp delta | offset delta | key | value | count | header*
//! key, value, a header's value:  length, then as many bytes; a negative length is null
//! a header's key:                length, then as many bytes; never null
//! ```
//! Every number without a type is a zigzag varint, the timestamp delta a varlong (`DefaultRecord`).

use std::io::{ErrorKind, Read};

use bytes::{Buf, Bytes};

use crate::fault::BatchFault;
use crate::varint::{read_varint, read_varlong};

/// The bytes of decompressed records that are in memory at a time.
const WINDOW_BYTES: usize = 32 * 1024;

pub(crate) const CUT: BatchFault = BatchFault::Structure("the bytes end inside a record");
const OVERRUN: BatchFault = BatchFault::Structure("a record is longer than its declared size");

/// Where records are read from, one byte after another.
pub(crate) trait Source {
    /// The next byte.
    fn byte(&mut self) -> Result<u8, BatchFault>;
    /// Passes over `count` bytes.
    fn skip(&mut self, count: usize) -> Result<(), BatchFault>;
    /// True if no byte is left.
    fn at_end(&mut self) -> Result<bool, BatchFault>;
    /// Takes the next `count` bytes if they lie in memory in one piece; `None` leaves them where they are.
    fn piece(&mut self, count: usize) -> Result<Option<&[u8]>, BatchFault>;
}

/// Bytes in memory.
pub(crate) struct SliceSource<'a> {
    rest: &'a [u8],
}

impl<'a> SliceSource<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> SliceSource<'a> {
        SliceSource { rest: bytes }
    }
}

impl Source for SliceSource<'_> {
    #[inline]
    fn byte(&mut self) -> Result<u8, BatchFault> {
        let (byte, rest) = self.rest.split_first().ok_or(CUT)?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    fn skip(&mut self, count: usize) -> Result<(), BatchFault> {
        self.rest = self.rest.get(count..).ok_or(CUT)?;
        Ok(())
    }

    fn at_end(&mut self) -> Result<bool, BatchFault> {
        Ok(self.rest.is_empty())
    }

    #[inline]
    fn piece(&mut self, count: usize) -> Result<Option<&[u8]>, BatchFault> {
        let (piece, rest) = self.rest.split_at_checked(count).ok_or(CUT)?;
        self.rest = rest;
        Ok(Some(piece))
    }
}

impl Source for Bytes {
    fn byte(&mut self) -> Result<u8, BatchFault> {
        self.try_get_u8().map_err(|_| CUT)
    }

    fn skip(&mut self, count: usize) -> Result<(), BatchFault> {
        if count > self.len() {
            return Err(CUT);
        }
        self.advance(count);
        Ok(())
    }

    fn at_end(&mut self) -> Result<bool, BatchFault> {
        Ok(self.is_empty())
    }

    fn piece(&mut self, _: usize) -> Result<Option<&[u8]>, BatchFault> {
        Ok(None)
    }
}

/// A decompressor behind a window of fixed size, with a bound on what it may yield in all.
pub(crate) struct StreamSource<R> {
    reader: R,
    window: Vec<u8>,
    at: usize,
    filled: usize,
    yielded: u64,
    most: u64,
}

impl<R: Read> StreamSource<R> {
    /// A source of what `reader` yields, up to `most` bytes.
    pub(crate) fn new(reader: R, most: u64) -> StreamSource<R> {
        StreamSource { reader, window: vec![0; WINDOW_BYTES], at: 0, filled: 0, yielded: 0, most }
    }

    /// Fills an empty window; it stays empty at the end of the stream only.
    fn fill(&mut self) -> Result<(), BatchFault> {
        self.at = 0;
        self.filled = loop {
            match self.reader.read(&mut self.window) {
                Ok(count) => break count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(BatchFault::Undecodable(error.to_string())),
            }
        };
        self.yielded = self.yielded.saturating_add(self.filled as u64);
        if self.yielded > self.most { Err(BatchFault::Bomb(self.most)) } else { Ok(()) }
    }

    /// What is in the window, after filling it if it was empty; empty at the end of the stream only.
    fn ready(&mut self) -> Result<&[u8], BatchFault> {
        if self.at == self.filled {
            self.fill()?;
        }
        Ok(&self.window[self.at..self.filled])
    }

    /// The next `count` bytes. Memory grows with the bytes that come, not with `count`.
    pub(crate) fn take(&mut self, count: usize) -> Result<Bytes, BatchFault> {
        let mut taken = Vec::with_capacity(count.min(WINDOW_BYTES));
        while taken.len() < count {
            let ready = self.ready()?;
            let part = ready.len().min(count - taken.len());
            if part == 0 {
                return Err(CUT);
            }
            taken.extend_from_slice(&ready[..part]);
            self.at += part;
        }
        Ok(Bytes::from(taken))
    }
}

impl<R: Read> Source for StreamSource<R> {
    #[inline]
    fn byte(&mut self) -> Result<u8, BatchFault> {
        let byte = *self.ready()?.first().ok_or(CUT)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, count: usize) -> Result<(), BatchFault> {
        let mut left = count;
        while left > 0 {
            let part = self.ready()?.len().min(left);
            if part == 0 {
                return Err(CUT);
            }
            self.at += part;
            left -= part;
        }
        Ok(())
    }

    fn at_end(&mut self) -> Result<bool, BatchFault> {
        Ok(self.ready()?.is_empty())
    }

    #[inline]
    fn piece(&mut self, count: usize) -> Result<Option<&[u8]>, BatchFault> {
        if count > self.filled - self.at {
            return Ok(None);
        }
        self.at += count;
        Ok(Some(&self.window[self.at - count..self.at]))
    }
}

/// What the broker needs to know of a record that it does not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordShape {
    pub(crate) timestamp_delta: i64,
    pub(crate) offset_delta: i32,
    pub(crate) has_key: bool,
}

/// The inside of one record, read from a source that holds more.
struct Body<'a, S> {
    source: &'a mut S,
    left: usize,
}

/// Where the inside of a record is read from: no further than its declared size.
trait Inside {
    fn left(&self) -> usize;
}

impl<S> Inside for Body<'_, S> {
    fn left(&self) -> usize {
        self.left
    }
}

impl Inside for SliceSource<'_> {
    fn left(&self) -> usize {
        self.rest.len()
    }
}

impl<S: Source> Source for Body<'_, S> {
    fn byte(&mut self) -> Result<u8, BatchFault> {
        self.left = self.left.checked_sub(1).ok_or(OVERRUN)?;
        self.source.byte()
    }

    fn skip(&mut self, count: usize) -> Result<(), BatchFault> {
        self.left = self.left.checked_sub(count).ok_or(OVERRUN)?;
        self.source.skip(count)
    }

    fn at_end(&mut self) -> Result<bool, BatchFault> {
        Ok(self.left == 0)
    }

    fn piece(&mut self, _: usize) -> Result<Option<&[u8]>, BatchFault> {
        Ok(None)
    }
}

/// Passes over one record and checks its structure. A record that lies in memory in one piece, as all do but those
/// across the window's edge, is read as a slice.
///
/// # Errors
/// [`BatchFault::Structure`] for a record that is not as drawn above, and what the source fails with.
#[inline]
pub(crate) fn walk_record<S: Source>(source: &mut S) -> Result<RecordShape, BatchFault> {
    let left = record_size(source)?;
    match source.piece(left)? {
        Some(body) => walk_body(&mut SliceSource::new(body)),
        None => walk_body(&mut Body { source, left }),
    }
}

#[inline]
fn walk_body<B: Source + Inside>(body: &mut B) -> Result<RecordShape, BatchFault> {
    body.skip(1)?;
    let timestamp_delta = read_varlong(body)?;
    let offset_delta = read_varint(body)?;
    let has_key = skip_nullable(body)?;
    skip_nullable(body)?;
    for _ in 0..header_count(body)? {
        skip_header(body)?;
    }
    if body.left() > 0 {
        return Err(BatchFault::Structure("a record is shorter than its declared size"));
    }
    Ok(RecordShape { timestamp_delta, offset_delta, has_key })
}

/// The size of the record that follows, in bytes after the size itself.
#[inline]
pub(crate) fn record_size<S: Source>(source: &mut S) -> Result<usize, BatchFault> {
    usize::try_from(read_varint(source)?).map_err(|_| BatchFault::Structure("a record of negative size"))
}

#[inline]
fn header_count<B: Source + Inside>(body: &mut B) -> Result<usize, BatchFault> {
    let count = usize::try_from(read_varint(body)?);
    let count = count.map_err(|_| BatchFault::Structure("a negative number of headers"))?;
    // A header takes at least a byte for its key's length, so a larger count is wrong before any header is read.
    if count > body.left() { Err(BatchFault::Structure("more headers than the record has bytes")) } else { Ok(count) }
}

fn skip_header<B: Source>(body: &mut B) -> Result<(), BatchFault> {
    let key = usize::try_from(read_varint(body)?);
    body.skip(key.map_err(|_| BatchFault::Structure("a header without a key"))?)?;
    skip_nullable(body)?;
    Ok(())
}

/// Passes over a field that may be null; says whether it was there.
#[inline]
fn skip_nullable<B: Source>(body: &mut B) -> Result<bool, BatchFault> {
    match usize::try_from(read_varint(body)?) {
        Ok(length) => body.skip(length).map(|()| true),
        Err(_) => Ok(false),
    }
}
