//! A topic's keys (`LogConfig`).

use crate::check::Check;
use crate::key::{Key, Unit, find, keys};

/// The topic key with this name.
pub fn topic_key(name: &str) -> Option<&'static Key> {
    find(TOPIC_KEYS, name)
}

/// The keys of topics, by name.
pub const TOPIC_KEYS: &[Key] = keys! {
    /// What becomes of old records: deleted, or compacted to the last of each key, or both, or nothing.
    "cleanup.policy": List = "delete", items_of(&["compact", "delete"]), from("log.cleanup.policy"), implemented;
    /// How hard gzip tries when the broker compresses; -1 is its own choice.
    "compression.gzip.level": Int = "-1", check(Check::GzipLevel), from("compression.gzip.level"), implemented;
    /// How hard lz4 tries when the broker compresses.
    "compression.lz4.level": Int = "9", between(1, 17), from("compression.lz4.level"), implemented;
    /// How records are kept: as the producer compressed them, not at all, or by one codec.
    "compression.type": String = "producer", one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        from("compression.type"), implemented;
    /// How hard zstd tries when the broker compresses.
    "compression.zstd.level": Int = "3", between(-131072, 22), from("compression.zstd.level"), implemented;
    /// How long the mark of a deleted key stays when the topic is compacted, in milliseconds.
    "delete.retention.ms": Long = "86400000", at_least(0), from("log.cleaner.delete.retention.ms");
    /// How long the files of a removed segment stay for those who still read them, in milliseconds.
    "file.delete.delay.ms": Long = "60000", at_least(0), from("log.segment.delete.delay.ms"), implemented;
    /// After how many records the log is synced to disk.
    "flush.messages": Long = "9223372036854775807", at_least(1), from("log.flush.interval.messages"), implemented;
    /// After how long the log is synced to disk, in milliseconds.
    "flush.ms": Long = "9223372036854775807", at_least(0), from("log.flush.interval.ms"),
        then(&[("log.flush.scheduler.interval.ms", Unit::Same)]), implemented;
    /// The replicas whose fetching is throttled, as PARTITION:BROKER pairs, or * for all.
    "follower.replication.throttled.replicas": List = "", check(Check::ThrottledReplicas);
    /// An index entry is added each time this many bytes were appended.
    "index.interval.bytes": Int = "4096", at_least(0), from("log.index.interval.bytes"), implemented;
    /// The largest segment, in bytes, without a lower bound; for tests.
    "internal.segment.bytes": Int, hidden, implemented;
    /// The replicas whose sending to followers is throttled, as PARTITION:BROKER pairs, or * for all.
    "leader.replication.throttled.replicas": List = "", check(Check::ThrottledReplicas);
    /// How many bytes of a partition stay on the broker's own disk when a second tier keeps them too; -2 is as many as
    /// there.
    "local.retention.bytes": Long = "-2", at_least(-2), from("log.local.retention.bytes");
    /// How long records stay on the broker's own disk when a second tier keeps them too, in milliseconds; -2 is as long
    /// as there.
    "local.retention.ms": Long = "-2", at_least(-2), from("log.local.retention.ms");
    /// How long a record stays uncompacted at most, in milliseconds.
    "max.compaction.lag.ms": Long = "9223372036854775807", at_least(1), from("log.cleaner.max.compaction.lag.ms");
    /// The largest batch of records that is taken, in bytes, as it is compressed.
    "max.message.bytes": Int = "1048588", at_least(0), from("message.max.bytes"), implemented;
    /// How far a record's time may lie past the broker's, in milliseconds.
    "message.timestamp.after.max.ms": Long = "3600000", at_least(0), from("log.message.timestamp.after.max.ms"),
        implemented;
    /// How far a record's time may lie before the broker's, in milliseconds.
    "message.timestamp.before.max.ms": Long = "9223372036854775807", at_least(0),
        from("log.message.timestamp.before.max.ms"), implemented;
    /// Whether a record carries the time of its creation or of its append.
    "message.timestamp.type": String = "CreateTime", one_of(&["CreateTime", "LogAppendTime"]),
        from("log.message.timestamp.type"), implemented;
    /// The share of the log that must be uncompacted before it is worth compacting.
    "min.cleanable.dirty.ratio": Double = "0.5", up_to(1.0), from("log.cleaner.min.cleanable.ratio");
    /// How long a record stays uncompacted at least, in milliseconds.
    "min.compaction.lag.ms": Long = "0", at_least(0), from("log.cleaner.min.compaction.lag.ms");
    /// How many replicas must have a record before acks=all is answered.
    "min.insync.replicas": Int = "1", at_least(1), from("min.insync.replicas"), implemented;
    /// Whether a new segment's file is made at its full size.
    "preallocate": Boolean = "false", from("log.preallocate");
    /// Whether the second tier takes no more segments of the topic.
    "remote.log.copy.disable": Boolean = "false";
    /// Whether the second tier drops the topic's segments once it is switched off.
    "remote.log.delete.on.disable": Boolean = "false";
    /// Whether a second tier keeps old segments of the topic.
    "remote.storage.enable": Boolean = "false";
    /// How many bytes of a partition are kept; -1 sets no bound.
    "retention.bytes": Long = "-1", from("log.retention.bytes");
    /// How long records are kept, in milliseconds; -1 for ever.
    "retention.ms": Long = "604800000", at_least(-1), from("log.retention.ms"),
        then(&[("log.retention.minutes", Unit::Minutes), ("log.retention.hours", Unit::Hours)]);
    /// The largest segment, in bytes.
    "segment.bytes": Int = "1073741824", at_least(1048576), from("log.segment.bytes"), implemented;
    /// The largest index of a segment, in bytes.
    "segment.index.bytes": Int = "10485760", at_least(4), from("log.index.size.max.bytes"), implemented;
    /// The most that is taken off segment.ms by chance, in milliseconds, so that segments do not roll together.
    "segment.jitter.ms": Long = "0", at_least(0), from("log.roll.jitter.ms"),
        then(&[("log.roll.jitter.hours", Unit::Hours)]), implemented;
    /// After how long a new segment begins although the old one is not full, in milliseconds.
    "segment.ms": Long = "604800000", at_least(1), from("log.roll.ms"), then(&[("log.roll.hours", Unit::Hours)]),
        implemented;
    /// Whether a replica that is not in sync may lead when no other is left, which loses records.
    "unclean.leader.election.enable": Boolean = "false", from("unclean.leader.election.enable");
};
