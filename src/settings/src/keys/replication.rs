//! Broker keys: replicas and leadership.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// Whether leadership goes back to the preferred replicas by itself.
    "auto.leader.rebalance.enable": Boolean = "true";
    /// How many replicas a topic gets that is created without saying.
    "default.replication.factor": Int = "1", implemented;
    /// Whether a new follower begins where the second tier ends.
    "follower.fetch.last.tiered.offset.enable": Boolean = "false", cluster_wide;
    /// The most bytes in a second that throttled followers fetch.
    "follower.replication.throttled.rate": Long, at_least(0), cluster_wide, hidden;
    /// How often is looked whether leadership should go back, in seconds.
    "leader.imbalance.check.interval.seconds": Long = "300", at_least(1);
    /// The most bytes in a second that leaders send to throttled followers.
    "leader.replication.throttled.rate": Long, at_least(0), cluster_wide, hidden;
    /// How many connections a follower fetches with, per leader.
    "num.replica.fetchers": Int = "1", at_least(1), cluster_wide;
    /// The most bytes in a second for moving replicas between directories.
    "replica.alter.log.dirs.io.max.bytes.per.second": Long, at_least(0), cluster_wide, hidden;
    /// How long a follower pauses after a failed fetch, in milliseconds.
    "replica.fetch.backoff.ms": Int = "1000", at_least(0);
    /// How many bytes a follower asks for, per partition.
    "replica.fetch.max.bytes": Int = "1048576", at_least(0);
    /// How many bytes a follower waits for.
    "replica.fetch.min.bytes": Int = "1";
    /// How many bytes a follower asks for in one answer.
    "replica.fetch.response.max.bytes": Int = "10485760", at_least(0);
    /// How long a follower waits for records, in milliseconds.
    "replica.fetch.wait.max.ms": Int = "500";
    /// How often high watermarks are written down, in milliseconds.
    "replica.high.watermark.checkpoint.interval.ms": Long = "5000";
    /// A follower that is behind for longer leaves the in-sync replicas, in milliseconds.
    "replica.lag.time.max.ms": Long = "30000";
    /// A class that chooses the replica that a consumer reads from.
    "replica.selector.class": String;
    /// The size of a follower's receive buffer in the kernel, in bytes.
    "replica.socket.receive.buffer.bytes": Int = "65536";
    /// How long a follower waits for the leader's answer, in milliseconds.
    "replica.socket.timeout.ms": Int = "30000";
    /// Whether a replica that is not in sync may lead when no other is left, which loses records.
    "unclean.leader.election.enable": Boolean = "false", cluster_wide;
    /// How often unclean elections are tried, in milliseconds.
    "unclean.leader.election.interval.ms": Long = "300000", at_least(1), hidden;
};
