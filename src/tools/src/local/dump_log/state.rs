//! What a partition keeps beside its log: snapshots of producers, and aborted transactions
//! (`ProducerStateManager.readSnapshot`, `TransactionIndex`).

use std::path::Path;

use klamm_env::{Disk, DiskOs};

use super::{Failure, io_failure, offset_of};
use crate::io::Io;

const ENTRY_LEN: usize = 46;
/// Where the bytes under a snapshot's checksum begin.
const CRC_FROM: usize = 6;
const ABORTED_LEN: usize = 34;

/// Dumps a snapshot of producers; one that is damaged is told on standard error and is no failure.
pub(super) fn dump_producers(name: &str, io: &mut Io) -> Result<(), Failure> {
    let bytes = DiskOs.read(Path::new(name)).map_err(|problem| io_failure(name, &problem))?;
    match check_snapshot(&bytes) {
        Ok(entries) => entries.chunks_exact(ENTRY_LEN).for_each(|entry| io.say(producer(entry))),
        Err(why) => io.complain(why),
    }
    Ok(())
}

/// The entries of a sound snapshot.
fn check_snapshot(bytes: &[u8]) -> Result<&[u8], String> {
    let schema = |why: &str| format!("Snapshot failed schema validation: {why}");
    let version = bytes.first_chunk().map(|field| i16::from_be_bytes(*field)).ok_or_else(|| schema("null"))?;
    if version != 1 {
        return Err(schema(&format!("Snapshot contained an unknown file version {version}")));
    }
    let head: &[u8; 8] = bytes.get(2..).and_then(|rest| rest.first_chunk()).ok_or_else(|| schema("null"))?;
    let [c0, c1, c2, c3, n0, n1, n2, n3] = *head;
    let (stored, count) = (u32::from_be_bytes([c0, c1, c2, c3]), i32::from_be_bytes([n0, n1, n2, n3]));
    let entries = &bytes[10..];
    let wanted = usize::try_from(count).ok().and_then(|count| count.checked_mul(ENTRY_LEN));
    let Some(entries) = wanted.and_then(|wanted| entries.get(..wanted)) else {
        let why = match count {
            ..0 => "non-nullable field producerEntries was serialized as null".to_owned(),
            _ if usize::try_from(count).is_ok_and(|count| count > entries.len()) => {
                format!(
                    "Tried to allocate a collection of size {count}, but there are only {} bytes remaining.",
                    entries.len()
                )
            }
            _ => "null".to_owned(),
        };
        return Err(schema(&why));
    };
    let computed = crc32c(&bytes[CRC_FROM..]);
    if stored != computed {
        return Err(format!(
            "Snapshot is corrupt (CRC is no longer valid). Stored crc: {stored}. Computed crc: {computed}"
        ));
    }
    Ok(entries)
}

/// The checksum that a batch has too, which is where the record room counts it: from its byte 21 on.
fn crc32c(bytes: &[u8]) -> u32 {
    klamm_record::crc_of(&[&[0; 21][..], bytes].concat())
}

fn producer(entry: &[u8]) -> String {
    let producer_id = i64_at(entry, 0);
    let epoch = entry.get(8..).and_then(|rest| rest.first_chunk()).map_or(0, |field| i16::from_be_bytes(*field));
    let (last_sequence, last_offset, delta) = (i32_at(entry, 10), i64_at(entry, 14), i32_at(entry, 22));
    let (time, coordinator_epoch, transaction) = (i64_at(entry, 26), i32_at(entry, 34), i64_at(entry, 38));
    let transaction =
        if transaction < 0 { "OptionalLong.empty".to_owned() } else { format!("OptionalLong[{transaction}]") };
    let mut line = format!(
        "producerId: {producer_id} producerEpoch: {epoch} coordinatorEpoch: {coordinator_epoch} currentTxnFirstOffset: \
         {transaction} lastTimestamp: {time}"
    );
    if last_offset >= 0 {
        let first_sequence = before(last_sequence, delta);
        line.push_str(&format!(
            " firstSequence: {first_sequence} lastSequence: {last_sequence} lastOffset: {last_offset} offsetDelta: {delta} \
             timestamp: {time}"
        ));
    }
    line
}

/// A sequence so many before another one (`DefaultRecordBatch.decrementSequence`).
fn before(sequence: i32, count: i32) -> i32 {
    match sequence < count {
        true => i32::MAX.wrapping_sub(count.wrapping_sub(sequence)).wrapping_add(1),
        false => sequence.wrapping_sub(count),
    }
}

/// Dumps an index of aborted transactions; a cut entry at its end is passed over.
pub(super) fn dump_aborted(name: &str, io: &mut Io) -> Result<(), Failure> {
    offset_of(name)?;
    let bytes = DiskOs.read(Path::new(name)).map_err(|problem| io_failure(name, &problem))?;
    for entry in bytes.chunks_exact(ABORTED_LEN) {
        let [producer_id, first, last, stable] = [2, 10, 18, 26].map(|at| i64_at(entry, at));
        io.say(format_args!(
            "version: 0 producerId: {producer_id} firstOffset: {first} lastOffset: {last} lastStableOffset: {stable}"
        ));
    }
    Ok(())
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |field| i64::from_be_bytes(*field))
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |field| i32::from_be_bytes(*field))
}
