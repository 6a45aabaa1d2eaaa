use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::{Attributes, BatchFault, BatchHeader, Codec, TimestampType, crc_of, is_crc_valid, stamp, stamp_timestamps};

fn header() -> BatchHeader {
    BatchHeader {
        base_offset: Offset(7),
        length: 49 + 4,
        leader_epoch: LeaderEpoch(3),
        magic: 2,
        crc: 0,
        attributes: Attributes(0x10).with_codec(Codec::Zstd),
        last_offset_delta: 4,
        base_timestamp_ms: 1_000,
        max_timestamp_ms: 2_000,
        producer_id: ProducerId(99),
        producer_epoch: ProducerEpoch(2),
        base_sequence: Sequence(2_147_483_646),
        record_count: 5,
    }
}

fn batch() -> Vec<u8> {
    let mut bytes = header().seal(b"body").to_vec();
    bytes.extend_from_slice(b"body");
    bytes
}

#[test]
fn every_field_comes_back_from_its_place() {
    let parsed = BatchHeader::parse(&batch()).unwrap();
    assert_eq!(BatchHeader { crc: 0, ..parsed }, header());
    assert_eq!(parsed.crc, crc_of(&batch()));
    assert_eq!(parsed.size_bytes(), 65);
    assert_eq!(parsed.last_offset(), Offset(11));
    assert_eq!(parsed.next_offset(), Offset(12));
}

#[test]
fn the_last_sequence_wraps_and_a_batch_without_one_has_none_i7() {
    assert_eq!(header().last_sequence(), Sequence(2));
    let none = BatchHeader { base_sequence: Sequence::NONE, ..header() };
    assert_eq!(none.last_sequence(), Sequence::NONE);
}

#[test]
fn offsets_of_a_hostile_header_do_not_wrap() {
    let hostile = BatchHeader { base_offset: Offset(i64::MAX), last_offset_delta: i32::MAX, ..header() };
    assert_eq!(hostile.next_offset(), Offset(i64::MAX));
    let hostile = BatchHeader { base_offset: Offset(i64::MIN), last_offset_delta: i32::MIN, ..header() };
    assert_eq!(hostile.last_offset(), Offset(i64::MIN));
}

#[test]
fn what_is_no_header_is_refused_p16() {
    let good = batch();
    for len in 0..61 {
        assert_eq!(BatchHeader::parse(&good[..len]), Err(BatchFault::Short(len)));
    }
    for magic in [0u8, 1, 3, 0xff] {
        let mut bytes = good.clone();
        bytes[16] = magic;
        assert_eq!(BatchHeader::parse(&bytes), Err(BatchFault::Magic(magic as i8)));
    }
    for length in [i32::MIN, -1, 0, 48] {
        let mut bytes = good.clone();
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        assert_eq!(BatchHeader::parse(&bytes), Err(BatchFault::Length { length, least: 49 }));
    }
}

#[test]
fn a_stamp_changes_two_fields_and_leaves_the_crc_valid_p23() {
    let mut bytes = batch();
    let stamped = stamp(bytes.first_chunk().unwrap(), Offset(1_000_000), LeaderEpoch(8));
    bytes[..61].copy_from_slice(&stamped);
    assert!(is_crc_valid(&bytes));
    let parsed = BatchHeader::parse(&bytes).unwrap();
    let expected =
        BatchHeader { base_offset: Offset(1_000_000), leader_epoch: LeaderEpoch(8), crc: crc_of(&batch()), ..header() };
    assert_eq!(parsed, expected);
}

#[test]
fn log_append_time_sets_the_bit_and_the_max_and_a_crc_that_fits_p22() {
    let mut bytes = batch();
    let stamped = stamp_timestamps(bytes.first_chunk().unwrap(), b"body", TimestampType::LogAppendTime, 5_555);
    bytes[..61].copy_from_slice(&stamped);
    assert!(is_crc_valid(&bytes));
    let parsed = BatchHeader::parse(&bytes).unwrap();
    assert_eq!(parsed.attributes.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(parsed.attributes.codec(), Ok(Codec::Zstd));
    assert!(parsed.attributes.is_transactional() && !parsed.attributes.is_control());
    assert_eq!(parsed.max_timestamp_ms, 5_555);
    assert_eq!(parsed.base_timestamp_ms, 1_000);
}

#[test]
fn timestamps_that_fit_already_leave_the_header_as_it_was() {
    let bytes = batch();
    let header = bytes.first_chunk().unwrap();
    assert_eq!(&stamp_timestamps(header, b"not even read", TimestampType::CreateTime, 2_000), header);
}

#[test]
fn one_changed_bit_under_the_crc_is_noticed() {
    let good = batch();
    for at in 17..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        assert!(!is_crc_valid(&bytes), "byte {at}");
    }
    for len in 0..good.len() {
        assert!(!is_crc_valid(&good[..len]), "cut to {len}");
    }
}

#[test]
fn attribute_bits_are_read_one_by_one() {
    assert!(Attributes(0x40).has_delete_horizon() && !Attributes(0x3f).has_delete_horizon());
    assert!(Attributes(0x20).is_control() && !Attributes(0x1f).is_control());
    assert_eq!(Attributes(7).codec(), Err(BatchFault::Codec(7)));
    let odd = Attributes(i16::MIN | 0x80).with_control(true).with_transactional(true).with_delete_horizon(true);
    assert_eq!(odd.with_control(false).with_transactional(false).with_delete_horizon(false).0, i16::MIN | 0x80);
}
