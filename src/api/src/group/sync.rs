//! SyncGroup, key 14.
//!
//! - Versions 0-5: static members from 3 (KIP-345), protocol type and name from 5 (KIP-559).

use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};
use klamm_coordinator::message::SyncRequest;

use crate::call::{Call, Handler};
use crate::convert::{shared, shared_option, text};
use crate::reply::Reply;

/// The handler.
pub struct SyncGroup;

impl Handler for SyncGroup {
    type Request = SyncGroupRequest;
    type Response = SyncGroupResponse;

    async fn handle(call: Call<'_>, request: SyncGroupRequest) -> Reply<SyncGroupResponse> {
        let part = |part: &kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment| {
            (shared(&part.member_id), part.assignment.clone())
        };
        let asked = SyncRequest {
            group_id: shared(&request.group_id),
            generation: request.generation_id,
            member_id: shared(&request.member_id),
            group_instance_id: shared_option(request.group_instance_id.as_ref()),
            protocol_type: shared_option(request.protocol_type.as_ref()),
            protocol_name: shared_option(request.protocol_name.as_ref()),
            assignments: request.assignments.iter().map(part).collect(),
            version: call.version(),
        };
        let reply = call.services.groups.sync(asked).await;
        let response =
            SyncGroupResponse::default().with_error_code(reply.error.code()).with_assignment(reply.assignment);
        Reply::Now(match call.version() {
            5.. => response
                .with_protocol_type(reply.protocol_type.map(|kind| text(kind.to_string())))
                .with_protocol_name(reply.protocol_name.map(|name| text(name.to_string()))),
            _ => response,
        })
    }
}
