//! Requests and replies of a group coordinator, as plain values.
//!
//! A request carries its wire version where behaviour depends on it; a reply carries every field that some version of
//! the answer needs.

mod admin;
mod member;
mod offset;

use std::sync::Arc;

use klamm_base::{ErrorCode, TopicId};

pub use admin::*;
pub use member::*;
pub use offset::*;

/// What a shard is asked.
#[derive(Clone, Debug)]
pub enum Request {
    /// JoinGroup.
    Join(JoinRequest),
    /// SyncGroup.
    Sync(SyncRequest),
    /// Heartbeat.
    Heartbeat(HeartbeatRequest),
    /// LeaveGroup.
    Leave(LeaveRequest),
    /// OffsetCommit.
    Commit(CommitRequest),
    /// OffsetFetch.
    FetchOffsets(FetchOffsetsRequest),
    /// OffsetDelete.
    OffsetDelete(OffsetDeleteRequest),
    /// DescribeGroups of these groups at this version.
    Describe(Vec<Arc<str>>, i16),
    /// ListGroups.
    List(ListRequest),
    /// DeleteGroups.
    Delete(Vec<Arc<str>>),
    /// Topics were deleted: their offsets go too.
    TopicsDeleted(Vec<(Arc<str>, TopicId)>),
}

/// What a shard replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To JoinGroup.
    Join(JoinReply),
    /// To SyncGroup.
    Sync(SyncReply),
    /// To Heartbeat.
    Heartbeat(ErrorCode),
    /// To LeaveGroup.
    Leave(LeaveReply),
    /// To OffsetCommit.
    Commit(CommitReply),
    /// To OffsetFetch.
    FetchOffsets(FetchOffsetsReply),
    /// To OffsetDelete.
    OffsetDelete(OffsetDeleteReply),
    /// To DescribeGroups.
    Describe(Vec<DescribedGroup>),
    /// To ListGroups.
    List(Vec<ListedGroup>),
    /// To DeleteGroups.
    Delete(DeleteReply),
    /// To the deletion of topics.
    TopicsDeleted,
}
