//! What is said about offsets: OffsetCommit, OffsetFetch, OffsetDelete.

use std::sync::Arc;

use klamm_base::{ErrorCode, LeaderEpoch, Offset, TopicId};

/// OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRequest {
    /// The group.
    pub group_id: Arc<str>,
    /// The generation of the member; -1 from outside of the group.
    pub generation: i32,
    /// The member's id; empty from outside of the group.
    pub member_id: Arc<str>,
    /// `group.instance.id` (v7+).
    pub group_instance_id: Option<Arc<str>>,
    /// How long to keep the offsets, in milliseconds (v2 to v4); `None` for the broker's setting (-1 on the wire).
    pub retention_ms: Option<i64>,
    /// What to commit.
    pub topics: Vec<CommitTopic>,
    /// The version of the request.
    pub version: i16,
}

/// A topic of OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitTopic {
    /// Its name.
    pub topic: Arc<str>,
    /// Its id, [`TopicId::ZERO`] if unknown. It is kept with the offset.
    pub topic_id: TopicId,
    /// Its partitions.
    pub partitions: Vec<CommitPartition>,
}

/// A partition of OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitPartition {
    /// The partition.
    pub partition: i32,
    /// The offset, kept as given.
    pub offset: Offset,
    /// The leader epoch of the last consumed record (v6+), or none.
    pub leader_epoch: LeaderEpoch,
    /// Whatever the client likes to keep; null is kept as empty.
    pub metadata: Option<Arc<str>>,
}

/// The answer to OffsetCommit: topics and partitions as the request has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitReply {
    /// Each topic's partitions with their errors.
    pub topics: Vec<CommitReplyTopic>,
}

/// A topic in the answer to OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitReplyTopic {
    /// Its name.
    pub topic: Arc<str>,
    /// Its id as the request has it.
    pub topic_id: TopicId,
    /// Each partition and its error.
    pub partitions: Vec<(i32, ErrorCode)>,
}

/// OffsetFetch for one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOffsetsRequest {
    /// The group.
    pub group_id: Arc<str>,
    /// The topics asked for; `None` for all that the group has.
    pub topics: Option<Vec<FetchTopic>>,
}

/// A topic of OffsetFetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchTopic {
    /// Its name.
    pub topic: Arc<str>,
    /// Its id, [`TopicId::ZERO`] if the request names none. An offset of another topic of that name is not found.
    pub topic_id: TopicId,
    /// Its partitions.
    pub partitions: Vec<i32>,
}

/// The answer to OffsetFetch for one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOffsetsReply {
    /// The topics asked for in their order, or all topics with an offset by name.
    pub topics: Vec<FetchedTopic>,
}

/// A topic in the answer to OffsetFetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedTopic {
    /// Its name.
    pub topic: Arc<str>,
    /// Its id as the request has it; if all were asked for, the id that was committed.
    pub topic_id: TopicId,
    /// Its partitions.
    pub partitions: Vec<FetchedOffset>,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedOffset {
    /// The partition.
    pub partition: i32,
    /// The offset; -1 if there is none.
    pub offset: Offset,
    /// The leader epoch that was committed with it, or none.
    pub leader_epoch: LeaderEpoch,
    /// The metadata that was committed with it.
    pub metadata: Arc<str>,
}

/// OffsetDelete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetDeleteRequest {
    /// The group.
    pub group_id: Arc<str>,
    /// Topics and partitions.
    pub topics: Vec<(Arc<str>, Vec<i32>)>,
}

/// The answer to OffsetDelete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetDeleteReply {
    /// The error of the whole request, or none; with an error there are no topics.
    pub error: ErrorCode,
    /// Each topic's partitions with their errors, in the order of the request.
    pub topics: Vec<DeletedTopic>,
}

/// A topic in the answer to OffsetDelete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedTopic {
    /// Its name.
    pub topic: Arc<str>,
    /// Each partition and its error.
    pub partitions: Vec<(i32, ErrorCode)>,
}
