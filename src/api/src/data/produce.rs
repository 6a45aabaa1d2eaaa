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
use klamm_base::name::is_internal_topic;
use klamm_base::{ErrorCode, TopicId};
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
    for (topic_place, data) in request.topic_data.into_iter().enumerate() {
        let topic = Topic::of(call, &data);
        let mut partitions = Vec::with_capacity(data.partition_data.len());
        for (place, part) in data.partition_data.into_iter().enumerate() {
            let fault = match twice.get(&(topic_place, place)) {
                None => whole,
                Some(Mention::First) => Some(ErrorCode::InvalidRequest),
                Some(Mention::Later) => continue,
            };
            let produced = match fault {
                Some(code) => Err(ProduceRefusal::from(code)),
                None => topic.produce(call, part.index, part.records.as_ref(), request.acks),
            };
            partitions.push(answer(part.index, produced, call.version()));
        }
        if partitions.is_empty() {
            continue;
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
    /// Its name, or why it has none.
    name: Result<Arc<str>, ErrorCode>,
    /// Which incarnation the client means, if it says.
    id: Option<TopicId>,
}

impl Topic {
    fn of(call: Call<'_>, data: &TopicProduceData) -> Topic {
        if call.version() < 13 {
            return Topic { name: Ok(Arc::from(data.name.as_str())), id: None };
        }
        let id = topic_id(data.topic_id);
        Topic { name: call.services.topic_name(id).ok_or(ErrorCode::UnknownTopicId), id: Some(id) }
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
        if self.id.is_some_and(|id| id != partition.topic_id) {
            // The topic was deleted and made again, and only the partitions know it yet (P2).
            return Err(ErrorCode::UnknownTopicId.into());
        }
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

/// Which mention it is of a partition that a request names more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mention {
    First,
    Later,
}

/// The mentions of partitions that a request names more than once, by topic and partition as places in the request.
fn named_twice(topics: &[TopicProduceData]) -> BTreeMap<(usize, usize), Mention> {
    let mut all = Vec::with_capacity(topics.iter().map(|topic| topic.partition_data.len()).sum());
    for (topic_place, topic) in topics.iter().enumerate() {
        for (place, part) in topic.partition_data.iter().enumerate() {
            all.push(((topic.name.as_str(), topic.topic_id, part.index), (topic_place, place)));
        }
    }
    all.sort_unstable();
    let mut twice = BTreeMap::new();
    for group in all.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        twice.insert(group[0].1, Mention::First);
        twice.extend(group[1..].iter().map(|(_, place)| (*place, Mention::Later)));
    }
    twice
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

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::produce_request::PartitionProduceData;

    use super::*;
    use crate::convert::topic_name;

    fn topic(name: &str, partitions: &[i32]) -> TopicProduceData {
        let parts = partitions.iter().map(|index| PartitionProduceData::default().with_index(*index)).collect();
        TopicProduceData::default().with_name(topic_name(name)).with_partition_data(parts)
    }

    #[test]
    fn a_partition_named_twice_is_found_within_a_topic_and_across_its_mentions_p26() {
        let twice = named_twice(&[topic("a", &[0, 1, 0]), topic("b", &[0, 1]), topic("a", &[2, 1])]);
        let expected =
            [((0, 0), Mention::First), ((0, 1), Mention::First), ((0, 2), Mention::Later), ((2, 1), Mention::Later)];
        assert_eq!(twice.into_iter().collect::<Vec<_>>(), expected);
        assert!(named_twice(&[topic("a", &[0, 1]), topic("b", &[0, 1])]).is_empty());
    }
}
