//! Keys of groups (`GroupConfig`, KIP-848, KIP-932, KIP-1071) and of subscriptions to client metrics
//! (`ClientMetricsConfigs`, KIP-714).

use crate::check::Check;
use crate::key::{Key, find, keys};

/// The group key with this name.
pub fn group_key(name: &str) -> Option<&'static Key> {
    find(GROUP_KEYS, name)
}

/// The key of a subscription to client metrics with this name.
pub fn client_metrics_key(name: &str) -> Option<&'static Key> {
    find(CLIENT_METRICS_KEYS, name)
}

/// The broker's key whose value a group has that sets none of its own; some keys have none.
pub(crate) fn broker_name(name: &str) -> String {
    format!("group.{name}")
}

/// The keys of subscriptions to client metrics, by name.
pub const CLIENT_METRICS_KEYS: &[Key] = keys! {
    /// How often clients push their metrics, in milliseconds.
    "interval.ms": Int = "300000";
    /// Which clients push, as NAME=PATTERN of what is known of them; none named is all.
    "match": List = "", items;
    /// The beginnings of the names of the metrics that are pushed.
    "metrics": List = "", items;
};

/// The keys of groups, by name.
pub const GROUP_KEYS: &[Key] = keys! {
    /// How long at least lies between two assignments, in milliseconds.
    "consumer.assignment.interval.ms": Int = "1000", at_least(0);
    /// How often members report, in milliseconds.
    "consumer.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// A consumer that is silent for longer leaves the group, in milliseconds.
    "consumer.session.timeout.ms": Int = "45000", at_least(1);
    /// How long at least lies between two assignments of the share group, in milliseconds.
    "share.assignment.interval.ms": Int = "1000", at_least(0);
    /// Where a share group begins to read: latest, earliest, or by_duration: and a duration before now.
    "share.auto.offset.reset": String = "latest", check(Check::ShareReset);
    /// How often a record is delivered at most.
    "share.delivery.count.limit": Int = "5", at_least(2);
    /// How often members of the share group report, in milliseconds.
    "share.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// Whether records of open transactions are delivered.
    "share.isolation.level": String = "read_uncommitted", one_of(&["read_committed", "read_uncommitted"]);
    /// How many records of a partition are held at a time.
    "share.partition.max.record.locks": Int = "2000", at_least(100);
    /// How long a delivered record is held for its consumer, in milliseconds.
    "share.record.lock.duration.ms": Int = "30000", at_least(1000);
    /// Whether a consumer may prolong its hold on a record.
    "share.renew.acknowledge.enable": Boolean = "true";
    /// A consumer that is silent for longer leaves the share group, in milliseconds.
    "share.session.timeout.ms": Int = "45000", at_least(1);
    /// How long at least lies between two assignments of the streams group, in milliseconds.
    "streams.assignment.interval.ms": Int = "1000", at_least(0);
    /// How often members of the streams group report, in milliseconds.
    "streams.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// How long a new streams group waits for more members, in milliseconds.
    "streams.initial.rebalance.delay.ms": Int = "3000", at_least(0);
    /// How many standby copies of each task are kept.
    "streams.num.standby.replicas": Int = "0", at_least(0);
    /// A process that is silent for longer leaves the streams group, in milliseconds.
    "streams.session.timeout.ms": Int = "45000", at_least(1);
};
