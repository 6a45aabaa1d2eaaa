//! Transactions of a producer: its id's registration, the partitions it writes to, the commit (KIP-98).

use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, EndTxnRequest, FindCoordinatorRequest, InitProducerIdRequest, ProducerId, TopicName,
    TransactionalId,
};
use kafka_protocol::protocol::{Request, StrBytes};
use klamm_base::ErrorCode;
use klamm_peer::{Error, To};
use tokio::time::{Instant, sleep};

use super::Shared;
use super::queue::{Key, may_pass};
use crate::thrown::Thrown;

/// The coordinators of transactions, in FindCoordinator.
const TRANSACTIONS: i8 = 1;
/// The highest version in which a client adds the partitions of one transaction; later ones are the brokers' own.
const ADD_PARTITIONS_BY_CLIENT: i16 = 3;
/// The highest version that leaves the producer's epoch as it is.
const END_WITHOUT_BUMP: i16 = 4;

/// Asks for the producer id of the transactional id.
pub(super) async fn init(shared: &Shared) -> Result<(), Thrown> {
    let request = InitProducerIdRequest::default()
        .with_transactional_id(Some(id_of(shared)))
        .with_transaction_timeout_ms(shared.config.transaction_timeout_ms)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1);
    let answer = ask(shared, 5, &request, |answer| answer.error_code).await?;
    shared.state().queues.identity = Some((answer.producer_id.0, answer.producer_epoch));
    Ok(())
}

/// Makes a partition part of the open transaction.
pub(super) async fn add_partition(shared: &Shared, key: &Key) -> Result<(), Thrown> {
    let (id, epoch) = identity(shared)?;
    let topic = AddPartitionsToTxnTopic::default()
        .with_name(TopicName(StrBytes::from_string(key.0.to_string())))
        .with_partitions(vec![key.1]);
    let request = AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(id_of(shared))
        .with_v3_and_below_producer_id(ProducerId(id))
        .with_v3_and_below_producer_epoch(epoch)
        .with_v3_and_below_topics(vec![topic]);
    let code = |answer: &<AddPartitionsToTxnRequest as Request>::Response| {
        let topics = answer.results_by_topic_v3_and_below.iter();
        topics
            .flat_map(|topic| &topic.results_by_partition)
            .map(|part| part.partition_error_code)
            .find(|code| *code != 0)
            .unwrap_or(0)
    };
    ask(shared, ADD_PARTITIONS_BY_CLIENT, &request, code).await.map(drop)
}

/// Commits the open transaction.
pub(super) async fn commit(shared: &Shared) -> Result<(), Thrown> {
    let (id, epoch) = identity(shared)?;
    let request = EndTxnRequest::default()
        .with_transactional_id(id_of(shared))
        .with_producer_id(ProducerId(id))
        .with_producer_epoch(epoch)
        .with_committed(true);
    ask(shared, END_WITHOUT_BUMP, &request, |answer| answer.error_code).await.map(drop)
}

fn identity(shared: &Shared) -> Result<(i64, i16), Thrown> {
    let missing = || Thrown::coded(ErrorCode::InvalidProducerEpoch, None);
    shared.state().queues.identity.ok_or_else(missing)
}

fn id_of(shared: &Shared) -> TransactionalId {
    TransactionalId(StrBytes::from_string(shared.config.transactional_id.clone().unwrap_or_default()))
}

/// Asks the coordinator, again and again while it says that it may pass, for up to `max.block.ms`.
async fn ask<R: Request>(
    shared: &Shared,
    highest: i16,
    request: &R,
    code: impl Fn(&R::Response) -> i16,
) -> Result<R::Response, Thrown> {
    let deadline = Instant::now() + shared.config.max_block;
    loop {
        let fault = match try_once(shared, highest, request).await {
            Ok(answer) => match ErrorCode::from_wire(code(&answer)) {
                ErrorCode::None => return Ok(answer),
                code if passes(code) => Thrown::coded(code, None),
                code => return Err(Thrown::coded(code, None)),
            },
            Err(Error::Refused { code, message }) if !passes(code) => return Err(Thrown::coded(code, message)),
            Err(error @ (Error::Unsupported { .. } | Error::Unwritable(_))) => return Err(Thrown::of(error)),
            Err(error) => Thrown::of(error),
        };
        if Instant::now() >= deadline {
            return Err(fault);
        }
        sleep(shared.config.retry_backoff).await;
    }
}

fn passes(code: ErrorCode) -> bool {
    may_pass(code)
        || matches!(
            code,
            ErrorCode::CoordinatorLoadInProgress | ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator
        )
}

async fn try_once<R: Request>(shared: &Shared, highest: i16, request: &R) -> Result<R::Response, Error> {
    let patience = shared.config.request_timeout;
    let any = shared.client.connection(&To::Any).await?;
    let version = any.versions().highest::<FindCoordinatorRequest>()?;
    let key = id_of(shared).0;
    let find = FindCoordinatorRequest::default().with_key_type(TRANSACTIONS);
    let find = if version >= 4 { find.with_coordinator_keys(vec![key]) } else { find.with_key(key) };
    let found = any.call_at(version, &find, patience).await?;
    let (code, node) = match found.coordinators.first() {
        Some(coordinator) => (coordinator.error_code, coordinator.node_id),
        None => (found.error_code, found.node_id),
    };
    if code != 0 {
        return Err(Error::refused(code, None));
    }
    let coordinator = shared.client.connection(&To::Node(node.0)).await?;
    let version = coordinator.versions().highest_up_to::<R>(highest)?;
    coordinator.call_at(version, request, patience).await
}
