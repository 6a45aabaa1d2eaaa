use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::{Attributes, Batch, BatchFault, BatchHeader, batches};

fn batch(base_offset: i64, body: &[u8]) -> Vec<u8> {
    let header = BatchHeader {
        base_offset: Offset(base_offset),
        length: 49 + body.len() as i32,
        leader_epoch: LeaderEpoch(0),
        magic: 2,
        crc: 0,
        attributes: Attributes(0),
        last_offset_delta: 0,
        base_timestamp_ms: 0,
        max_timestamp_ms: 0,
        producer_id: ProducerId::NONE,
        producer_epoch: ProducerEpoch::NONE,
        base_sequence: Sequence::NONE,
        record_count: 1,
    };
    [&header.seal(body)[..], body].concat()
}

fn three() -> Vec<u8> {
    [batch(0, b"a"), batch(1, b""), batch(2, b"ccc")].concat()
}

#[test]
fn batches_come_one_after_another_and_share_memory() {
    let bytes = Bytes::from(three());
    let mut walk = batches(&bytes);
    let found: Vec<Batch> = walk.by_ref().map(|batch| batch.unwrap()).collect();
    assert_eq!(found.iter().map(|batch| batch.header.base_offset.0).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(found.iter().map(|batch| batch.body()).collect::<Vec<_>>(), ["a", "", "ccc"]);
    assert!(found.iter().all(Batch::is_crc_valid));
    assert_eq!(walk.whole_bytes(), bytes.len());
    assert_eq!(found[2].bytes.as_ptr(), bytes[62 + 61..].as_ptr());
}

#[test]
fn an_incomplete_tail_ends_the_walk_and_says_where() {
    let bytes = three();
    let ends = [62, 123, 187];
    for len in 0..bytes.len() {
        let mut walk = batches(&Bytes::copy_from_slice(&bytes[..len]));
        let whole = ends.iter().filter(|end| **end <= len).count();
        assert_eq!(walk.by_ref().filter(|batch| batch.is_ok()).count(), whole, "cut to {len}");
        assert_eq!(walk.whole_bytes(), if whole == 0 { 0 } else { ends[whole - 1] });
    }
}

#[test]
fn a_fault_is_told_once_and_ends_the_walk() {
    for (at, value, fault) in [
        (62 + 16, 3, BatchFault::Magic(3)),
        (62 + 16, 0xff, BatchFault::Magic(-1)),
        (62 + 16, 1, BatchFault::Magic(1)),
        (62 + 11, 48, BatchFault::Length { length: 48, least: 49 }),
        (62 + 11, 13, BatchFault::Length { length: 13, least: 14 }),
    ] {
        let mut bytes = three();
        bytes[at] = value;
        let mut walk = batches(&Bytes::from(bytes));
        assert!(walk.next().unwrap().is_ok());
        assert_eq!(walk.next(), Some(Err(fault)));
        assert_eq!(walk.next(), None);
        assert_eq!(walk.whole_bytes(), 62);
    }
}

#[test]
fn a_length_past_the_end_is_an_incomplete_batch() {
    let mut bytes = three();
    bytes[8..12].copy_from_slice(&i32::MAX.to_be_bytes());
    assert_eq!(batches(&Bytes::from(bytes.clone())).next(), None);
    assert_eq!(Batch::parse(&Bytes::from(bytes)), Err(BatchFault::Short(187)));
}

#[test]
fn parsing_one_batch_leaves_out_what_follows() {
    let first = Batch::parse(&Bytes::from(three())).unwrap();
    assert_eq!(first.bytes, batch(0, b"a"));
}
