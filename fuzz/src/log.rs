//! The small files of a partition and of a log directory.

use std::collections::{BTreeMap, VecDeque};

use klamm_base::{NodeId, Offset, ProducerEpoch, ProducerId, Sequence, TopicId, TopicPartition, name};
use klamm_log::{
    BatchEntry, MetaProperties, ProducerEntry, encode_offset_checkpoint, encode_producer_snapshot,
    parse_epoch_checkpoint, parse_meta_properties, parse_offset_checkpoint, parse_offset_index,
    parse_partition_dir_name, parse_partition_metadata, parse_producer_snapshot, parse_time_index,
};

/// Where the bytes under a snapshot's CRC begin.
const SNAPSHOT_CRC_FROM: usize = 6;

/// Offset indexes: what is accepted rises, and is what the bytes say.
pub fn log_offset_index(data: &[u8]) {
    let Some(entries) = parse_offset_index(data) else { return };
    let bytes: Vec<u8> = entries
        .iter()
        .flat_map(|entry| [entry.relative_offset.to_be_bytes(), entry.position.to_be_bytes()])
        .flatten()
        .collect();
    assert!(data.starts_with(&bytes));
    assert!(data[bytes.len()..].iter().all(|byte| *byte == 0), "only padding is dropped");
    for pair in entries.windows(2) {
        assert!(pair[0].relative_offset < pair[1].relative_offset && pair[0].position < pair[1].position);
    }
}

/// Time indexes: what is accepted rises, and is what the bytes say.
pub fn log_time_index(data: &[u8]) {
    let Some(entries) = parse_time_index(data) else { return };
    let bytes: Vec<u8> = entries
        .iter()
        .flat_map(|entry| [&entry.timestamp_ms.to_be_bytes()[..], &entry.relative_offset.to_be_bytes()].concat())
        .collect();
    assert!(data.starts_with(&bytes));
    assert!(data[bytes.len()..].iter().all(|byte| *byte == 0), "only padding is dropped");
    for pair in entries.windows(2) {
        assert!(pair[0].relative_offset < pair[1].relative_offset && pair[0].timestamp_ms < pair[1].timestamp_ms);
    }
}

/// Producer snapshots: what was read can be written and read again. An odd first byte gives the rest a fitting CRC.
pub fn log_producer_snapshot(data: &[u8]) {
    let Some((seal, snapshot)) = data.split_first() else { return };
    let mut snapshot = snapshot.to_vec();
    if seal & 1 == 1 && snapshot.len() >= SNAPSHOT_CRC_FROM {
        let crc = crc32c::crc32c(&snapshot[SNAPSHOT_CRC_FROM..]);
        snapshot[2..SNAPSHOT_CRC_FROM].copy_from_slice(&crc.to_be_bytes());
    }
    let Some(producers) = parse_producer_snapshot(&snapshot) else { return };
    for producer in &producers {
        for batch in &producer.batches {
            // Whatever the entry claims, these are numbers and no overflow.
            let _ = (batch.first_sequence(), batch.first_offset(), producer.last_sequence());
        }
    }
    let written = encode_producer_snapshot(producers.iter());
    assert_eq!(parse_producer_snapshot(&written), Some(producers));
}

/// Leader-epoch checkpoints: what is accepted rises.
pub fn log_epoch_checkpoint(data: &[u8]) {
    let Ok(epochs) = parse_epoch_checkpoint(data) else { return };
    for pair in epochs.entries().windows(2) {
        assert!(pair[0].epoch < pair[1].epoch && pair[0].start_offset < pair[1].start_offset);
    }
    assert_eq!(epochs.latest(), epochs.entries().last().map(|entry| entry.epoch));
}

/// Offset checkpoints: what was read can be written and read again.
pub fn log_offset_checkpoint(data: &[u8]) {
    if let Ok(offsets) = parse_offset_checkpoint(data) {
        assert_eq!(parse_offset_checkpoint(encode_offset_checkpoint(&offsets).as_bytes()), Ok(offsets));
    }
}

/// meta.properties: what was read can be written and read again.
pub fn log_meta_properties(data: &[u8]) {
    if let Ok(meta) = parse_meta_properties(data) {
        assert_eq!(parse_meta_properties(meta.encode().as_bytes()), Ok(meta));
    }
}

/// partition.metadata: an id that is none is never accepted.
pub fn log_partition_metadata(data: &[u8]) {
    if let Some(metadata) = parse_partition_metadata(data) {
        assert!(!metadata.topic_id.is_zero());
        let written = format!("version: 0\ntopic_id: {}\n", metadata.topic_id);
        assert_eq!(parse_partition_metadata(written.as_bytes()), Some(metadata));
    }
}

/// Names of folders: what is accepted names a topic that may exist, and a partition.
pub fn log_partition_dir_name(data: &[u8]) {
    let Some(partition) = std::str::from_utf8(data).ok().and_then(parse_partition_dir_name) else { return };
    assert_eq!(name::topic_name_fault(&partition.topic), None);
    assert!(partition.partition >= 0);
    let written = format!("{}-{}", partition.topic, partition.partition);
    assert_eq!(parse_partition_dir_name(&written), Some(partition));
}

/// Offset indexes of none and some entries, with and without padding.
pub fn offset_index_seeds() -> Vec<Vec<u8>> {
    let entries = [(9u32, 5_000u32), (20, 9_100), (4_000, 1 << 20)];
    let bytes: Vec<u8> =
        entries.iter().flat_map(|(offset, at)| [offset.to_be_bytes(), at.to_be_bytes()].concat()).collect();
    vec![Vec::new(), bytes.clone(), [&bytes[..], &[0; 32]].concat()]
}

/// Time indexes of none and some entries, with and without padding.
pub fn time_index_seeds() -> Vec<Vec<u8>> {
    let entries = [(1_700_000_000_000i64, 9u32), (1_700_000_000_001, 20), (1_800_000_000_000, 21)];
    let entry = |(time, offset): &(i64, u32)| [&time.to_be_bytes()[..], &offset.to_be_bytes()].concat();
    let bytes: Vec<u8> = entries.iter().flat_map(entry).collect();
    vec![Vec::new(), bytes.clone(), [&bytes[..], &[0; 24]].concat()]
}

fn producer(id: i64, batches: usize) -> ProducerEntry {
    let batch = |n: i32| BatchEntry {
        last_sequence: Sequence(n * 10 + 9),
        last_offset: Offset(i64::from(n) * 10 + 9),
        offset_delta: 9,
        timestamp_ms: 1_700_000_000_000 + i64::from(n),
    };
    let batches: VecDeque<BatchEntry> = (0..).map(batch).take(batches).collect();
    ProducerEntry {
        producer_id: ProducerId(id),
        epoch: ProducerEpoch(3),
        coordinator_epoch: -1,
        last_timestamp_ms: batches.back().map_or(1_700_000_000_000, |batch| batch.timestamp_ms),
        batches,
    }
}

/// Snapshots of none, one and several producers, sealed and not.
pub fn producer_snapshot_seeds() -> Vec<Vec<u8>> {
    let groups = [vec![], vec![producer(7, 5)], vec![producer(1, 1), producer(2, 0), producer(3, 3)]];
    let snapshots = groups.iter().map(|producers| encode_producer_snapshot(producers.iter()));
    snapshots.flat_map(|snapshot| [[&[0][..], &snapshot].concat(), [&[1][..], &snapshot].concat()]).collect()
}

/// Checkpoints of none and some epochs.
pub fn epoch_checkpoint_seeds() -> Vec<Vec<u8>> {
    [&b"0\n0\n"[..], b"0\n1\n0 0\n", b"0\n3\n0 0\n3 1200\n7 9223372036854775807\n"].map(<[u8]>::to_vec).to_vec()
}

/// Checkpoints of none and some partitions.
pub fn offset_checkpoint_seeds() -> Vec<Vec<u8>> {
    let offsets = [("orders", 0, 17), ("orders", 1, i64::MAX), ("__consumer_offsets", 49, 0)];
    let offsets: BTreeMap<TopicPartition, Offset> = offsets
        .into_iter()
        .map(|(topic, partition, offset)| (TopicPartition::new(topic, partition), Offset(offset)))
        .collect();
    vec![encode_offset_checkpoint(&BTreeMap::new()).into_bytes(), encode_offset_checkpoint(&offsets).into_bytes()]
}

/// Files of both versions.
pub fn meta_properties_seeds() -> Vec<Vec<u8>> {
    let meta = MetaProperties {
        cluster_id: "5L6g3nShT-eMCtK--X86sw".to_owned(),
        node_id: NodeId(1),
        directory_id: Some(TopicId::from_random([7; 16])),
    };
    let escaped = b"#\n#Sat Nov 21 12:00:00 UTC 2026\nversion=0\nbroker.id=3\ncluster.id=a\\:b\\ c\n";
    vec![meta.encode().into_bytes(), escaped.to_vec()]
}

/// A file as Kafka writes it.
pub fn partition_metadata_seeds() -> Vec<Vec<u8>> {
    vec![format!("version: 0\ntopic_id: {}\n", TopicId::from_random([9; 16])).into_bytes()]
}

/// Names of folders of live, deleted and moving partitions, and of none.
pub fn partition_dir_name_seeds() -> Vec<Vec<u8>> {
    let names = ["orders-0", "a.b_c-d-17", "__consumer_offsets-49", "t-007", "t-2147483647", "t-0.4cf3-delete", "t--1"];
    names.map(|name| name.as_bytes().to_vec()).to_vec()
}
