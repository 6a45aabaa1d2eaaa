use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::{Attributes, Batch, BatchFault, BatchHeader, Codec, compress, records};

fn batch(codec_id: i16, record_count: i32, body: &[u8]) -> Batch {
    let header = BatchHeader {
        base_offset: Offset(0),
        length: 49 + body.len() as i32,
        leader_epoch: LeaderEpoch(0),
        magic: 2,
        crc: 0,
        attributes: Attributes(codec_id),
        last_offset_delta: 0,
        base_timestamp_ms: 0,
        max_timestamp_ms: 0,
        producer_id: ProducerId::NONE,
        producer_epoch: ProducerEpoch::NONE,
        base_sequence: Sequence::NONE,
        record_count,
    };
    Batch::parse(&Bytes::from([&header.seal(body)[..], body].concat())).unwrap()
}

/// The bodies that are wrong, with one record declared.
const WRONG: [&[u8]; 10] = [
    &[],
    &[12],
    &[12, 0, 0, 0, 1, 1],
    &[1],
    &[14, 0, 0, 0, 1, 1, 0, 0],
    &[10, 0, 0, 0, 1, 1, 0],
    &[12, 0, 0, 0, 1, 1, 1],
    &[12, 0, 0, 0, 1, 1, 200, 1],
    &[16, 0, 0, 0, 1, 1, 2, 1, 1],
    &[12, 0, 0, 0, 1, 1, 0, 0],
];

#[test]
fn wrong_structures_are_told_once_and_end_the_walk_p19() {
    for body in WRONG {
        for codec in Codec::ALL {
            let compressed = compress(codec, 1, body, usize::MAX).unwrap();
            let batch = batch(i16::from(codec.id()), 1, &compressed);
            let mut walk = records(&batch).skip_while(Result::is_ok);
            assert!(matches!(walk.next(), Some(Err(BatchFault::Structure(_)))), "{codec:?} {body:?}");
            assert_eq!(walk.next(), None);
        }
    }
}

#[test]
fn lengths_below_zero_are_null_p18() {
    let batch = batch(0, 1, &[12, 0, 0, 0, 3, 5, 0]);
    let record = records(&batch).next().unwrap().unwrap();
    assert_eq!((record.key, record.value), (None, None));
}

#[test]
fn an_unknown_codec_and_a_body_that_is_junk_are_faults() {
    assert_eq!(records(&batch(6, 1, b"")).next(), Some(Err(BatchFault::Codec(6))));
    for codec in [1, 2, 3, 4] {
        let junk = batch(codec, 1, b"\xffjunk that is no stream");
        let mut walk = records(&junk);
        assert!(matches!(walk.next(), Some(Err(BatchFault::Undecodable(_)))), "{codec}");
        assert!(walk.next().is_none());
    }
}

#[test]
fn a_negative_count_is_a_fault_and_a_huge_one_allocates_nothing() {
    assert!(matches!(records(&batch(0, i32::MIN, b"")).next(), Some(Err(BatchFault::Structure(_)))));
    let huge = batch(0, i32::MAX, &[12, 0, 0, 0, 1, 1, 0]);
    assert_eq!(records(&huge).filter(Result::is_ok).count(), 1);
}

#[test]
fn offsets_and_times_of_hostile_headers_do_not_panic() {
    let mut header = batch(0, 1, b"").header;
    let body =
        [36u8, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1, 1, 0];
    let body = [&[38u8][..], &body[1..]].concat();
    header.length = 49 + body.len() as i32;
    header.base_offset = Offset(i64::MAX);
    header.base_timestamp_ms = i64::MAX;
    let batch = Batch::parse(&Bytes::from([&header.seal(&body)[..], &body].concat())).unwrap();
    let record = records(&batch).next().unwrap().unwrap();
    assert_eq!(record.offset, Offset(i64::MAX));
    assert_eq!(record.timestamp_ms, -2);
}
