//! Between the wire's types and ours.

use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;
use klamm_base::TopicId;
use uuid::Uuid;

/// A topic's id as the wire has it.
pub fn uuid(id: TopicId) -> Uuid {
    Uuid::from_bytes(id.0)
}

/// A topic's id as we have it.
pub fn topic_id(id: Uuid) -> TopicId {
    TopicId(id.into_bytes())
}

/// A string as the wire has it.
pub fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

/// A topic's name as the wire has it.
pub fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

/// A string of the wire as we share it.
pub fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// An optional string of the wire as we share it.
pub fn shared_option(text: Option<&StrBytes>) -> Option<Arc<str>> {
    text.map(|text| shared(text))
}

/// How long a request may take. A client that gives no time gets a moment: a change is decided at once or not at all.
pub fn deadline(timeout_ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0).max(1000))
}
