//! The batches and records of a log, and of a snapshot of the cluster's metadata.

use bytes::Bytes;
use klamm_record::{Batch, ControlType, HEADER_LEN, Record, TimestampType, records};

use super::decode::{self, Decoder};
use super::log_file::{Found, LogFile, invalid};
use super::text::java_text;
use super::{Ask, Failure, Faults, absolute, offset_of};
use crate::io::Io;

/// Dumps a log or a snapshot.
pub(super) fn dump(name: &str, ask: &Ask<'_>, faults: &mut Faults, io: &mut Io) -> Result<(), Failure> {
    let own = name.rsplit('/').next().unwrap_or_default();
    let (decoder, max_bytes) = (ask.decoder()?, ask.max_bytes()?);
    if own.ends_with(".log") {
        io.say(format_args!("Log starting offset: {}", offset_of(name)?));
    } else if own == "bootstrap.checkpoint" {
        io.say("KRaft bootstrap snapshot");
    } else {
        let (offset, epoch) = snapshot_id(own)?;
        io.say(format_args!("Snapshot end offset: {offset}, epoch: {epoch}"));
    }
    let log = LogFile::open(name)?;
    let end = log.slice_end(0, max_bytes)?;
    let (mut position, mut last_offset) = (0, -1);
    while let Some(found) = log.batch_at(position, end)? {
        print_batch(&found, position, io)?;
        if ask.deep {
            print_records(&found, name, (ask, decoder), &mut last_offset, faults, io)?;
        }
        position += found.batch.bytes.len() as u64;
    }
    if end > position && max_bytes == i32::MAX {
        io.say(format_args!("Found {} invalid bytes at the end of {own}", end - position));
    }
    Ok(())
}

/// `OFFSET-EPOCH.checkpoint`, with 20 and 10 digits (`Snapshots.parse`).
fn snapshot_id(own: &str) -> Result<(i64, i32), Failure> {
    let part = |from: usize, to: usize| match own.get(from..to) {
        Some(part) => Ok(part),
        None => {
            let text = format!("begin {from}, end {to}, length {}", own.len());
            Err(Failure::thrown("java.lang.StringIndexOutOfBoundsException", Some(text)))
        }
    };
    let number =
        |text: &str| Failure::thrown("java.lang.NumberFormatException", Some(format!("For input string: \"{text}\"")));
    let offset = part(0, 20)?;
    let offset = offset.parse().map_err(|_| number(offset))?;
    let epoch = part(21, 31)?;
    let epoch = epoch.parse().map_err(|_| number(epoch))?;
    Ok((offset, epoch))
}

fn print_batch(found: &Found, position: u64, io: &mut Io) -> Result<(), Failure> {
    let header = &found.batch.header;
    let attributes = header.attributes;
    let horizon = match attributes.has_delete_horizon() {
        true => format!("OptionalLong[{}]", header.base_timestamp_ms),
        false => "OptionalLong.empty".to_owned(),
    };
    let _ = write!(
        io.out,
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} producerEpoch: {} \
         partitionLeaderEpoch: {} isTransactional: {} isControl: {} deleteHorizonMs: {horizon}",
        header.base_offset,
        header.last_offset(),
        header.record_count,
        header.base_sequence,
        header.last_sequence(),
        header.producer_id,
        header.producer_epoch,
        header.leader_epoch,
        attributes.is_transactional(),
        attributes.is_control(),
    );
    let codec = attributes
        .codec()
        .map_err(|_| Failure::illegal(format!("Unknown compression type id: {}", attributes.0 & 7)))?;
    io.say(format_args!(
        " position: {position} {}: {} size: {} magic: {} compresscodec: {} crc: {} isvalid: {}",
        type_name(found),
        header.max_timestamp_ms,
        found.batch.bytes.len(),
        found.magic,
        codec.name(),
        header.crc,
        found.is_valid
    ));
    Ok(())
}

fn type_name(found: &Found) -> &'static str {
    match found.batch.header.attributes.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    }
}

/// The records of a batch. The last one is given only where nothing follows it, as the stock tool reads them.
pub(super) fn each_record(batch: &Batch, mut work: impl FnMut(&Record) -> Result<(), Failure>) -> Result<(), Failure> {
    if batch.bytes.len() < HEADER_LEN {
        return Err(Failure::thrown("java.lang.IndexOutOfBoundsException", None::<String>));
    }
    if batch.header.record_count == 0 {
        return Ok(());
    }
    if batch.header.record_count < 0 {
        let text = format!("Found invalid record count {} in magic v2 batch", batch.header.record_count);
        return Err(invalid(&text));
    }
    let mut all = records(batch);
    let mut held: Option<Record> = None;
    let mut count = 0;
    for record in &mut all {
        match record {
            Ok(record) => {
                count += 1;
                if let Some(before) = held.replace(record) {
                    work(&before)?;
                }
            }
            Err(fault) => {
                let is_behind_the_last = count == batch.header.record_count;
                if let Some(before) = held.take().filter(|_| !is_behind_the_last) {
                    work(&before)?;
                }
                return Err(match (is_behind_the_last, count) {
                    (true, 1..) => invalid("Incorrect declared batch size, records still remaining in file"),
                    _ => invalid(&fault.to_string()),
                });
            }
        }
    }
    held.as_ref().map_or(Ok(()), &mut work)
}

fn print_records(
    found: &Found,
    name: &str,
    (ask, decoder): (&Ask<'_>, Decoder),
    last_offset: &mut i64,
    faults: &mut Faults,
    io: &mut Io,
) -> Result<(), Failure> {
    let header = found.batch.header;
    let is_control = header.attributes.is_control();
    each_record(&found.batch, |record| {
        if record.offset.0 != last_offset.wrapping_add(1) {
            faults.gaps.entry(absolute(name)).or_default().insert(*last_offset, record.offset.0);
        }
        *last_offset = record.offset.0;
        if !ask.skip_metadata {
            print_metadata(found, record, io)?;
        }
        if ask.print_data && !is_control {
            let (key, value) = decoder.read(record)?;
            let mut prefix = if ask.skip_metadata { "| " } else { " " };
            if let Some(key) = key {
                let _ = write!(io.out, "{prefix}key: {key}");
                prefix = " ";
            }
            if let Some(value) = value {
                let _ = write!(io.out, "{prefix}payload: {value}");
            }
        }
        io.say("");
        Ok(())
    })
}

fn print_metadata(found: &Found, record: &Record, io: &mut Io) -> Result<(), Failure> {
    let header = &found.batch.header;
    let size =
        |field: &Option<Bytes>| field.as_ref().map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    let sequence = match header.base_sequence.0 {
        0.. => {
            let delta = i32::try_from(record.offset.0.saturating_sub(header.base_offset.0)).unwrap_or(0);
            header.base_sequence.plus(delta).0
        }
        _ => -1,
    };
    let keys: Vec<String> = record.headers.iter().map(|(key, _)| java_text(&key)).collect();
    let _ = write!(
        io.out,
        "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {sequence} headerKeys: [{}]",
        record.offset,
        type_name(found),
        record.timestamp_ms,
        size(&record.key),
        size(&record.value),
        keys.join(",")
    );
    if header.attributes.is_control() {
        print_control(record, io)?;
    }
    Ok(())
}

fn print_control(record: &Record, io: &mut Io) -> Result<(), Failure> {
    let key = record.key.as_deref().unwrap_or_default();
    let kind = ControlType::read(key).ok_or_else(|| {
        let size = key.len();
        invalid(&format!(
            "Invalid value size found for end control record key. Must have at least 4 bytes, but found only {size}"
        ))
    })?;
    let value = record.value.as_deref().unwrap_or_default();
    if let Some(said) = decode::control(kind.id(), value) {
        let _ = io.out.write_all(said?.as_bytes());
        return Ok(());
    }
    let name = match kind {
        ControlType::Abort => "ABORT",
        ControlType::Commit => "COMMIT",
        ControlType::LeaderChange | ControlType::Other(_) => {
            let _ = write!(io.out, " controlType: UNKNOWN({})", kind.id());
            return Ok(());
        }
    };
    let epoch = value.get(2..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(|| {
        let size = value.len();
        invalid(&format!(
            "Invalid value size found for end transaction marker. Must have at least 6 bytes, but found only {size}"
        ))
    })?;
    let _ = write!(io.out, " endTxnMarker: {name} coordinatorEpoch: {}", i32::from_be_bytes(epoch));
    Ok(())
}
