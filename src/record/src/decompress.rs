//! Reading compressed bodies, as streams.
//!
//! Each codec reads what the clients of its fifteen years wrote, and no more than Kafka's own readers can:
//!
//! | codec | framing | read here | why |
//! | --- | --- | --- | --- |
//! | gzip | RFC 1952 | one member or several | some clients write one member per flush |
//! | snappy | snappy-java: 16-byte head, then blocks | yes, also heads in between | what Java, Go and Python clients write |
//! | snappy | one raw block | yes | what librdkafka writes |
//! | lz4 | frame, independent blocks | yes | what every client writes |
//! | lz4 | frame, linked blocks or a dictionary | refused | Java's consumer cannot read it (`Lz4BlockInputStream`) |
//! | zstd | frames | yes, windows up to 128 MiB | the largest that level 22 writes and Java reads |
//!
//! A zstd frame's window is memory that its content fills, and a frame of a few bytes may ask for the largest. Bytes that a
//! client sent are therefore read through [`Window::Small`] first; see [`crate::validate`].

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use crate::codec::Codec;

/// How large a window zstd frames may ask for. The memory is touched as the frame's content fills it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Up to 8 MiB, what every reader of zstd should support (RFC 8878, 3.1.1.1.2) and levels up to 19 write.
    Small,
    /// Up to 128 MiB.
    Large,
}

impl Window {
    fn log2(self) -> u32 {
        match self {
            Window::Small => 23,
            Window::Large => 27,
        }
    }
}

/// The head of a snappy-java stream: magic, then a version and the version that it is compatible with.
pub(crate) const SNAPPY_JAVA_MAGIC: &[u8; 8] = b"\x82SNAPPY\0";
const SNAPPY_JAVA_HEAD: usize = 16;
/// A snappy element of 3 bytes yields at most 64, so no block yields more than this for each of its bytes.
const SNAPPY_MOST_RATIO: usize = 22;
const LZ4_MAGIC: &[u8; 4] = b"\x04\x22\x4d\x18";

/// A body as the stream of its records. Memory is bounded by the codec's window and the size of the input, never by
/// a length that the input claims.
pub struct Decompress<'a>(Stream<'a>);

enum Stream<'a> {
    Plain(&'a [u8]),
    Gzip(Box<MultiGzDecoder<&'a [u8]>>),
    Snappy(Snappy<'a>),
    Lz4(Option<lz4::Decoder<&'a [u8]>>),
    Zstd(zstd::stream::read::Decoder<'static, &'a [u8]>),
}

/// Opens `body`, which `codec` wrote, whatever its window.
///
/// # Errors
/// An [`io::Error`] where the first bytes show already that the codec did not write them.
pub fn decompress(codec: Codec, body: &[u8]) -> io::Result<Decompress<'_>> {
    decompress_within(codec, body, Window::Large)
}

/// Opens `body`, which `codec` wrote. A zstd frame with a larger window than `window` fails when it is reached.
///
/// # Errors
/// As those of [`decompress`].
pub fn decompress_within(codec: Codec, body: &[u8], window: Window) -> io::Result<Decompress<'_>> {
    Ok(Decompress(match codec {
        Codec::None => Stream::Plain(body),
        Codec::Gzip => Stream::Gzip(Box::new(MultiGzDecoder::new(body))),
        Codec::Snappy => Stream::Snappy(Snappy::open(body)?),
        Codec::Lz4 => Stream::Lz4(Some(open_lz4(body)?)),
        // No frame at all is a stream without records, to zstd alone.
        Codec::Zstd if body.is_empty() => Stream::Plain(body),
        Codec::Zstd => Stream::Zstd(open_zstd(body, window)?),
    }))
}

impl Read for Decompress<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Stream::Plain(rest) => rest.read(out),
            Stream::Gzip(decoder) => decoder.read(out),
            Stream::Snappy(decoder) => decoder.read(out),
            Stream::Lz4(decoder) => read_lz4(decoder, out),
            Stream::Zstd(decoder) => decoder.read(out),
        }
    }
}

fn open_zstd(body: &[u8], window: Window) -> io::Result<zstd::stream::read::Decoder<'static, &[u8]>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body)?;
    decoder.window_log_max(window.log2())?;
    Ok(decoder)
}

/// Checks the parts of the frame's head that liblz4 accepts and Kafka's readers do not.
fn open_lz4(body: &[u8]) -> io::Result<lz4::Decoder<&[u8]>> {
    let [m0, m1, m2, m3, flags, block, ..] = body else {
        return Err(cut("an lz4 frame"));
    };
    let independent_blocks_of_version_1 = flags & 0b1110_0011 == 0b0110_0000;
    let block_size_known = block & 0b1000_1111 == 0 && block >> 4 >= 4;
    if [*m0, *m1, *m2, *m3] != *LZ4_MAGIC || !independent_blocks_of_version_1 || !block_size_known {
        return Err(wrong("not an lz4 frame of independent blocks"));
    }
    lz4::Decoder::new(body)
}

/// Reads on; at the end, asks the decoder whether its frame was whole, which its `read` does not tell.
fn read_lz4(decoder: &mut Option<lz4::Decoder<&[u8]>>, out: &mut [u8]) -> io::Result<usize> {
    let Some(open) = decoder else {
        return Ok(0);
    };
    let count = open.read(out)?;
    if count == 0 && !out.is_empty() {
        let whole = decoder.take().is_none_or(|open| open.finish().1.is_ok());
        return if whole { Ok(0) } else { Err(cut("an lz4 frame")) };
    }
    Ok(count)
}

/// Snappy in either framing, one block in memory at a time.
struct Snappy<'a> {
    rest: &'a [u8],
    framed: bool,
    block: Vec<u8>,
    at: usize,
}

impl<'a> Snappy<'a> {
    fn open(body: &'a [u8]) -> io::Result<Snappy<'a>> {
        if body.is_empty() {
            return Err(cut("a snappy stream"));
        }
        let framed = body.len() >= SNAPPY_JAVA_HEAD && body.starts_with(SNAPPY_JAVA_MAGIC);
        Ok(Snappy { rest: body, framed, block: Vec::new(), at: 0 })
    }

    /// Decodes the next block; false at the end.
    fn next_block(&mut self) -> io::Result<bool> {
        if !self.framed {
            let block = std::mem::take(&mut self.rest);
            return if block.is_empty() { Ok(false) } else { self.decode(block).map(|()| true) };
        }
        while self.rest.starts_with(&SNAPPY_JAVA_MAGIC[..4]) {
            self.skip_head()?;
        }
        if self.rest.is_empty() {
            return Ok(false);
        }
        let (size, rest) = self.rest.split_first_chunk().ok_or_else(|| cut("a snappy block"))?;
        let size = usize::try_from(i32::from_be_bytes(*size)).map_err(|_| wrong("a snappy block of negative size"))?;
        let (block, rest) = rest.split_at_checked(size).ok_or_else(|| cut("a snappy block"))?;
        self.rest = rest;
        self.decode(block).map(|()| true)
    }

    fn skip_head(&mut self) -> io::Result<()> {
        let (head, rest) = self.rest.split_at_checked(SNAPPY_JAVA_HEAD).ok_or_else(|| cut("a snappy head"))?;
        let version = head[8..].first_chunk().map_or(0, |bytes| i32::from_be_bytes(*bytes));
        if !head.starts_with(SNAPPY_JAVA_MAGIC) || version < 1 {
            return Err(wrong("a snappy head of unknown version"));
        }
        self.rest = rest;
        Ok(())
    }

    fn decode(&mut self, block: &[u8]) -> io::Result<()> {
        let size = snap::raw::decompress_len(block)?;
        if size > block.len().saturating_mul(SNAPPY_MOST_RATIO) {
            return Err(wrong("a snappy block claims more than it can hold"));
        }
        self.at = 0;
        self.block.clear();
        self.block.resize(size, 0);
        snap::raw::Decoder::new().decompress(block, &mut self.block)?;
        Ok(())
    }
}

impl Read for Snappy<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            if !self.next_block()? {
                return Ok(0);
            }
        }
        let mut ready = &self.block[self.at..];
        let count = ready.read(out)?;
        self.at += count;
        Ok(count)
    }
}

fn cut(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("{what} is cut short"))
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
