//! Produce, key 0.
//!
//! - Versions 3-13; ApiVersions says 0-13, because librdkafka before 2.11.1 stops compressing otherwise (KAFKA-18659).
//! - acks 0, 1 and -1. acks=0 is never answered; an error in it closes the connection (P6).
//! - From version 13 topics are named by id (KIP-516); from 8 on refused records are named (KIP-467).
//! - Transactions are not served: a transactional batch is refused.
//! - Differs from Kafka: a partition named twice in one request is refused with INVALID_REQUEST, where Kafka drops the
//!   first one's records and reports success (P26); null records are INVALID_RECORD, where Kafka never answers (P4).

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::messages::produce_request::TopicProduceData;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use klamm_base::ErrorCode;
use klamm_base::name::is_internal_topic;
use klamm_record::BatchHeader;
use klamm_replica::{ProduceRefusal, Produced};

use crate::call::{Call, Handler};
use crate::convert::{text, topic_id};
use crate::reply::Reply;

/// The handler.
pub struct Produce;

/// Whose client id may write to internal topics (`AdminUtils.ADMIN_CLIENT_ID`, P7).
const ADMIN_CLIENT_ID: &str = "__admin_client";

impl Handler for Produce {
    type Request = ProduceRequest;
    type Response = ProduceResponse;

    async fn handle(call: Call<'_>, request: ProduceRequest) -> Reply<ProduceResponse> {
        let acks = request.acks;
        let answers = produce(call, request);
        if acks != 0 {
            return Reply::Now(ProduceResponse::default().with_responses(answers));
        }
        let failed = |topic: &TopicProduceResponse| topic.partition_responses.iter().any(|part| part.error_code != 0);
        if answers.iter().any(failed) { Reply::Close("a produce request with acks=0 failed") } else { Reply::Nothing }
    }
}

fn produce(call: Call<'_>, request: ProduceRequest) -> Vec<TopicProduceResponse> {
    let twice = named_twice(&request.topic_data);
    let whole = whole_request_fault(&request);
    let mut topics = Vec::with_capacity(request.topic_data.len());
    for data in request.topic_data {
        if data.partition_data.is_empty() {
            continue;
        }
        let topic = Topic::of(call, &data);
        let mut partitions = Vec::with_capacity(data.partition_data.len());
        for part in data.partition_data {
            let doubled = twice.contains_key(&(topic.key(), part.index));
            if doubled && partitions.iter().any(|done: &PartitionProduceResponse| done.index == part.index) {
                continue;
            }
            let fault = if doubled { Some(ErrorCode::InvalidRequest) } else { whole };
            let produced = match fault {
                Some(code) => Err(ProduceRefusal::from(code)),
                None => topic.produce(call, part.index, part.records.as_ref(), request.acks),
            };
            partitions.push(answer(part.index, produced, call.version()));
        }
        topics.push(
            TopicProduceResponse::default()
                .with_name(data.name)
                .with_topic_id(data.topic_id)
                .with_partition_responses(partitions),
        );
    }
    topics
}

/// A topic of a request, and what it is here.
struct Topic {
    /// What the request calls it, unique within the request.
    called: String,
    /// Its name, or why it has none.
    name: Result<Arc<str>, ErrorCode>,
}

impl Topic {
    fn of(call: Call<'_>, data: &TopicProduceData) -> Topic {
        if call.version() < 13 {
            return Topic { called: data.name.to_string(), name: Ok(Arc::from(data.name.as_str())) };
        }
        let id = topic_id(data.topic_id);
        let name = call.services.topic_name(id).ok_or(ErrorCode::UnknownTopicId);
        Topic { called: id.to_string(), name }
    }

    fn key(&self) -> String {
        self.called.clone()
    }

    /// The checks in Kafka's order: the topic, the records' shape, acks, internal topics, then the log's own.
    fn produce(
        &self,
        call: Call<'_>,
        index: i32,
        records: Option<&Bytes>,
        acks: i16,
    ) -> Result<Produced, ProduceRefusal> {
        let name = self.name.as_ref().map_err(|code| *code)?;
        let partition = call.services.replicas.partition(name, index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let records = records.ok_or(ErrorCode::InvalidRecord)?;
        klamm_record::check_shape(records, call.version())?;
        if !(-1..=1).contains(&acks) {
            return Err(ErrorCode::InvalidRequiredAcks.into());
        }
        if is_internal_topic(name) && call.header.client_id != ADMIN_CLIENT_ID {
            return Err(ErrorCode::InvalidTopicException.into());
        }
        partition.produce(records, call.version())
    }
}

/// The partitions that a request names more than once.
fn named_twice(topics: &[TopicProduceData]) -> BTreeMap<(String, i32), ()> {
    let single = topics.len() <= 1 && topics.iter().all(|topic| topic.partition_data.len() <= 1);
    if single {
        return BTreeMap::new();
    }
    let mut seen = BTreeMap::new();
    for topic in topics {
        let called = if topic.name.is_empty() { topic_id(topic.topic_id).to_string() } else { topic.name.to_string() };
        for part in &topic.partition_data {
            *seen.entry((called.clone(), part.index)).or_insert(0u32) += 1;
        }
    }
    seen.into_iter().filter(|(_, times)| *times > 1).map(|(key, _)| (key, ())).collect()
}

/// What refuses every partition of a request: a transactional batch without a transactional id (P1), and with one, as
/// long as transactions are not served.
fn whole_request_fault(request: &ProduceRequest) -> Option<ErrorCode> {
    let mut records =
        request.topic_data.iter().flat_map(|topic| &topic.partition_data).filter_map(|part| part.records.as_ref());
    if !records.any(is_transactional) {
        return None;
    }
    Some(match request.transactional_id {
        None => ErrorCode::TransactionalIdAuthorizationFailed,
        Some(_) => ErrorCode::InvalidTxnState,
    })
}

fn is_transactional(records: &Bytes) -> bool {
    BatchHeader::parse(records).is_ok_and(|header| header.attributes.is_transactional())
}

fn answer(index: i32, produced: Result<Produced, ProduceRefusal>, version: i16) -> PartitionProduceResponse {
    let part = PartitionProduceResponse::default().with_index(index);
    match produced {
        Ok(produced) => part
            .with_base_offset(produced.base_offset.0)
            .with_log_append_time_ms(produced.log_append_time_ms)
            .with_log_start_offset(produced.log_start.0),
        Err(refusal) => {
            let part = part
                .with_error_code(refusal.code.code())
                .with_base_offset(-1)
                .with_log_append_time_ms(-1)
                .with_log_start_offset(refusal.log_start.0);
            if version < 8 {
                return part;
            }
            let record = |(index, message): (i32, Option<String>)| {
                BatchIndexAndErrorMessage::default()
                    .with_batch_index(index)
                    .with_batch_index_error_message(message.map(text))
            };
            part.with_error_message(refusal.message.map(text))
                .with_record_errors(refusal.record_errors.into_iter().map(record).collect())
        }
    }
}
