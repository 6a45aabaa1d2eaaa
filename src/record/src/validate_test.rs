use std::io::Read;

use bytes::Bytes;
use klamm_base::{ErrorCode, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::varint::write_varlong;
use crate::{
    Attributes, Batch, BatchBuilder, BatchHeader, Codec, HEADER_LEN, Refusal, Rules, TimestampType, TopicCompression,
    Validated, check_shape, compress, is_crc_valid, validate_produced,
};

const NOW: i64 = 1_700_000_000_000;
const HOUR: i64 = 3_600_000;

fn rules() -> Rules {
    Rules {
        request_version: 13,
        max_message_bytes: 1_048_588,
        compacted: false,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: HOUR,
        compression: TopicCompression::Producer,
    }
}

fn good(codec: Codec) -> Bytes {
    let mut builder = BatchBuilder::new(codec);
    builder.append(NOW, Some(b"k0"), Some(b"v0"), &[(b"h", Some(b"x")), (b"h", None)]);
    builder.append(NOW + 5, Some(b"k1"), None, &[]);
    builder.append(NOW + 3, None, Some(b"v2"), &[]);
    builder.build()
}

/// A batch whose header says what `change` makes of it, with a CRC that fits.
fn changed(batch: &[u8], change: impl FnOnce(&mut BatchHeader)) -> Bytes {
    let mut header = BatchHeader::parse(batch).unwrap();
    change(&mut header);
    [&header.seal(&batch[HEADER_LEN..])[..], &batch[HEADER_LEN..]].concat().into()
}

/// A batch of these record bytes, compressed with `codec`.
fn of_body(codec: Codec, record_count: i32, body: &[u8]) -> Bytes {
    of_raw(codec, record_count, &compress(codec, codec.default_level(), body, usize::MAX).unwrap())
}

/// A batch of these bytes as the body, whatever they are.
fn of_raw(codec: Codec, record_count: i32, body: &[u8]) -> Bytes {
    let whole = [&good(codec)[..HEADER_LEN], body].concat();
    changed(&whole, |header| {
        header.length = 49 + body.len() as i32;
        header.record_count = record_count;
        header.last_offset_delta = record_count - 1;
    })
}

fn accepted(records: &Bytes, rules: &Rules) -> Validated {
    let validated = validate_produced(records, rules, NOW).unwrap();
    assert!(is_crc_valid(&[&validated.header[..], &validated.body].concat()));
    assert_eq!(BatchHeader::parse(&validated.header), Ok(validated.info));
    validated
}

fn refused(records: &Bytes, rules: &Rules) -> Refusal {
    validate_produced(records, rules, NOW).unwrap_err()
}

fn code(records: &Bytes) -> ErrorCode {
    let refusal = refused(records, &rules());
    assert_eq!((refusal.message, refusal.record_errors), (None, vec![]));
    refusal.code
}

#[test]
fn a_good_batch_is_stored_as_it_came() {
    for codec in Codec::ALL {
        let sent = good(codec);
        let validated = accepted(&sent, &rules());
        assert_eq!(validated.header, sent[..HEADER_LEN]);
        assert_eq!(validated.body.as_ptr(), sent[HEADER_LEN..].as_ptr(), "no byte is copied");
        assert_eq!(validated.body.len(), sent.len() - HEADER_LEN);
        assert_eq!((validated.max_timestamp_ms, validated.offset_of_max_timestamp), (NOW + 5, 1));
        assert_eq!(validated.record_count, 3);
    }
}

#[test]
fn no_whole_batch_is_an_invalid_record_p4() {
    let sent = good(Codec::None);
    for len in 0..sent.len() {
        assert_eq!(code(&sent.slice(..len)), ErrorCode::InvalidRecord, "cut to {len}");
    }
    for length in [i32::MAX, sent.len() as i32 - 11] {
        assert_eq!(code(&changed(&sent, |header| header.length = length)), ErrorCode::InvalidRecord);
    }
}

#[test]
fn two_batches_are_an_invalid_record_and_half_a_second_one_is_dropped_p4() {
    let sent = good(Codec::None);
    let two = Bytes::from([&sent[..], &sent].concat());
    assert_eq!(code(&two), ErrorCode::InvalidRecord);
    for len in [0, 1, 11, 12, 16, 17, 60, 61, sent.len() - 1] {
        let validated = accepted(&two.slice(..sent.len() + len), &rules());
        assert_eq!(validated.body, sent[HEADER_LEN..], "{len} bytes of the second");
    }
}

#[test]
fn old_magics_are_invalid_records_whatever_their_checksum_p4() {
    for magic in [0u8, 1] {
        for length in [14u8, 48, 49, 200] {
            let mut sent = vec![0; 12 + usize::from(length)];
            sent[11] = length;
            sent[16] = magic;
            assert_eq!(code(&sent.into()), ErrorCode::InvalidRecord, "magic {magic}, length {length}");
        }
    }
}

#[test]
fn zstd_needs_version_7_p4() {
    let old = Rules { request_version: 6, ..rules() };
    let refusal = refused(&good(Codec::Zstd), &old);
    assert_eq!(refusal, Refusal::of(ErrorCode::UnsupportedCompressionType));
    let two = Bytes::from([good(Codec::Zstd), good(Codec::Zstd)].concat());
    assert_eq!(refused(&two, &old).code, ErrorCode::UnsupportedCompressionType, "before the count of batches");
    accepted(&good(Codec::Zstd), &Rules { request_version: 7, ..rules() });
    accepted(&good(Codec::Lz4), &old);
}

#[test]
fn the_shape_alone_needs_no_good_checksum() {
    let mut sent = good(Codec::None).to_vec();
    sent[20] ^= 1;
    assert_eq!(check_shape(&sent.clone().into(), 13).unwrap().bytes, sent);
    assert_eq!(code(&sent.into()), ErrorCode::CorruptMessage);
}

#[test]
fn a_base_offset_is_an_invalid_record_p14() {
    for offset in [1, -1, i64::MAX, i64::MIN] {
        let sent = changed(&good(Codec::None), |header| header.base_offset = Offset(offset));
        assert_eq!(code(&sent), ErrorCode::InvalidRecord);
    }
}

#[test]
fn the_size_counts_the_compressed_batch_with_its_header_p15() {
    for codec in Codec::ALL {
        let sent = good(codec);
        let exact = sent.len() as i32;
        accepted(&sent, &Rules { max_message_bytes: exact, ..rules() });
        let refusal = refused(&sent, &Rules { max_message_bytes: exact - 1, ..rules() });
        assert_eq!(refusal, Refusal::of(ErrorCode::MessageTooLarge));
    }
    let mut broken = good(Codec::None).to_vec();
    broken[20] ^= 1;
    let small = Rules { max_message_bytes: 70, ..rules() };
    assert_eq!(refused(&broken.into(), &small).code, ErrorCode::MessageTooLarge, "before the checksum");
}

#[test]
fn a_wrong_checksum_is_a_corrupt_message_p16() {
    let sent = good(Codec::None);
    for at in (17..sent.len()).filter(|at| *at != 16) {
        let mut wrong = sent.to_vec();
        wrong[at] ^= 0x10;
        assert_eq!(code(&wrong.into()), ErrorCode::CorruptMessage, "byte {at}");
    }
}

#[test]
fn an_unknown_magic_and_a_tiny_length_are_corrupt_messages_with_a_text_p16() {
    let sent = good(Codec::None);
    for (magic, text) in [(3u8, "Invalid magic found in record: 3"), (0xff, "Invalid magic found in record: -1")] {
        let mut wrong = sent.to_vec();
        wrong[16] = magic;
        let refusal = refused(&wrong.into(), &rules());
        assert_eq!((refusal.code, refusal.message.as_deref()), (ErrorCode::CorruptMessage, Some(text)));
    }
    for length in [13, 0, -1] {
        let refusal = refused(&changed(&sent, |header| header.length = length), &rules());
        let text = format!("Record size {length} is less than the minimum record overhead (14)");
        assert_eq!((refusal.code, refusal.message), (ErrorCode::CorruptMessage, Some(text)));
    }
    for length in [14, 48] {
        let short = changed(&sent, |header| header.length = length).slice(..12 + length as usize);
        assert_eq!(code(&short), ErrorCode::CorruptMessage, "length {length}");
    }
}

#[test]
fn an_unknown_codec_is_a_corrupt_message_p29() {
    for id in [5, 6, 7] {
        assert_eq!(code(&changed(&good(Codec::None), |header| header.attributes.0 = id)), ErrorCode::CorruptMessage);
    }
}

#[test]
fn counts_that_do_not_fit_are_invalid_records_p18() {
    let sent = good(Codec::None);
    for (count, delta) in [(0, -1), (-1, -2), (3, 3), (3, 1), (2, 2), (i32::MIN, i32::MAX), (i32::MIN, -1), (4, 3)] {
        let wrong = changed(&sent, |header| {
            header.record_count = count;
            header.last_offset_delta = delta;
        });
        assert_eq!(code(&wrong), ErrorCode::InvalidRecord, "count {count}, last offset delta {delta}");
    }
}

#[test]
fn clients_write_no_control_records_and_no_producer_is_without_sequence_p18() {
    let sent = good(Codec::None);
    let control = changed(&sent, |header| header.attributes = header.attributes.with_control(true));
    assert_eq!(code(&control), ErrorCode::InvalidRecord);
    let unsequenced = changed(&sent, |header| header.producer_id = ProducerId(0));
    assert_eq!(code(&unsequenced), ErrorCode::InvalidRecord);
}

#[test]
fn what_kafka_stores_as_sent_is_stored_as_sent_p18() {
    let sent = good(Codec::None);
    let odd: [fn(&mut BatchHeader); 5] = [
        |header| header.base_sequence = Sequence(5),
        |header| header.producer_id = ProducerId(-2),
        |header| (header.producer_id, header.base_sequence) = (ProducerId(9), Sequence(0)),
        |header| header.producer_epoch = ProducerEpoch(3),
        |header| header.attributes = Attributes(0x40 | 0x80 | i16::MIN),
    ];
    for change in odd {
        let odd = changed(&sent, change);
        assert_eq!(accepted(&odd, &rules()).header, odd[..HEADER_LEN]);
    }
    let record_attributes_and_nulls = [12, 0xff, 0, 0, 3, 3, 0];
    accepted(&of_body(Codec::None, 1, &record_attributes_and_nulls), &rules());
}

#[test]
fn wrong_record_structures_are_invalid_records_in_every_codec_p19() {
    let bodies: [(&str, &[u8]); 13] = [
        ("no record", &[]),
        ("cut", &[12, 0, 0, 0, 1, 1]),
        ("longer than declared", &[10, 0, 0, 0, 1, 1, 0]),
        ("shorter than declared", &[14, 0, 0, 0, 1, 1, 0, 0]),
        ("data after the last record", &[12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0]),
        ("one byte after the last record", &[12, 0, 0, 0, 1, 1, 0, 0]),
        ("negative size", &[1, 0, 0, 0, 1, 1, 0]),
        ("negative header count", &[12, 0, 0, 0, 1, 1, 1]),
        ("header count past the end", &[12, 0, 0, 0, 1, 1, 2]),
        ("null header key", &[16, 0, 0, 0, 1, 1, 2, 1, 1]),
        ("key past the end", &[12, 0, 0, 0, 60, 1, 0]),
        ("value of 2 GiB", &[20, 0, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0]),
        ("varint of six bytes", &[22, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1, 1, 0]),
    ];
    for (what, body) in bodies {
        for codec in Codec::ALL {
            assert_eq!(code(&of_body(codec, 1, body)), ErrorCode::InvalidRecord, "{what}, {codec:?}");
        }
    }
}

#[test]
fn offset_deltas_that_are_not_dense_are_invalid_records_p19() {
    for codec in Codec::ALL {
        for deltas in [[0, 2], [2, 0], [0, 0], [2, 4], [1, 0]] {
            let body = [[12, 0, 0, deltas[0], 1, 1, 0], [12, 0, 0, deltas[1], 1, 1, 0]].concat();
            let refusal = validate_produced(&of_body(codec, 2, &body), &rules(), NOW);
            match deltas {
                [0, 2] => assert!(refusal.is_ok(), "0 and 1, zigzag"),
                _ => assert_eq!(refusal.unwrap_err(), Refusal::of(ErrorCode::InvalidRecord), "{codec:?} {deltas:?}"),
            }
        }
    }
}

#[test]
fn bodies_that_do_not_decompress_are_corrupt_messages_p19() {
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        assert_eq!(code(&of_raw(codec, 1, b"\xffjunk and more junk")), ErrorCode::CorruptMessage, "{codec:?}");
        let whole = good(codec);
        let cut = of_raw(codec, 3, &whole[HEADER_LEN..whole.len() - 1]);
        assert_eq!(code(&cut), ErrorCode::CorruptMessage, "{codec:?} cut short");
        let expected = if codec == Codec::Zstd { ErrorCode::InvalidRecord } else { ErrorCode::CorruptMessage };
        assert_eq!(code(&of_raw(codec, 1, b"")), expected, "{codec:?} of nothing");
    }
}

#[test]
fn a_compacted_topic_takes_no_record_without_key_p20() {
    for codec in Codec::ALL {
        let refusal = refused(&good(codec), &Rules { compacted: true, ..rules() });
        assert_eq!(refusal.code, ErrorCode::InvalidRecord);
        let text = "Compacted topic cannot accept message without key";
        assert_eq!(refusal.record_errors, [(2, Some(text.to_owned()))]);
        let message = format!(
            "One or more records have been rejected due to 1 record errors in total, and only showing the first three \
             errors at most: [RecordError(batchIndex=2, message='{text}')]"
        );
        assert_eq!(refusal.message, Some(message));
    }
}

#[test]
fn an_answer_names_the_first_hundred_wrong_records_and_counts_all() {
    let mut builder = BatchBuilder::new(Codec::Gzip);
    (0..1_000).for_each(|_| builder.append(NOW, None, None, &[]));
    let refusal = refused(&builder.build(), &Rules { compacted: true, ..rules() });
    assert_eq!(refusal.record_errors.len(), 100);
    assert!(refusal.message.unwrap().contains("due to 1000 record errors in total"));
}

fn at(timestamps: &[i64]) -> Bytes {
    let mut builder = BatchBuilder::new(Codec::None);
    timestamps.iter().for_each(|timestamp_ms| builder.append(*timestamp_ms, None, None, &[]));
    builder.build()
}

#[test]
fn timestamps_out_of_range_are_refused_record_by_record_p21() {
    let refusal = refused(&at(&[NOW, NOW + HOUR + 1, NOW + HOUR, NOW + 2 * HOUR]), &rules());
    assert_eq!(refusal.code, ErrorCode::InvalidTimestamp);
    assert_eq!(refusal.message.as_deref(), Some("One or more records have been rejected due to invalid timestamp"));
    assert_eq!(refusal.record_errors.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 3]);
    let text = format!(
        "Timestamp {} of message with offset 1 is out of range. The timestamp should be within [{}, {}]",
        NOW + HOUR + 1,
        NOW.wrapping_sub(i64::MAX),
        NOW + HOUR
    );
    assert_eq!(refusal.record_errors[0].1, Some(text));
    let recent = Rules { timestamp_before_max_ms: 1_000, ..rules() };
    accepted(&at(&[NOW - 1_000]), &recent);
    assert_eq!(refused(&at(&[NOW - 1_001]), &recent).code, ErrorCode::InvalidTimestamp);
}

#[test]
fn early_and_missing_timestamps_are_accepted_p21() {
    for (timestamp_ms, max) in [(-1, -1), (-2, -1), (0, 0)] {
        let validated = accepted(&at(&[timestamp_ms]), &rules());
        assert_eq!(validated.max_timestamp_ms, max);
        assert_eq!(validated.offset_of_max_timestamp, if max == 0 { 0 } else { -1 });
    }
    accepted(&at(&[-1]), &Rules { timestamp_before_max_ms: 1_000, ..rules() });
}

#[test]
fn a_wrong_key_among_wrong_timestamps_is_one_answer_about_timestamps_p21() {
    let mut builder = BatchBuilder::new(Codec::None);
    builder.append(NOW, None, None, &[]);
    builder.append(NOW + 2 * HOUR, Some(b"k"), None, &[]);
    let refusal = refused(&builder.build(), &Rules { compacted: true, ..rules() });
    assert_eq!(refusal.code, ErrorCode::InvalidTimestamp);
    assert_eq!(refusal.record_errors.len(), 2);
}

#[test]
fn a_client_that_claims_append_time_is_refused_or_corrected_p21() {
    let claimed = changed(&at(&[NOW, NOW + 7]), |header| {
        header.attributes = header.attributes.with_timestamp_type(TimestampType::LogAppendTime);
        header.max_timestamp_ms = NOW + 1_000;
    });
    let validated = accepted(&claimed, &rules());
    assert_eq!(validated.info.attributes.timestamp_type(), TimestampType::CreateTime);
    assert_eq!(validated.info.max_timestamp_ms, NOW + 7, "of the records, as consumers will see them");
    let by_broker = Rules { timestamp_type: TimestampType::LogAppendTime, ..rules() };
    let refusal = refused(&claimed, &by_broker);
    assert_eq!((refusal.code, refusal.record_errors.len()), (ErrorCode::InvalidTimestamp, 2));
    for wrong in [-1, NOW + 2 * HOUR] {
        let untimed = changed(&claimed, |header| header.max_timestamp_ms = wrong);
        assert_eq!(refused(&untimed, &rules()).code, ErrorCode::InvalidTimestamp);
    }
}

#[test]
fn log_append_time_replaces_the_header_and_leaves_the_records_p22() {
    for codec in Codec::ALL {
        let sent = good(codec);
        let validated = accepted(&sent, &Rules { timestamp_type: TimestampType::LogAppendTime, ..rules() });
        assert_eq!(validated.body.as_ptr(), sent[HEADER_LEN..].as_ptr());
        assert_eq!(validated.info.attributes.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!(validated.info.max_timestamp_ms, NOW);
        assert_eq!(validated.info.base_timestamp_ms, NOW);
        assert_eq!((validated.max_timestamp_ms, validated.offset_of_max_timestamp), (NOW, 0));
    }
    let late = at(&[NOW + 100 * HOUR]);
    accepted(&late, &Rules { timestamp_type: TimestampType::LogAppendTime, ..rules() });
}

#[test]
fn the_max_timestamp_is_the_records_not_the_clients_p24() {
    for codec in Codec::ALL {
        let lying = changed(&good(codec), |header| header.max_timestamp_ms = 5);
        let validated = accepted(&lying, &rules());
        assert_eq!(validated.info.max_timestamp_ms, NOW + 5);
        assert_eq!(validated.header, good(codec)[..HEADER_LEN]);
    }
}

#[test]
fn a_topic_with_a_codec_gets_its_codec_and_only_then_new_bytes_p23() {
    for from in Codec::ALL {
        for to in Codec::ALL {
            let level = to.default_level();
            let sent = good(from);
            let compression = TopicCompression::Codec { codec: to, level };
            let validated = accepted(&sent, &Rules { compression, ..rules() });
            assert_eq!(validated.info.attributes.codec(), Ok(to));
            assert_eq!(validated.body.as_ptr() == sent[HEADER_LEN..].as_ptr(), from == to, "{from:?} to {to:?}");
            let stored = Bytes::from([&validated.header[..], &validated.body].concat());
            let records = |bytes: &Bytes| {
                let batch = Batch::parse(bytes).unwrap();
                crate::records(&batch).collect::<Result<Vec<_>, _>>().unwrap()
            };
            assert_eq!(records(&stored), records(&sent));
        }
    }
}

#[test]
fn the_size_is_checked_again_after_recompression_p15() {
    let mut builder = BatchBuilder::new(Codec::Zstd);
    builder.append(NOW, None, Some(&[b'x'; 10_000]), &[]);
    let compression = TopicCompression::Codec { codec: Codec::None, level: 0 };
    let rules = Rules { max_message_bytes: 5_000, compression, ..rules() };
    assert_eq!(refused(&builder.build(), &rules), Refusal::of(ErrorCode::MessageTooLarge));
}

/// A batch of one record whose value is this many zeroes.
fn bomb(codec: Codec, bytes: u64) -> Bytes {
    let mut value_len = Vec::new();
    write_varlong(&mut value_len, bytes as i64);
    let mut head = Vec::new();
    write_varlong(&mut head, bytes as i64 + value_len.len() as i64 + 5);
    head.extend_from_slice(&[0, 0, 0, 1]);
    head.extend_from_slice(&value_len);
    let stream = (&head[..]).chain(std::io::repeat(0).take(bytes)).chain(&[0u8][..]);
    of_raw(codec, 1, &compress(codec, 1, stream, usize::MAX).unwrap())
}

#[test]
fn a_large_value_is_walked_through_a_window() {
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        accepted(&bomb(codec, 64 << 20), &Rules { max_message_bytes: i32::MAX, ..rules() });
    }
}

/// A zstd frame that asks for a window of 2^`window_log` bytes and holds one record with so many zeros, as run-length
/// blocks of 128 KiB.
fn windowed(window_log: u8, bytes: u32) -> Bytes {
    const RUN: u32 = 128 << 10;
    let mut head = Vec::new();
    let mut value_len = Vec::new();
    write_varlong(&mut value_len, i64::from(bytes));
    write_varlong(&mut head, i64::from(bytes) + value_len.len() as i64 + 5);
    head.extend_from_slice(&[0, 0, 0, 1]);
    head.extend_from_slice(&value_len);
    let block = |size: u32, kind: u32, last: u32| ((size << 3) | (kind << 1) | last).to_le_bytes()[..3].to_vec();
    let mut body = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (window_log - 10) << 3];
    body.extend(block(u32::try_from(head.len()).unwrap(), 0, 0));
    body.extend(head);
    for _ in 0..bytes / RUN {
        body.extend(block(RUN, 1, 0));
        body.push(0);
    }
    body.extend(block(1, 0, 1));
    body.push(0);
    of_raw(Codec::Zstd, 1, &body)
}

#[test]
fn zstd_with_a_window_of_128_mib_is_read_as_long_as_its_content_is_small_p19() {
    for window_log in [20, 23, 24, 27] {
        accepted(&windowed(window_log, 4 << 20), &rules());
        let to_gzip = TopicCompression::Codec { codec: Codec::Gzip, level: 1 };
        accepted(&windowed(window_log, 4 << 20), &Rules { compression: to_gzip, ..rules() });
    }
    accepted(&windowed(23, 64 << 20), &rules());
    assert_eq!(code(&windowed(24, 64 << 20)), ErrorCode::InvalidRecord);
    assert_eq!(code(&windowed(27, 64 << 20)), ErrorCode::InvalidRecord);
    assert_eq!(code(&windowed(28, 4 << 20)), ErrorCode::CorruptMessage, "larger than Java reads");
}

#[test]
fn a_bomb_past_the_limit_is_an_invalid_record_p19() {
    let bomb = bomb(Codec::Zstd, 1 << 30);
    assert!(bomb.len() < 1_048_588, "the bomb itself is small: {}", bomb.len());
    assert_eq!(code(&bomb), ErrorCode::InvalidRecord);
}
