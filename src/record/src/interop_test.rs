//! Batches that other clients wrote, byte for byte as a Kafka 4.3.1 broker stored them: three records of one text with
//! each codec (`fixtures/CLIENT-CODEC.batch`; librdkafka cut some into two batches).

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset};

use crate::{Batch, Codec, Record, Rules, TimestampType, TopicCompression, batches, records, stamp, validate_produced};

macro_rules! fixtures {
    ($($client:literal),*) => {
        [$(
            ($client, Codec::None, include_bytes!(concat!("../fixtures/", $client, "-none.batch")) as &[u8]),
            ($client, Codec::Gzip, include_bytes!(concat!("../fixtures/", $client, "-gzip.batch")) as &[u8]),
            ($client, Codec::Snappy, include_bytes!(concat!("../fixtures/", $client, "-snappy.batch")) as &[u8]),
            ($client, Codec::Lz4, include_bytes!(concat!("../fixtures/", $client, "-lz4.batch")) as &[u8]),
            ($client, Codec::Zstd, include_bytes!(concat!("../fixtures/", $client, "-zstd.batch")) as &[u8]),
        )*]
    };
}

const FIXTURES: [(&str, Codec, &[u8]); 25] =
    fixtures!["java-4.3.1", "java-3.9.1", "librdkafka", "kafka-python", "aiokafka"];

fn stored(bytes: &'static [u8]) -> Vec<Batch> {
    let mut walk = batches(&Bytes::from_static(bytes));
    let found = walk.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(walk.whole_bytes(), bytes.len());
    found
}

fn assert_is_the_text(client: &str, index: i64, record: &Record) {
    let value = ["the same words again and again ".repeat(8), index.to_string()].concat();
    assert_eq!(record.offset, Offset(index), "{client}");
    assert_eq!(record.timestamp_ms, 1_700_000_000_000 + index, "{client}");
    assert_eq!(record.key.as_deref(), Some(format!("key-{index}").as_bytes()), "{client}");
    assert_eq!(record.value.as_deref(), Some(value.as_bytes()), "{client}");
    let headers: Vec<_> = record.headers.iter().map(|(key, value)| (key, value.filter(|v| !v.is_empty()))).collect();
    let expected = [(Bytes::from("h"), Some(Bytes::from("a"))), (Bytes::from("h"), None)];
    assert_eq!(headers, expected, "{client}: a key that comes twice");
}

#[test]
fn the_records_of_every_client_and_codec_are_read() {
    for (client, codec, bytes) in FIXTURES {
        let mut index = 0;
        for batch in stored(bytes) {
            assert!(batch.is_crc_valid());
            assert_eq!(batch.header.attributes.codec(), Ok(codec), "{client}");
            for record in records(&batch) {
                assert_is_the_text(client, index, &record.unwrap());
                index += 1;
            }
        }
        assert_eq!(index, 3, "{client} {codec:?}");
    }
}

#[test]
fn the_batches_of_every_client_and_codec_are_accepted_as_they_are() {
    for (client, codec, bytes) in FIXTURES {
        for batch in stored(bytes) {
            let sent = as_sent(&batch);
            let validated = validate_produced(&sent, &rules(TopicCompression::Producer), 1_700_000_000_000).unwrap();
            assert_eq!([&validated.header[..], &validated.body].concat(), sent, "{client} {codec:?}");
            assert_eq!(validated.body.as_ptr(), sent[61..].as_ptr(), "no record byte is copied");
        }
    }
}

#[test]
fn the_batches_of_every_client_can_be_stored_in_every_codec_p23() {
    for (client, codec, bytes) in FIXTURES {
        for target in Codec::ALL {
            for batch in stored(bytes) {
                let compression = TopicCompression::Codec { codec: target, level: target.default_level() };
                let validated = validate_produced(&as_sent(&batch), &rules(compression), 1_700_000_000_000).unwrap();
                let restored = Batch::parse(&[&validated.header[..], &validated.body].concat().into()).unwrap();
                assert!(restored.is_crc_valid(), "{client} {codec:?} to {target:?}");
                assert_eq!(restored.header.attributes.codec(), Ok(target));
                let before = records(&batch).map(|record| record.unwrap());
                let base = batch.header.base_offset.0;
                let before: Vec<_> = before.map(|r| Record { offset: Offset(r.offset.0 - base), ..r }).collect();
                assert_eq!(records(&restored).map(|record| record.unwrap()).collect::<Vec<_>>(), before);
            }
        }
    }
}

/// The batch before the broker stamped it.
fn as_sent(batch: &Batch) -> Bytes {
    let header = stamp(batch.bytes.first_chunk().unwrap(), Offset(0), LeaderEpoch(-1));
    [&header[..], &batch.body()].concat().into()
}

fn rules(compression: TopicCompression) -> Rules {
    Rules {
        request_version: 13,
        max_message_bytes: 1_048_588,
        compacted: true,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: 3_600_000,
        compression,
    }
}
