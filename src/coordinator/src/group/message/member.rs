//! What members of a group say: JoinGroup, SyncGroup, Heartbeat, LeaveGroup.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::ErrorCode;

use crate::group::classic::member::Protocol;

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
