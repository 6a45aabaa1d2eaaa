//! ListConfigResources, key 74.
//!
//! - Versions 0-1. Version 0 lists client-metrics subscriptions alone (KIP-714); version 1 all kinds, or those asked for
//!   (KIP-1142).

use kafka_protocol::messages::list_config_resources_response::ConfigResource;
use kafka_protocol::messages::{ListConfigResourcesRequest, ListConfigResourcesResponse};
use klamm_base::ErrorCode;
use klamm_metadata::ResourceKind;

use crate::call::{Call, Handler};
use crate::convert::text;
use crate::reply::Reply;

/// The handler.
pub struct ListConfigResources;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const BROKER_LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;
/// In the order in which Kafka tells them.
const ALL: [i8; 5] = [TOPIC, BROKER_LOGGER, BROKER, CLIENT_METRICS, GROUP];

impl Handler for ListConfigResources {
    type Request = ListConfigResourcesRequest;
    type Response = ListConfigResourcesResponse;

    async fn handle(call: Call<'_>, request: ListConfigResourcesRequest) -> Reply<ListConfigResourcesResponse> {
        let wanted: Vec<i8> = match call.version() {
            0 => vec![CLIENT_METRICS],
            _ if request.resource_types.is_empty() => ALL.to_vec(),
            _ => ALL.into_iter().filter(|kind| request.resource_types.contains(kind)).collect(),
        };
        if call.version() > 0 && request.resource_types.iter().any(|kind| !ALL.contains(kind)) {
            let response = ListConfigResourcesResponse::default();
            return Reply::Now(response.with_error_code(ErrorCode::UnsupportedVersion.code()));
        }
        let mut resources = Vec::new();
        for kind in wanted {
            for name in names(call, kind) {
                let resource = ConfigResource::default().with_resource_name(text(name));
                resources.push(if call.version() > 0 { resource.with_resource_type(kind) } else { resource });
            }
        }
        Reply::Now(ListConfigResourcesResponse::default().with_config_resources(resources))
    }
}

fn names(call: Call<'_>, kind: i8) -> Vec<String> {
    let image = call.services.image();
    match kind {
        TOPIC => image.topics.keys().map(|name| name.to_string()).collect(),
        BROKER | BROKER_LOGGER => image.alive_brokers().map(|broker| broker.id.to_string()).collect(),
        _ => {
            let of_kind = image.configs.keys().filter(|resource| Some(resource.kind) == ResourceKind::from_id(kind));
            of_kind.map(|resource| resource.name.to_string()).collect()
        }
    }
}
