//! Broker keys: a second tier of storage.

use crate::check::Check;
use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// How long a fetch waits for the second tier, in milliseconds.
    "remote.fetch.max.wait.ms": Int = "500", at_least(1), cluster_wide;
    /// How long looking up an offset in the second tier may take, in milliseconds.
    "remote.list.offsets.request.timeout.ms": Long = "30000", at_least(1), cluster_wide;
    /// How many bytes of the second tier's indexes are kept at hand.
    "remote.log.index.file.cache.total.size.bytes": Long = "1073741824", at_least(1), cluster_wide;
    /// How long an index of the second tier is kept at hand, in milliseconds.
    "remote.log.index.file.cache.ttl.ms": Long = "900000", at_least(-1), hidden;
    /// How many threads copy segments to the second tier.
    "remote.log.manager.copier.thread.pool.size": Int = "10", at_least(1), cluster_wide;
    /// The most bytes in a second that are copied to the second tier.
    "remote.log.manager.copy.max.bytes.per.second": Long = "9223372036854775807", at_least(1), cluster_wide;
    /// Over how many windows that rate is measured.
    "remote.log.manager.copy.quota.window.num": Int = "11", at_least(1);
    /// How long each of those windows is, in seconds.
    "remote.log.manager.copy.quota.window.size.seconds": Int = "1", at_least(1);
    /// How many threads remove segments from the second tier.
    "remote.log.manager.expiration.thread.pool.size": Int = "10", at_least(1), cluster_wide;
    /// The most bytes in a second that are read from the second tier.
    "remote.log.manager.fetch.max.bytes.per.second": Long = "9223372036854775807", at_least(1), cluster_wide;
    /// Over how many windows that rate is measured.
    "remote.log.manager.fetch.quota.window.num": Int = "11", at_least(1);
    /// How long each of those windows is, in seconds.
    "remote.log.manager.fetch.quota.window.size.seconds": Int = "1", at_least(1);
    /// How many threads follow the second tier for replicas that do not lead.
    "remote.log.manager.follower.thread.pool.size": Int = "2", at_least(1), cluster_wide;
    /// How often is looked for segments to copy or remove, in milliseconds.
    "remote.log.manager.task.interval.ms": Long = "30000", at_least(1);
    /// The longest pause before such work is tried again, in milliseconds.
    "remote.log.manager.task.retry.backoff.max.ms": Long = "30000", at_least(1), hidden;
    /// The first pause before such work is tried again, in milliseconds.
    "remote.log.manager.task.retry.backoff.ms": Long = "500", at_least(1), hidden;
    /// The share of chance in those pauses.
    "remote.log.manager.task.retry.jitter": Double = "0.2", up_to(0.5), hidden;
    /// How many threads look after the second tier.
    "remote.log.manager.thread.pool.size": Int = "2", at_least(1);
    /// The most metadata of its own that a store may keep with a segment, in bytes.
    "remote.log.metadata.custom.metadata.max.bytes": Int = "128", at_least(0);
    /// A class that keeps the second tier's metadata.
    "remote.log.metadata.manager.class.name": String =
        "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
        check(Check::NonEmpty);
    /// Where that class is found.
    "remote.log.metadata.manager.class.path": String;
    /// How the keys for the second tier's metadata begin.
    "remote.log.metadata.manager.impl.prefix": String = "rlmm.config.", check(Check::NonEmpty);
    /// The listener by which the second tier's metadata are read.
    "remote.log.metadata.manager.listener.name": String, check(Check::NonEmpty);
    /// How many reads may wait for such a thread.
    "remote.log.reader.max.pending.tasks": Int = "100", at_least(1);
    /// How many threads read from the second tier.
    "remote.log.reader.threads": Int = "10", at_least(1), cluster_wide;
    /// A class that stores segments in the second tier.
    "remote.log.storage.manager.class.name": String, check(Check::NonEmpty);
    /// Where that class is found.
    "remote.log.storage.manager.class.path": String;
    /// How the keys for the second tier's store begin.
    "remote.log.storage.manager.impl.prefix": String = "rsm.config.", check(Check::NonEmpty);
    /// Whether a second tier keeps old segments.
    "remote.log.storage.system.enable": Boolean = "false";
};
