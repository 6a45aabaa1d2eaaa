use super::*;

fn offset_value() -> OffsetValue {
    OffsetValue {
        offset: Offset(42),
        leader_epoch: LeaderEpoch(7),
        metadata: "note".into(),
        commit_timestamp_ms: 1_700_000_000_000,
        expire_timestamp_ms: None,
        topic_id: TopicId(*b"0123456789abcdef"),
    }
}

fn group_value() -> GroupValue {
    let member = |id: &str, instance: Option<&str>| MemberValue {
        member_id: id.into(),
        group_instance_id: instance.map(Into::into),
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
        rebalance_timeout_ms: 60_000,
        session_timeout_ms: 45_000,
        subscription: Bytes::from_static(b"\0\0"),
        assignment: Bytes::from_static(b"part"),
    };
    GroupValue {
        protocol_type: "consumer".into(),
        generation: 3,
        protocol: Some("range".into()),
        leader: Some("a".into()),
        state_timestamp_ms: 1_700_000_000_000,
        members: vec![member("a", None), member("b", Some("i"))],
    }
}

#[test]
fn g21_an_offset_has_the_bytes_that_a_kafka_4_3_broker_writes() {
    let record = offset_record("g", "t", 5, &offset_value());
    assert_eq!(&record.key[..], b"\0\x01\0\x01g\0\x01t\0\0\0\x05");
    let mut value = b"\0\x04\0\0\0\0\0\0\0\x2a\0\0\0\x07\x05note".to_vec();
    value.extend(1_700_000_000_000_i64.to_be_bytes());
    value.extend(b"\x01\0\x100123456789abcdef");
    assert_eq!(record.value.as_deref(), Some(&value[..]));
    assert_eq!(read_offset(&record.value.unwrap()), Ok(offset_value()));
}

#[test]
fn g21_an_offset_without_a_topic_id_writes_no_tag_and_one_with_an_expiry_uses_version_1() {
    let plain = OffsetValue { topic_id: TopicId::ZERO, ..offset_value() };
    let value = offset_record("g", "t", 0, &plain).value.unwrap();
    assert_eq!(value.last(), Some(&0), "no tagged fields");
    assert_eq!(read_offset(&value), Ok(plain.clone()));
    let expiring = OffsetValue { expire_timestamp_ms: Some(9), leader_epoch: LeaderEpoch::NONE, ..plain };
    let value = offset_record("g", "t", 0, &expiring).value.unwrap();
    assert_eq!(&value[..2], b"\0\x01");
    assert_eq!(read_offset(&value), Ok(expiring));
}

#[test]
fn g21_a_group_has_the_bytes_that_a_kafka_4_3_broker_writes() {
    let record = group_record("g", &group_value());
    assert_eq!(&record.key[..], b"\0\x02\0\x01g");
    let value = record.value.unwrap();
    let mut expected = b"\0\x03\0\x08consumer\0\0\0\x03\0\x05range\0\x01a".to_vec();
    expected.extend(1_700_000_000_000_i64.to_be_bytes());
    expected.extend(b"\0\0\0\x02");
    for (id, instance) in [(b"a", &b"\xff\xff"[..]), (b"b", b"\0\x01i")] {
        expected.extend(b"\0\x01");
        expected.extend(id);
        expected.extend(instance);
        expected.extend(b"\0\x06client\0\x0a/127.0.0.1\0\0\xea\x60\0\0\xaf\xc8\0\0\0\x02\0\0\0\0\0\x04part");
    }
    assert_eq!(&value[..], &expected[..]);
    assert_eq!(read_group(&value), Ok(group_value()));
}

#[test]
fn every_older_version_of_an_offset_is_read() {
    let times = [7_i64.to_be_bytes(), 8_i64.to_be_bytes()].concat();
    let v0 = [&b"\0\0\0\0\0\0\0\0\0\x01\0\x01m"[..], &times[..8]].concat();
    let v1 = [&b"\0\x01\0\0\0\0\0\0\0\x01\0\x01m"[..], &times[..]].concat();
    let v2 = [&b"\0\x02\0\0\0\0\0\0\0\x01\0\x01m"[..], &times[..8]].concat();
    let v3 = [&b"\0\x03\0\0\0\0\0\0\0\x01\0\0\0\x09\0\x01m"[..], &times[..8]].concat();
    let read = |bytes: Vec<u8>| read_offset(&bytes.into()).unwrap();
    let expected = OffsetValue {
        offset: Offset(1),
        leader_epoch: LeaderEpoch::NONE,
        metadata: "m".into(),
        commit_timestamp_ms: 7,
        expire_timestamp_ms: None,
        topic_id: TopicId::ZERO,
    };
    assert_eq!(read(v0), expected);
    assert_eq!(read(v1), OffsetValue { expire_timestamp_ms: Some(8), ..expected.clone() });
    assert_eq!(read(v2), expected);
    assert_eq!(read(v3), OffsetValue { leader_epoch: LeaderEpoch(9), ..expected });
}

#[test]
fn every_version_of_a_group_is_read() {
    let ts = 5_i64.to_be_bytes();
    let head = b"\0\x01c\0\0\0\x02\0\x01p\0\x01m".to_vec();
    let tail = b"\0\0\0\x07\0\0\0\x01s\0\0\0\x01a".to_vec();
    let v0 = [b"\0\0".to_vec(), head.clone(), b"\0\0\0\x01\0\x01m\0\x01i\0\x01h".to_vec(), tail.clone()].concat();
    let v1 = [b"\0\x01".to_vec(), head.clone(), b"\0\0\0\x01\0\x01m\0\x01i\0\x01h\0\0\0\x08".to_vec(), tail.clone()]
        .concat();
    let v2 =
        [b"\0\x02".to_vec(), head, ts.to_vec(), b"\0\0\0\x01\0\x01m\0\x01i\0\x01h\0\0\0\x08".to_vec(), tail].concat();
    let v4 = [
        b"\0\x04\x02c\0\0\0\x02\x02p\x02m".to_vec(),
        ts.to_vec(),
        b"\x02\x02m\x02n\x02i\x02h\0\0\0\x08\0\0\0\x07\x02s\x02a\0\0".to_vec(),
    ]
    .concat();
    for (bytes, rebalance, timestamp, instance) in
        [(v0, -1, -1, None), (v1, 8, -1, None), (v2, 8, 5, None), (v4, 8, 5, Some("n"))]
    {
        let group = read_group(&bytes.into()).unwrap();
        assert_eq!((group.generation, &*group.protocol_type, group.leader.as_deref()), (2, "c", Some("m")));
        assert_eq!(group.state_timestamp_ms, timestamp);
        let member = &group.members[0];
        assert_eq!((member.rebalance_timeout_ms, member.session_timeout_ms), (rebalance, 7));
        assert_eq!(member.group_instance_id.as_deref(), instance);
        assert_eq!((&member.subscription[..], &member.assignment[..]), (&b"s"[..], &b"a"[..]));
    }
}

#[test]
fn a_key_of_another_type_is_known_as_such_whatever_follows() {
    assert_eq!(read_key(&Bytes::from_static(b"\0\x03junk")), Ok(Key::Other(3)));
    assert_eq!(read_key(&Bytes::from_static(b"\x7f\xff")), Ok(Key::Other(i16::MAX)));
    assert_eq!(read_key(&Bytes::from_static(b"\0")), Err(Error::Truncated("record type")));
    let legacy = read_key(&Bytes::from_static(b"\0\0\0\x01g\0\x01t\0\0\0\x05"));
    assert_eq!(legacy, Ok(Key::Offset { group: "g".into(), topic: "t".into(), partition: 5 }));
}

#[test]
fn no_bytes_make_a_reader_panic_and_no_cut_record_is_read() {
    let records = [offset_record("g", "t", 5, &offset_value()), group_record("g", &group_value())];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for (is_group, record) in records.iter().enumerate() {
        let value = record.value.clone().unwrap();
        for cut in 0..value.len() {
            let cut = value.slice(..cut);
            assert!(if is_group == 1 { read_group(&cut).is_err() } else { read_offset(&cut).is_err() });
        }
        for cut in 2..record.key.len() {
            assert!(read_key(&record.key.slice(..cut)).is_err());
        }
        for _ in 0..20_000 {
            let mut bytes = value.to_vec();
            for _ in 0..1 + random() % 4 {
                let at = random() as usize % bytes.len();
                bytes[at] = random() as u8;
            }
            let bytes = Bytes::from(bytes);
            let _ = (read_offset(&bytes), read_group(&bytes), read_key(&bytes));
        }
    }
}

#[test]
fn a_list_that_claims_more_members_than_bytes_is_refused_before_anything_is_kept() {
    let bytes = [&b"\0\x03\0\x01c\0\0\0\x01\xff\xff\xff\xff"[..], &[0; 8], b"\x7f\xff\xff\xff"].concat();
    assert_eq!(read_group(&bytes.into()), Err(Error::Truncated("members")));
}
