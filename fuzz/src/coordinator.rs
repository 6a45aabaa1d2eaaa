//! Records of `__consumer_offsets`, and subscriptions of consumers.

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset, TopicId};
use klamm_coordinator::group::classic::subscription::subscribed_topics;
use klamm_coordinator::group::records::{
    GroupValue, Key, MemberValue, OffsetValue, group_record, group_tombstone, offset_record, offset_tombstone,
    read_group, read_key, read_offset,
};

/// Keys: what was read can be written and read again.
pub fn coordinator_key(data: &[u8]) {
    let Ok(key) = read_key(&Bytes::copy_from_slice(data)) else { return };
    let written = match &key {
        Key::Offset { group, topic, partition } => offset_tombstone(group, topic, *partition).key,
        Key::Group(group) => group_tombstone(group).key,
        Key::Other(_) => return,
    };
    assert_eq!(read_key(&written), Ok(key));
}

/// Committed offsets of every version: what was read can be written and read again.
pub fn coordinator_offset(data: &[u8]) {
    let Ok(offset) = read_offset(&Bytes::copy_from_slice(data)) else { return };
    let written = offset_record("g", "t", 0, &offset).value.expect("a record that is no tombstone");
    assert_eq!(read_offset(&written), Ok(offset));
}

/// Classic groups of every version: what was read can be written and read again.
pub fn coordinator_group(data: &[u8]) {
    let Ok(group) = read_group(&Bytes::copy_from_slice(data)) else { return };
    assert!(group.members.len() <= data.len());
    let written = group_record("g", &group).value.expect("a record that is no tombstone");
    assert_eq!(read_group(&written), Ok(group));
}

/// Subscriptions: no more topics than bytes.
pub fn coordinator_subscription(data: &[u8]) {
    if let Some(topics) = subscribed_topics(&Bytes::copy_from_slice(data)) {
        assert!(topics.len() <= data.len());
    }
}

fn offset(expire_timestamp_ms: Option<i64>, topic_id: TopicId) -> OffsetValue {
    OffsetValue {
        offset: Offset(42),
        leader_epoch: if expire_timestamp_ms.is_some() { LeaderEpoch::NONE } else { LeaderEpoch(3) },
        metadata: "some words".into(),
        commit_timestamp_ms: 1_700_000_000_000,
        expire_timestamp_ms,
        topic_id,
    }
}

/// Keys of each type.
pub fn key_seeds() -> Vec<Vec<u8>> {
    let keys = [offset_tombstone("g", "orders", 7).key, group_tombstone("g").key, Bytes::from_static(b"\0\x03\0\x01g")];
    let legacy = Bytes::from([&[0, 0][..], &keys[0][2..]].concat());
    keys.iter().chain([&legacy]).map(|key| key.to_vec()).collect()
}

/// Values of each version.
pub fn offset_seeds() -> Vec<Vec<u8>> {
    let values = [offset(None, TopicId::ZERO), offset(None, TopicId([5; 16])), offset(Some(9), TopicId::ZERO)];
    let mut seeds: Vec<Vec<u8>> =
        values.iter().filter_map(|value| offset_record("g", "t", 0, value).value).map(|value| value.to_vec()).collect();
    let tail = b"\0\x02me\0\0\0\0\0\0\x04\0";
    seeds.push([&[0, 0][..], &[0; 8], tail].concat());
    seeds.push([&[0, 2][..], &[0; 8], tail].concat());
    seeds.push([&[0, 3][..], &[0; 12], tail].concat());
    seeds
}

fn member(id: &str, instance: Option<&str>) -> MemberValue {
    MemberValue {
        member_id: id.into(),
        group_instance_id: instance.map(Into::into),
        client_id: "c".into(),
        client_host: "/127.0.0.1".into(),
        rebalance_timeout_ms: 300_000,
        session_timeout_ms: 45_000,
        subscription: Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff"),
        assignment: Bytes::new(),
    }
}

/// Groups without and with members, in the version that is written and in older and newer ones.
pub fn group_seeds() -> Vec<Vec<u8>> {
    let group = |members| GroupValue {
        protocol_type: "consumer".into(),
        generation: 3,
        protocol: Some("range".into()),
        leader: Some("m".into()),
        state_timestamp_ms: 1_700_000_000_000,
        members,
    };
    let groups = [group(vec![]), group(vec![member("m", None), member("n", Some("i"))])];
    let mut seeds: Vec<Vec<u8>> =
        groups.iter().filter_map(|group| group_record("g", group).value).map(|value| value.to_vec()).collect();
    let body = b"\0\x01c\0\0\0\x01\xff\xff\xff\xff";
    let member = b"\0\0\0\x01\0\x01m\0\x01c\0\x01h";
    seeds.push([&[0, 0][..], body, member, &[0; 12]].concat());
    seeds.push([&[0, 1][..], body, member, &[0; 16]].concat());
    seeds.push([&[0, 2][..], body, &[0; 8], member, &[0; 16]].concat());
    seeds.push(
        [&[0, 4, 2, b'c', 0, 0, 0, 1, 0, 0][..], &[0; 8], &[2, 2, b'm', 0, 1, 1], &[0; 8], &[1, 1, 0, 0]].concat(),
    );
    seeds
}

/// Subscriptions of version 0 and 3.
pub fn subscription_seeds() -> Vec<Vec<u8>> {
    let v0 = b"\0\0\0\0\0\x02\0\x01a\0\x01b\xff\xff\xff\xff";
    let v3 = b"\0\x03\0\0\0\x01\0\x01a\xff\xff\xff\xff\0\0\0\0\0\0\0\0\xff\xff";
    vec![v0.to_vec(), v3.to_vec()]
}
