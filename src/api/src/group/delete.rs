//! DeleteGroups, key 42.
//!
//! - Versions 0-2 (KIP-229). A group's offsets go with it.

use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse, GroupId};

use crate::call::{Call, Handler};
use crate::convert::{shared, text};
use crate::reply::Reply;

/// The handler.
pub struct DeleteGroups;

impl Handler for DeleteGroups {
    type Request = DeleteGroupsRequest;
    type Response = DeleteGroupsResponse;

    async fn handle(call: Call<'_>, request: DeleteGroupsRequest) -> Reply<DeleteGroupsResponse> {
        let ids = request.groups_names.iter().map(|group| shared(group)).collect();
        let reply = call.services.groups.delete(ids).await;
        let results = reply.groups.into_iter().map(|(group, code)| {
            DeletableGroupResult::default().with_group_id(GroupId(text(group.to_string()))).with_error_code(code.code())
        });
        Reply::Now(DeleteGroupsResponse::default().with_results(results.collect()))
    }
}
