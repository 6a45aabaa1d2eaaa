//! What a coordinator tells of a group (`DescribeConsumerGroupsHandler`).
//!
//! ConsumerGroupDescribe is asked first; a broker that does not know it, or that says that the group is none of the new
//! protocol (KIP-848), is asked by DescribeGroups.

use std::collections::BTreeSet;

use bytes::Buf;
use kafka_protocol::messages::consumer_group_describe_response::{
    Assignment, DescribedGroup as NewGroup, Member as NewMember,
};
use kafka_protocol::messages::describe_groups_response::{DescribedGroup as ClassicGroup, DescribedGroupMember};
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribeGroupsRequest, DescribeGroupsResponse,
};
use klamm_base::{ErrorCode, TopicPartition};
use klamm_peer::{Error, Node, Verdict};

use super::cluster::{Cluster, at, group_id};
use crate::thrown::Thrown;

/// How Kafka's admin client calls this.
const CALL: &str = "describeConsumerGroups(api=FIND_COORDINATOR)";
/// The states of a group, as the wire and the tools write them (`GroupState`).
const STATES: &[&str] = &[
    "Unknown",
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
    "NotReady",
];

/// A group (`ConsumerGroupDescription`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its id.
    pub(crate) id: String,
    /// One of [`STATES`].
    pub(crate) state: &'static str,
    /// `range`; empty if there is none.
    pub(crate) assignor: String,
    /// The broker that looks after it.
    pub(crate) coordinator: Option<Node>,
    /// The epoch of the group; the new protocol's alone.
    pub(crate) group_epoch: Option<i32>,
    /// The epoch of the target assignment; the new protocol's alone.
    pub(crate) assignment_epoch: Option<i32>,
    /// Its members, in the broker's order.
    pub(crate) members: Vec<Member>,
}

/// A member of a group (`MemberDescription`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Member {
    /// The member's id.
    pub(crate) id: String,
    /// `group.instance.id`; empty if it has none.
    pub(crate) instance_id: String,
    /// `client.id`.
    pub(crate) client_id: String,
    /// Where it connects from.
    pub(crate) host: String,
    /// What it has.
    pub(crate) assignment: BTreeSet<TopicPartition>,
    /// What it shall have; the new protocol's alone.
    pub(crate) target: BTreeSet<TopicPartition>,
    /// The member's epoch; the new protocol's alone.
    pub(crate) epoch: Option<i32>,
    /// Whether it speaks the new protocol, where the broker tells.
    pub(crate) upgraded: Option<bool>,
}

impl Cluster {
    /// Describes a group.
    ///
    /// # Errors
    /// `GroupIdNotFoundException` if there is none.
    pub(crate) async fn describe_group(&self, group: &str) -> Result<Group, Thrown> {
        let words = match self.describe_new(group).await? {
            Ok(described) => return Ok(new_group(described, self.client.known_coordinator(group).await)),
            Err(words) => words,
        };
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id(group)]);
        let judge = |answer: &DescribeGroupsResponse| verdict(answer.groups.first().map(|group| group.error_code));
        let answer = self.client.call_until(CALL, &at(group), &request, judge).await?;
        let described = answer.groups.into_iter().next().ok_or_else(|| nothing_said(group))?;
        let own = described.error_message.as_ref().map(ToString::to_string);
        let code = ErrorCode::from_wire(described.error_code);
        if code.is_none() {
            return classic_group(described, self.client.known_coordinator(group).await);
        }
        // The new API's words about a group that is not there say more.
        Err(Thrown::coded(code, if code == ErrorCode::GroupIdNotFound { words.or(own) } else { own }))
    }

    /// Asks by ConsumerGroupDescribe. The inner error sends the asker to DescribeGroups, with the broker's words.
    async fn describe_new(&self, group: &str) -> Result<Result<NewGroup, Option<String>>, Thrown> {
        let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group_id(group)]);
        let judge =
            |answer: &ConsumerGroupDescribeResponse| verdict(answer.groups.first().map(|group| group.error_code));
        let answer = match self.client.call_until(CALL, &at(group), &request, judge).await {
            Ok(answer) => answer,
            Err(Error::Unsupported { .. }) => return Ok(Err(None)),
            Err(error) => return Err(Thrown::of(error)),
        };
        let described = answer.groups.into_iter().next().ok_or_else(|| nothing_said(group))?;
        let words = described.error_message.as_ref().map(ToString::to_string);
        match ErrorCode::from_wire(described.error_code) {
            ErrorCode::None => Ok(Ok(described)),
            ErrorCode::GroupIdNotFound | ErrorCode::UnsupportedVersion => Ok(Err(words)),
            code => Err(Thrown::coded(code, words)),
        }
    }
}

fn verdict(code: Option<i16>) -> Verdict {
    Verdict::of(code.unwrap_or_default())
}

fn nothing_said(group: &str) -> Thrown {
    Thrown::coded(ErrorCode::UnknownServerError, Some(format!("The answer says nothing of group {group}")))
}

/// A state as [`STATES`] writes it, however it is written (`GroupState.parse`).
pub(crate) fn parse_state(name: &str) -> &'static str {
    STATES.iter().find(|state| state.eq_ignore_ascii_case(name)).copied().unwrap_or("Unknown")
}

fn new_group(group: NewGroup, coordinator: Option<Node>) -> Group {
    let assignment = |assignment: &Assignment| {
        let rows = assignment.topic_partitions.iter();
        let pairs = rows.flat_map(|topic| topic.partitions.iter().map(|index| (topic.topic_name.as_str(), *index)));
        pairs.map(|(topic, index)| TopicPartition::new(topic, index)).collect()
    };
    let member = |member: &NewMember| Member {
        id: member.member_id.to_string(),
        instance_id: member.instance_id.as_deref().unwrap_or_default().to_owned(),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        assignment: assignment(&member.assignment),
        target: assignment(&member.target_assignment),
        epoch: Some(member.member_epoch),
        upgraded: (member.member_type != -1).then_some(member.member_type == 1),
    };
    Group {
        id: group.group_id.to_string(),
        state: parse_state(&group.group_state),
        assignor: group.assignor_name.to_string(),
        coordinator,
        group_epoch: Some(group.group_epoch),
        assignment_epoch: Some(group.assignment_epoch),
        members: group.members.iter().map(member).collect(),
    }
}

fn classic_group(group: ClassicGroup, coordinator: Option<Node>) -> Result<Group, Thrown> {
    let protocol = group.protocol_type.as_str();
    if !matches!(protocol, "" | "consumer") {
        let text = format!("GroupId {} is not a consumer group ({protocol}).", group.group_id.as_str());
        return Err(Thrown::new("java.lang.IllegalArgumentException", text));
    }
    let member = |member: &DescribedGroupMember| {
        let assignment = classic_assignment(&member.member_assignment).ok_or_else(|| {
            let text = "Buffer underflow while parsing consumer protocol's assignment";
            Thrown::new("org.apache.kafka.common.protocol.types.SchemaException", text)
        })?;
        Ok(Member {
            id: member.member_id.to_string(),
            instance_id: member.group_instance_id.as_deref().unwrap_or_default().to_owned(),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            assignment,
            ..Member::default()
        })
    };
    Ok(Group {
        id: group.group_id.to_string(),
        state: parse_state(&group.group_state),
        assignor: group.protocol_data.to_string(),
        coordinator,
        group_epoch: None,
        assignment_epoch: None,
        members: group.members.iter().map(member).collect::<Result<_, Thrown>>()?,
    })
}

/// The partitions in a member's assignment (`ConsumerProtocolAssignment`); `None` if it ends too early.
///
/// ```text
///   version i16 │ topics i32 × ( length i16, name │ partitions i32 × ( index i32 ) ) │ user data
/// ```
fn classic_assignment(bytes: &[u8]) -> Option<BTreeSet<TopicPartition>> {
    let mut partitions = BTreeSet::new();
    if bytes.is_empty() {
        return Some(partitions);
    }
    let mut rest = bytes;
    rest.try_get_i16().ok()?;
    for _ in 0..rest.try_get_i32().ok()? {
        let length = usize::try_from(rest.try_get_i16().ok()?).ok()?;
        let (name, behind) = rest.split_at_checked(length)?;
        rest = behind;
        let topic: std::sync::Arc<str> = std::str::from_utf8(name).ok()?.into();
        for _ in 0..rest.try_get_i32().ok()? {
            partitions.insert(TopicPartition::new(topic.clone(), rest.try_get_i32().ok()?));
        }
    }
    Some(partitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assignment_of_a_classic_member_is_read() {
        let mut bytes = vec![0, 3, 0, 0, 0, 1, 0, 2, b't', b'1', 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0];
        bytes.extend([0xff; 4]);
        let read = classic_assignment(&bytes).unwrap();
        assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), ["t1-0", "t1-4"]);
        assert_eq!(classic_assignment(&[]), Some(BTreeSet::new()));
        for end in 1..22 {
            assert_eq!(classic_assignment(&bytes[..end]), None, "{end} bytes");
        }
        assert_eq!(classic_assignment(&[0, 3, 0x7f, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn states_are_known_however_they_are_written() {
        assert_eq!(parse_state("preparingrebalance"), "PreparingRebalance");
        assert_eq!(parse_state("EMPTY"), "Empty");
        assert_eq!(parse_state("sleepy"), "Unknown");
    }

    #[test]
    fn a_group_that_does_not_consume_is_refused() {
        let group = ClassicGroup::default()
            .with_group_id(group_id("g"))
            .with_protocol_type(kafka_protocol::protocol::StrBytes::from_static_str("connect"));
        let thrown = classic_group(group, None).unwrap_err();
        assert_eq!(
            thrown.to_string(),
            "java.lang.IllegalArgumentException: GroupId g is not a consumer group (connect)."
        );
    }
}
