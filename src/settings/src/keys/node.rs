//! Broker keys: the node itself, the metadata quorum, the controller.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// A class that judges changes of configurations.
    "alter.config.policy.class.name": Class;
    /// How often the broker tells the controller that it lives, in milliseconds.
    "broker.heartbeat.interval.ms": Int = "2000";
    /// The older name of node.id.
    "broker.id": Int = "-1", implemented;
    /// Where the broker stands; replicas are spread over racks.
    "broker.rack": String, implemented;
    /// A broker whose heartbeats stay away for longer is fenced, in milliseconds.
    "broker.session.timeout.ms": Int = "9000";
    /// Who supplies values that the file only refers to.
    "config.providers": List = "", items, cluster_wide;
    /// Whether a broker hands over its partitions before it stops.
    "controlled.shutdown.enable": Boolean = "true";
    /// The names of the listeners that controllers use among themselves.
    "controller.listener.names": List, some_items, implemented;
    /// A controller's event that took longer is always logged, in milliseconds.
    "controller.performance.always.log.threshold.ms": Long = "2000", at_least(0), hidden;
    /// How often the controller sums up how long its work took, in milliseconds.
    "controller.performance.sample.period.ms": Long = "60000", at_least(100), hidden;
    /// How long the leader collects metadata before it writes them, in milliseconds.
    "controller.quorum.append.linger.ms": Int = "25", at_least(0);
    /// Whether a controller joins the quorum by itself.
    "controller.quorum.auto.join.enable": Boolean = "false";
    /// Where the metadata quorum is found, as HOST:PORT.
    "controller.quorum.bootstrap.servers": List = "", implemented;
    /// The longest pause between two elections, in milliseconds.
    "controller.quorum.election.backoff.max.ms": Int = "1000", at_least(0);
    /// How long a voter without a leader waits before it asks for an election, in milliseconds.
    "controller.quorum.election.timeout.ms": Int = "1000", at_least(0);
    /// The most bytes of metadata in one fetch of a voter or observer.
    "controller.quorum.fetch.max.bytes": Int = "1048576", at_least(1);
    /// The most bytes of a metadata snapshot in one fetch.
    "controller.quorum.fetch.snapshot.max.bytes": Int = "1048576", at_least(1);
    /// How long a voter goes without news from the leader before it looks for another, in milliseconds.
    "controller.quorum.fetch.timeout.ms": Int = "2000", at_least(0);
    /// How long a request of the quorum may take, in milliseconds.
    "controller.quorum.request.timeout.ms": Int = "2000", at_least(0);
    /// The pause before a failed request of the quorum is sent again, in milliseconds.
    "controller.quorum.retry.backoff.ms": Int = "20", at_least(0);
    /// The members of the metadata quorum, as ID@HOST:PORT.
    "controller.quorum.voters": List = "", implemented;
    /// How long the controller waits for a broker's answer, in milliseconds.
    "controller.socket.timeout.ms": Int = "30000";
    /// A class that judges new topics.
    "create.topic.policy.class.name": Class;
    /// How long a starting broker tries to register before it gives up, in milliseconds.
    "initial.broker.registration.timeout.ms": Int = "60000";
    /// How long old files of the metadata log stay before they go, in milliseconds.
    "internal.metadata.delete.delay.millis": Long = "60000", hidden;
    /// The largest segment of the metadata log, in bytes, for tests.
    "internal.metadata.log.segment.bytes": Int, hidden;
    /// The largest batch of the metadata log, in bytes, for tests.
    "internal.metadata.max.batch.size.in.bytes": Int = "8388608", hidden;
    /// HOST:PORT of the HTTP port for metrics and health; empty for none.
    "klamm.admin.listener": String = "127.0.0.1:9644", hidden, implemented;
    /// Where the metadata are kept; without it in the first log directory.
    "metadata.log.dir": String;
    /// After how many bytes of metadata a snapshot is made.
    "metadata.log.max.record.bytes.between.snapshots": Long = "20971520", at_least(1);
    /// After how long a snapshot of the metadata is made, in milliseconds; 0 for never.
    "metadata.log.max.snapshot.interval.ms": Long = "3600000", at_least(0);
    /// The largest segment of the metadata log, in bytes.
    "metadata.log.segment.bytes": Int = "1073741824", at_least(8388608);
    /// How long a segment of the metadata log stays active, in milliseconds.
    "metadata.log.segment.ms": Long = "604800000";
    /// How often the quorum's leader writes a record that says nothing, in milliseconds; 0 for never.
    "metadata.max.idle.interval.ms": Int = "500", at_least(0);
    /// How many bytes of metadata log and snapshots are kept.
    "metadata.max.retention.bytes": Long = "104857600";
    /// How long metadata log and snapshots are kept, in milliseconds.
    "metadata.max.retention.ms": Long = "604800000";
    /// The number of this node; no other node of the cluster has it.
    "node.id": Int, at_least(0), implemented;
    /// What this process does: broker, controller or both.
    "process.roles": List, some_items_of(&["broker", "controller"]), implemented;
    /// A node that takes longer to start ends itself, in milliseconds.
    "server.max.startup.time.ms": Long = "9223372036854775807", at_least(0), hidden;
    /// Whether versions of APIs that may still change are served.
    "unstable.api.versions.enable": Boolean = "false", hidden;
    /// Whether versions of features that may still change can be set.
    "unstable.feature.versions.enable": Boolean = "false", hidden;
};
