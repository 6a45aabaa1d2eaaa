//! Batches of a producer: one that takes records, and one that is closed and waits to be sent.

use bytes::Bytes;
use klamm_base::{ProducerEpoch, ProducerId, Sequence};
use klamm_record::{Batch as Parsed, BatchBuilder, BatchHeader, Codec, HEADER_LEN, NewHeader, records};
use tokio::time::Instant;

/// What is remembered of a record until it is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The bytes of its key; `None` for null.
    pub(crate) key_bytes: Option<usize>,
    /// The bytes of its value; `None` for null.
    pub(crate) value_bytes: Option<usize>,
    /// When it was given to the producer.
    pub(crate) at: Instant,
}

/// A record to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRecord<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: &'a [NewHeader<'a>],
}

impl NewRecord<'_> {
    /// What the Java client takes the record to need at most, alone in a batch
    /// (`DefaultRecordBatch.estimateBatchSizeUpperBound`).
    pub(crate) fn size_bytes(&self) -> usize {
        const RECORD_OVERHEAD: usize = 21;
        let nullable = |part: Option<&[u8]>| part.map_or(1, |part| varint_len(part.len()) + part.len());
        let header = |(key, value): &NewHeader<'_>| varint_len(key.len()) + key.len() + nullable(*value);
        HEADER_LEN
            + RECORD_OVERHEAD
            + nullable(self.key)
            + nullable(self.value)
            + varint_len(self.headers.len())
            + self.headers.iter().map(header).sum::<usize>()
    }
}

/// The bytes of a length as a zigzag varint.
fn varint_len(length: usize) -> usize {
    let bits = (usize::BITS - (length << 1).leading_zeros()).max(1) as usize;
    bits.div_ceil(7)
}

/// A batch that takes records.
pub(super) struct Open {
    builder: BatchBuilder,
    sent: Vec<Sent>,
    pub(super) created: Instant,
}

impl Open {
    pub(super) fn new(codec: Codec, level: i32, now: Instant) -> Open {
        Open { builder: BatchBuilder::new(codec).level(level), sent: Vec::new(), created: now }
    }

    pub(super) fn append(&mut self, record: NewRecord<'_>, timestamp_ms: i64, at: Instant) {
        self.builder.append(timestamp_ms, record.key, record.value, record.headers);
        let (key_bytes, value_bytes) = (record.key.map(<[u8]>::len), record.value.map(<[u8]>::len));
        self.sent.push(Sent { key_bytes, value_bytes, at });
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.builder.size_bytes()
    }

    /// Closes it. `place` is its place among the batches of its partition.
    pub(super) fn close(self, place: u64) -> Batch {
        let charge_bytes = self.size_bytes();
        let Open { builder, sent, created } = self;
        let built = builder.build();
        Batch::of(built, Order { place, span: SPAN }, sent, created, charge_bytes)
    }
}

/// How far the places of two batches lie apart, so that the parts of a batch that is split find room between.
pub(super) const SPAN: u64 = 1 << 20;

/// Where a batch stands among those of its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) place: u64,
    span: u64,
}

/// A closed batch.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    header: BatchHeader,
    body: Bytes,
    pub(super) order: Order,
    pub(super) sent: Vec<Sent>,
    pub(super) created: Instant,
    /// What it takes of `buffer.memory`.
    pub(super) charge_bytes: usize,
    /// How often a broker refused it.
    pub(super) attempts: u32,
    /// It was on its way and came back.
    pub(super) returned: bool,
    /// The sequence of its first record, once it has one.
    pub(super) sequence: Option<Sequence>,
    /// The sequence with which it was sent last: a batch before it may have failed since.
    pub(super) sent_sequence: Option<Sequence>,
}

impl Batch {
    fn of(built: Bytes, order: Order, sent: Vec<Sent>, created: Instant, charge_bytes: usize) -> Batch {
        let parsed = Parsed::parse(&built).expect("a batch that was just built");
        Batch {
            header: parsed.header,
            body: parsed.body(),
            order,
            sent,
            created,
            charge_bytes,
            attempts: 0,
            returned: false,
            sequence: None,
            sent_sequence: None,
        }
    }

    pub(super) fn count(&self) -> i32 {
        self.header.record_count
    }

    pub(super) fn size_bytes(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// The batch as it goes out, from the producer `identity` if there is one.
    pub(super) fn bytes(&mut self, identity: Option<(i64, i16)>, transactional: bool) -> Bytes {
        if let (Some((id, epoch)), Some(sequence)) = (identity, self.sequence) {
            self.header.producer_id = ProducerId(id);
            self.header.producer_epoch = ProducerEpoch(epoch);
            self.header.base_sequence = sequence;
            self.header.attributes = self.header.attributes.with_transactional(transactional);
        }
        self.sent_sequence = self.sequence;
        let header = self.header.seal(&self.body);
        Bytes::from([&header[..], &self.body].concat())
    }

    /// Two batches of half the records each, for a broker that takes no larger ones; `None` of one record.
    pub(super) fn split(&self, codec: Codec, level: i32) -> Option<[Batch; 2]> {
        let whole = Parsed { header: self.header, bytes: [&self.header.to_array()[..], &self.body].concat().into() };
        let half = self.sent.len() / 2;
        if half == 0 || self.order.span < 2 {
            return None;
        }
        let mut builders = [BatchBuilder::new(codec).level(level), BatchBuilder::new(codec).level(level)];
        for (at, record) in records(&whole).enumerate() {
            let record = record.ok()?;
            let headers: Vec<(Bytes, Option<Bytes>)> = record.headers.iter().collect();
            let headers: Vec<NewHeader<'_>> = headers.iter().map(|(key, value)| (&key[..], value.as_deref())).collect();
            let builder = &mut builders[usize::from(at >= half)];
            builder.append(record.timestamp_ms, record.key.as_deref(), record.value.as_deref(), &headers);
        }
        let span = self.order.span / 2;
        let orders = [Order { span, ..self.order }, Order { place: self.order.place + span, span }];
        let sents = [self.sent[..half].to_vec(), self.sent[half..].to_vec()];
        let sequences = [self.sequence, self.sequence.map(|first| first.plus(i32::try_from(half).unwrap_or(0)))];
        let charges = [self.charge_bytes / 2, self.charge_bytes - self.charge_bytes / 2];
        let mut parts = builders.into_iter().zip(orders).zip(sents).zip(sequences).zip(charges);
        let mut next = || {
            let ((((builder, order), sent), sequence), charge_bytes) = parts.next()?;
            let part = Batch::of(builder.build(), order, sent, self.created, charge_bytes);
            Some(Batch { sequence, attempts: self.attempts, ..part })
        };
        Some([next()?, next()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(values: &[&str], codec: Codec) -> Batch {
        let mut open = Open::new(codec, codec.default_level(), Instant::now());
        for value in values {
            let record = NewRecord { key: None, value: Some(value.as_bytes()), headers: &[(b"h", None)] };
            open.append(record, 7, Instant::now());
        }
        open.close(SPAN)
    }

    fn values(bytes: &Bytes) -> Vec<String> {
        let parsed = Parsed::parse(bytes).unwrap();
        assert!(parsed.is_crc_valid());
        let value = |record: klamm_record::Record| String::from_utf8(record.value.unwrap().to_vec()).unwrap();
        records(&parsed).map(|record| value(record.unwrap())).collect()
    }

    #[tokio::test]
    async fn a_batch_goes_out_with_its_producer_and_sequence_and_a_fitting_crc() {
        let mut batch = batch(&["a", "b"], Codec::Lz4);
        batch.sequence = Some(Sequence(5));
        let bytes = batch.bytes(Some((9, 2)), false);
        let header = BatchHeader::parse(&bytes).unwrap();
        assert_eq!((header.producer_id.0, header.producer_epoch.0, header.base_sequence.0), (9, 2, 5));
        assert_eq!(values(&bytes), ["a", "b"]);
        assert_eq!(BatchHeader::parse(&batch.bytes(None, false)).unwrap().record_count, 2);
    }

    #[tokio::test]
    async fn a_batch_splits_into_halves_that_follow_each_other() {
        let mut whole = batch(&["a", "b", "c"], Codec::Gzip);
        whole.sequence = Some(Sequence(10));
        let [mut first, mut second] = whole.split(Codec::Gzip, -1).unwrap();
        assert_eq!(values(&first.bytes(None, false)), ["a"]);
        assert_eq!(values(&second.bytes(None, false)), ["b", "c"]);
        assert_eq!((first.sequence, second.sequence), (Some(Sequence(10)), Some(Sequence(11))));
        assert!(whole.order.place <= first.order.place && first.order.place < second.order.place);
        assert_eq!((first.sent.len(), second.sent.len()), (1, 2));
        assert!(first.split(Codec::Gzip, -1).is_none());
    }

    #[test]
    fn the_size_of_a_record_is_the_java_client_s_upper_bound() {
        let of = |bytes: usize| NewRecord { key: None, value: Some(&vec![0; bytes]), headers: &[] }.size_bytes();
        // What Kafka's RecordTooLargeException says of 1048577 bytes: 1048665.
        assert_eq!(of(1_048_577), 1_048_665);
        assert_eq!(of(10), 61 + 21 + 1 + 1 + 10 + 1);
    }
}
