//! The records of `__consumer_offsets`, in Kafka's schemas.
//!
//! ```text
//! key   i16 type │ fields                       value  i16 version │ fields          (null deletes)
//!
//! 0, 1  group text, topic text, partition i32   OffsetCommitValue
//!         0  offset i64, metadata text, commit timestamp i64
//!         1  the same, then expire timestamp i64
//!         2  as 0          3  leader epoch i32 after the offset
//!         4  as 3, flexible, tag 0: topic id
//! 2     group text                              GroupMetadataValue
//!         0  protocol type, generation i32, protocol?, leader?, members [
//!              member id, client id, client host, session timeout i32, subscription bytes, assignment bytes ]
//!         1  rebalance timeout i32 before the session timeout
//!         2  current state timestamp i64 before the members
//!         3  group instance id? after the member id          4  as 3, flexible
//! ```
//!
//! Every version is read. Written are 4 for an offset (1 if it has a time of expiry) and 3 for a group, as a broker
//! at metadata version 4.3 does (`GroupCoordinatorRecordHelpers`). Keys of other types belong to other group types.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset, TopicId};

use super::codec::{Reader, Writer};
use crate::{Error, Record};

const OFFSET_COMMIT_LEGACY: i16 = 0;
const OFFSET_COMMIT: i16 = 1;
const GROUP_METADATA: i16 = 2;
const TOPIC_ID_TAG: u32 = 0;

/// What a key names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A committed offset.
    Offset {
        /// The group.
        group: Arc<str>,
        /// The topic.
        topic: Arc<str>,
        /// The partition.
        partition: i32,
    },
    /// A classic group.
    Group(Arc<str>),
    /// A record of a type that is not served here.
    Other(i16),
}

/// A committed offset as it is kept (`OffsetAndMetadata`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetValue {
    /// The offset, as the client gave it.
    pub offset: Offset,
    /// The leader epoch of the last consumed record, or none.
    pub leader_epoch: LeaderEpoch,
    /// The client's metadata.
    pub metadata: Arc<str>,
    /// When it was committed, in milliseconds since 1970.
    pub commit_timestamp_ms: i64,
    /// When it expires, if its commit said so, in milliseconds since 1970.
    pub expire_timestamp_ms: Option<i64>,
    /// The topic's id, or [`TopicId::ZERO`].
    pub topic_id: TopicId,
}

/// A classic group as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupValue {
    /// The protocol type, or empty.
    pub protocol_type: Arc<str>,
    /// The generation.
    pub generation: i32,
    /// The chosen protocol.
    pub protocol: Option<Arc<str>>,
    /// The leader's member id.
    pub leader: Option<Arc<str>>,
    /// Since when the group is in its state, in milliseconds since 1970; -1 if unknown.
    pub state_timestamp_ms: i64,
    /// The members.
    pub members: Vec<MemberValue>,
}

/// A member of a classic group as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberValue {
    /// The member's id.
    pub member_id: Arc<str>,
    /// `group.instance.id`.
    pub group_instance_id: Option<Arc<str>>,
    /// The client's id.
    pub client_id: Arc<str>,
    /// The client's address.
    pub client_host: Arc<str>,
    /// The rebalance timeout in milliseconds; -1 in records of version 0.
    pub rebalance_timeout_ms: i32,
    /// The session timeout in milliseconds.
    pub session_timeout_ms: i32,
    /// The metadata for the chosen protocol.
    pub subscription: Bytes,
    /// The assignment.
    pub assignment: Bytes,
}

/// Reads a record's key.
///
/// # Errors
/// If the bytes are not a key. A type that is not known is no error.
pub fn read_key(key: &Bytes) -> Result<Key, Error> {
    let mut reader = Reader::new(key.clone());
    let key = match reader.i16("record type")? {
        OFFSET_COMMIT_LEGACY | OFFSET_COMMIT => Key::Offset {
            group: reader.text("group")?,
            topic: reader.text("topic")?,
            partition: reader.i32("partition")?,
        },
        GROUP_METADATA => Key::Group(reader.text("group")?),
        other => return Ok(Key::Other(other)),
    };
    reader.end()?;
    Ok(key)
}

/// Reads the value of an offset's record.
///
/// # Errors
/// If the bytes are not such a value, or of a version that is not known.
pub fn read_offset(value: &Bytes) -> Result<OffsetValue, Error> {
    let mut reader = Reader::new(value.clone());
    let version = version_of(&mut reader, "an offset commit", 4)?;
    if version >= 4 {
        reader.flexible();
    }
    let offset = Offset(reader.i64("offset")?);
    let leader_epoch = if version >= 3 { LeaderEpoch(reader.i32("leader epoch")?) } else { LeaderEpoch::NONE };
    let metadata = reader.text("metadata")?;
    let commit_timestamp_ms = reader.i64("commit timestamp")?;
    let expire = if version == 1 { reader.i64("expire timestamp")? } else { -1 };
    let mut topic_id = TopicId::ZERO;
    reader.tagged(|tag, bytes| {
        if tag == TOPIC_ID_TAG {
            let id = <[u8; 16]>::try_from(&bytes[..]).map_err(|_| Error::Length("topic id", bytes.len() as i64))?;
            topic_id = TopicId(id);
        }
        Ok(())
    })?;
    reader.end()?;
    let expire_timestamp_ms = (expire != -1).then_some(expire);
    Ok(OffsetValue { offset, leader_epoch, metadata, commit_timestamp_ms, expire_timestamp_ms, topic_id })
}

/// Reads the value of a group's record.
///
/// # Errors
/// If the bytes are not such a value, or of a version that is not known.
pub fn read_group(value: &Bytes) -> Result<GroupValue, Error> {
    let mut reader = Reader::new(value.clone());
    let version = version_of(&mut reader, "a group", 4)?;
    if version >= 4 {
        reader.flexible();
    }
    let mut group = GroupValue {
        protocol_type: reader.text("protocol type")?,
        generation: reader.i32("generation")?,
        protocol: reader.nullable_text("protocol")?,
        leader: reader.nullable_text("leader")?,
        state_timestamp_ms: if version >= 2 { reader.i64("state timestamp")? } else { -1 },
        members: Vec::new(),
    };
    for _ in 0..reader.length("members")? {
        group.members.push(read_member(&mut reader, version)?);
    }
    reader.tagged(|_, _| Ok(()))?;
    reader.end()?;
    Ok(group)
}

fn read_member(reader: &mut Reader, version: i16) -> Result<MemberValue, Error> {
    let member = MemberValue {
        member_id: reader.text("member id")?,
        group_instance_id: if version >= 3 { reader.nullable_text("group instance id")? } else { None },
        client_id: reader.text("client id")?,
        client_host: reader.text("client host")?,
        rebalance_timeout_ms: if version >= 1 { reader.i32("rebalance timeout")? } else { -1 },
        session_timeout_ms: reader.i32("session timeout")?,
        subscription: reader.bytes("subscription")?,
        assignment: reader.bytes("assignment")?,
    };
    reader.tagged(|_, _| Ok(()))?;
    Ok(member)
}

fn version_of(reader: &mut Reader, what: &'static str, newest: i16) -> Result<i16, Error> {
    match reader.i16("version")? {
        version if (0..=newest).contains(&version) => Ok(version),
        version => Err(Error::Version { what, version }),
    }
}

fn offset_key(group: &str, topic: &str, partition: i32) -> Bytes {
    let mut writer = Writer::default();
    writer.i16(OFFSET_COMMIT);
    writer.text(group);
    writer.text(topic);
    writer.i32(partition);
    writer.finish()
}

fn group_key(group: &str) -> Bytes {
    let mut writer = Writer::default();
    writer.i16(GROUP_METADATA);
    writer.text(group);
    writer.finish()
}

/// The record of a committed offset.
pub fn offset_record(group: &str, topic: &str, partition: i32, value: &OffsetValue) -> Record {
    let mut writer = Writer::default();
    match value.expire_timestamp_ms {
        Some(expire_timestamp_ms) => {
            writer.i16(1);
            writer.i64(value.offset.0);
            writer.text(&value.metadata);
            writer.i64(value.commit_timestamp_ms);
            writer.i64(expire_timestamp_ms);
        }
        None => {
            writer.i16(4);
            writer.flexible();
            writer.i64(value.offset.0);
            writer.i32(value.leader_epoch.0);
            writer.text(&value.metadata);
            writer.i64(value.commit_timestamp_ms);
            write_topic_id(&mut writer, value.topic_id);
        }
    }
    Record { key: offset_key(group, topic, partition), value: Some(writer.finish()) }
}

/// The tagged field is left out when it holds its default, as Kafka does.
fn write_topic_id(writer: &mut Writer, topic_id: TopicId) {
    if topic_id.is_zero() {
        writer.uvarint(0);
    } else {
        writer.uvarint(1);
        writer.uvarint(TOPIC_ID_TAG);
        writer.uvarint(16);
        writer.raw(&topic_id.0);
    }
}

/// The record that deletes a committed offset.
pub fn offset_tombstone(group: &str, topic: &str, partition: i32) -> Record {
    Record { key: offset_key(group, topic, partition), value: None }
}

/// The record of a classic group.
pub fn group_record(group: &str, value: &GroupValue) -> Record {
    let mut writer = Writer::default();
    writer.i16(3);
    writer.text(&value.protocol_type);
    writer.i32(value.generation);
    writer.nullable_text(value.protocol.as_deref());
    writer.nullable_text(value.leader.as_deref());
    writer.i64(value.state_timestamp_ms);
    writer.length(value.members.len());
    for member in &value.members {
        writer.text(&member.member_id);
        writer.nullable_text(member.group_instance_id.as_deref());
        writer.text(&member.client_id);
        writer.text(&member.client_host);
        writer.i32(member.rebalance_timeout_ms);
        writer.i32(member.session_timeout_ms);
        writer.bytes(&member.subscription);
        writer.bytes(&member.assignment);
    }
    Record { key: group_key(group), value: Some(writer.finish()) }
}

/// The record that deletes a classic group.
pub fn group_tombstone(group: &str) -> Record {
    Record { key: group_key(group), value: None }
}

#[cfg(test)]
#[path = "records_test.rs"]
mod records_test;
