//! DescribeGroups, key 15.
//!
//! - Versions 0-6: allowed operations from 3 (KIP-430), static members from 4 (KIP-345), GROUP_ID_NOT_FOUND and error
//!   messages from 6 (KIP-1043).

use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse, GroupId};
use klamm_coordinator::message;

use crate::call::{Call, Handler};
use crate::convert::{shared, text};
use crate::reply::Reply;
use crate::topic::authorized;

/// The handler.
pub struct DescribeGroups;

impl Handler for DescribeGroups {
    type Request = DescribeGroupsRequest;
    type Response = DescribeGroupsResponse;

    async fn handle(call: Call<'_>, request: DescribeGroupsRequest) -> Reply<DescribeGroupsResponse> {
        let ids = request.groups.iter().map(|group| shared(group)).collect();
        let described = call.services.groups.describe(ids, call.version()).await;
        let with_operations = request.include_authorized_operations;
        let groups = described.into_iter().map(|group| to_wire(group, call.version(), with_operations));
        Reply::Now(DescribeGroupsResponse::default().with_groups(groups.collect()))
    }
}

fn to_wire(group: message::DescribedGroup, version: i16, with_operations: bool) -> DescribedGroup {
    let operations = if with_operations && group.error.is_none() { authorized::GROUP } else { authorized::NOT_ASKED };
    let answer = DescribedGroup::default()
        .with_error_code(group.error.code())
        .with_group_id(GroupId(text(group.group_id.to_string())))
        .with_group_state(text(group.state))
        .with_protocol_type(text(group.protocol_type.to_string()))
        .with_protocol_data(text(group.protocol_data.to_string()))
        .with_members(group.members.into_iter().map(|member| described(member, version)).collect());
    let answer = if version >= 6 { answer.with_error_message(group.error_message.map(text)) } else { answer };
    if version >= 3 { answer.with_authorized_operations(operations) } else { answer }
}

fn described(member: message::DescribedMember, version: i16) -> DescribedGroupMember {
    let answer = DescribedGroupMember::default()
        .with_member_id(text(member.member_id.to_string()))
        .with_client_id(text(member.client_id.to_string()))
        .with_client_host(text(member.client_host.to_string()))
        .with_member_metadata(member.metadata)
        .with_member_assignment(member.assignment);
    if version >= 4 {
        answer.with_group_instance_id(member.group_instance_id.map(|id| text(id.to_string())))
    } else {
        answer
    }
}
