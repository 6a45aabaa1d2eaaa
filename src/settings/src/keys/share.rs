//! Broker keys: share groups.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// How long at least lies between two assignments of a share group, in milliseconds.
    "group.share.assignment.interval.ms": Int = "1000", at_least(0), cluster_wide;
    /// Whether assignments of share groups are computed beside the coordinator.
    "group.share.assignor.offload.enable": Boolean = "true", since_4_4;
    /// Who can assign partitions in share groups.
    "group.share.assignors": List = "simple", some_items;
    /// How often a record is delivered at most to a share group.
    "group.share.delivery.count.limit": Int = "5", between(2, 10);
    /// A class that writes records that could not be processed.
    "group.share.dlq.manager.class.name": String = "org.apache.kafka.server.share.dlq.DefaultShareGroupDLQManager",
        since_4_4;
    /// How often the members of a share group report, in milliseconds.
    "group.share.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// How long a share group waits before it tries again to initialise a partition, in milliseconds.
    "group.share.initialize.retry.interval.ms": Int = "30000", at_least(1), hidden;
    /// The longest time between assignments that a share group may have, in milliseconds.
    "group.share.max.assignment.interval.ms": Int = "15000", at_least(0);
    /// The highest bound on deliveries that a share group may have.
    "group.share.max.delivery.count.limit": Int = "10", between(5, 25);
    /// The longest heartbeat interval of a share group, in milliseconds.
    "group.share.max.heartbeat.interval.ms": Int = "15000", at_least(1);
    /// The highest bound on held records that a share group may have.
    "group.share.max.partition.max.record.locks": Int = "4000", between(2000, 10000);
    /// The longest hold on a record that a share group may have, in milliseconds.
    "group.share.max.record.lock.duration.ms": Int = "60000", between(30000, 3600000);
    /// The longest session timeout of a share group, in milliseconds.
    "group.share.max.session.timeout.ms": Int = "60000", at_least(1);
    /// How many share sessions are remembered.
    "group.share.max.share.sessions": Int = "2000", at_least(1);
    /// The most members of a share group.
    "group.share.max.size": Int = "200", between(1, 1000);
    /// The shortest time between assignments that a share group may have, in milliseconds.
    "group.share.min.assignment.interval.ms": Int = "0", at_least(0);
    /// The lowest bound on deliveries that a share group may have.
    "group.share.min.delivery.count.limit": Int = "2", between(2, 5);
    /// The shortest heartbeat interval of a share group, in milliseconds.
    "group.share.min.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// The lowest bound on held records that a share group may have.
    "group.share.min.partition.max.record.locks": Int = "100", between(100, 2000);
    /// The shortest hold on a record that a share group may have, in milliseconds.
    "group.share.min.record.lock.duration.ms": Int = "15000", between(1000, 30000);
    /// The shortest session timeout of a share group, in milliseconds.
    "group.share.min.session.timeout.ms": Int = "45000", at_least(1);
    /// How many records of a partition are held at a time.
    "group.share.partition.max.record.locks": Int = "2000", between(100, 10000);
    /// A class that keeps the state of share groups.
    "group.share.persister.class.name": String = "org.apache.kafka.server.share.persister.DefaultStatePersister",
        hidden;
    /// How long a delivered record is held for its consumer, in milliseconds.
    "group.share.record.lock.duration.ms": Int = "30000", between(1000, 3600000);
    /// A consumer that is silent for longer leaves its share group, in milliseconds.
    "group.share.session.timeout.ms": Int = "45000", at_least(1);
    /// How long share coordinators collect records before they write them, in milliseconds; -1 adapts to the load.
    "share.coordinator.append.linger.ms": Int = "-1", at_least(-1);
    /// The largest write buffer that a share coordinator keeps for reuse, in bytes.
    "share.coordinator.cached.buffer.max.bytes": Int = "1048588", at_least(524288), cluster_wide;
    /// After how long the state of a quiet partition is written anew, in milliseconds.
    "share.coordinator.cold.partition.snapshot.interval.ms": Int = "300000", at_least(1), hidden;
    /// How many bytes of share state are read at a time while a partition of it is loaded.
    "share.coordinator.load.buffer.size": Int = "5242880", at_least(1);
    /// How many updates of share state follow a snapshot before the next.
    "share.coordinator.snapshot.update.records.per.snapshot": Int = "500", between(0, 500);
    /// The codec of batches of share state, by its number.
    "share.coordinator.state.topic.compression.codec": Int = "0";
    /// How many replicas of the topic of share state must have a record.
    "share.coordinator.state.topic.min.isr": Short = "2", at_least(1);
    /// How many partitions the topic of share state gets.
    "share.coordinator.state.topic.num.partitions": Int = "50", at_least(1);
    /// How often old share state is removed, in milliseconds.
    "share.coordinator.state.topic.prune.interval.ms": Int = "300000", at_least(1), hidden;
    /// How many replicas the topic of share state gets.
    "share.coordinator.state.topic.replication.factor": Short = "3", at_least(1);
    /// The largest segment of the topic of share state, in bytes.
    "share.coordinator.state.topic.segment.bytes": Int = "104857600", at_least(1);
    /// How many threads run share coordinators.
    "share.coordinator.threads": Int = "1", at_least(1);
    /// How long a write of share state may take, in milliseconds.
    "share.coordinator.write.timeout.ms": Int = "5000", at_least(1);
    /// After how many finished share fetches the list of waiting ones is swept.
    "share.fetch.purgatory.purge.interval.requests": Int = "1000";
};
