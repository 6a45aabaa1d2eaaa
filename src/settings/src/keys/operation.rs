//! Broker keys: quotas and metrics.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// Over how many windows the rate of moving replicas is measured.
    "alter.log.dirs.replication.quota.window.num": Int = "11", at_least(1);
    /// How long each of those windows is, in seconds.
    "alter.log.dirs.replication.quota.window.size.seconds": Int = "1", at_least(1);
    /// A class that says which quota a client has.
    "client.quota.callback.class": Class;
    /// Over how many windows the rate of changes to the cluster is measured.
    "controller.quota.window.num": Int = "11", at_least(1);
    /// How long each of those windows is, in seconds.
    "controller.quota.window.size.seconds": Int = "1", at_least(1);
    /// How often those classes are given metrics, in seconds.
    "kafka.metrics.polling.interval.secs": Int = "10", at_least(1);
    /// Classes that report the broker's own metrics.
    "kafka.metrics.reporters": List = "", items;
    /// Classes that report metrics.
    "metric.reporters": List = "org.apache.kafka.common.metrics.JmxReporter", items, cluster_wide;
    /// Over how many samples a metric is computed.
    "metrics.num.samples": Int = "2", at_least(1);
    /// The most detailed metrics that are kept.
    "metrics.recording.level": String = "INFO";
    /// How long each sample is, in milliseconds.
    "metrics.sample.window.ms": Long = "30000", at_least(1);
    /// Over how many windows the rates of clients are measured.
    "quota.window.num": Int = "11", at_least(1);
    /// How long each of those windows is, in seconds.
    "quota.window.size.seconds": Int = "1", at_least(1);
    /// Over how many windows the rates of replication are measured.
    "replication.quota.window.num": Int = "11", at_least(1);
    /// How long each of those windows is, in seconds.
    "replication.quota.window.size.seconds": Int = "1", at_least(1);
    /// The most bytes of metrics that a client may push at once.
    "telemetry.max.bytes": Int = "1048576", at_least(1);
};
