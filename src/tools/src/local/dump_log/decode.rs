//! What a record's key and value say, by the decoder that was asked for.

use klamm_record::Record;

use super::Failure;
use super::json::Json;
use super::schema::{self, Cut, Schema, unsigned};
use super::text::java_text;

const GROUP: &str = include_str!("records/group.txt");
const TRANSACTION: &str = include_str!("records/transaction.txt");
const SHARE: &str = include_str!("records/share.txt");
const METADATA: &str = include_str!("records/metadata.txt");
const OTHER: &str = include_str!("records/other.txt");

/// Every table.
#[cfg(test)]
pub(super) const TABLES: [&str; 5] = [GROUP, TRANSACTION, SHARE, METADATA, OTHER];

/// How keys or values are read where no topic of Kafka's own is meant (`--key-decoder-class`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// UTF-8.
    Text,
    /// Four bytes.
    Integer,
    /// Eight bytes.
    Long,
}

impl Plain {
    /// The decoder of a Java class.
    pub(super) fn of_class(class: &str) -> Option<Plain> {
        let packages = ["org.apache.kafka.tools.api.", "kafka.serializer."];
        match packages.iter().find_map(|package| class.strip_prefix(package))? {
            "StringDecoder" => Some(Plain::Text),
            "IntegerDecoder" => Some(Plain::Integer),
            "LongDecoder" => Some(Plain::Long),
            _ => None,
        }
    }

    fn read(self, bytes: &[u8]) -> Result<String, Failure> {
        let short = || Failure::thrown("java.nio.BufferUnderflowException", None::<String>);
        match self {
            Plain::Text => Ok(java_text(bytes)),
            Plain::Integer => Ok(i32::from_be_bytes(*bytes.first_chunk().ok_or_else(short)?).to_string()),
            Plain::Long => Ok(i64::from_be_bytes(*bytes.first_chunk().ok_or_else(short)?).to_string()),
        }
    }
}

/// How records are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoder {
    /// Key and value by themselves.
    Plain(Plain, Plain),
    /// A coordinator's topic, by the table of its records.
    Coordinator(&'static str),
    /// The metadata of the cluster.
    Metadata,
}

impl Decoder {
    /// `--offsets-decoder`.
    pub(super) const OFFSETS: Decoder = Decoder::Coordinator(GROUP);
    /// `--transaction-log-decoder`.
    pub(super) const TRANSACTIONS: Decoder = Decoder::Coordinator(TRANSACTION);
    /// `--share-group-state-decoder`.
    pub(super) const SHARE_STATE: Decoder = Decoder::Coordinator(SHARE);

    /// What is printed of a record's key and of its value.
    pub(super) fn read(self, record: &Record) -> Result<(Option<String>, Option<String>), Failure> {
        match self {
            Decoder::Plain(key, value) => {
                let read = |how: Plain, bytes: Option<&[u8]>| bytes.map(|bytes| how.read(bytes)).transpose();
                Ok((read(key, record.key.as_deref())?, read(value, record.value.as_deref())?))
            }
            Decoder::Coordinator(table) => coordinator(table, record),
            Decoder::Metadata => {
                let offset = record.offset;
                let text = metadata(record.value.as_deref().unwrap_or_default());
                Ok((None, Some(text.unwrap_or_else(|why| format!("Error at {offset}, skipping. {why}")))))
            }
        }
    }
}

fn coordinator(table: &'static str, record: &Record) -> Result<(Option<String>, Option<String>), Failure> {
    let offset = record.offset;
    let Some(key) = record.key.as_deref() else {
        let text = format!(
            "Failed to decode message at offset {offset} using the specified decoder (message had a missing key)"
        );
        return Err(Failure::thrown("java.lang.RuntimeException", Some(text)));
    };
    Ok(match coordinator_record(table, key, record.value.as_deref()) {
        Ok((key, value)) => (Some(key), Some(value)),
        Err(Unread::UnknownType(number)) => {
            (Some(format!("Unknown record type {number} at offset {offset}, skipping.")), None)
        }
        Err(Unread::Other(why)) => (Some(format!("Error at offset {offset}, skipping. {why}")), None),
    })
}

enum Unread {
    UnknownType(i16),
    Other(String),
}

/// A coordinator's record: the key begins with the record's type, the value with its version (`CoordinatorRecordSerde`).
fn coordinator_record(table: &'static str, mut key: &[u8], value: Option<&[u8]>) -> Result<(String, String), Unread> {
    let kind = take_i16(&mut key, "key")?;
    let schema = schema::find(table, &format!("key {kind}")).ok_or(Unread::UnknownType(kind))?;
    let data = read_all(&schema, 0, &mut key, "key")?;
    let key = Json::Object(vec![("type", Json::Text(kind.to_string())), ("data", data)]).to_string();
    let Some(mut value) = value else { return Ok((key, "<DELETE>".to_owned())) };
    let version = take_i16(&mut value, "value")?;
    let schema = schema::find(table, &format!("value {kind}")).ok_or(Unread::UnknownType(kind))?;
    if !schema.has(version) {
        return Err(Unread::Other(format!("Found an unknown record version {version} for {kind} type")));
    }
    let mut data = read_all(&schema, version, &mut value, "value")?;
    if table == GROUP && kind == 2 {
        open_members(&mut data);
    }
    let value = Json::Object(vec![("version", Json::Text(version.to_string())), ("data", data)]);
    Ok((key, value.to_string()))
}

fn take_i16(bytes: &mut &[u8], what: &str) -> Result<i16, Unread> {
    let none = || Unread::Other(format!("Could not read version from {what}'s buffer."));
    let (head, rest) = bytes.split_first_chunk().ok_or_else(none)?;
    *bytes = rest;
    Ok(i16::from_be_bytes(*head))
}

fn read_all(schema: &Schema, version: i16, bytes: &mut &[u8], what: &str) -> Result<Json, Unread> {
    schema.read(version, bytes).map_err(|Cut| {
        let why = "the record ends within a field";
        Unread::Other(format!("Could not read record with version {version} from {what}'s buffer due to: {why}."))
    })
}

/// What consumers said when they joined, and were told, is bytes to the coordinator; here it is told too.
fn open_members(data: &mut Json) {
    if data.field_mut("protocolType") != Some(&mut Json::Text("consumer".to_owned())) {
        return;
    }
    let Some(Json::List(members)) = data.field_mut("members") else { return };
    for member in members {
        open(member, "subscription", "struct ConsumerProtocolSubscription");
        open(member, "assignment", "struct ConsumerProtocolAssignment");
    }
}

fn open(member: &mut Json, field: &str, name: &str) {
    let Some(content) = member.field_mut(field) else { return };
    let Json::Bytes(bytes) = &*content else { return };
    let Some((head, mut rest)) = bytes.split_first_chunk() else { return };
    let version = i16::from_be_bytes(*head);
    let read =
        schema::find(OTHER, name).filter(|schema| schema.has(version)).map(|schema| schema.read(version, &mut rest));
    if let Some(Ok(opened)) = read {
        *content = opened;
    }
}

/// A record of the cluster's metadata: frame version, type and version, each a number of seven bits a byte
/// (`MetadataRecordSerde`).
fn metadata(mut value: &[u8]) -> Result<String, String> {
    let mut number = |what: &str| unsigned(&mut value).map_err(|Cut| format!("Error while reading {what}"));
    let frame = number("frame version")?;
    if frame != 1 {
        return Err(format!("Could not deserialize metadata record with frame version {frame}"));
    }
    let (kind, version) = (number("type")?, number("version")?);
    let unknown = || format!("Unknown metadata id {kind}");
    let schema = schema::find(METADATA, &format!("value {kind}")).ok_or_else(unknown)?;
    let version = i16::try_from(version).ok().filter(|version| schema.has(*version));
    let version = version.ok_or_else(|| format!("Can't read that version of {}", schema.label))?;
    let data = schema.read(version, &mut value).map_err(|Cut| "the record ends within a field".to_owned())?;
    if !value.is_empty() {
        return Err(format!("Found {} byte(s) of garbage after {}", value.len(), schema.label));
    }
    let fields = vec![
        ("type", Json::Text(schema.label.to_owned())),
        ("version", Json::Raw(version.to_string())),
        ("data", data),
    ];
    Ok(Json::Object(fields).to_string())
}

/// What a control record of a metadata log says, with its name before it; `None` for one that is not told.
pub(super) fn control(kind: i16, value: &[u8]) -> Option<Result<String, Failure>> {
    let (title, name) = match kind {
        2 => ("LeaderChange:", "LeaderChangeMessage"),
        3 => ("SnapshotHeader", "SnapshotHeaderRecord"),
        4 => ("SnapshotFooter", "SnapshotFooterRecord"),
        5 => ("KRaftVersion", "KRaftVersionRecord"),
        6 => ("KRaftVoters", "VotersRecord"),
        _ => return None,
    };
    let schema = schema::find(OTHER, &format!("struct {name}"))?;
    // The version is the record's first field, and says how to read the whole.
    let version = value.first_chunk().map(|bytes| i16::from_be_bytes(*bytes)).unwrap_or_default();
    let version = version.clamp(schema.versions.0, schema.versions.1);
    let cut = |Cut| Failure::thrown("java.nio.BufferUnderflowException", None::<String>);
    Some(schema.read(version, &mut &*value).map(|data| format!(" {title} {data}")).map_err(cut))
}
