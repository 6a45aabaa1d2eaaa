//! Building batches that the broker itself writes: coordinators, markers, compaction.

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::codec::Codec;
use crate::compress::compress;
use crate::header::{Attributes, BatchHeader, HEADER_LEN, LEAST_LENGTH, TimestampType};
use crate::records::Record;
use crate::varint::{varlong_len, write_varlong};

/// A header to write: its key, its value or null.
pub type NewHeader<'a> = (&'a [u8], Option<&'a [u8]>);

/// One batch in the making. Records go in by [`BatchBuilder::append`]; [`BatchBuilder::build`] fills in CRC, length,
/// count, last offset delta and timestamps.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    header: BatchHeader,
    codec: Codec,
    level: i32,
    body: Vec<u8>,
    base_is_set: bool,
    retains: bool,
}

impl BatchBuilder {
    /// An empty batch of CreateTime records from offset 0, without a producer, to be compressed with `codec`.
    pub fn new(codec: Codec) -> BatchBuilder {
        let header = BatchHeader {
            base_offset: Offset::ZERO,
            length: 0,
            leader_epoch: LeaderEpoch::NONE,
            magic: 2,
            crc: 0,
            attributes: Attributes(0).with_codec(codec),
            last_offset_delta: -1,
            base_timestamp_ms: -1,
            max_timestamp_ms: -1,
            producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch::NONE,
            base_sequence: Sequence::NONE,
            record_count: 0,
        };
        let level = codec.default_level();
        BatchBuilder { header, codec, level, body: Vec::new(), base_is_set: false, retains: false }
    }

    /// A batch for what compaction leaves of `original`: base offset, last offset delta, sequences, epochs and flags
    /// stay, so that duplicates are still recognised; so does the time of the append, and the max timestamp if no
    /// record is left (`DefaultRecordBatch`, "On Compaction"). Compressed with `codec`.
    pub fn retaining(original: &BatchHeader, codec: Codec) -> BatchBuilder {
        let attributes = original.attributes.with_codec(codec);
        let header = BatchHeader { attributes, record_count: 0, ..*original };
        BatchBuilder { header, retains: true, ..BatchBuilder::new(codec) }
    }

    /// Compresses at `level` instead of the codec's default (see [`Codec::levels`]).
    #[must_use]
    pub fn level(mut self, level: i32) -> BatchBuilder {
        self.level = level;
        self
    }

    /// The offset of the first record.
    #[must_use]
    pub fn base_offset(mut self, base_offset: Offset) -> BatchBuilder {
        self.header.base_offset = base_offset;
        self
    }

    /// The epoch of the leader that writes the batch.
    #[must_use]
    pub fn leader_epoch(mut self, leader_epoch: LeaderEpoch) -> BatchBuilder {
        self.header.leader_epoch = leader_epoch;
        self
    }

    /// The producer whose batch it is, and the sequence of its first record.
    #[must_use]
    pub fn producer(mut self, id: ProducerId, epoch: ProducerEpoch, base_sequence: Sequence) -> BatchBuilder {
        self.header.producer_id = id;
        self.header.producer_epoch = epoch;
        self.header.base_sequence = base_sequence;
        self
    }

    /// Marks the batch as part of a transaction.
    #[must_use]
    pub fn transactional(mut self) -> BatchBuilder {
        self.header.attributes = self.header.attributes.with_transactional(true);
        self
    }

    /// Marks the batch as one of control records.
    #[must_use]
    pub fn control(mut self) -> BatchBuilder {
        self.header.attributes = self.header.attributes.with_control(true);
        self
    }

    /// Stamps every record with the time of the append, in ms.
    #[must_use]
    pub fn log_append_time(mut self, now_ms: i64) -> BatchBuilder {
        self.header.attributes = self.header.attributes.with_timestamp_type(TimestampType::LogAppendTime);
        self.header.max_timestamp_ms = now_ms;
        self
    }

    /// Notes the time, in ms, from which compaction may drop the batch's tombstones and markers (KIP-534). Comes
    /// before the first record.
    #[must_use]
    pub fn delete_horizon(mut self, horizon_ms: i64) -> BatchBuilder {
        self.header.attributes = self.header.attributes.with_delete_horizon(true);
        self.header.base_timestamp_ms = horizon_ms;
        self.base_is_set = true;
        self
    }

    /// Appends a record at the next offset.
    pub fn append(&mut self, timestamp_ms: i64, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[NewHeader<'_>]) {
        let delta = self.header.record_count;
        let mut header_bytes = Vec::new();
        for (key, value) in headers {
            write_nullable(&mut header_bytes, Some(key));
            write_nullable(&mut header_bytes, *value);
        }
        self.write(delta, timestamp_ms, key, value, (headers.len(), &header_bytes));
    }

    /// Appends a record that keeps its offset, which is past every offset appended so far.
    ///
    /// # Panics
    /// If the offset lies before the base offset or over 2147483647 past it: a record of another batch is a bug.
    pub fn append_record(&mut self, record: &Record) {
        let delta = record.offset.0.checked_sub(self.header.base_offset.0).and_then(|delta| i32::try_from(delta).ok());
        let delta = delta.filter(|delta| *delta >= 0).expect("a record's offset lies within its batch");
        let headers = (record.headers.len(), &record.headers.as_bytes()[..]);
        self.write(delta, record.timestamp_ms, record.key.as_deref(), record.value.as_deref(), headers);
    }

    /// How many records were appended.
    pub fn record_count(&self) -> i32 {
        self.header.record_count
    }

    /// True before the first record.
    pub fn is_empty(&self) -> bool {
        self.header.record_count == 0
    }

    /// The size of the batch so far if it were not compressed, in bytes.
    pub fn size_bytes(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// The finished batch.
    ///
    /// # Panics
    /// If the body takes over 2 GiB: whoever builds batches bounds them by [`BatchBuilder::size_bytes`].
    pub fn build(mut self) -> Bytes {
        let body = match self.codec {
            _ if self.is_empty() => Vec::new(),
            Codec::None => self.body,
            codec => compress(codec, self.level, &self.body[..], i32::MAX as usize).expect("memory takes the records"),
        };
        self.header.length = i32::try_from(body.len()).expect("a batch below 2 GiB") + LEAST_LENGTH;
        let header = self.header.seal(&body);
        Bytes::from([&header[..], &body].concat())
    }

    fn write(
        &mut self,
        offset_delta: i32,
        timestamp_ms: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        (header_count, headers): (usize, &[u8]),
    ) {
        self.count(offset_delta, timestamp_ms);
        let timestamp_delta = timestamp_ms.wrapping_sub(self.header.base_timestamp_ms);
        let size = 1
            + varlong_len(timestamp_delta)
            + varlong_len(i64::from(offset_delta))
            + nullable_len(key)
            + nullable_len(value)
            + varlong_len(header_count as i64)
            + headers.len();
        write_varlong(&mut self.body, size as i64);
        self.body.push(0);
        write_varlong(&mut self.body, timestamp_delta);
        write_varlong(&mut self.body, i64::from(offset_delta));
        write_nullable(&mut self.body, key);
        write_nullable(&mut self.body, value);
        write_varlong(&mut self.body, header_count as i64);
        self.body.extend_from_slice(headers);
    }

    /// Brings the header's counts and timestamps up to a record that comes.
    fn count(&mut self, offset_delta: i32, timestamp_ms: i64) {
        if !self.base_is_set {
            self.header.base_timestamp_ms = timestamp_ms;
            self.base_is_set = true;
        }
        if self.header.attributes.timestamp_type() == TimestampType::CreateTime {
            let so_far = if self.is_empty() { -1 } else { self.header.max_timestamp_ms };
            self.header.max_timestamp_ms = so_far.max(timestamp_ms);
        }
        if !self.retains {
            self.header.last_offset_delta = offset_delta;
        }
        self.header.record_count += 1;
    }
}

fn write_nullable(out: &mut Vec<u8>, field: Option<&[u8]>) {
    match field {
        None => write_varlong(out, -1),
        Some(bytes) => {
            write_varlong(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
    }
}

fn nullable_len(field: Option<&[u8]>) -> usize {
    field.map_or(1, |bytes| varlong_len(bytes.len() as i64) + bytes.len())
}
