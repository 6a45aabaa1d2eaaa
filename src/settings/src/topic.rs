//! A topic's configuration, typed.

use std::collections::BTreeMap;

use crate::effective::EffectiveBroker;
use crate::key::Key;
use crate::topic_keys::topic_key;
use crate::value::Value;

/// A topic's configuration as it holds: its own values over the broker's (`LogConfig`). Each field is the key of its
/// name, with `.` for `_`, unless it says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicConfig {
    /// The largest segment, in bytes: `internal.segment.bytes`, or `segment.bytes`.
    pub segment_bytes: i32,
    /// The longest time until a segment rolls, in milliseconds.
    pub segment_ms: i64,
    /// The most that chance takes off that, in milliseconds.
    pub segment_jitter_ms: i64,
    /// The distance of index entries, in bytes.
    pub index_interval_bytes: i32,
    /// The largest index, in bytes.
    pub segment_index_bytes: i32,
    /// Whether segments are made at their full size.
    pub preallocate: bool,
    /// The largest batch, in bytes.
    pub max_message_bytes: i32,
    /// How long records are kept, in milliseconds; -1 for ever.
    pub retention_ms: i64,
    /// How many bytes are kept; -1 for all.
    pub retention_bytes: i64,
    #[allow(missing_docs)]
    pub cleanup_policy: CleanupPolicy,
    /// How long the mark of a deleted key stays, in milliseconds.
    pub delete_retention_ms: i64,
    /// How much of a log must be uncompacted, from 0 to 1.
    pub min_cleanable_dirty_ratio: f64,
    /// In milliseconds.
    pub min_compaction_lag_ms: i64,
    /// In milliseconds.
    pub max_compaction_lag_ms: i64,
    /// How records are kept.
    pub compression_type: Compression,
    /// 1 to 9, or -1 for gzip's own choice.
    pub compression_gzip_level: i32,
    /// 1 to 17.
    pub compression_lz4_level: i32,
    /// -131072 to 22.
    pub compression_zstd_level: i32,
    /// Which time a record carries.
    pub message_timestamp_type: TimestampType,
    /// In milliseconds.
    pub message_timestamp_before_max_ms: i64,
    /// In milliseconds.
    pub message_timestamp_after_max_ms: i64,
    /// After how many records the log is synced.
    pub flush_messages: i64,
    /// After how long the log is synced, in milliseconds.
    pub flush_ms: i64,
    /// How long the files of a removed segment stay, in milliseconds.
    pub file_delete_delay_ms: i64,
    /// How many replicas acks=all needs.
    pub min_insync_replicas: i32,
    /// Whether a replica that is not in sync may lead.
    pub unclean_leader_election_enable: bool,
}

/// What becomes of old records (`cleanup.policy`); neither is to keep all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupPolicy {
    /// Only the last record of each key stays.
    pub compact: bool,
    /// Records go when they are old or too many.
    pub delete: bool,
}

/// How records are kept (`compression.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As the producer compressed them.
    Producer,
    /// Not compressed.
    Uncompressed,
    /// By gzip.
    Gzip,
    /// By snappy.
    Snappy,
    /// By lz4.
    Lz4,
    /// By zstd.
    Zstd,
}

/// Which time a record carries (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's.
    CreateTime,
    /// The broker's, of the append.
    LogAppendTime,
}

/// The configuration of a topic that was configured with `overrides`, on `broker`. A value that is not allowed gives
/// way to the broker's.
pub fn resolve_topic(overrides: &BTreeMap<String, String>, broker: &EffectiveBroker) -> TopicConfig {
    let of = Of { overrides, broker };
    let policy = of.list("cleanup.policy");
    TopicConfig {
        segment_bytes: of.some_int("internal.segment.bytes").unwrap_or_else(|| of.int("segment.bytes")),
        segment_ms: of.number("segment.ms"),
        segment_jitter_ms: of.number("segment.jitter.ms"),
        index_interval_bytes: of.int("index.interval.bytes"),
        segment_index_bytes: of.int("segment.index.bytes"),
        preallocate: of.boolean("preallocate"),
        max_message_bytes: of.int("max.message.bytes"),
        retention_ms: of.number("retention.ms"),
        retention_bytes: of.number("retention.bytes"),
        cleanup_policy: CleanupPolicy {
            compact: policy.iter().any(|item| item == "compact"),
            delete: policy.iter().any(|item| item == "delete"),
        },
        delete_retention_ms: of.number("delete.retention.ms"),
        min_cleanable_dirty_ratio: of.double("min.cleanable.dirty.ratio"),
        min_compaction_lag_ms: of.number("min.compaction.lag.ms"),
        max_compaction_lag_ms: of.number("max.compaction.lag.ms"),
        compression_type: compression(&of.text("compression.type")),
        compression_gzip_level: of.int("compression.gzip.level"),
        compression_lz4_level: of.int("compression.lz4.level"),
        compression_zstd_level: of.int("compression.zstd.level"),
        message_timestamp_type: match of.text("message.timestamp.type").as_str() {
            "LogAppendTime" => TimestampType::LogAppendTime,
            _ => TimestampType::CreateTime,
        },
        message_timestamp_before_max_ms: of.number("message.timestamp.before.max.ms"),
        message_timestamp_after_max_ms: of.number("message.timestamp.after.max.ms"),
        flush_messages: of.number("flush.messages"),
        flush_ms: of.number("flush.ms"),
        file_delete_delay_ms: of.number("file.delete.delay.ms"),
        min_insync_replicas: of.int("min.insync.replicas"),
        unclean_leader_election_enable: of.boolean("unclean.leader.election.enable"),
    }
}

fn compression(text: &str) -> Compression {
    match text {
        "uncompressed" => Compression::Uncompressed,
        "gzip" => Compression::Gzip,
        "snappy" => Compression::Snappy,
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::Producer,
    }
}

/// The value that holds for a topic's key; `None` for null.
pub(crate) fn topic_value(key: &Key, overrides: &BTreeMap<String, String>, broker: &EffectiveBroker) -> Option<Value> {
    let own = overrides.get(key.name).and_then(|text| key.read(text).ok());
    own.or_else(|| broker_value(key, broker)).or_else(|| key.default_value())
}

/// What the broker has for a topic's key, in the topic's unit.
fn broker_value(key: &Key, broker: &EffectiveBroker) -> Option<Value> {
    let (value, unit) = key.synonyms().find_map(|(name, unit)| Some((broker.read(name)?, unit)))?;
    match value {
        Value::Number(number) if key.name == "retention.ms" && number < 0 => Some(Value::Number(-1)),
        Value::Number(number) => Some(Value::Number(number.saturating_mul(unit.factor()))),
        other => Some(other),
    }
}

/// A topic's values by key. The keys are of the table, and of the kind that is asked for.
struct Of<'a> {
    overrides: &'a BTreeMap<String, String>,
    broker: &'a EffectiveBroker,
}

impl Of<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        let key = topic_key(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        topic_value(key, self.overrides, self.broker)
    }

    fn number(&self, name: &str) -> i64 {
        self.value(name).and_then(|value| value.number()).unwrap_or_else(|| panic!("{name} is not a number"))
    }

    fn some_int(&self, name: &str) -> Option<i32> {
        i32::try_from(self.value(name)?.number()?).ok()
    }

    fn int(&self, name: &str) -> i32 {
        self.some_int(name).unwrap_or_else(|| panic!("{name} is not an INT"))
    }

    fn double(&self, name: &str) -> f64 {
        match self.value(name) {
            Some(Value::Double(number)) => number,
            _ => panic!("{name} is not a DOUBLE"),
        }
    }

    fn boolean(&self, name: &str) -> bool {
        self.value(name) == Some(Value::Boolean(true))
    }

    fn text(&self, name: &str) -> String {
        self.value(name).map(|value| value.to_string()).unwrap_or_default()
    }

    fn list(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::List(items)) => items,
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
#[path = "topic_test.rs"]
mod topic_test;
