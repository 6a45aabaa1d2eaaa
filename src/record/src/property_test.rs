//! What must hold for any bytes. The cases are the same in every run: proptest draws from a fixed seed, and a failure
//! prints its smallest input.

use std::io::Read;

use bytes::Bytes;
use klamm_base::ErrorCode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::{
    Batch, BatchBuilder, BatchHeader, Codec, HEADER_LEN, Record, Rules, TimestampType, TopicCompression, batches,
    decompress, is_crc_valid, records, validate_produced,
};

type Field = Option<Vec<u8>>;
type Draft = (i64, Field, Field, Vec<(Vec<u8>, Field)>);

/// Runs `check` on 2000 values of `strategy`.
fn for_all<S: Strategy>(strategy: S, check: impl Fn(S::Value)) {
    let config = Config { cases: 2_000, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let checked = TestRunner::new_with_rng(config, rng).run(&strategy, |value| {
        check(value);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

fn field() -> impl Strategy<Value = Field> {
    proptest::option::of(vec(any::<u8>(), 0..40))
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    let headers = vec((vec(any::<u8>(), 0..5), field()), 0..3);
    vec((0..2_000_000_000_000i64, field(), field(), headers), 1..12)
}

fn codec() -> impl Strategy<Value = Codec> {
    proptest::sample::select(&Codec::ALL[..])
}

fn built(codec: Codec, drafts: &[Draft]) -> Bytes {
    let mut builder = BatchBuilder::new(codec);
    for (timestamp_ms, key, value, headers) in drafts {
        let headers: Vec<_> = headers.iter().map(|(key, value)| (&key[..], value.as_deref())).collect();
        builder.append(*timestamp_ms, key.as_deref(), value.as_deref(), &headers);
    }
    builder.build()
}

fn rules(compression: TopicCompression) -> Rules {
    Rules {
        request_version: 13,
        max_message_bytes: i32::MAX,
        compacted: false,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: i64::MAX,
        compression,
    }
}

fn assert_is(record: &Record, (timestamp_ms, key, value, headers): &Draft) {
    assert_eq!(record.timestamp_ms, *timestamp_ms);
    assert_eq!(record.key.as_deref(), key.as_deref());
    assert_eq!(record.value.as_deref(), value.as_deref());
    let found: Vec<_> = record.headers.iter().map(|(k, v)| (k.to_vec(), v.map(|v| v.to_vec()))).collect();
    assert_eq!(&found, headers);
}

/// Everything this room does with bytes from outside.
fn use_all(bytes: &Bytes) {
    let mut walk = batches(bytes);
    for batch in walk.by_ref().flatten() {
        records(&batch).for_each(drop);
        assert!(batch.bytes.len() >= HEADER_LEN);
    }
    assert!(walk.whole_bytes() <= bytes.len());
    match validate_produced(bytes, &rules(TopicCompression::Producer), 0) {
        Err(refusal) => assert_ne!(refusal.code, ErrorCode::UnknownServerError),
        Ok(validated) => {
            let stored = Bytes::from([&validated.header[..], &validated.body].concat());
            assert!(is_crc_valid(&stored));
            let batch = Batch::parse(&stored).unwrap();
            let read = records(&batch).collect::<Result<Vec<_>, _>>().expect("what was accepted can be read");
            assert_eq!(read.len(), usize::try_from(validated.record_count).unwrap());
            assert_eq!(
                read.iter().map(|record| record.timestamp_ms).max().unwrap().max(-1),
                validated.max_timestamp_ms
            );
        }
    }
}

#[test]
fn what_is_built_is_accepted_and_comes_back() {
    for_all((codec(), drafts()), |(codec, drafts)| {
        let bytes = built(codec, &drafts);
        use_all(&bytes);
        let batch = batches(&bytes).next().unwrap().unwrap();
        let read: Vec<Record> = records(&batch).map(|record| record.unwrap()).collect();
        assert_eq!(read.len(), drafts.len());
        read.iter().zip(&drafts).for_each(|(record, draft)| assert_is(record, draft));
    });
}

#[test]
fn arbitrary_bytes_never_panic() {
    for_all(vec(any::<u8>(), 0..300), |bytes| {
        use_all(&Bytes::from(bytes.clone()));
        for codec in Codec::ALL {
            let stream = decompress(codec, &bytes);
            stream.map(|stream| stream.take(1 << 20).read_to_end(&mut Vec::new())).ok();
        }
    });
}

#[test]
fn arbitrary_records_in_a_good_header_never_panic() {
    for_all((codec(), vec(any::<u8>(), 0..200), 1..20i32), |(codec, body, record_count)| {
        let template = built(codec, &[(0, None, None, vec![])]);
        let mut header = BatchHeader::parse(&template).unwrap();
        header.length = 49 + i32::try_from(body.len()).unwrap();
        (header.record_count, header.last_offset_delta) = (record_count, record_count - 1);
        use_all(&Bytes::from([&header.seal(&body)[..], &body].concat()));
    });
}

#[test]
fn a_changed_byte_is_refused_or_changes_nothing_that_is_stored() {
    for_all((codec(), drafts(), any::<prop::sample::Index>(), 1..=255u8), |(codec, drafts, at, bits)| {
        let sent = built(codec, &drafts);
        let mut changed = sent.to_vec();
        let at = at.index(changed.len());
        changed[at] ^= bits;
        let now = validate_produced(&Bytes::from(changed), &rules(TopicCompression::Producer), 0);
        // Only the leader epoch is neither under the CRC nor fixed; the append overwrites it.
        assert_eq!(now.is_ok(), (12..16).contains(&at), "byte {at}");
        if let Ok(validated) = now {
            assert_eq!([&validated.header[16..], &validated.body].concat(), sent[16..]);
        }
    });
}

#[test]
fn a_changed_byte_under_a_good_checksum_never_panics_and_is_read_as_it_was_accepted() {
    for_all((codec(), drafts(), any::<prop::sample::Index>(), any::<u8>()), |(codec, drafts, at, byte)| {
        let mut changed = built(codec, &drafts).to_vec();
        let at = at.index(changed.len());
        changed[at] = byte;
        if let Ok(header) = BatchHeader::parse(&changed) {
            let sealed = header.seal(&changed[HEADER_LEN..]);
            changed[..HEADER_LEN].copy_from_slice(&sealed);
        }
        use_all(&Bytes::from(changed));
    });
}

#[test]
fn recompression_keeps_every_record() {
    for_all((codec(), codec(), drafts()), |(from, to, drafts)| {
        let compression = TopicCompression::Codec { codec: to, level: to.default_level() };
        let validated = validate_produced(&built(from, &drafts), &rules(compression), 0).unwrap();
        let stored = Batch::parse(&Bytes::from([&validated.header[..], &validated.body].concat())).unwrap();
        assert_eq!(stored.header.attributes.codec(), Ok(to));
        assert!(stored.is_crc_valid());
        records(&stored).zip(&drafts).for_each(|(record, draft)| assert_is(&record.unwrap(), draft));
    });
}
