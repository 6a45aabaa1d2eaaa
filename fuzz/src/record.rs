//! Record batches: the walk over batches, the check of produced ones, records, codecs.

use std::io::Read;

use bytes::Bytes;
use klamm_base::{ProducerEpoch, ProducerId};
use klamm_record::{
    Batch, BatchBuilder, BatchHeader, Codec, EndTxnMarker, HEADER_LEN, Rules, TimestampType, TopicCompression, batches,
    compress, decompress, is_crc_valid, records, validate_produced,
};

/// How much of one decompression a target reads, so that a bomb costs no minutes.
const READ_AT_MOST: u64 = 4 << 20;
const NOW_MS: i64 = 1_700_000_000_000;

/// The walk over batches: it ends, its parts lie within the input, and every whole batch parses alone.
pub fn record_batches(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let mut walk = batches(&bytes);
    let mut end = 0;
    while let Some(Ok(batch)) = walk.next() {
        assert_eq!(batch.bytes, bytes[end..end + batch.header.size_bytes()]);
        assert_eq!(Batch::parse(&bytes.slice(end..)).expect("a batch that was walked over"), batch);
        end += batch.bytes.len();
        assert_eq!(walk.whole_bytes(), end);
        assert!(batch.header.next_offset() >= batch.header.last_offset());
        let _ = EndTxnMarker::read(&batch);
    }
    assert!(walk.next().is_none(), "the walk goes on after its end");
}

/// The check of a produced batch: what it accepts has a fitting CRC, can be read, and holds what its header says.
///
/// The first byte picks the rules; an odd second one gives the batch a fitting CRC, so that mutations pass it.
pub fn record_validate(data: &[u8]) {
    let [choice, seal, sent @ ..] = data else {
        return;
    };
    let mut sent = sent.to_vec();
    if let (true, Ok(header)) = (seal & 1 == 1, BatchHeader::parse(&sent)) {
        let sealed = header.seal(&sent[HEADER_LEN..]);
        sent[..HEADER_LEN].copy_from_slice(&sealed);
    }
    let rules = rules(*choice);
    let Ok(validated) = validate_produced(&Bytes::from(sent), &rules, NOW_MS) else {
        return;
    };
    let stored = Bytes::from([&validated.header[..], &validated.body].concat());
    assert!(is_crc_valid(&stored));
    assert!(stored.len() <= usize::try_from(rules.max_message_bytes).unwrap_or(0));
    let batch = Batch::parse(&stored).expect("what was accepted is a batch");
    assert_eq!(batch.bytes.len(), stored.len());
    let read = records(&batch).collect::<Result<Vec<_>, _>>().expect("what was accepted can be read");
    assert_eq!(i32::try_from(read.len()), Ok(validated.record_count));
    for (offset, record) in (0..).zip(&read) {
        assert_eq!(record.offset.0, offset);
        assert!(record.timestamp_ms <= validated.max_timestamp_ms.max(-1));
        assert!(record.key.is_some() || !rules.compacted);
    }
}

/// The walk over records, of every whole batch: it ends, and yields no more than the header says.
pub fn record_records(data: &[u8]) {
    for batch in batches(&Bytes::copy_from_slice(data)).flatten() {
        let mut walk = records(&batch);
        let read = walk.by_ref().take_while(Result::is_ok).flatten().take(100_000);
        let mut count = 0;
        for record in read {
            assert_eq!(record.headers.iter().count(), record.headers.len());
            count += 1;
        }
        assert!(count <= batch.header.record_count.max(0));
    }
}

/// gzip streams.
pub fn record_decompress_gzip(data: &[u8]) {
    read_some(Codec::Gzip, data);
}

/// Snappy streams, raw and framed.
pub fn record_decompress_snappy(data: &[u8]) {
    read_some(Codec::Snappy, data);
}

/// LZ4 frames.
pub fn record_decompress_lz4(data: &[u8]) {
    read_some(Codec::Lz4, data);
}

/// zstd frames.
pub fn record_decompress_zstd(data: &[u8]) {
    // libzstd compares a frame with the size it claims only if one read takes all of it, so steps may end otherwise.
    if let (Some(small), Some(large)) = (read_all(Codec::Zstd, data, 61), read_all(Codec::Zstd, data, 1 << 16)) {
        assert_eq!(small, large);
    }
}

/// Reads in small and large steps; both must come to the same.
fn read_some(codec: Codec, data: &[u8]) {
    assert_eq!(read_all(codec, data, 61), read_all(codec, data, 1 << 16));
}

/// What `data` decompresses to, up to a bound, read `step` bytes at a time; `None` if it fails.
fn read_all(codec: Codec, data: &[u8], step: usize) -> Option<Vec<u8>> {
    let mut stream = decompress(codec, data).ok()?.take(READ_AT_MOST);
    let mut buffer = vec![0; step];
    let mut out = Vec::new();
    loop {
        match stream.read(&mut buffer).ok()? {
            0 => return Some(out),
            count => out.extend_from_slice(&buffer[..count]),
        }
    }
}

fn rules(choice: u8) -> Rules {
    let bit = |bit: u8| choice >> bit & 1 == 1;
    let compression = match choice >> 5 {
        target @ 0..=4 => {
            let codec = Codec::ALL[usize::from(target)];
            TopicCompression::Codec { codec, level: codec.default_level() }
        }
        _ => TopicCompression::Producer,
    };
    Rules {
        request_version: if bit(0) { 6 } else { 13 },
        max_message_bytes: if bit(1) { 300 } else { 1_048_588 },
        compacted: bit(2),
        timestamp_type: if bit(3) { TimestampType::LogAppendTime } else { TimestampType::CreateTime },
        timestamp_before_max_ms: if bit(4) { 1_000 } else { i64::MAX },
        timestamp_after_max_ms: 3_600_000,
        compression,
    }
}

fn batch(codec: Codec) -> Vec<u8> {
    let mut builder = BatchBuilder::new(codec);
    for i in 0..4 {
        let value = b"the same words again and again ".repeat(i);
        builder.append(NOW_MS + i as i64, Some(b"key"), Some(&value), &[(b"h", Some(b"v")), (b"h", None)]);
    }
    builder.append(-1, None, None, &[]);
    builder.build().to_vec()
}

/// Batches of each codec, alone and one after another, and a transaction marker.
pub fn batch_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = Codec::ALL.into_iter().map(batch).collect();
    seeds.push(seeds.concat());
    let marker = EndTxnMarker {
        producer_id: ProducerId(7),
        producer_epoch: ProducerEpoch(1),
        commit: true,
        coordinator_epoch: 1,
    };
    seeds.push(marker.batch(NOW_MS).to_vec());
    seeds
}

/// Batches of each codec under every choice of rules that accepts some.
pub fn produced_seeds() -> Vec<Vec<u8>> {
    let choices = [0b1010_0000, 0b1010_1000, 0, 0b0010_0000, 0b0100_0000, 0b0110_0000, 0b1000_0000, 0b1010_0100];
    let with = |choice: u8| Codec::ALL.map(|codec| [&[choice, 1][..], &batch(codec)].concat());
    choices.into_iter().flat_map(with).collect()
}

fn compressed(codec: Codec) -> Vec<Vec<u8>> {
    let small = b"the same words again and again ".repeat(5);
    let large: Vec<u8> = (0..90_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 29) as u8).collect();
    let bodies = [&b""[..], b"x", &small, &large];
    bodies.into_iter().filter_map(|body| compress(codec, codec.default_level(), body, usize::MAX).ok()).collect()
}

/// gzip streams of nothing, little and much.
pub fn gzip_seeds() -> Vec<Vec<u8>> {
    compressed(Codec::Gzip)
}

/// Snappy streams of nothing, little and much, and a raw block.
pub fn snappy_seeds() -> Vec<Vec<u8>> {
    let mut seeds = compressed(Codec::Snappy);
    seeds.push(b"\x08\x1cabcdefgh".to_vec());
    seeds
}

/// LZ4 frames of nothing, little and much.
pub fn lz4_seeds() -> Vec<Vec<u8>> {
    compressed(Codec::Lz4)
}

/// zstd frames of nothing, little and much.
pub fn zstd_seeds() -> Vec<Vec<u8>> {
    compressed(Codec::Zstd)
}
