//! Looking at groups, and deleting them.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use klamm_base::ErrorCode;

use super::classic::group::{ClassicGroup, State};
use super::classic::member::Member;
use super::message::{
    DeleteReply, DeletedTopic, DescribedGroup, DescribedMember, ListRequest, ListedGroup, OffsetDeleteReply,
    OffsetDeleteRequest,
};
use super::offsets::Offsets;
use super::records::{group_tombstone, offset_tombstone};
use crate::Record;

/// The first version of DescribeGroups that says when a group is not there (KIP-1043).
const NOT_FOUND_VERSION: i16 = 6;

/// The type of all groups here.
const CLASSIC: &str = "classic";

/// A group as DescribeGroups of `version` shows it.
pub fn describe(group_id: &Arc<str>, group: Option<&ClassicGroup>, version: i16) -> DescribedGroup {
    let Some(group) = group else { return not_found(group_id, version) };
    let is_stable = group.state() == State::Stable;
    let protocol = group.protocol().filter(|_| is_stable);
    DescribedGroup {
        error: ErrorCode::None,
        error_message: None,
        group_id: group_id.clone(),
        state: group.state().name(),
        protocol_type: group.protocol_type().cloned().unwrap_or_default(),
        protocol_data: protocol.cloned().unwrap_or_default(),
        members: group.members().map(|member| describe_member(member, protocol)).collect(),
    }
}

fn not_found(group_id: &Arc<str>, version: i16) -> DescribedGroup {
    let dead = DescribedGroup { state: "Dead", ..DescribedGroup::refusal(group_id.clone(), ErrorCode::None) };
    if version < NOT_FOUND_VERSION {
        return dead;
    }
    let message = format!("Group {group_id} not found.");
    DescribedGroup { error: ErrorCode::GroupIdNotFound, error_message: Some(message), ..dead }
}

fn describe_member(member: &Member, protocol: Option<&Arc<str>>) -> DescribedMember {
    DescribedMember {
        member_id: member.id.clone(),
        group_instance_id: member.instance.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        metadata: protocol.map_or_else(Bytes::new, |protocol| member.metadata(Some(protocol))),
        assignment: member.assignment.clone(),
    }
}

/// The groups that ListGroups shows. Names of states and types that do not exist match nothing.
pub fn list<'a>(groups: impl Iterator<Item = &'a ClassicGroup>, request: &ListRequest) -> Vec<ListedGroup> {
    let matches = |filter: &[String], name: &str| {
        filter.is_empty() || filter.iter().any(|wanted| wanted.trim().eq_ignore_ascii_case(name))
    };
    if !matches(&request.types, CLASSIC) {
        return Vec::new();
    }
    let wanted = groups.filter(|group| matches(&request.states, group.state().name()));
    let listed = wanted.map(|group| ListedGroup {
        group_id: group.id.clone(),
        protocol_type: group.protocol_type().cloned().unwrap_or_default(),
        state: group.state().name(),
        group_type: CLASSIC,
    });
    listed.collect()
}

/// Handles DeleteGroups: only empty groups go, with their offsets.
pub fn delete<'a>(
    ids: &[Arc<str>],
    group_of: impl Fn(&str) -> Option<&'a ClassicGroup>,
    offsets: &Offsets,
) -> (Vec<Record>, DeleteReply) {
    let mut records = Vec::new();
    let mut seen = BTreeSet::new();
    let mut groups = Vec::new();
    for id in ids.iter().filter(|id| seen.insert(Arc::clone(id))) {
        let code = match group_of(id).map(ClassicGroup::state) {
            None => ErrorCode::GroupIdNotFound,
            Some(State::Empty) => {
                records.extend(offsets.tombstones(id));
                records.push(group_tombstone(id));
                ErrorCode::None
            }
            Some(_) => ErrorCode::NonEmptyGroup,
        };
        groups.push((id.clone(), code));
    }
    (records, DeleteReply { groups })
}

/// Handles OffsetDelete: consumers keep the offsets of topics that they subscribe to, other groups must be empty.
pub fn delete_offsets(
    request: &OffsetDeleteRequest,
    group: Option<&ClassicGroup>,
    offsets: &Offsets,
) -> (Vec<Record>, OffsetDeleteReply) {
    let refusal = |error| (Vec::new(), OffsetDeleteReply { error, topics: Vec::new() });
    let Some(group) = group else { return refusal(ErrorCode::GroupIdNotFound) };
    if group.state() != State::Empty && !group.is_consumer() {
        return refusal(ErrorCode::NonEmptyGroup);
    }
    let mut records = Vec::new();
    let mut topics = Vec::with_capacity(request.topics.len());
    for (topic, partitions) in &request.topics {
        let is_subscribed = group.is_subscribed(topic);
        let code = if is_subscribed { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None };
        for partition in partitions.iter().filter(|_| !is_subscribed) {
            if offsets.get(&group.id, topic, *partition).is_some() {
                records.push(offset_tombstone(&group.id, topic, *partition));
            }
        }
        let partitions = partitions.iter().map(|partition| (*partition, code)).collect();
        topics.push(DeletedTopic { topic: topic.clone(), partitions });
    }
    (records, OffsetDeleteReply { error: ErrorCode::None, topics })
}
