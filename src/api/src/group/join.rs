//! JoinGroup, key 11.
//!
//! - Versions 0-9: rebalance timeout from 1, member id required from 4 (KIP-394), static members from 5 (KIP-345),
//!   protocol type from 7 (KIP-559), reason from 8 (KIP-800), skipped assignment from 9 (KIP-814).

use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use klamm_coordinator::group::classic::member::Protocol;
use klamm_coordinator::message::{JoinReply, JoinRequest};

use crate::call::{Call, Handler};
use crate::convert::{shared, shared_option, text};
use crate::reply::Reply;

/// The handler.
pub struct JoinGroup;

impl Handler for JoinGroup {
    type Request = JoinGroupRequest;
    type Response = JoinGroupResponse;

    async fn handle(call: Call<'_>, request: JoinGroupRequest) -> Reply<JoinGroupResponse> {
        let reply = call.services.groups.join(to_coordinator(call, &request)).await;
        Reply::Now(to_wire(reply, call.version()))
    }
}

fn to_coordinator(call: Call<'_>, request: &JoinGroupRequest) -> JoinRequest {
    let version = call.version();
    let protocol = |protocol: &kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol| Protocol {
        name: shared(&protocol.name),
        metadata: protocol.metadata.clone(),
    };
    JoinRequest {
        group_id: shared(&request.group_id),
        member_id: shared(&request.member_id),
        group_instance_id: shared_option(request.group_instance_id.as_ref()),
        client_id: shared(&call.header.client_id),
        client_host: shared(&call.session.client_host()),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: if version == 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms },
        protocol_type: shared(&request.protocol_type),
        protocols: request.protocols.iter().map(protocol).collect(),
        version,
        // The coordinator draws it where one is needed.
        fresh_uuid: String::new(),
    }
}

fn to_wire(reply: JoinReply, version: i16) -> JoinGroupResponse {
    let member = |member: klamm_coordinator::message::JoinedMember| {
        let answer = JoinGroupResponseMember::default()
            .with_member_id(text(member.member_id.to_string()))
            .with_metadata(member.metadata);
        if version >= 5 {
            answer.with_group_instance_id(member.group_instance_id.map(|id| text(id.to_string())))
        } else {
            answer
        }
    };
    let protocol_name = match reply.protocol_name {
        Some(name) => Some(text(name.to_string())),
        None if version >= 7 => None,
        None => Some(text("")),
    };
    let response = JoinGroupResponse::default()
        .with_error_code(reply.error.code())
        .with_generation_id(reply.generation)
        .with_protocol_name(protocol_name)
        .with_leader(text(reply.leader.to_string()))
        .with_member_id(text(reply.member_id.to_string()))
        .with_members(reply.members.into_iter().map(member).collect());
    let response = match version {
        7.. => response.with_protocol_type(reply.protocol_type.map(|kind| text(kind.to_string()))),
        _ => response,
    };
    if version >= 9 { response.with_skip_assignment(reply.skip_assignment) } else { response }
}
