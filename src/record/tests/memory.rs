//! How much memory a bomb takes: a process of its own, because it measures the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may fail by it, in its helpers as well")]

use std::io::Read;

use bytes::Bytes;
use klamm_record::{
    BatchBuilder, BatchHeader, Codec, HEADER_LEN, Rules, TimestampType, TopicCompression, compress, records,
    validate_produced,
};

const VALUE_BYTES: u64 = 256 << 20;
const ALLOWED_KIB: u64 = 24 << 10;

/// The most memory that this process had so far, in KiB.
#[allow(clippy::disallowed_methods)]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A batch of one record of 256 MiB.
fn bomb(codec: Codec) -> Bytes {
    let varint = [0x80, 0x80, 0x80, 0x80, 0x02];
    let size = [0x94, 0x80, 0x80, 0x80, 0x02];
    let head = [&size[..], &[0, 0, 0, 1], &varint].concat();
    let stream = (&head[..]).chain(std::io::repeat(0).take(VALUE_BYTES)).chain(&[0u8][..]);
    let body = compress(codec, 1, stream, usize::MAX).unwrap();
    let mut template = BatchBuilder::new(codec);
    template.append(0, None, None, &[]);
    let mut header = BatchHeader::parse(&template.build()).unwrap();
    header.length = 49 + i32::try_from(body.len()).unwrap();
    [&header.seal(&body)[..], &body].concat().into()
}

/// The zstd bomb again, in a frame that asks for a window of 128 MiB: its blocks are the same.
fn in_a_large_window(bomb: &Bytes) -> Bytes {
    let mut body = bomb[HEADER_LEN..].to_vec();
    assert_eq!(
        (body[4], body[5] & 7),
        (0, 0),
        "a frame head of six bytes: no content size, no checksum, no dictionary"
    );
    body[5] = 17 << 3;
    [&BatchHeader::parse(bomb).unwrap().seal(&body)[..], &body].concat().into()
}

#[test]
fn a_record_of_256_mib_is_checked_in_a_window_p19() {
    let rules = Rules {
        request_version: 13,
        max_message_bytes: i32::MAX,
        compacted: false,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: i64::MAX,
        compression: TopicCompression::Producer,
    };
    let bombs = [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd].map(bomb);
    let before = peak_kib();
    for bomb in &bombs {
        let validated = validate_produced(bomb, &rules, 0).unwrap();
        assert_eq!(validated.body.len(), bomb.len() - HEADER_LEN);
        let to_plain = TopicCompression::Codec { codec: Codec::None, level: 0 };
        let small = Rules { max_message_bytes: 1_048_588, compression: to_plain, ..rules.clone() };
        assert!(validate_produced(bomb, &small, 0).is_err(), "too large once it is not compressed");
    }
    assert!(
        validate_produced(&in_a_large_window(&bombs[3]), &rules, 0).is_err(),
        "its window is as large as its content"
    );
    let grown = peak_kib() - before;
    assert!(grown < ALLOWED_KIB, "{grown} KiB for records of 256 MiB");
    let batch = klamm_record::batches(&bombs[3]).next().unwrap().unwrap();
    let record = records(&batch).next().unwrap().unwrap();
    assert_eq!(record.value.unwrap().len() as u64, VALUE_BYTES);
}
