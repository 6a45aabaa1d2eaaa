//! Records one by one, for the cold path: compaction, lookups by time, coordinators.

use bytes::Bytes;
use klamm_base::Offset;
use klamm_base::limits::DECOMPRESSED_BATCH_BYTES;

use crate::batch::Batch;
use crate::codec::Codec;
use crate::decompress::{Decompress, decompress};
use crate::fault::BatchFault;
use crate::header::{BatchHeader, HEADER_LEN, TimestampType};
use crate::varint::{read_varint, read_varlong};
use crate::walk::{CUT, Source, StreamSource, record_size};

/// One record, as slices of the batch or of what it decompresses to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its offset in the partition.
    pub offset: Offset,
    /// Its time in ms, or -1: its own on a CreateTime batch, the batch's max timestamp on a LogAppendTime one.
    pub timestamp_ms: i64,
    /// Its key, or null.
    pub key: Option<Bytes>,
    /// Its value, or null (a tombstone, on a compacted topic).
    pub value: Option<Bytes>,
    /// Its headers, in their order; a key may come more than once.
    pub headers: Headers,
}

/// The headers of a record, still as bytes: two bytes make a header, so a list of them could take thirty times the
/// memory of the record that carries them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    count: usize,
    bytes: Bytes,
}

impl Headers {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Key and value of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Bytes, Option<Bytes>)> + use<> {
        let mut rest = self.bytes.clone();
        // The structure was checked when the record was read, so neither read comes back empty.
        (0..self.count).map_while(move |_| Some((split_nullable(&mut rest).ok()??, split_nullable(&mut rest).ok()?)))
    }

    /// The headers as they lie in the record, without their count.
    pub(crate) fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// The records of `batch`, in order. Ends after the first fault.
///
/// Does not look at the CRC. A compressed body is decompressed as the walk goes on, with one record in memory.
pub fn records(batch: &Batch) -> Records<'_> {
    let source = match batch.header.attributes.codec() {
        Ok(Codec::None) => Ok(Body::Plain(batch.body())),
        Ok(codec) => match decompress(codec, &batch.bytes[HEADER_LEN..]) {
            Ok(stream) => Ok(Body::Stream(Box::new(StreamSource::new(stream, DECOMPRESSED_BATCH_BYTES)))),
            Err(error) => Err(BatchFault::Undecodable(error.to_string())),
        },
        Err(fault) => Err(fault),
    };
    let (body, fault) = match source {
        Ok(body) => (body, None),
        Err(fault) => (Body::Plain(Bytes::new()), Some(fault)),
    };
    Records { header: batch.header, body, left: batch.header.record_count, fault, over: false }
}

/// The iterator of [`records()`].
pub struct Records<'a> {
    header: BatchHeader,
    body: Body<'a>,
    left: i32,
    fault: Option<BatchFault>,
    over: bool,
}

enum Body<'a> {
    Plain(Bytes),
    Stream(Box<StreamSource<Decompress<'a>>>),
}

impl Iterator for Records<'_> {
    type Item = Result<Record, BatchFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = match self.fault.take() {
            Some(fault) => Some(Err(fault)),
            None if self.left > 0 => Some(self.next_record()),
            None => self.end().err().map(Err),
        };
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Records<'_> {
    fn next_record(&mut self) -> Result<Record, BatchFault> {
        self.left -= 1;
        let body = match &mut self.body {
            Body::Plain(rest) => {
                let size = record_size(rest)?;
                split(rest, size)?
            }
            Body::Stream(stream) => {
                let size = record_size(&mut **stream)?;
                stream.take(size)?
            }
        };
        read_record(&self.header, body)
    }

    /// Checks that the body ends where its records do.
    fn end(&mut self) -> Result<(), BatchFault> {
        if self.header.record_count < 0 {
            return Err(BatchFault::Structure("a negative number of records"));
        }
        let at_end = match &mut self.body {
            Body::Plain(rest) => rest.is_empty(),
            // A batch that compaction emptied may have no body at all, not even an empty stream.
            Body::Stream(_) if self.header.record_count == 0 => true,
            Body::Stream(stream) => stream.at_end()?,
        };
        if at_end { Ok(()) } else { Err(BatchFault::Structure("bytes after the last record")) }
    }
}

/// Reads the record that takes all of `body`, which begins after the record's size.
fn read_record(header: &BatchHeader, mut body: Bytes) -> Result<Record, BatchFault> {
    body.skip(1)?;
    let timestamp_delta = read_varlong(&mut body)?;
    let offset_delta = read_varint(&mut body)?;
    let key = split_nullable(&mut body)?;
    let value = split_nullable(&mut body)?;
    let headers = read_headers(body)?;
    let timestamp_ms = match header.attributes.timestamp_type() {
        TimestampType::CreateTime => header.base_timestamp_ms.wrapping_add(timestamp_delta),
        TimestampType::LogAppendTime => header.max_timestamp_ms,
    };
    let offset = Offset(header.base_offset.0.saturating_add(i64::from(offset_delta)));
    Ok(Record { offset, timestamp_ms, key, value, headers })
}

/// Reads headers that take all of `bytes`, which begin with their count.
fn read_headers(mut bytes: Bytes) -> Result<Headers, BatchFault> {
    let count = usize::try_from(read_varint(&mut bytes)?);
    let count = count.map_err(|_| BatchFault::Structure("a negative number of headers"))?;
    let headers = Headers { count, bytes: bytes.clone() };
    for _ in 0..count {
        split_nullable(&mut bytes)?.ok_or(BatchFault::Structure("a header without a key"))?;
        split_nullable(&mut bytes)?;
    }
    if bytes.is_empty() {
        Ok(headers)
    } else {
        Err(BatchFault::Structure("a record is shorter than its declared size"))
    }
}

/// Takes a field that may be null off the front of `bytes`.
fn split_nullable(bytes: &mut Bytes) -> Result<Option<Bytes>, BatchFault> {
    match usize::try_from(read_varint(bytes)?) {
        Ok(length) => split(bytes, length).map(Some),
        Err(_) => Ok(None),
    }
}

fn split(bytes: &mut Bytes, count: usize) -> Result<Bytes, BatchFault> {
    if count > bytes.len() { Err(CUT) } else { Ok(bytes.split_to(count)) }
}
