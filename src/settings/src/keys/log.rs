//! Broker keys: logs, and what topics begin with.

use crate::check::Check;
use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// Whether a topic that a client asks for is created if it does not exist.
    "auto.create.topics.enable": Boolean = "true", implemented;
    /// How hard gzip tries when the broker compresses; -1 is its own choice.
    "compression.gzip.level": Int = "-1", check(Check::GzipLevel), cluster_wide, implemented;
    /// How hard lz4 tries when the broker compresses.
    "compression.lz4.level": Int = "9", between(1, 17), cluster_wide, implemented;
    /// How records are kept: as the producer compressed them, not at all, or by one codec.
    "compression.type": String = "producer", one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        cluster_wide, implemented;
    /// How hard zstd tries when the broker compresses.
    "compression.zstd.level": Int = "3", between(-131072, 22), cluster_wide, implemented;
    /// Log directories that get no new partitions.
    "cordoned.log.dirs": List = "", items, per_broker;
    /// Whether topics can be deleted.
    "delete.topic.enable": Boolean = "true", implemented;
    /// How long compaction sleeps when there is nothing to do, in milliseconds.
    "log.cleaner.backoff.ms": Long = "15000", at_least(0), cluster_wide;
    /// The memory for the keys that compaction compares, in bytes, over all threads.
    "log.cleaner.dedupe.buffer.size": Long = "134217728", cluster_wide;
    /// How long the mark of a deleted key stays in a compacted log, in milliseconds.
    "log.cleaner.delete.retention.ms": Long = "86400000", at_least(0), cluster_wide;
    /// Whether logs are compacted.
    "log.cleaner.enable": Boolean = "true";
    /// How full the table of keys may get in compaction.
    "log.cleaner.io.buffer.load.factor": Double = "0.9", cluster_wide;
    /// The memory for what compaction reads and writes, in bytes, over all threads.
    "log.cleaner.io.buffer.size": Int = "524288", at_least(0), cluster_wide;
    /// The most bytes that compaction reads and writes in a second.
    "log.cleaner.io.max.bytes.per.second": Double = "1.7976931348623157E308", cluster_wide;
    /// How long a record stays uncompacted at most, in milliseconds.
    "log.cleaner.max.compaction.lag.ms": Long = "9223372036854775807", at_least(1), cluster_wide;
    /// The share of a log that must be uncompacted before it is worth compacting.
    "log.cleaner.min.cleanable.ratio": Double = "0.5", up_to(1.0), cluster_wide;
    /// How long a record stays uncompacted at least, in milliseconds.
    "log.cleaner.min.compaction.lag.ms": Long = "0", at_least(0), cluster_wide;
    /// How many threads compact logs.
    "log.cleaner.threads": Int = "1", at_least(0), cluster_wide;
    /// What becomes of old records: deleted, or compacted to the last of each key, or both.
    "log.cleanup.policy": List = "delete", items_of(&["compact", "delete"]), cluster_wide;
    /// The directory that holds the partitions, if log.dirs names none.
    "log.dir": List = "/tmp/kafka-logs", some_items, implemented;
    /// A broker that cannot tell the controller of a failed directory for this long ends itself, in milliseconds.
    "log.dir.failure.timeout.ms": Long = "30000", at_least(1);
    /// The directories that hold the partitions.
    "log.dirs": List, some_items, implemented;
    /// After how many records a log is synced to disk.
    "log.flush.interval.messages": Long = "9223372036854775807", at_least(1), cluster_wide, implemented;
    /// After how long a log is synced to disk, in milliseconds.
    "log.flush.interval.ms": Long, cluster_wide, implemented;
    /// How often the point up to which logs are synced is written down, in milliseconds.
    "log.flush.offset.checkpoint.interval.ms": Int = "60000", at_least(0), implemented;
    /// How often is looked for logs to sync, in milliseconds; it stands for log.flush.interval.ms where that is not
    /// set.
    "log.flush.scheduler.interval.ms": Long = "9223372036854775807", implemented;
    /// How often the first offsets of logs are written down, in milliseconds.
    "log.flush.start.offset.checkpoint.interval.ms": Int = "60000", at_least(0), implemented;
    /// An index entry is added each time this many bytes were appended.
    "log.index.interval.bytes": Int = "4096", at_least(0), cluster_wide, implemented;
    /// The largest index of a segment, in bytes.
    "log.index.size.max.bytes": Int = "10485760", at_least(4), cluster_wide, implemented;
    /// How long the first round of chores on logs waits after a start, in milliseconds.
    "log.initial.task.delay.ms": Long = "30000", at_least(0), hidden;
    /// How many bytes of a partition stay on the broker's own disk when a second tier keeps them too; -2 is as many as
    /// there.
    "log.local.retention.bytes": Long = "-2", at_least(-2), cluster_wide;
    /// How long records stay on the broker's own disk when a second tier keeps them too, in milliseconds; -2 is as long
    /// as there.
    "log.local.retention.ms": Long = "-2", at_least(-2), cluster_wide;
    /// How far a record's time may lie past the broker's, in milliseconds.
    "log.message.timestamp.after.max.ms": Long = "3600000", at_least(0), cluster_wide, implemented;
    /// How far a record's time may lie before the broker's, in milliseconds.
    "log.message.timestamp.before.max.ms": Long = "9223372036854775807", at_least(0), cluster_wide, implemented;
    /// Whether a record carries the time of its creation or of its append.
    "log.message.timestamp.type": String = "CreateTime", one_of(&["CreateTime", "LogAppendTime"]), cluster_wide,
        implemented;
    /// Whether a new segment's file is made at its full size.
    "log.preallocate": Boolean = "false", cluster_wide;
    /// How many bytes of full segments wait before the first is copied to the second tier.
    "log.remote.copy.lag.bytes": Long = "-1", at_least(-1), since_4_4;
    /// How long a full segment waits before it is copied to the second tier, in milliseconds.
    "log.remote.copy.lag.ms": Long = "0", at_least(-1), since_4_4;
    /// How many bytes of a partition are kept; -1 sets no bound.
    "log.retention.bytes": Long = "-1", cluster_wide;
    /// How often is looked for segments that may go, in milliseconds.
    "log.retention.check.interval.ms": Long = "300000", at_least(1);
    /// How many hours records are kept, if neither log.retention.ms nor log.retention.minutes is set.
    "log.retention.hours": Int = "168";
    /// How many minutes records are kept, if log.retention.ms is not set.
    "log.retention.minutes": Int;
    /// How long records are kept, in milliseconds; -1 for ever.
    "log.retention.ms": Long, cluster_wide;
    /// After how many hours a new segment begins, if log.roll.ms is not set.
    "log.roll.hours": Int = "168", at_least(1), implemented;
    /// The most that is taken off the time to roll by chance, in hours, if log.roll.jitter.ms is not set.
    "log.roll.jitter.hours": Int = "0", at_least(0), implemented;
    /// The most that is taken off log.roll.ms by chance, in milliseconds, so that segments do not roll together.
    "log.roll.jitter.ms": Long, cluster_wide, implemented;
    /// After how long a new segment begins although the old one is not full, in milliseconds.
    "log.roll.ms": Long, cluster_wide, implemented;
    /// The largest segment of a partition's log, in bytes.
    "log.segment.bytes": Int = "1073741824", at_least(1048576), cluster_wide, implemented;
    /// How long the files of a removed segment stay for those who still read them, in milliseconds.
    "log.segment.delete.delay.ms": Long = "60000", at_least(0), cluster_wide, implemented;
    /// The largest batch of records that is taken, in bytes, as it is compressed.
    "message.max.bytes": Int = "1048588", at_least(0), cluster_wide, implemented;
    /// How many replicas must have a record before acks=all is answered.
    "min.insync.replicas": Int = "1", at_least(1), cluster_wide, implemented;
    /// How many partitions a topic gets that is created without saying.
    "num.partitions": Int = "1", at_least(1), implemented;
    /// How many threads per directory open and close logs.
    "num.recovery.threads.per.data.dir": Int = "2", at_least(1), cluster_wide;
    /// How many threads move replicas between directories.
    "num.replica.alter.log.dirs.threads": Int;
};
