//! The file that keeps producer state over a restart (`ProducerStateManager`, `ProducerSnapshot.json`).
//!
//! ```text
//! NNN.snapshot:  | version i16 = 1 | crc32c u32 of what follows | count i32 | count entries of 46 bytes |
//! entry:         | producer id i64 | epoch i16 | last sequence i32 | last offset i64 | offset delta i32 |
//!                | timestamp i64 | coordinator epoch i32 | first offset of the open transaction i64, -1 for none |
//! ```
//!
//! Kafka writes one entry per producer, its last batch, so that after a restart only that one is known as a duplicate.
//! We write one entry for each of the remembered batches, oldest first: a stock broker that reads the file lets the last
//! entry of a producer win and has what it would have written itself, and we have all five.

use std::io::{self, IoSlice};
use std::path::Path;

use klamm_base::{Offset, ProducerEpoch, ProducerId, Sequence};
use klamm_env::{Disk, Mode};

use crate::producers::{BatchEntry, ProducerEntry, Producers};

const VERSION: i16 = 1;
const ENTRY_LEN: usize = 46;
/// Where the bytes under the CRC begin.
const CRC_FROM: usize = 6;
const NO_OFFSET: i64 = -1;

/// The bytes of a snapshot.
pub fn encode_producer_snapshot<'a>(producers: impl Iterator<Item = &'a ProducerEntry>) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.extend_from_slice(&[0; 8]);
    let mut count = 0i32;
    for producer in producers {
        let bare = bare_batch(producer);
        let batches = producer.batches.iter().chain(producer.batches.is_empty().then_some(&bare));
        for batch in batches {
            encode_entry(producer, batch, &mut bytes);
            count += 1;
        }
    }
    bytes[CRC_FROM..CRC_FROM + 4].copy_from_slice(&count.to_be_bytes());
    let crc = crc32c::crc32c(&bytes[CRC_FROM..]);
    bytes[2..CRC_FROM].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// What stands in the file for a producer without batches.
fn bare_batch(producer: &ProducerEntry) -> BatchEntry {
    BatchEntry {
        last_sequence: Sequence::NONE,
        last_offset: Offset::NONE,
        offset_delta: 0,
        timestamp_ms: producer.last_timestamp_ms,
    }
}

fn encode_entry(producer: &ProducerEntry, batch: &BatchEntry, out: &mut Vec<u8>) {
    out.extend_from_slice(&producer.producer_id.0.to_be_bytes());
    out.extend_from_slice(&producer.epoch.0.to_be_bytes());
    out.extend_from_slice(&batch.last_sequence.0.to_be_bytes());
    out.extend_from_slice(&batch.last_offset.0.to_be_bytes());
    out.extend_from_slice(&batch.offset_delta.to_be_bytes());
    out.extend_from_slice(&batch.timestamp_ms.to_be_bytes());
    out.extend_from_slice(&producer.coordinator_epoch.to_be_bytes());
    out.extend_from_slice(&NO_OFFSET.to_be_bytes());
}

/// Reads the bytes of a snapshot; `None` if they are damaged.
pub fn parse_producer_snapshot(bytes: &[u8]) -> Option<Vec<ProducerEntry>> {
    parse(bytes).map(|producers| producers.iter().cloned().collect())
}

pub(crate) fn parse(bytes: &[u8]) -> Option<Producers> {
    let (head, entries) = bytes.split_at_checked(CRC_FROM + 4)?;
    let mut head = Cursor(head);
    let is_version_known = i16::from_be_bytes(head.take()?) == VERSION;
    let is_whole = u32::from_be_bytes(head.take()?) == crc32c::crc32c(bytes.get(CRC_FROM..)?);
    let count = usize::try_from(i32::from_be_bytes(head.take()?)).ok()?;
    if !is_version_known || !is_whole || count.checked_mul(ENTRY_LEN)? != entries.len() {
        return None;
    }
    let mut producers = Producers::default();
    for entry in entries.chunks_exact(ENTRY_LEN) {
        parse_entry(Cursor(entry), &mut producers)?;
    }
    Some(producers)
}

fn parse_entry(mut entry: Cursor<'_>, producers: &mut Producers) -> Option<()> {
    let producer_id = ProducerId(i64::from_be_bytes(entry.take()?));
    let epoch = ProducerEpoch(i16::from_be_bytes(entry.take()?));
    let last_sequence = Sequence(i32::from_be_bytes(entry.take()?));
    let last_offset = Offset(i64::from_be_bytes(entry.take()?));
    let offset_delta = i32::from_be_bytes(entry.take()?);
    let timestamp_ms = i64::from_be_bytes(entry.take()?);
    let coordinator_epoch = i32::from_be_bytes(entry.take()?);
    let producer = producers.entry_mut(producer_id, epoch);
    producer.coordinator_epoch = coordinator_epoch;
    if last_offset.0 >= 0 {
        producer.push(epoch, BatchEntry { last_sequence, last_offset, offset_delta, timestamp_ms });
    } else {
        // A producer of which only the end of a transaction is in the log.
        let mut bare = ProducerEntry::new(producer_id, epoch);
        bare.coordinator_epoch = coordinator_epoch;
        bare.last_timestamp_ms = timestamp_ms;
        producers.insert(bare);
    }
    Some(())
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }
}

/// Writes a snapshot. Not synced: a torn one is told by its CRC, and then the log is read instead.
pub(crate) fn write(disk: &dyn Disk, path: &Path, producers: &Producers, synced: bool) -> io::Result<()> {
    let bytes = encode_producer_snapshot(producers.iter());
    let file = disk.open(path, Mode::CreateEmpty)?;
    file.write_at(0, &mut [IoSlice::new(&bytes)])?;
    if synced { file.sync_data() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn producers() -> Producers {
        let mut producers = Producers::default();
        for (id, batches) in [(7, 5), (9, 1)] {
            let entry = producers.entry_mut(ProducerId(id), ProducerEpoch(3));
            for n in 0..batches {
                let batch = BatchEntry {
                    last_sequence: Sequence(10 * n + 9),
                    last_offset: Offset(i64::from(100 * n + 9)),
                    offset_delta: 9,
                    timestamp_ms: 1_000 + i64::from(n),
                };
                entry.push(ProducerEpoch(3), batch);
            }
        }
        producers
    }

    #[test]
    fn all_five_batches_survive_the_file_i11() {
        let before = producers();
        let bytes = encode_producer_snapshot(before.iter());
        assert_eq!(bytes.len(), 10 + 6 * ENTRY_LEN);
        assert_eq!(bytes[..2], [0, 1]);
        assert_eq!(parse(&bytes), Some(before));
    }

    #[test]
    fn a_damaged_byte_is_always_noticed_i11() {
        let bytes = encode_producer_snapshot(producers().iter());
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            assert_eq!(parse(&bad), None, "byte {at}");
            assert_eq!(parse(&bytes[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn a_producer_without_batches_survives_the_file() {
        let mut producers = Producers::default();
        let mut bare = ProducerEntry::new(ProducerId(1), ProducerEpoch(4));
        bare.last_timestamp_ms = 5;
        producers.insert(bare);
        assert_eq!(parse(&encode_producer_snapshot(producers.iter())), Some(producers));
    }
}
