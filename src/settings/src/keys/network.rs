//! Broker keys: listeners, connections and requests.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// The addresses that clients are told to connect to; without it they are told the listeners.
    "advertised.listeners": List, some_items, per_broker, implemented;
    /// How many threads do chores.
    "background.threads": Int = "10", at_least(1), cluster_wide;
    /// How long closing a connection is delayed after it failed to authenticate, in milliseconds.
    "connection.failed.authentication.delay.ms": Int = "100", at_least(0);
    /// A connection that is silent for longer is closed, in milliseconds.
    "connections.max.idle.ms": Long = "600000", implemented;
    /// After how many finished record deletions the list of waiting ones is swept.
    "delete.records.purgatory.purge.interval.requests": Int = "1";
    /// Listeners that open before the authorizer has finished its start.
    "early.start.listeners": List, items;
    /// The most bytes of records in the answer to one fetch.
    "fetch.max.bytes": Int = "57671680", at_least(1024), implemented;
    /// After how many finished fetches the list of waiting ones is swept.
    "fetch.purgatory.purge.interval.requests": Int = "1000";
    /// The name of the listener that brokers use among themselves.
    "inter.broker.listener.name": String, implemented;
    /// What protects each listener, as NAME:PROTOCOL pairs.
    "listener.security.protocol.map": String =
        "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", per_broker, implemented;
    /// The addresses on which the broker listens, as NAME://HOST:PORT; an empty host is every address of the machine.
    "listeners": List = "PLAINTEXT://:9092", some_items, per_broker, implemented;
    /// The most new connections in a second.
    "max.connection.creation.rate": Int = "2147483647", at_least(0), cluster_wide;
    /// The most connections that the broker holds at a time.
    "max.connections": Int = "2147483647", at_least(0), cluster_wide, implemented;
    /// The most connections that one address may hold at a time.
    "max.connections.per.ip": Int = "2147483647", at_least(0), cluster_wide, implemented;
    /// Bounds on the connections of single addresses, as ADDRESS:COUNT pairs.
    "max.connections.per.ip.overrides": String = "", cluster_wide, implemented;
    /// How many fetch sessions are remembered.
    "max.incremental.fetch.session.cache.slots": Int = "1000", at_least(0), implemented;
    /// The most partitions that one answer about partitions describes.
    "max.request.partition.size.limit": Int = "2000", at_least(1), implemented;
    /// How many threads work on requests.
    "num.io.threads": Int = "8", at_least(1), cluster_wide;
    /// How many threads read requests and write answers, per listener.
    "num.network.threads": Int = "3", at_least(1), cluster_wide;
    /// After how many finished produce requests the list of waiting ones is swept.
    "producer.purgatory.purge.interval.requests": Int = "1000";
    /// How many bytes of requests may wait before no more are read; -1 sets no bound.
    "queued.max.request.bytes": Long = "-1";
    /// How many requests may wait for a thread before no more are read.
    "queued.max.requests": Int = "500", at_least(1);
    /// How long the broker waits for the answer to a request of its own, in milliseconds.
    "request.timeout.ms": Int = "30000";
    /// What protects connections among brokers when no listener is named for them.
    "security.inter.broker.protocol": String = "PLAINTEXT", one_of(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
        implemented;
    /// The longest that the broker waits for a connection that it opens itself, in milliseconds.
    "socket.connection.setup.timeout.max.ms": Long = "30000";
    /// How long the broker waits at first for a connection that it opens itself, in milliseconds.
    "socket.connection.setup.timeout.ms": Long = "10000";
    /// How many connections may wait to be accepted on a listener.
    "socket.listen.backlog.size": Int = "50", at_least(1), implemented;
    /// The size of a connection's receive buffer in the kernel, in bytes; -1 leaves the choice to the system.
    "socket.receive.buffer.bytes": Int = "102400", implemented;
    /// The largest request that is read, in bytes; a larger one ends its connection.
    "socket.request.max.bytes": Int = "104857600", at_least(1), implemented;
    /// The size of a connection's send buffer in the kernel, in bytes; -1 leaves the choice to the system.
    "socket.send.buffer.bytes": Int = "102400", implemented;
};
