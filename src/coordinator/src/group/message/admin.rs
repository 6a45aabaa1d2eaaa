//! What administrators say: DescribeGroups, ListGroups, DeleteGroups.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::ErrorCode;

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
