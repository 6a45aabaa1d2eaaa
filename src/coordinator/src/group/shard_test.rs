//! Looking at groups and deleting them: G20, O7 (topics), O12; and replay of what is not ours.

use bytes::Bytes;
use klamm_base::Offset;

use super::*;
use crate::Error;
use crate::group::testing::{Bench, commit as commit_request, join};

#[test]
fn g20_a_group_that_is_not_there_is_dead_and_from_version_6_not_found() {
    let mut bench = Bench::new();
    let group = bench.describe("absent", 5);
    assert_eq!((group.error, group.state, group.error_message), (ErrorCode::None, "Dead", None));
    let group = bench.describe("absent", 6);
    assert_eq!((group.error, group.state), (ErrorCode::GroupIdNotFound, "Dead"));
    assert_eq!(group.error_message.as_deref(), Some("Group absent not found."));
}

#[test]
fn g20_metadata_and_the_protocol_are_shown_only_while_the_group_is_stable() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let group = bench.describe("g", 5);
    assert_eq!((group.state, &*group.protocol_type, &*group.protocol_data), ("Stable", "consumer", "range"));
    let member = &group.members[0];
    assert_eq!((&*member.client_id, &*member.client_host), ("a", "/127.0.0.1"));
    assert_eq!((&member.assignment[..], member.metadata.is_empty()), (ids[0].as_bytes(), false));
    bench.enter("b");
    let group = bench.describe("g", 5);
    assert_eq!((group.state, &*group.protocol_type, &*group.protocol_data), ("PreparingRebalance", "consumer", ""));
    assert!(group.members.iter().all(|member| member.metadata.is_empty()));
}

#[test]
fn g20_list_filters_by_state_and_type_whatever_the_case() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    let mut simple = commit_request("", -1, 1);
    simple.group_id = "".into();
    bench.commit(simple).unwrap();
    let mut names = |states: &[&str], types: &[&str]| {
        let groups = bench.list(states, types);
        groups.into_iter().map(|group| (group.group_id.to_string(), group.state)).collect::<Vec<_>>()
    };
    let (simple, stable) = (("".to_owned(), "Empty"), ("g".to_owned(), "Stable"));
    assert_eq!(names(&[], &[]), [simple.clone(), stable.clone()]);
    assert_eq!(names(&["sTABLE", "Dead"], &["CLASSIC"]), [stable]);
    assert_eq!(names(&["empty"], &[]), [simple]);
    for (states, types) in [(&["nonsense"][..], &[][..]), (&[""], &[]), (&[], &["consumer"]), (&[], &[""])] {
        assert!(names(states, types).is_empty(), "{states:?} {types:?}");
    }
    let listed = bench.list(&[], &[]);
    assert_eq!((&*listed[0].protocol_type, &*listed[1].protocol_type), ("", "consumer"));
    assert_eq!(listed[0].group_type, "classic");
}

#[test]
fn g20_delete_takes_empty_groups_with_their_offsets() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    bench.commit(commit_request(&ids[0], 1, 5)).unwrap();
    assert_eq!(
        bench.delete(&["g", "h"]),
        [("g".into(), ErrorCode::NonEmptyGroup), ("h".into(), ErrorCode::GroupIdNotFound)]
    );
    bench.leave(&[(&ids[0], None)]);
    assert_eq!(bench.delete(&["g", "g"]), [("g".into(), ErrorCode::None)], "a name twice is answered once");
    assert_eq!((bench.state("g"), bench.fetch("t").offset), (None, Offset(-1)));
    let mut reloaded = bench.reloaded(GroupConfig::default());
    assert_eq!((reloaded.state("g"), reloaded.fetch("t").offset), (None, Offset(-1)));
    assert_eq!(bench.delete(&["g"])[0].1, ErrorCode::GroupIdNotFound);
}

#[test]
fn g20_what_cannot_be_written_is_not_deleted() {
    let mut bench = Bench::new();
    bench.commit(commit_request("", -1, 5)).unwrap();
    bench.fate = Settled::Refused(ErrorCode::NotEnoughReplicas);
    let ticket = bench.send(Request::Delete(vec!["g".into()]));
    assert_eq!(bench.answers.remove(&ticket), Some(Err(ErrorCode::CoordinatorNotAvailable)));
    bench.fate = Settled::Committed;
    assert_eq!(bench.fetch("t").offset, Offset(5));
}

#[test]
fn o7_a_deleted_topic_takes_its_offsets_along_in_every_group_and_no_others() {
    let mut bench = Bench::new();
    let (gone, other) = (TopicId([1; 16]), TopicId([2; 16]));
    for (group, topic_id) in [("by-id", gone), ("by-name", TopicId::ZERO), ("other", other)] {
        let mut request = commit_request("", -1, 5);
        (request.group_id, request.topics[0].topic_id) = (group.into(), topic_id);
        bench.commit(request).unwrap();
    }
    let ticket = bench.send(Request::TopicsDeleted(vec![("t".into(), gone), ("absent".into(), other)]));
    assert_eq!(bench.reply(ticket), Reply::TopicsDeleted);
    let kept = |group: &str| bench.shard.offsets().get(group, "t", 0).is_some();
    assert_eq!((kept("by-id"), kept("by-name"), kept("other")), (false, false, true));
}

#[test]
fn o12_offsets_are_deleted_but_those_of_topics_that_consumers_subscribe_to() {
    let mut bench = Bench::new();
    assert_eq!(bench.delete_offsets("g", "t").error, ErrorCode::GroupIdNotFound);
    assert_eq!(bench.delete_offsets("", "t").error, ErrorCode::InvalidGroupId);
    let ids = bench.stable(&["a"]);
    bench.commit(commit_request(&ids[0], 1, 5)).unwrap();
    let reply = bench.delete_offsets("g", "t");
    assert_eq!((reply.error, reply.topics[0].partitions[0].1), (ErrorCode::None, ErrorCode::GroupSubscribedToTopic));
    let reply = bench.delete_offsets("g", "unread");
    assert_eq!((reply.error, reply.topics[0].partitions[0].1), (ErrorCode::None, ErrorCode::None));
    bench.leave(&[(&ids[0], None)]);
    assert_eq!(bench.fetch("t").offset, Offset(5));
    assert_eq!(bench.delete_offsets("g", "t").topics[0].partitions[0].1, ErrorCode::None);
    assert_eq!(bench.fetch("t").offset, Offset(-1));
}

#[test]
fn o12_a_live_group_of_another_type_keeps_its_offsets() {
    let mut bench = Bench::new();
    let mut request = join("a", "");
    (request.version, request.protocol_type) = (3, "connect".into());
    bench.send(request.into());
    let reply = bench.delete_offsets("g", "t");
    assert_eq!((reply.error, reply.topics.len()), (ErrorCode::NonEmptyGroup, 0));
}

#[test]
fn records_of_other_kinds_of_groups_are_left_alone() {
    let mut bench = Bench::new();
    bench.commit(commit_request("", -1, 5)).unwrap();
    for kind in [3_i16, 5, 8, 17, 99] {
        let key = Bytes::from([&kind.to_be_bytes()[..], b"whatever"].concat());
        for value in [None, Some(Bytes::from_static(b"\0\0junk"))] {
            assert_eq!(bench.shard.replay(&Record { key: key.clone(), value }), Ok(()));
        }
    }
    assert_eq!((bench.fetch("t").offset, bench.shard.groups().count()), (Offset(5), 1));
}

#[test]
fn a_record_that_cannot_be_read_changes_nothing() {
    let mut bench = Bench::new();
    bench.commit(commit_request("", -1, 5)).unwrap();
    let key = bench.log[0].key.clone();
    let newer = Some(Bytes::from_static(b"\0\x09"));
    let refused = bench.shard.replay(&Record { key, value: newer });
    assert_eq!(refused, Err(Error::Version { what: "an offset commit", version: 9 }));
    assert_eq!(bench.fetch("t").offset, Offset(5));
}

#[test]
fn a_record_with_contradictions_is_replayed_without_harm() {
    let value = crate::group::records::GroupValue {
        protocol_type: "consumer".into(),
        generation: i32::MAX,
        protocol: None,
        leader: Some("nobody".into()),
        state_timestamp_ms: i64::MIN,
        members: vec![member("m"), member("m"), member("n")],
    };
    let mut bench = Bench::new();
    bench.shard.replay(&group_record("g", &value)).unwrap();
    let outcome = bench.shard.loaded(bench.now());
    bench.carry_out(outcome);
    bench.describe("g", 6);
    bench.pass(10_000_000);
    assert_eq!(bench.state("g"), None);
}

fn member(id: &str) -> crate::group::records::MemberValue {
    crate::group::records::MemberValue {
        member_id: id.into(),
        group_instance_id: Some("same".into()),
        client_id: "c".into(),
        client_host: "h".into(),
        rebalance_timeout_ms: -1,
        session_timeout_ms: i32::MIN,
        subscription: Bytes::new(),
        assignment: Bytes::new(),
    }
}

#[test]
fn a_shard_without_groups_needs_no_waking() {
    let mut bench = Bench::new();
    let outcome = bench.shard.loaded(bench.now());
    bench.carry_out(outcome);
    bench.list(&[], &[]);
    bench.describe("g", 5);
    bench.heartbeat("m", 1);
    assert_eq!(bench.shard.next_deadline(), None);
}
