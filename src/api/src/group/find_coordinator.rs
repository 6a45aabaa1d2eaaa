//! FindCoordinator, key 10.
//!
//! - Versions 0-6; several keys from 4 on (KIP-699), share groups from 6 on (KIP-932).
//! - Groups are coordinated here. Transactions and share groups are not served: their coordinators are not available.
//! - If the group topic is missing it is made meanwhile, and the client asks again (M9).

use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;
use klamm_base::name::{CONSUMER_OFFSETS, coordinator_partition};
use klamm_base::{ErrorCode, NodeId, TopicId};

use crate::call::{Call, Handler};
use crate::convert::text;
use crate::reply::Reply;
use crate::unreached::About;

/// The handler.
pub struct FindCoordinator;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;

/// Where a coordinator is.
struct Place {
    node: NodeId,
    host: String,
    port: i32,
}

impl Handler for FindCoordinator {
    type Request = FindCoordinatorRequest;
    type Response = FindCoordinatorResponse;

    async fn handle(call: Call<'_>, request: FindCoordinatorRequest) -> Reply<FindCoordinatorResponse> {
        if call.version() >= 4 {
            let keys = request.coordinator_keys.iter();
            let found = keys.map(|key| batched(key, request.key_type, find(call, request.key_type, key)));
            let found: Vec<Coordinator> = found.collect();
            if found.iter().any(|coordinator| coordinator.error_code == 0) {
                call.told(About::Known);
            }
            return Reply::Now(FindCoordinatorResponse::default().with_coordinators(found));
        }
        let found = find(call, request.key_type, &request.key);
        if found.is_ok() {
            call.told(About::Known);
        }
        Reply::Now(single(call.version(), found))
    }
}

fn find(call: Call<'_>, key_type: i8, key: &str) -> Result<Place, ErrorCode> {
    match key_type {
        GROUP => group(call, key),
        TRANSACTION => Err(ErrorCode::CoordinatorNotAvailable),
        SHARE if call.version() >= 6 && is_share_key(key) => Err(ErrorCode::CoordinatorNotAvailable),
        _ => Err(ErrorCode::InvalidRequest),
    }
}

fn group(call: Call<'_>, key: &str) -> Result<Place, ErrorCode> {
    let image = call.services.image();
    let Some(topic) = image.topic(CONSUMER_OFFSETS) else {
        crate::topic::create::in_background(call, vec![CONSUMER_OFFSETS.to_owned()]);
        return Err(ErrorCode::CoordinatorNotAvailable);
    };
    let partition = topic.partition(coordinator_partition(key, topic.partition_count()));
    let leader = partition.map_or(NodeId::NONE, |partition| partition.leader);
    let broker = image.alive_brokers().find(|broker| broker.id == leader);
    let endpoint = broker.and_then(|broker| broker.endpoint(&call.session.listener));
    let endpoint = endpoint.ok_or(ErrorCode::CoordinatorNotAvailable)?;
    Ok(Place { node: leader, host: call.host(endpoint).into_owned(), port: i32::from(endpoint.port) })
}

/// `group:topicId:partition` (`SharePartitionKey.validate`).
fn is_share_key(key: &str) -> bool {
    let mut parts = key.rsplitn(3, ':');
    let partition = parts.next().and_then(|part| part.parse::<i32>().ok());
    let topic = parts.next().and_then(TopicId::parse);
    partition.is_some() && topic.is_some() && parts.next().is_some_and(|group| !group.is_empty())
}

/// Kafka has words for a key type that does not exist, and for nothing else.
fn batched(key: &StrBytes, key_type: i8, found: Result<Place, ErrorCode>) -> Coordinator {
    let coordinator = Coordinator::default().with_key(key.clone());
    match found {
        Ok(place) => coordinator
            .with_node_id(BrokerId(place.node.0))
            .with_host(text(place.host))
            .with_port(place.port)
            .with_error_message(Some(text(""))),
        Err(code) => coordinator
            .with_node_id(BrokerId(-1))
            .with_port(-1)
            .with_error_code(code.code())
            .with_error_message(Some(text(if (GROUP..=SHARE).contains(&key_type) { "" } else { code.message() }))),
    }
}

/// On success versions 1-3 say "NONE" (M9).
fn single(version: i16, found: Result<Place, ErrorCode>) -> FindCoordinatorResponse {
    let (code, message) = match &found {
        Ok(_) => (ErrorCode::None, "NONE"),
        Err(code) => (*code, code.message()),
    };
    let place = found.unwrap_or(Place { node: NodeId::NONE, host: String::new(), port: -1 });
    let response = FindCoordinatorResponse::default()
        .with_error_code(code.code())
        .with_node_id(BrokerId(place.node.0))
        .with_host(text(place.host))
        .with_port(place.port);
    if version >= 1 { response.with_error_message(Some(text(message))) } else { response }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_keys_have_three_parts_m9() {
        let id = TopicId::from_random([7; 16]);
        assert!(is_share_key(&format!("g:{id}:0")));
        assert!(is_share_key(&format!("a:b:{id}:12")), "a group id may hold colons");
        for bad in ["", "g", "g:x:0", &format!("g:{id}:x"), &format!(":{id}:0"), &format!("{id}:0")] {
            assert!(!is_share_key(bad), "{bad}");
        }
    }
}
