//! What can be wrong with records.

use klamm_base::{NodeId, TopicId};

/// Why bytes are no records, or why a record does not fit the image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end before the value does, or a length points past their end.
    #[error("metadata: cut short")]
    CutShort,
    /// The checksum does not match.
    #[error("metadata: checksum mismatch")]
    Checksum,
    /// A later version wrote this.
    #[error("metadata: unknown format {0}; was this written by a newer version?")]
    Format(u8),
    /// A record that this version does not know.
    #[error("metadata: unknown record kind {kind} version {version}; was this written by a newer version?")]
    UnknownRecord {
        /// The kind's number.
        kind: u64,
        /// The version of its layout.
        version: u64,
    },
    /// A value that no writer writes.
    #[error("metadata: bad {0}")]
    Bad(&'static str),
    /// A record about a topic that does not exist.
    #[error("metadata: unknown topic {0}")]
    UnknownTopic(TopicId),
    /// A topic whose name or id is taken.
    #[error("metadata: topic {0} exists")]
    TopicExists(String),
    /// A partition that would leave a gap.
    #[error("metadata: partition {partition} of {topic} leaves a gap")]
    PartitionGap {
        /// The topic.
        topic: TopicId,
        /// The partition that was to be set.
        partition: i32,
    },
    /// A record about a broker that is not registered, or with another epoch.
    #[error("metadata: broker {0} is not registered with this epoch")]
    UnknownBroker(NodeId),
    /// The cluster has another id.
    #[error("metadata: the cluster's id is already {0}")]
    ClusterId(String),
    /// Producer ids that were handed out before.
    #[error("metadata: producer ids go backwards to {0}")]
    ProducerIdsBackwards(i64),
}
