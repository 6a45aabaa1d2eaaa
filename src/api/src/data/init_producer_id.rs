//! InitProducerId, key 22.
//!
//! - Versions 0-5 (KIP-98, KIP-360, KIP-890). Version 6 is unstable in Kafka 4.3 and not served.
//! - Idempotent producers only: a transactional id is INVALID_REQUEST, because transactions are not served.
//! - Not done: transactional ids.

use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};
use klamm_base::ErrorCode;

use crate::call::{Call, Handler};
use crate::reply::Reply;

/// The handler.
pub struct InitProducerId;

impl Handler for InitProducerId {
    type Request = InitProducerIdRequest;
    type Response = InitProducerIdResponse;

    async fn handle(call: Call<'_>, request: InitProducerIdRequest) -> Reply<InitProducerIdResponse> {
        let (code, producer_id, epoch) = match init(call, &request).await {
            Ok(producer_id) => (ErrorCode::None, producer_id, 0),
            Err(code) => (code, -1, -1),
        };
        Reply::Now(
            InitProducerIdResponse::default()
                .with_error_code(code.code())
                .with_producer_id(ProducerId(producer_id))
                .with_producer_epoch(epoch),
        )
    }
}

async fn init(call: Call<'_>, request: &InitProducerIdRequest) -> Result<i64, ErrorCode> {
    let (id, epoch) = (request.producer_id.0, request.producer_epoch);
    // Both or neither must be given (`InitProducerIdRequest`, from version 3).
    if call.version() >= 3 && (id == -1) != (epoch == -1) {
        return Err(ErrorCode::InvalidRequest);
    }
    match &request.transactional_id {
        // A code that no client retries: waiting would not help.
        Some(_) => Err(ErrorCode::InvalidRequest),
        None => call.services.producer_ids.next().await.map(|id| id.0),
    }
}
