//! The batches and records of a log, and of a snapshot of the cluster's metadata.

use std::sync::Arc;

use bytes::Bytes;
use klamm_env::File;
use klamm_record::{Batch, BatchHeader, ControlType, HEADER_LEN, Record, TimestampType, is_crc_valid, records};

use super::decode::{self, Decoder};
use super::text::java_text;
use super::{Ask, Failure, Faults, absolute, io_failure, offset_of, open};
use crate::io::Io;

/// The bytes up to and with the magic.
const HEAD_LEN: u64 = 17;
/// The bytes before those that a length counts.
const LOG_OVERHEAD: u64 = 12;
/// The least length of any format (`LegacyRecord.RECORD_OVERHEAD_V0`).
const LEAST_LENGTH: i32 = 14;

/// The least length of a batch of magic 2.
const LENGTH_OF_HEADER: i32 = 49;

const KAFKA: &str = "org.apache.kafka.common.KafkaException";

/// A log file, or a part of one (`FileRecords`).
pub(super) struct LogFile {
    file: Arc<dyn File>,
    name: String,
    /// Its size in bytes when it was opened.
    pub(super) len: u64,
}

/// A batch with its header's fields as they are, whatever they say.
pub(super) struct Found {
    /// The batch; of a magic above 2 it is read as of 2.
    pub(super) batch: Batch,
    magic: i8,
    is_valid: bool,
}

impl LogFile {
    pub(super) fn open(name: &str) -> Result<LogFile, Failure> {
        let file = open(name)?;
        let len = file.len().map_err(|problem| io_failure(name, &problem))?;
        Ok(LogFile { file, name: name.to_owned(), len })
    }

    /// The end of the part from `position`, of `size` bytes at most (`FileRecords.availableBytes`).
    pub(super) fn slice_end(&self, position: i64, size: i32) -> Result<u64, Failure> {
        let this = || self.shown(i64::from(i32::MAX));
        let Ok(start) = u64::try_from(position) else {
            return Err(Failure::illegal(format!("Invalid position: {position} in read from {}", this())));
        };
        if start > self.len {
            return Err(Failure::illegal(format!("Slice from position {position} exceeds end position of {}", this())));
        }
        let Ok(size) = u64::try_from(size) else {
            return Err(Failure::illegal(format!("Invalid size: {size} in read from {}", this())));
        };
        Ok(self.len.min(start.saturating_add(size)))
    }

    fn shown(&self, end: i64) -> String {
        format!("FileRecords(size={}, file={}, start=0, end={end})", self.len, self.name)
    }

    /// The batch at `position`; `None` if it does not end before `end` (`FileLogInputStream.nextBatch`).
    pub(super) fn batch_at(&self, position: u64, end: u64) -> Result<Option<Found>, Failure> {
        if position + HEAD_LEN > end {
            return Ok(None);
        }
        let head = self.read(position, HEAD_LEN).map_err(|failure| match failure.class {
            "java.io.IOException" => {
                Failure::thrown(KAFKA, failure.message.map(|message| format!("java.io.IOException: {message}")))
            }
            _ => failure,
        })?;
        let field = head.get(8..12).and_then(|field| field.first_chunk()).copied().unwrap_or_default();
        let length = i32::from_be_bytes(field);
        if length < LEAST_LENGTH {
            let text = format!(
                "Found record size {length} smaller than minimum record overhead ({LEAST_LENGTH}) in file {}.",
                self.name
            );
            return Err(Failure::thrown("org.apache.kafka.common.errors.CorruptRecordException", Some(text)));
        }
        let size = u64::from(length.unsigned_abs()) + LOG_OVERHEAD;
        if position + size > end {
            return Ok(None);
        }
        let magic = head.get(16).map_or(0, |byte| *byte as i8);
        if magic < 2 {
            let text = format!(
                "the batch at position {position} of {} is of message format v{magic}, from before Kafka 0.11, which this \
                 tool does not read",
                self.name
            );
            return Err(Failure::thrown(
                "org.apache.kafka.common.errors.UnsupportedForMessageFormatException",
                Some(text),
            ));
        }
        self.found(position, size, magic, end).map(Some)
    }

    /// A batch that is too short for a header is shown with what lies behind it in the file.
    fn found(&self, position: u64, size: u64, magic: i8, end: u64) -> Result<Found, Failure> {
        if position + HEADER_LEN as u64 > self.len {
            let end = i64::try_from(end).unwrap_or(i64::MAX);
            let text = format!("Failed to load record batch at position {position} from {}", self.shown(end));
            return Err(Failure::thrown(KAFKA, Some(text)));
        }
        let mut head = self.read(position, HEADER_LEN as u64)?.to_vec();
        let length = head.get(8..12).and_then(|field| field.first_chunk()).copied().unwrap_or_default();
        // Whatever its magic and length are, it is read as a batch of today.
        head.splice(8..12, LENGTH_OF_HEADER.to_be_bytes());
        head.splice(16..17, [2]);
        let mut header = BatchHeader::parse(&head).map_err(|fault| invalid(&fault.to_string()))?;
        header.length = i32::from_be_bytes(length);
        let mut bytes = self.read(position, size)?;
        let is_valid = is_crc_valid(&bytes);
        if magic != 2 && bytes.len() > 16 {
            let mut patched = bytes.to_vec();
            patched[16] = 2;
            bytes = Bytes::from(patched);
        }
        Ok(Found { batch: Batch { header, bytes }, magic, is_valid })
    }

    fn read(&self, position: u64, len: u64) -> Result<Bytes, Failure> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.file.read_at(position, len).map_err(|problem| io_failure(&self.name, &problem))
    }
}

fn invalid(why: &str) -> Failure {
    Failure::thrown("org.apache.kafka.common.InvalidRecordException", Some(why))
}

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
