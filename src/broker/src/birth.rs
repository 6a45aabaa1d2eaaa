//! What a broker is told at its birth beside its settings: things that are no keys of Kafka's.

use std::net::IpAddr;

/// Wishes and surroundings of a start. The default wishes for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Birth {
    /// The cluster's id; without it a fresh directory gets a random one.
    pub cluster_id: Option<ClusterWish>,
    /// Topics that are there before the broker is ready. One that exists is left as it is.
    pub topics: Vec<TopicWish>,
    /// Addresses by which the host's own clients come to a broker in a container. Where no host is advertised they are
    /// told `localhost`, since the container's own address may be out of their reach.
    pub gateways: Vec<IpAddr>,
}

/// A wish for a cluster id (`CLUSTER_ID`). A directory that has none takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterWish {
    /// The id, any text without blanks.
    pub value: String,
    /// Whether a directory of another cluster is refused; if not, its stored id wins, with a warning.
    pub strict: bool,
}

/// A topic to create (`KAFKA_CREATE_TOPICS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicWish {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 for the broker's default.
    pub partitions: i32,
    /// How many replicas of each; -1 for the broker's default. More than there are brokers are not made.
    pub replication_factor: i16,
    /// Its configuration.
    pub configs: Vec<(String, String)>,
}
