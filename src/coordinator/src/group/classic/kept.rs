//! A classic group as its record keeps it.

use std::sync::Arc;

use bytes::Bytes;

use super::group::{ClassicGroup, State};
use super::member::{Member, Protocol};
use crate::group::records::{GroupValue, MemberValue};

impl ClassicGroup {
    /// The group that a record describes.
    pub fn from_record(id: Arc<str>, value: GroupValue) -> ClassicGroup {
        let mut group = ClassicGroup::empty(id, value.state_timestamp_ms);
        group.state = if value.members.is_empty() { State::Empty } else { State::Stable };
        group.previous = group.state;
        group.state_since_ms = (value.state_timestamp_ms != -1).then_some(value.state_timestamp_ms);
        group.generation = value.generation;
        let protocol = value.protocol;
        for member in value.members {
            group.insert(member_from(member, protocol.as_ref()));
        }
        group.protocol_type = (!value.protocol_type.is_empty()).then_some(value.protocol_type);
        group.protocol = protocol;
        group.leader = value.leader;
        group.refresh_subscribed();
        group
    }

    /// The group as its record keeps it, with `assignment` as the members' assignment.
    pub fn to_record(&self, assignment: impl Fn(&Member) -> Bytes) -> GroupValue {
        let members = self.members.values().map(|member| MemberValue {
            member_id: member.id.clone(),
            group_instance_id: member.instance.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            subscription: member.metadata(self.protocol.as_deref()),
            assignment: assignment(member),
        });
        GroupValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            state_timestamp_ms: self.state_since_ms.unwrap_or(-1),
            members: members.collect(),
        }
    }

    /// The record of a group that was just created (`newEmptyGroupMetadataRecord`).
    pub fn to_first_record(&self) -> GroupValue {
        GroupValue {
            protocol_type: "".into(),
            generation: 0,
            protocol: None,
            leader: None,
            state_timestamp_ms: self.state_since_ms.unwrap_or(-1),
            members: Vec::new(),
        }
    }
}

fn member_from(value: MemberValue, protocol: Option<&Arc<str>>) -> Member {
    let rebalance_timeout_ms =
        if value.rebalance_timeout_ms == -1 { value.session_timeout_ms } else { value.rebalance_timeout_ms };
    let supported = protocol.map(|name| Protocol { name: name.clone(), metadata: value.subscription });
    Member {
        id: value.member_id,
        instance: value.group_instance_id,
        client_id: value.client_id,
        client_host: value.client_host,
        rebalance_timeout_ms,
        session_timeout_ms: value.session_timeout_ms,
        protocols: supported.into_iter().collect(),
        assignment: value.assignment,
        is_new: false,
        awaiting_sync: None,
        awaiting_join: None,
    }
}
