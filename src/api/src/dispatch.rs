//! From a frame to an outcome: header, row, handler.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::limits::PLAIN_REQUEST_BYTES;
use klamm_wire::RequestHeader;
use klamm_wire::header::API_VERSIONS;
use tokio::time::Instant;

use crate::auth::api_versions;
use crate::call::Call;
use crate::metric::ApiMetrics;
use crate::reply::Outcome;
use crate::services::Services;
use crate::session::Session;
use crate::table::{Row, row};

/// The key of Produce, whose requests carry records.
const PRODUCE: i16 = 0;

/// What a client asks on its first connection, before it goes where it is told: Metadata, FindCoordinator, SaslHandshake,
/// ApiVersions, InitProducerId, SaslAuthenticate, GetTelemetrySubscriptions.
const ASK_WHERE: [i16; 7] = [3, 10, 17, 18, 22, 36, 71];

/// Serves frames. Cheap to clone; one for all connections.
#[derive(Clone)]
pub struct Api {
    services: Arc<Services>,
    metrics: Arc<ApiMetrics>,
}

impl Api {
    /// An API over the rooms below.
    pub fn new(services: Arc<Services>, metrics: ApiMetrics) -> Api {
        Api { services, metrics: Arc::new(metrics) }
    }

    /// Serves one frame (without its size). Requests of one connection must be handed over one after the other (N7).
    pub async fn serve(&self, session: &Session, mut frame: Bytes) -> Outcome {
        let (key, version) = match RequestHeader::peek(&frame) {
            Ok(peeked) => peeked,
            Err(fault) => return Outcome::Close(fault.to_string()),
        };
        let Some(row) = row(key) else {
            return Outcome::Close(format!("API key {key} is not served"));
        };
        if key != PRODUCE && frame.len() > PLAIN_REQUEST_BYTES {
            return Outcome::Close(format!("{} of {} bytes: nothing but records is that long", row.name, frame.len()));
        }
        let header = match RequestHeader::read(&mut frame, (row.header_version)(version) > 1) {
            Ok(header) => header,
            Err(fault) => return Outcome::Close(fault.to_string()),
        };
        if !row.served.contains(version) {
            return unsupported(row, &header);
        }
        if !ASK_WHERE.contains(&key) {
            session.acts(&self.services.unreached, &header.client_id);
        }
        let started = Instant::now();
        let call = Call { services: &self.services, session, header: &header };
        let outcome = (row.serve)(call, frame).await;
        self.metrics.served(row, version, started.elapsed(), &outcome);
        outcome
    }
}

/// An unsupported version closes the connection, but ApiVersions is answered in version 0 (KIP-511, A1).
fn unsupported(row: &Row, header: &RequestHeader) -> Outcome {
    if row.key == API_VERSIONS {
        Outcome::Answer(api_versions::unsupported_version(row, header))
    } else {
        Outcome::Close(format!("{} has no version {}", row.name, header.api_version))
    }
}
