//! What members of a consumer group tell each other, inside JoinGroup and SyncGroup (`ConsumerProtocol`).

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::consumer_protocol_assignment::TopicPartition as Assigned;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{ConsumerProtocolAssignment, ConsumerProtocolSubscription, TopicName};
use kafka_protocol::protocol::{Encodable, StrBytes};

use super::assignor::{Subscriber, Tp};

/// The version of what is written: with the generation and the rack (KIP-881).
const SUBSCRIPTION_VERSION: i16 = 3;
/// Nothing came after it that matters here.
const ASSIGNMENT_VERSION: i16 = 1;

/// What a member says of itself when it joins.
pub(super) fn write_subscription(topics: &BTreeSet<String>, rack: &str, generation: i32) -> Option<Bytes> {
    let names: Vec<StrBytes> = topics.iter().map(|topic| StrBytes::from_string(topic.clone())).collect();
    let rack = (!rack.is_empty()).then(|| StrBytes::from_string(rack.to_owned()));
    let subscription =
        ConsumerProtocolSubscription::default().with_topics(names).with_generation_id(generation).with_rack_id(rack);
    let mut bytes = BytesMut::new();
    bytes.put_i16(SUBSCRIPTION_VERSION);
    subscription.encode(&mut bytes, SUBSCRIPTION_VERSION).ok()?;
    Some(bytes.freeze())
}

/// What another member said; one whose words cannot be read wants nothing.
pub(super) fn read_member(member: &JoinGroupResponseMember) -> Subscriber {
    let told = read_subscription(&member.metadata).unwrap_or_default();
    Subscriber {
        id: member.member_id.to_string(),
        instance: member.group_instance_id.as_ref().map(StrBytes::to_string),
        ..told
    }
}

/// Topics, user data, and from version 1 on what is owned, from 2 on since which generation. Later versions append.
fn read_subscription(bytes: &Bytes) -> Option<Subscriber> {
    let mut rest = Rest(bytes.clone());
    let version = rest.int16()?;
    let topics = rest.list(2, Rest::string)?.into_iter().collect();
    rest.skip_bytes()?;
    let owned = if version >= 1 { rest.partitions()? } else { BTreeSet::new() };
    let generation = if version >= 2 { rest.int32()? } else { -1 };
    (version >= 0).then(|| Subscriber { topics, owned, generation, ..Subscriber::default() })
}

/// The bytes that are still to be read. They are a stranger's: no length in them is believed before it is checked.
struct Rest(Bytes);

impl Rest {
    fn int16(&mut self) -> Option<i16> {
        (self.0.remaining() >= 2).then(|| self.0.get_i16())
    }

    fn int32(&mut self) -> Option<i32> {
        (self.0.remaining() >= 4).then(|| self.0.get_i32())
    }

    fn string(&mut self) -> Option<String> {
        let length = usize::try_from(self.int16()?).ok().filter(|length| *length <= self.0.remaining())?;
        String::from_utf8(self.0.split_to(length).to_vec()).ok()
    }

    /// User data, or null.
    fn skip_bytes(&mut self) -> Option<()> {
        let length = usize::try_from(self.int32()?.max(0)).ok().filter(|length| *length <= self.0.remaining())?;
        self.0.advance(length);
        Some(())
    }

    /// A list whose elements take `least` bytes each.
    fn list<T>(&mut self, least: usize, mut element: impl FnMut(&mut Rest) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.int32()?).ok().filter(|count| *count <= self.0.remaining() / least)?;
        (0..count).map(|_| element(self)).collect()
    }

    fn partitions(&mut self) -> Option<BTreeSet<Tp>> {
        let topics = self.list(6, |rest| Some((rest.string()?, rest.list(4, Rest::int32)?)))?;
        let pairs =
            topics.into_iter().flat_map(|(topic, parts)| parts.into_iter().map(move |part| (topic.clone(), part)));
        Some(pairs.collect())
    }
}

/// What the leader gives a member.
pub(super) fn write_assignment(partitions: &BTreeSet<Tp>) -> Option<Bytes> {
    let mut topics: BTreeMap<&String, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions {
        topics.entry(topic).or_default().push(*partition);
    }
    let one = |(topic, partitions): (&String, Vec<i32>)| {
        Assigned::default().with_topic(TopicName(StrBytes::from_string(topic.clone()))).with_partitions(partitions)
    };
    let assignment =
        ConsumerProtocolAssignment::default().with_assigned_partitions(topics.into_iter().map(one).collect());
    let mut bytes = BytesMut::new();
    bytes.put_i16(ASSIGNMENT_VERSION);
    assignment.encode(&mut bytes, ASSIGNMENT_VERSION).ok()?;
    Some(bytes.freeze())
}

/// What this member was given. Nothing at all is an empty assignment.
pub(super) fn read_assignment(bytes: &Bytes) -> Option<BTreeSet<Tp>> {
    if bytes.is_empty() {
        return Some(BTreeSet::new());
    }
    let mut rest = Rest(bytes.clone());
    rest.int16()?;
    rest.partitions()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let given = BTreeSet::from([("a".to_owned(), 0), ("a".to_owned(), 3), ("b".to_owned(), 1)]);
        assert_eq!(read_assignment(&write_assignment(&given).unwrap()), Some(given));
        let topics = BTreeSet::from(["t".to_owned()]);
        let metadata = write_subscription(&topics, "r", 4).unwrap();
        let member = JoinGroupResponseMember::default().with_member_id("m".to_owned().into()).with_metadata(metadata);
        let read = read_member(&member);
        assert_eq!((read.id.as_str(), read.topics, read.generation), ("m", topics, 4));
    }

    #[test]
    fn nonsense_is_no_assignment_and_wants_nothing() {
        assert_eq!(read_assignment(&Bytes::new()), Some(BTreeSet::new()));
        assert_eq!(read_assignment(&Bytes::from_static(&[0])), None);
        assert_eq!(read_assignment(&Bytes::from_static(&[0, 1, 127, 255, 255, 255])), None);
        let member = JoinGroupResponseMember::default().with_metadata(Bytes::from_static(&[0, 1, 9]));
        assert!(read_member(&member).topics.is_empty());
    }
}
