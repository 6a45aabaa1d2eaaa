//! Requests and replies of a group coordinator, as plain values.
//!
//! A request carries its wire version where behaviour depends on it; a reply carries every field that some version of
//! the answer needs.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::{ErrorCode, LeaderEpoch, Offset, TopicId};

use super::classic::member::Protocol;

/// JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// The group.
    pub group_id: Arc<str>,
    /// The member's id; empty if it has none yet.
    pub member_id: Arc<str>,
    /// `group.instance.id` of a static member (v5+).
    pub group_instance_id: Option<Arc<str>>,
    /// The client's id from the request header; empty if it is null.
    pub client_id: Arc<str>,
    /// The client's address as Kafka prints it: `/127.0.0.1`.
    pub client_host: Arc<str>,
    /// How long the member may be silent, in milliseconds.
    pub session_timeout_ms: i32,
    /// How long the member needs to rejoin, in milliseconds; at v0 the session timeout.
    pub rebalance_timeout_ms: i32,
    /// `consumer`, `connect`, ...
    pub protocol_type: Arc<str>,
    /// What the member supports, in order of preference.
    pub protocols: Vec<Protocol>,
    /// The version of the request.
    pub version: i16,
    /// 36 random characters (a version-4 UUID) for a member id, should one be needed. Chance comes from outside.
    pub fresh_uuid: String,
}

/// A member as the leader of a group sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedMember {
    /// The member's id.
    pub member_id: Arc<str>,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<Arc<str>>,
    /// Its metadata for the chosen protocol.
    pub metadata: Bytes,
}

/// The answer to JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinReply {
    /// The error, or none.
    pub error: ErrorCode,
    /// The group's generation; -1 with an error.
    pub generation: i32,
    /// The group's protocol type (v7+).
    pub protocol_type: Option<Arc<str>>,
    /// The chosen protocol; null is written as empty before v7.
    pub protocol_name: Option<Arc<str>>,
    /// The leader's member id; empty with an error.
    pub leader: Arc<str>,
    /// Whether the leader must not assign (v9+).
    pub skip_assignment: bool,
    /// The member's id.
    pub member_id: Arc<str>,
    /// All members, if the member is the leader.
    pub members: Vec<JoinedMember>,
}

impl JoinReply {
    /// A reply that is only an error.
    pub fn refusal(member_id: impl Into<Arc<str>>, error: ErrorCode) -> JoinReply {
        JoinReply {
            error,
            generation: -1,
            protocol_type: None,
            protocol_name: None,
            leader: "".into(),
            skip_assignment: false,
            member_id: member_id.into(),
            members: Vec::new(),
        }
    }
}

/// SyncGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRequest {
    /// The group.
    pub group_id: Arc<str>,
    /// The generation that the member joined.
    pub generation: i32,
    /// The member's id.
    pub member_id: Arc<str>,
    /// `group.instance.id` (v3+).
    pub group_instance_id: Option<Arc<str>>,
    /// The group's protocol type (v5+).
    pub protocol_type: Option<Arc<str>>,
    /// The chosen protocol (v5+).
    pub protocol_name: Option<Arc<str>>,
    /// The leader's assignment: member id and bytes; empty from others.
    pub assignments: Vec<(Arc<str>, Bytes)>,
    /// The version of the request.
    pub version: i16,
}

/// The answer to SyncGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncReply {
    /// The error, or none.
    pub error: ErrorCode,
    /// The group's protocol type (v5+).
    pub protocol_type: Option<Arc<str>>,
    /// The chosen protocol (v5+).
    pub protocol_name: Option<Arc<str>>,
    /// The member's part.
    pub assignment: Bytes,
}

impl SyncReply {
    /// A reply that is only an error.
    pub fn refusal(error: ErrorCode) -> SyncReply {
        SyncReply { error, protocol_type: None, protocol_name: None, assignment: Bytes::new() }
    }
}

/// Heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatRequest {
    /// The group.
    pub group_id: Arc<str>,
    /// The generation that the member is in.
    pub generation: i32,
    /// The member's id.
    pub member_id: Arc<str>,
    /// `group.instance.id` (v3+).
    pub group_instance_id: Option<Arc<str>>,
}

/// A member that leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeavingMember {
    /// The member's id; empty to name a static member by its instance id.
    pub member_id: Arc<str>,
    /// `group.instance.id` (v3+).
    pub group_instance_id: Option<Arc<str>>,
}

/// LeaveGroup. Before v3 it names one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveRequest {
    /// The group.
    pub group_id: Arc<str>,
    /// Who leaves.
    pub members: Vec<LeavingMember>,
}

/// The answer to LeaveGroup. Before v3 the wire has one error: the top-level one if there is one, else the member's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveReply {
    /// The error of the whole request, or none.
    pub error: ErrorCode,
    /// Each member of the request, in its order, and what became of it.
    pub members: Vec<(LeavingMember, ErrorCode)>,
}

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

/// A topic in the answer to OffsetCommit or OffsetDelete.
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
    /// Topics, partitions and their errors, in the order of the request.
    pub topics: Vec<(Arc<str>, Vec<(i32, ErrorCode)>)>,
}

/// A group as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedGroup {
    /// The error, or none.
    pub error: ErrorCode,
    /// What a v6+ answer says about the error.
    pub error_message: Option<String>,
    /// The group.
    pub group_id: Arc<str>,
    /// The state's name (`Stable`); `Dead` for a group that is not there; empty with an error of the coordinator.
    pub state: &'static str,
    /// The protocol type, or empty.
    pub protocol_type: Arc<str>,
    /// The chosen protocol while the group is stable, else empty.
    pub protocol_data: Arc<str>,
    /// The members.
    pub members: Vec<DescribedMember>,
}

impl DescribedGroup {
    /// A group of which there is only an error to tell.
    pub fn refusal(group_id: Arc<str>, error: ErrorCode) -> DescribedGroup {
        DescribedGroup {
            error,
            error_message: None,
            group_id,
            state: "",
            protocol_type: "".into(),
            protocol_data: "".into(),
            members: Vec::new(),
        }
    }
}

/// A member as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedMember {
    /// The member's id.
    pub member_id: Arc<str>,
    /// `group.instance.id`.
    pub group_instance_id: Option<Arc<str>>,
    /// The client's id.
    pub client_id: Arc<str>,
    /// The client's address.
    pub client_host: Arc<str>,
    /// The metadata for the chosen protocol while the group is stable, else empty.
    pub metadata: Bytes,
    /// The assignment as it stands.
    pub assignment: Bytes,
}

/// ListGroups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// Only groups in one of these states, whatever the case (v4+); empty for all.
    pub states: Vec<String>,
    /// Only groups of one of these types, whatever the case (v5+); empty for all.
    pub types: Vec<String>,
}

/// A group as ListGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// The group.
    pub group_id: Arc<str>,
    /// The protocol type, or empty.
    pub protocol_type: Arc<str>,
    /// The state's name (v4+).
    pub state: &'static str,
    /// The type's name (v5+).
    pub group_type: &'static str,
}

/// The answer to ListGroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReply {
    /// The error, or none.
    pub error: ErrorCode,
    /// The groups.
    pub groups: Vec<ListedGroup>,
}

/// The answer to DeleteGroups: each group once, with its error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteReply {
    /// Groups in the order in which they were first named.
    pub groups: Vec<(Arc<str>, ErrorCode)>,
}

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
