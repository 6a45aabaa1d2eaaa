//! Heartbeat, key 12.
//!
//! - Versions 0-4: static members from 3 (KIP-345).

use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};
use klamm_coordinator::message;

use crate::call::{Call, Handler};
use crate::convert::{shared, shared_option};
use crate::reply::Reply;

/// The handler.
pub struct Heartbeat;

impl Handler for Heartbeat {
    type Request = HeartbeatRequest;
    type Response = HeartbeatResponse;

    async fn handle(call: Call<'_>, request: HeartbeatRequest) -> Reply<HeartbeatResponse> {
        let asked = message::HeartbeatRequest {
            group_id: shared(&request.group_id),
            generation: request.generation_id,
            member_id: shared(&request.member_id),
            group_instance_id: shared_option(request.group_instance_id.as_ref()),
        };
        let code = call.services.groups.heartbeat(asked).await;
        Reply::Now(HeartbeatResponse::default().with_error_code(code.code()))
    }
}
