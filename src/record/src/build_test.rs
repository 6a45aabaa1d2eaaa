use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::{BatchBuilder, Codec, Record, TimestampType, batches, records};

fn batch_of(builder: BatchBuilder) -> crate::Batch {
    let bytes = builder.build();
    let mut walk = batches(&bytes);
    let batch = walk.next().unwrap().unwrap();
    assert!(batch.is_crc_valid());
    assert_eq!(walk.whole_bytes(), bytes.len());
    batch
}

#[test]
fn the_bytes_of_a_small_batch_are_kafkas() {
    let mut builder = BatchBuilder::new(Codec::None).leader_epoch(LeaderEpoch(0));
    builder.append(1_000, Some(b"k"), Some(b"v"), &[(b"h", None)]);
    builder.append(1_001, None, None, &[]);
    let body = [&[22, 0, 0, 0, 2, b'k', 2, b'v', 2, 2, b'h', 1][..], &[12, 0, 2, 2, 1, 1, 0]].concat();
    let batch = batch_of(builder);
    assert_eq!(batch.body(), body);
    assert_eq!(batch.header.length, 49 + 19);
    assert_eq!((batch.header.base_timestamp_ms, batch.header.max_timestamp_ms), (1_000, 1_001));
    assert_eq!((batch.header.last_offset_delta, batch.header.record_count), (1, 2));
}

#[test]
fn what_is_built_comes_back_with_every_codec_and_level() {
    for codec in Codec::ALL {
        let levels = codec.levels().map_or(vec![0], |range| vec![*range.start(), codec.default_level(), *range.end()]);
        for level in levels {
            let mut builder = BatchBuilder::new(codec)
                .level(level)
                .base_offset(Offset(500))
                .producer(ProducerId(7), ProducerEpoch(1), Sequence(30))
                .transactional();
            let value = vec![b'x'; 100_000];
            for i in 0..5 {
                builder.append(10 - i, None, Some(&value), &[(b"a", Some(b"1")), (b"a", Some(b"2"))]);
            }
            let batch = batch_of(builder);
            let found: Vec<Record> = records(&batch).map(|record| record.unwrap()).collect();
            assert_eq!(found.len(), 5, "{codec:?} at {level}");
            assert_eq!(found[4].offset, Offset(504));
            assert_eq!(found[4].timestamp_ms, 6);
            assert_eq!(found[4].value.as_deref(), Some(&value[..]));
            assert_eq!(found[4].headers.iter().map(|(_, value)| value.unwrap()).collect::<Vec<_>>(), ["1", "2"]);
            assert_eq!(batch.header.max_timestamp_ms, 10);
            assert_eq!(batch.header.last_sequence(), Sequence(34));
            assert!(batch.header.attributes.is_transactional());
            assert!(codec == Codec::None || level != codec.default_level() || batch.bytes.len() < 50_000);
        }
    }
}

#[test]
fn every_record_of_a_log_append_time_batch_has_its_max_timestamp_p22() {
    let mut builder = BatchBuilder::new(Codec::None).log_append_time(9_999);
    builder.append(1, None, None, &[]);
    builder.append(2, None, None, &[]);
    let batch = batch_of(builder);
    assert_eq!(batch.header.attributes.timestamp_type(), TimestampType::LogAppendTime);
    assert!(records(&batch).all(|record| record.unwrap().timestamp_ms == 9_999));
}

#[test]
fn compaction_keeps_the_span_and_the_sequences_of_a_batch_i7() {
    let mut builder = BatchBuilder::new(Codec::Zstd).base_offset(Offset(100)).leader_epoch(LeaderEpoch(4)).producer(
        ProducerId(7),
        ProducerEpoch(1),
        Sequence(30),
    );
    for i in 0..10 {
        builder.append(1_000 + i, Some(&[i as u8]), None, &[(b"h", Some(b"v"))]);
    }
    let original = batch_of(builder);
    let mut kept = BatchBuilder::retaining(&original.header, Codec::Zstd).delete_horizon(5_000);
    let survivors: Vec<Record> = records(&original).map(|r| r.unwrap()).filter(|r| r.offset.0 % 4 == 1).collect();
    survivors.iter().for_each(|record| kept.append_record(record));
    let kept = batch_of(kept);
    assert_eq!(records(&kept).map(|record| record.unwrap()).collect::<Vec<_>>(), survivors);
    assert_eq!(kept.header.record_count, 3);
    assert_eq!((kept.header.base_offset, kept.header.last_offset()), (Offset(100), Offset(109)));
    assert_eq!((kept.header.base_sequence, kept.header.last_sequence()), (Sequence(30), Sequence(39)));
    assert_eq!(kept.header.leader_epoch, LeaderEpoch(4));
    assert_eq!((kept.header.base_timestamp_ms, kept.header.max_timestamp_ms), (5_000, 1_009));
    assert!(kept.header.attributes.has_delete_horizon());
}

#[test]
fn a_batch_that_compaction_emptied_keeps_its_header() {
    let mut builder = BatchBuilder::new(Codec::Gzip).producer(ProducerId(7), ProducerEpoch(1), Sequence(3));
    builder.append(1_000, Some(b"k"), None, &[]);
    let original = batch_of(builder);
    let empty = batch_of(BatchBuilder::retaining(&original.header, Codec::Gzip));
    assert_eq!(empty.bytes.len(), 61);
    assert_eq!(empty.header.record_count, 0);
    assert_eq!(empty.header.last_sequence(), Sequence(3));
    assert_eq!(empty.header.max_timestamp_ms, 1_000);
    assert_eq!(records(&empty).next(), None);
}
