//! DescribeCluster, key 60.
//!
//! - Versions 0-2 (KIP-700, KIP-919, KIP-1073). Brokers are told by the listener that the client came by.
//! - This listener is a broker's: asking it for controllers is MISMATCHED_ENDPOINT_TYPE (M11).

use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{BrokerId, DescribeClusterRequest, DescribeClusterResponse};
use klamm_base::ErrorCode;

use crate::call::{Call, Handler};
use crate::convert::text;
use crate::reply::Reply;
use crate::topic::authorized;

/// The handler.
pub struct DescribeCluster;

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

impl Handler for DescribeCluster {
    type Request = DescribeClusterRequest;
    type Response = DescribeClusterResponse;

    async fn handle(call: Call<'_>, request: DescribeClusterRequest) -> Reply<DescribeClusterResponse> {
        if request.endpoint_type != BROKERS {
            return Reply::Now(wrong_endpoint(request.endpoint_type, call.version()));
        }
        let image = call.services.image();
        let told = image.brokers.values().filter(|broker| request.include_fenced_brokers || !broker.fenced);
        let brokers = told.filter_map(|broker| {
            let endpoint = broker.endpoint(&call.session.listener)?;
            let told = DescribeClusterBroker::default()
                .with_broker_id(BrokerId(broker.id.0))
                .with_host(text(call.host(endpoint).into_owned()))
                .with_port(i32::from(endpoint.port))
                .with_rack(broker.rack.as_ref().map(|rack| text(rack.to_string())));
            Some(told.with_is_fenced(broker.fenced && call.version() >= 2))
        });
        let operations =
            if request.include_cluster_authorized_operations { authorized::CLUSTER } else { authorized::NOT_ASKED };
        Reply::Now(
            DescribeClusterResponse::default()
                .with_error_message(None)
                .with_cluster_id(text(image.cluster.id.to_string()))
                .with_controller_id(BrokerId(call.services.node.0))
                .with_brokers(brokers.collect())
                .with_cluster_authorized_operations(operations),
        )
    }
}

fn wrong_endpoint(endpoint_type: i8, version: i16) -> DescribeClusterResponse {
    let (code, message) = match endpoint_type {
        _ if version == 0 => (ErrorCode::InvalidRequest, ErrorCode::InvalidRequest.message().to_owned()),
        CONTROLLERS => (
            ErrorCode::MismatchedEndpointType,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
                .to_owned(),
        ),
        other => (ErrorCode::UnsupportedEndpointType, format!("Unsupported endpoint type {other}")),
    };
    DescribeClusterResponse::default().with_error_code(code.code()).with_error_message(Some(text(message)))
}
