//! ListGroups, key 16.
//!
//! - Versions 0-5: states from 4 (KIP-518), types from 5 (KIP-848).

use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{GroupId, ListGroupsRequest, ListGroupsResponse};
use klamm_coordinator::message::ListRequest;

use crate::call::{Call, Handler};
use crate::convert::text;
use crate::reply::Reply;

/// The handler.
pub struct ListGroups;

impl Handler for ListGroups {
    type Request = ListGroupsRequest;
    type Response = ListGroupsResponse;

    async fn handle(call: Call<'_>, request: ListGroupsRequest) -> Reply<ListGroupsResponse> {
        let asked = ListRequest {
            states: request.states_filter.iter().map(|state| state.to_string()).collect(),
            types: request.types_filter.iter().map(|kind| kind.to_string()).collect(),
        };
        let reply = call.services.groups.list(asked).await;
        let groups = reply.groups.into_iter().map(|group| {
            let listed = ListedGroup::default()
                .with_group_id(GroupId(text(group.group_id.to_string())))
                .with_protocol_type(text(group.protocol_type.to_string()));
            let listed = if call.version() >= 4 { listed.with_group_state(text(group.state)) } else { listed };
            if call.version() >= 5 { listed.with_group_type(text(group.group_type)) } else { listed }
        });
        Reply::Now(ListGroupsResponse::default().with_error_code(reply.error.code()).with_groups(groups.collect()))
    }
}
