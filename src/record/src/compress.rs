//! Writing compressed bodies, in the framing that every client reads.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::codec::Codec;
use crate::decompress::SNAPPY_JAVA_MAGIC;

/// The bytes of records in one snappy block, as snappy-java cuts them.
const SNAPPY_BLOCK_BYTES: usize = 32 * 1024;
/// The level at which Kafka takes lz4's fast compressor, so that the default stays as fast as it was before levels
/// existed (KIP-390, `Lz4BlockOutputStream`).
const LZ4_FAST_AT: i32 = 9;

/// Why [`compress()`] gave up.
#[derive(Debug, thiserror::Error)]
pub enum CompressFault {
    /// The result would take more bytes than allowed.
    #[error("the compressed records take more than {0} bytes")]
    TooLarge(usize),
    /// The records could not be read, or the codec failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What `records` yields, compressed with `codec` at `level` (see [`Codec::levels`]; values outside are clamped).
///
/// # Errors
/// [`CompressFault::TooLarge`] as soon as the result takes more than `most` bytes; [`CompressFault::Io`] where
/// `records` fails.
pub fn compress(codec: Codec, level: i32, records: impl Read, most: usize) -> Result<Vec<u8>, CompressFault> {
    let mut out = Bounded { bytes: Vec::new(), most, full: false };
    match (write_all(codec, level, records, &mut out), out.full) {
        (_, true) => Err(CompressFault::TooLarge(most)),
        (Err(error), false) => Err(CompressFault::Io(error)),
        (Ok(()), false) => Ok(out.bytes),
    }
}

fn write_all(codec: Codec, level: i32, mut records: impl Read, out: &mut Bounded) -> io::Result<()> {
    match codec {
        Codec::None => io::copy(&mut records, out).map(drop),
        Codec::Gzip => {
            let mut encoder = GzEncoder::new(out, gzip_level(level));
            io::copy(&mut records, &mut encoder)?;
            encoder.finish().map(drop)
        }
        Codec::Snappy => write_snappy(records, out),
        Codec::Lz4 => {
            let mut encoder = lz4_encoder(level).build(out)?;
            io::copy(&mut records, &mut encoder)?;
            encoder.finish().1
        }
        Codec::Zstd => {
            let levels = zstd::compression_level_range();
            let level = level.clamp(*levels.start(), *levels.end());
            let mut encoder = zstd::stream::write::Encoder::new(out, level)?;
            io::copy(&mut records, &mut encoder)?;
            encoder.finish().map(drop)
        }
    }
}

/// -1, like any other level outside 1 to 9, is the default of gzip itself.
fn gzip_level(level: i32) -> Compression {
    match u32::try_from(level) {
        Ok(level @ 1..=9) => Compression::new(level),
        _ => Compression::default(),
    }
}

/// Independent blocks of 64 KiB without checksums, as Kafka's writers frame them.
fn lz4_encoder(level: i32) -> lz4::EncoderBuilder {
    let level = if level == LZ4_FAST_AT { 0 } else { u32::try_from(level.clamp(1, 17)).unwrap_or(0) };
    let mut builder = lz4::EncoderBuilder::new();
    builder
        .level(level)
        .block_size(lz4::BlockSize::Max64KB)
        .block_mode(lz4::BlockMode::Independent)
        .block_checksum(lz4::liblz4::BlockChecksum::NoBlockChecksum)
        .checksum(lz4::ContentChecksum::NoChecksum);
    builder
}

fn write_snappy(mut records: impl Read, out: &mut Bounded) -> io::Result<()> {
    out.write_all(SNAPPY_JAVA_MAGIC)?;
    out.write_all(&[0, 0, 0, 1, 0, 0, 0, 1])?;
    let mut encoder = snap::raw::Encoder::new();
    let mut block = Vec::with_capacity(SNAPPY_BLOCK_BYTES);
    let mut compressed = vec![0; snap::raw::max_compress_len(SNAPPY_BLOCK_BYTES)];
    loop {
        block.clear();
        records.by_ref().take(SNAPPY_BLOCK_BYTES as u64).read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok(());
        }
        let size = encoder.compress(&block, &mut compressed)?;
        out.write_all(&(size as u32).to_be_bytes())?;
        out.write_all(&compressed[..size])?;
    }
}

/// A buffer that refuses to grow past its bound.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if part.len() > self.most - self.bytes.len() {
            self.full = true;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
