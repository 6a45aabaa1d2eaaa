//! Topics and who leads their partitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_peer::{Client, Error, To};

use super::NETWORK_LOG;

/// A topic, as Metadata tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Topic {
    /// The leader of each partition, by partition; `None` where there is none now.
    pub(crate) leaders: BTreeMap<i32, Option<i32>>,
    /// `__consumer_offsets` and its like.
    pub(crate) internal: bool,
}

/// The topics that were asked for: each, or why there is nothing to tell of it.
pub(crate) type Topics = BTreeMap<String, Result<Topic, ErrorCode>>;

/// Asks for topics, and says in the log which of them have a problem that may pass.
pub(crate) struct Metadata {
    client: Arc<Client>,
    /// `[Producer clientId=console-producer] `: how the lines of the log begin.
    log_prefix: String,
    asked: AtomicU32,
}

impl Metadata {
    pub(crate) fn new(client: Arc<Client>, log_prefix: &str) -> Metadata {
        Metadata { client, log_prefix: log_prefix.to_owned(), asked: AtomicU32::new(0) }
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Asks for `topics`, or for all; `create` allows the broker to make those that are missing.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub(crate) async fn ask(&self, topics: Option<&[String]>, create: bool) -> Result<Topics, Error> {
        let named = |name: &String| {
            MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_string(name.clone()))))
        };
        let request = MetadataRequest::default()
            .with_topics(topics.map(|names| names.iter().map(named).collect()))
            .with_allow_auto_topic_creation(create);
        let answer = self.client.call("metadata", &To::Any, &request).await?;
        let read: Topics = answer.topics.iter().filter_map(read_topic).collect();
        self.warn(&read);
        Ok(read)
    }

    fn warn(&self, topics: &Topics) {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let trouble: Vec<String> = topics
            .iter()
            .filter_map(|(name, topic)| topic.as_ref().err().map(|code| format!("{name}={}", code.name())))
            .collect();
        if !trouble.is_empty() {
            let kind = if topics.values().flat_map(|topic| topic.as_ref().err()).all(|code| passes(*code)) {
                "The metadata response from the cluster reported a recoverable issue"
            } else {
                "Error while fetching metadata"
            };
            let (prefix, list) = (&self.log_prefix, trouble.join(", "));
            tracing::warn!(target: NETWORK_LOG, "{prefix}{kind} with correlation id {number} : {{{list}}}");
        }
    }
}

/// True for a problem of a topic that may be gone at the next look.
pub(crate) fn passes(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::UnknownTopicOrPartition | ErrorCode::LeaderNotAvailable | ErrorCode::ReplicaNotAvailable)
}

fn read_topic(topic: &MetadataResponseTopic) -> Option<(String, Result<Topic, ErrorCode>)> {
    let name = topic.name.as_ref()?.0.to_string();
    let code = ErrorCode::from_wire(topic.error_code);
    if !code.is_none() {
        return Some((name, Err(code)));
    }
    let leader = |id: i32| Some(id).filter(|id| *id >= 0);
    let leaders = topic.partitions.iter().map(|part| (part.partition_index, leader(part.leader_id.0))).collect();
    Some((name, Ok(Topic { leaders, internal: topic.is_internal })))
}
