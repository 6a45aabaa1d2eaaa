//! Names of things in a cluster: nodes, topics, partitions.

use std::fmt;
use std::sync::Arc;

use crate::text::{base64url, base64url_decode};

/// A broker's or controller's id (`node.id`), never negative for a real node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub i32);

impl NodeId {
    /// No node: what the wire writes for a partition without a leader.
    pub const NONE: NodeId = NodeId(-1);
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A 128-bit id of a topic's incarnation (KIP-516); also used for cluster and directory ids.
///
/// Its text form is Kafka's `Uuid`: 22 characters of unpadded URL-safe base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId(pub [u8; 16]);

impl TopicId {
    /// The id that means "no id".
    pub const ZERO: TopicId = TopicId([0; 16]);

    /// True for [`TopicId::ZERO`].
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// A version-4 id from 16 random bytes. Ids whose text begins with `-` are refused by shells and tools, so the
    /// first byte is changed where that would happen (as Kafka's `Uuid.randomUuid` draws again).
    pub fn from_random(mut bytes: [u8; 16]) -> TopicId {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        if bytes[0] >> 2 == 62 {
            bytes[0] ^= 0x80;
        }
        TopicId(bytes)
    }

    /// Reads the 22-character text form; `None` if it is not one.
    pub fn parse(text: &str) -> Option<TopicId> {
        let bytes = base64url_decode(text)?;
        bytes.try_into().ok().map(TopicId)
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

impl fmt::Debug for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One partition of a topic, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's index, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// The partition `partition` of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> TopicPartition {
        TopicPartition { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = TopicId::from_random(*b"0123456789abcdef");
        assert_eq!(TopicId::parse(&id.to_string()), Some(id));
        assert_eq!(id.to_string().len(), 22);
    }

    #[test]
    fn an_id_never_begins_with_a_dash() {
        for first in 0..=255u8 {
            let mut bytes = [7; 16];
            bytes[0] = first;
            assert!(!TopicId::from_random(bytes).to_string().starts_with('-'));
        }
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in ["", "short", "5L6g3nShT-eMCtK--X86swAA", "5L6g3nShT eMCtK--X86sw"] {
            assert_eq!(TopicId::parse(text), None, "{text}");
        }
    }
}
