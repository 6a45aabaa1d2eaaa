//! From records to text (`MessageFormatter`).

use std::collections::BTreeMap;

use klamm_record::{Record, TimestampType};

use super::coordinator_records::CoordinatorFormat;
use super::deserializer::Deserializer;
use super::properties::is_true;
use crate::clients::consumer::Records;
use crate::io::Io;
use crate::thrown::Thrown;

const PACKAGE: &str = "org.apache.kafka.tools.consumer.";
const FORMATTER_LOG: &str = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";

/// A formatter.
#[derive(Clone, Debug)]
pub(super) enum Formatter {
    Default(Plain),
    /// As `Default`; the stock one also logs at INFO, which the tools' log does not show.
    Logging(Plain),
    NoOp,
    Coordinator(CoordinatorFormat),
}

impl Formatter {
    /// The formatter of a class; `None` for one that is not Kafka's own.
    pub(super) fn of_class(class: &str, properties: &BTreeMap<String, String>, io: &mut Io) -> Option<Formatter> {
        let name = class.strip_prefix(PACKAGE).or_else(|| class.strip_prefix("kafka.tools."))?;
        Some(match name {
            "DefaultMessageFormatter" => Formatter::Default(Plain::configure(properties, io)),
            "LoggingMessageFormatter" => Formatter::Logging(Plain::configure(properties, io)),
            "NoOpMessageFormatter" => Formatter::NoOp,
            "OffsetsMessageFormatter" => Formatter::Coordinator(CoordinatorFormat::Offsets),
            "GroupMetadataMessageFormatter" => Formatter::Coordinator(CoordinatorFormat::GroupMetadata),
            _ => return None,
        })
    }

    /// Writes a record behind what `out` holds. If it cannot, `out` may hold a part of it, as the stock tool's output.
    ///
    /// # Errors
    /// The exception of the deserializer.
    pub(super) fn write(&self, records: &Records, record: &Record, out: &mut Vec<u8>) -> Result<(), Thrown> {
        match self {
            Formatter::Default(plain) | Formatter::Logging(plain) => plain.write(records, record, out),
            Formatter::NoOp => Ok(()),
            Formatter::Coordinator(format) => format.write(record, out),
        }
    }
}

/// `DefaultMessageFormatter`.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    /// What is printed of a record, in its order; the last is followed by the line's end.
    columns: Vec<Column>,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null_literal: Vec<u8>,
    key: Option<Deserializer>,
    value: Option<Deserializer>,
    headers: Option<Deserializer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Timestamp,
    Partition,
    Offset,
    Delivery,
    Epoch,
    Headers,
    Key,
    Value,
}

/// In the order in which they are printed; the value alone without being asked for.
const COLUMNS: [(Column, &str); 8] = [
    (Column::Timestamp, "print.timestamp"),
    (Column::Partition, "print.partition"),
    (Column::Offset, "print.offset"),
    (Column::Delivery, "print.delivery"),
    (Column::Epoch, "print.epoch"),
    (Column::Headers, "print.headers"),
    (Column::Key, "print.key"),
    (Column::Value, "print.value"),
];

impl Plain {
    fn configure(properties: &BTreeMap<String, String>, io: &mut Io) -> Plain {
        let wanted =
            |column: Column, key: &str| properties.get(key).map_or(column == Column::Value, |text| is_true(text));
        let bytes = |key: &str, default: &str| properties.get(key).map_or(default, String::as_str).as_bytes().to_vec();
        let mut deserializer = |key: &str| {
            let class = properties.get(key)?;
            let known = Deserializer::of_class(class);
            if known.is_none() {
                let why = format!("Unable to instantiate a deserializer from {class}");
                io.log("ERROR", FORMATTER_LOG, &format!("{why}\njava.lang.ClassNotFoundException: {class}"));
            }
            known
        };
        Plain {
            columns: COLUMNS.iter().filter(|(column, key)| wanted(*column, key)).map(|(column, _)| *column).collect(),
            key_separator: bytes("key.separator", "\t"),
            line_separator: bytes("line.separator", "\n"),
            headers_separator: bytes("headers.separator", ","),
            null_literal: bytes("null.literal", "null"),
            key: deserializer("key.deserializer"),
            value: deserializer("value.deserializer"),
            headers: deserializer("headers.deserializer"),
        }
    }

    fn write(&self, records: &Records, record: &Record, out: &mut Vec<u8>) -> Result<(), Thrown> {
        for (place, column) in self.columns.iter().enumerate() {
            match column {
                Column::Timestamp => out.extend_from_slice(timestamp(records.timestamp_type, record).as_bytes()),
                Column::Partition => out.extend_from_slice(format!("Partition:{}", records.partition).as_bytes()),
                Column::Offset => out.extend_from_slice(format!("Offset:{}", record.offset).as_bytes()),
                // The stock tool does not hand these on to its formatter.
                Column::Delivery => out.extend_from_slice(b"Delivery:NOT_PRESENT"),
                Column::Epoch => out.extend_from_slice(b"Epoch:NOT_PRESENT"),
                Column::Headers => self.write_headers(record, out)?,
                Column::Key => self.write_bytes(self.key, record.key.as_deref(), out)?,
                Column::Value => self.write_bytes(self.value, record.value.as_deref(), out)?,
            }
            let last = place + 1 == self.columns.len();
            out.extend_from_slice(if last { &self.line_separator } else { &self.key_separator });
        }
        Ok(())
    }

    fn write_headers(&self, record: &Record, out: &mut Vec<u8>) -> Result<(), Thrown> {
        if record.headers.is_empty() {
            out.extend_from_slice(b"NO_HEADERS");
        }
        for (place, (key, value)) in record.headers.iter().enumerate() {
            if place > 0 {
                out.extend_from_slice(&self.headers_separator);
            }
            out.extend_from_slice(String::from_utf8_lossy(&key).as_bytes());
            out.push(b':');
            self.write_bytes(self.headers, value.as_deref(), out)?;
        }
        Ok(())
    }

    /// A null goes through the deserializer as its literal.
    fn write_bytes(&self, by: Option<Deserializer>, bytes: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Thrown> {
        let bytes = bytes.unwrap_or(&self.null_literal);
        match by {
            None => out.extend_from_slice(bytes),
            Some(by) => out.extend_from_slice(by.print(bytes)?.as_bytes()),
        }
        Ok(())
    }
}

fn timestamp(timestamp_type: TimestampType, record: &Record) -> String {
    let name = match timestamp_type {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    };
    format!("{name}:{}", record.timestamp_ms)
}

#[cfg(test)]
#[path = "formatter_test.rs"]
mod formatter_test;
