//! LeaveGroup, key 13.
//!
//! - Versions 0-5: several members from 3 (KIP-345), reason from 5 (KIP-800).

use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};
use klamm_coordinator::message::{LeaveRequest, LeavingMember};

use crate::call::{Call, Handler};
use crate::convert::{shared, shared_option, text};
use crate::reply::Reply;

/// The handler.
pub struct LeaveGroup;

impl Handler for LeaveGroup {
    type Request = LeaveGroupRequest;
    type Response = LeaveGroupResponse;

    async fn handle(call: Call<'_>, request: LeaveGroupRequest) -> Reply<LeaveGroupResponse> {
        let members = if call.version() < 3 {
            vec![LeavingMember { member_id: shared(&request.member_id), group_instance_id: None }]
        } else {
            let member = |member: &kafka_protocol::messages::leave_group_request::MemberIdentity| LeavingMember {
                member_id: shared(&member.member_id),
                group_instance_id: shared_option(member.group_instance_id.as_ref()),
            };
            request.members.iter().map(member).collect()
        };
        let reply = call.services.groups.leave(LeaveRequest { group_id: shared(&request.group_id), members }).await;
        let first = reply.members.first().map(|(_, code)| *code);
        if call.version() < 3 {
            let code = if reply.error.is_none() { first.unwrap_or(reply.error) } else { reply.error };
            return Reply::Now(LeaveGroupResponse::default().with_error_code(code.code()));
        }
        let members = reply.members.into_iter().map(|(member, code)| {
            MemberResponse::default()
                .with_member_id(text(member.member_id.to_string()))
                .with_group_instance_id(member.group_instance_id.map(|id| text(id.to_string())))
                .with_error_code(code.code())
        });
        Reply::Now(LeaveGroupResponse::default().with_error_code(reply.error.code()).with_members(members.collect()))
    }
}
