//! Broker keys: groups and committed offsets.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// Whether a missing topic for records that could not be processed is created.
    "errors.deadletterqueue.auto.create.topics.enable": Boolean = "false", since_4_4;
    /// How the names of topics for records that could not be processed begin.
    "errors.deadletterqueue.topic.name.prefix": String = "dlq.", since_4_4;
    /// How long at least lies between two assignments of a consumer group, in milliseconds.
    "group.consumer.assignment.interval.ms": Int = "1000", at_least(0), cluster_wide;
    /// Whether assignments of consumer groups are computed beside the coordinator.
    "group.consumer.assignor.offload.enable": Boolean = "true", since_4_4;
    /// Who can assign partitions in consumer groups; the first is the default.
    "group.consumer.assignors": List = "uniform,range", some_items;
    /// How often the members of a consumer group report, in milliseconds.
    "group.consumer.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// The longest time between assignments that a consumer group may have, in milliseconds.
    "group.consumer.max.assignment.interval.ms": Int = "15000", at_least(0);
    /// The longest heartbeat interval of a consumer group, in milliseconds.
    "group.consumer.max.heartbeat.interval.ms": Int = "15000", at_least(1);
    /// The longest session timeout of a consumer group, in milliseconds.
    "group.consumer.max.session.timeout.ms": Int = "60000", at_least(1);
    /// The most members of a consumer group.
    "group.consumer.max.size": Int = "2147483647", at_least(1);
    /// Which groups may turn into another kind when members of both protocols meet.
    "group.consumer.migration.policy": String = "bidirectional",
        one_of_ignore_case(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]);
    /// The shortest time between assignments that a consumer group may have, in milliseconds.
    "group.consumer.min.assignment.interval.ms": Int = "0", at_least(0);
    /// The shortest heartbeat interval of a consumer group, in milliseconds.
    "group.consumer.min.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// The shortest session timeout of a consumer group, in milliseconds.
    "group.consumer.min.session.timeout.ms": Int = "45000", at_least(1);
    /// How often the topics that match a subscribed pattern are looked up, in milliseconds.
    "group.consumer.regex.refresh.interval.ms": Int = "600000", at_least(10000), hidden;
    /// A consumer that is silent for longer leaves its consumer group, in milliseconds.
    "group.consumer.session.timeout.ms": Int = "45000", at_least(1);
    /// How long group coordinators collect records before they write them, in milliseconds; -1 adapts to the load.
    "group.coordinator.append.linger.ms": Int = "-1", at_least(-1);
    /// How many threads compute assignments beside the group coordinators.
    "group.coordinator.background.threads": Int = "2", at_least(1);
    /// The largest write buffer that a group coordinator keeps for reuse, in bytes.
    "group.coordinator.cached.buffer.max.bytes": Int = "1048588", at_least(524288), cluster_wide;
    /// The kinds of groups that the broker serves.
    "group.coordinator.rebalance.protocols": List = "classic,consumer,streams",
        some_items_of(&["consumer", "classic", "share", "streams"]);
    /// How many threads run group coordinators.
    "group.coordinator.threads": Int = "4", at_least(1);
    /// How long a new classic group waits for more members before its first rebalance, in milliseconds.
    "group.initial.rebalance.delay.ms": Int = "3000", implemented;
    /// The longest session timeout that a member of a classic group may ask for, in milliseconds.
    "group.max.session.timeout.ms": Int = "1800000", implemented;
    /// The most members of a classic group.
    "group.max.size": Int = "2147483647", at_least(1), implemented;
    /// The shortest session timeout that a member of a classic group may ask for, in milliseconds.
    "group.min.session.timeout.ms": Int = "6000", implemented;
    /// How far behind a copy of a task may be and still count as caught up.
    "group.streams.acceptable.recovery.lag": Long = "10000", at_least(0), since_4_4;
    /// How long at least lies between two assignments of a streams group, in milliseconds.
    "group.streams.assignment.interval.ms": Int = "1000", at_least(0), cluster_wide;
    /// Whether assignments of streams groups are computed beside the coordinator.
    "group.streams.assignor.offload.enable": Boolean = "true", since_4_4;
    /// Who can assign tasks in streams groups; the first is the default.
    "group.streams.assignors": List, some_items, since_4_4;
    /// How often the members of a streams group report, in milliseconds.
    "group.streams.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// How long a new streams group waits for more members, in milliseconds.
    "group.streams.initial.rebalance.delay.ms": Int = "3000", at_least(0);
    /// The longest time between assignments that a streams group may have, in milliseconds.
    "group.streams.max.assignment.interval.ms": Int = "15000", at_least(0);
    /// The longest heartbeat interval of a streams group, in milliseconds.
    "group.streams.max.heartbeat.interval.ms": Int = "15000", at_least(1);
    /// The longest session timeout of a streams group, in milliseconds.
    "group.streams.max.session.timeout.ms": Int = "60000", at_least(1);
    /// The most members of a streams group.
    "group.streams.max.size": Int = "2147483647", at_least(1);
    /// The most standby copies of a task that a streams group may have.
    "group.streams.max.standby.replicas": Int = "2", at_least(0);
    /// The most copies of tasks that a streams group may warm up at a time.
    "group.streams.max.warmup.replicas": Int = "20", at_least(0), since_4_4;
    /// The shortest time between assignments that a streams group may have, in milliseconds.
    "group.streams.min.assignment.interval.ms": Int = "0", at_least(0);
    /// The shortest heartbeat interval of a streams group, in milliseconds.
    "group.streams.min.heartbeat.interval.ms": Int = "5000", at_least(1);
    /// The shortest session timeout of a streams group, in milliseconds.
    "group.streams.min.session.timeout.ms": Int = "45000", at_least(1);
    /// The shortest interval of such reports that a streams group may have, in milliseconds.
    "group.streams.min.task.offset.interval.ms": Int = "15000", at_least(1), since_4_4;
    /// How many standby copies of each task a streams group keeps.
    "group.streams.num.standby.replicas": Int = "0", at_least(0);
    /// How many copies of tasks a streams group warms up at a time.
    "group.streams.num.warmup.replicas": Int = "2", at_least(0), since_4_4;
    /// The tags of members over which standby tasks of a streams group are spread.
    "group.streams.rack.aware.assignment.tags": List = "", items, since_4_4;
    /// A process that is silent for longer leaves its streams group, in milliseconds.
    "group.streams.session.timeout.ms": Int = "45000", at_least(1);
    /// How often members of a streams group report how far their tasks are, in milliseconds.
    "group.streams.task.offset.interval.ms": Int = "60000", at_least(1), since_4_4;
    /// A class that keeps the descriptions of topologies.
    "group.streams.topology.description.plugin.class": Class, since_4_4;
    /// The longest text that a client may keep beside an offset, in bytes.
    "offset.metadata.max.bytes": Int = "4096", implemented;
    /// How long a commit may wait for its replicas, in milliseconds.
    "offsets.commit.timeout.ms": Int = "5000", at_least(1), implemented;
    /// How many bytes of group state are read at a time while a partition of it is loaded.
    "offsets.load.buffer.size": Int = "5242880", at_least(1);
    /// How often is looked for committed offsets that may go, in milliseconds.
    "offsets.retention.check.interval.ms": Long = "600000", at_least(1), implemented;
    /// How long committed offsets stay after their group has no member left, in minutes.
    "offsets.retention.minutes": Int = "10080", at_least(1), implemented;
    /// The codec of batches of group state, by its number.
    "offsets.topic.compression.codec": Int = "0";
    /// How many partitions the topic of group state gets.
    "offsets.topic.num.partitions": Int = "50", at_least(1), implemented;
    /// How many replicas the topic of group state gets.
    "offsets.topic.replication.factor": Short = "3", at_least(1), implemented;
    /// The largest segment of the topic of group state, in bytes.
    "offsets.topic.segment.bytes": Int = "104857600", at_least(1), implemented;
};
