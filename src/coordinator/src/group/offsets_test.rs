//! O1-O4, O6, O8, O11, O13.

use super::*;
use crate::group::message::Request;
use crate::group::testing::{Bench, commit as commit_request, join, sync};
use crate::outcome::Settled;

const NONE: Result<ErrorCode, ErrorCode> = Ok(ErrorCode::None);

#[test]
fn o1_a_commit_from_outside_makes_a_simple_group() {
    for (member_id, generation) in [("", -1), ("anybody", -1), ("", -7)] {
        let mut bench = Bench::new();
        assert_eq!(bench.commit(commit_request(member_id, generation, 42)), NONE);
        let group = bench.group("g").unwrap();
        assert_eq!((group.state(), group.protocol_type()), (State::Empty, None));
        assert_eq!(bench.fetch("t").offset, Offset(42));
    }
}

#[test]
fn o1_a_commit_from_outside_is_taken_by_an_empty_group_and_refused_by_one_with_members() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    assert_eq!(bench.commit(commit_request("", -1, 1)), Err(ErrorCode::UnknownMemberId));
    assert_eq!(bench.commit(commit_request(&ids[0], -1, 1)), Err(ErrorCode::IllegalGeneration));
    bench.leave(&[(&ids[0], None)]);
    assert_eq!(bench.commit(commit_request("", -1, 1)), NONE);
    assert_eq!(bench.commit(commit_request("", 2, 1)), Err(ErrorCode::UnknownMemberId));
    assert_eq!(bench.commit(commit_request("a", 2, 1)), Err(ErrorCode::UnknownMemberId));
    // `ClassicGroup.validateOffsetCommit` of 4.3.1 looks at the generation first.
    assert_eq!(bench.commit(commit_request("a", -1, 1)), NONE);
}

#[test]
fn o2_a_generation_without_a_group_is_refused_by_version() {
    let mut bench = Bench::new();
    let mut request = commit_request("m", 0, 1);
    assert_eq!(bench.commit(request.clone()), Err(ErrorCode::GroupIdNotFound));
    request.version = 8;
    assert_eq!(bench.commit(request), Err(ErrorCode::IllegalGeneration));
    assert_eq!(bench.group("g").map(|group| group.state()), None);
}

#[test]
fn o2_the_wrong_member_or_generation_is_refused() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    assert_eq!(bench.commit(commit_request("stranger", 1, 1)), Err(ErrorCode::UnknownMemberId));
    assert_eq!(bench.commit(commit_request(&ids[0], 2, 1)), Err(ErrorCode::IllegalGeneration));
    assert_eq!(bench.commit(commit_request(&ids[0], 1, 1)), NONE);
}

#[test]
fn o3_members_commit_while_they_are_asked_to_join_and_not_while_the_leader_assigns() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let leader = bench.send(join("a", &ids[0]).into());
    assert_eq!(bench.commit(commit_request(&ids[1], 1, 10)), NONE);
    let follower = bench.send(join("b", &ids[1]).into());
    bench.joined(leader);
    bench.joined(follower);
    assert_eq!(bench.commit(commit_request(&ids[1], 1, 11)), Err(ErrorCode::IllegalGeneration));
    assert_eq!(bench.commit(commit_request(&ids[1], 2, 11)), Err(ErrorCode::RebalanceInProgress));
    assert_eq!(bench.fetch("t").offset, Offset(10));
}

#[test]
fn o3_a_commit_refreshes_the_session() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    for offset in 0..5 {
        bench.pass(40_000);
        assert_eq!(bench.commit(commit_request(&ids[0], 1, offset)), NONE);
    }
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::None);
}

#[test]
fn o4_metadata_that_is_too_large_is_an_error_of_its_partition() {
    let mut bench = Bench::new();
    let mut request = commit_request("", -1, 1);
    let mut large = request.topics[0].partitions[0].clone();
    (large.partition, large.metadata) = (1, Some("x".repeat(4_097).into()));
    let mut fits = large.clone();
    (fits.partition, fits.metadata) = (2, Some("ü".repeat(4_096).into()));
    request.topics[0].partitions.extend([large, fits]);
    let ticket = bench.send(Request::Commit(request));
    let crate::group::message::Reply::Commit(reply) = bench.reply(ticket) else { panic!() };
    let expected = [(0, ErrorCode::None), (1, ErrorCode::OffsetMetadataTooLarge), (2, ErrorCode::None)];
    assert_eq!(reply.topics[0].partitions, expected);
    assert_eq!(bench.log.len(), 2);
}

#[test]
fn o4_an_offset_is_kept_as_given_and_null_metadata_as_empty() {
    for offset in [i64::MAX, 0, -1, -5] {
        let mut bench = Bench::new();
        let mut request = commit_request("", -1, offset);
        request.topics[0].partitions[0].metadata = None;
        assert_eq!(bench.commit(request), NONE);
        let fetched = bench.fetch("t");
        assert_eq!((fetched.offset, &*fetched.metadata), (Offset(offset), ""));
    }
}

#[test]
fn o4_o13_a_partition_that_comes_twice_is_answered_twice_and_the_last_offset_stays() {
    let mut bench = Bench::new();
    let mut request = commit_request("", -1, 1);
    let again = CommitPartition { offset: Offset(2), ..request.topics[0].partitions[0].clone() };
    request.topics[0].partitions.push(again);
    let ticket = bench.send(Request::Commit(request));
    let crate::group::message::Reply::Commit(reply) = bench.reply(ticket) else { panic!() };
    assert_eq!(reply.topics[0].partitions.len(), 2);
    assert_eq!(bench.fetch("t").offset, Offset(2));
    bench.commit(commit_request("", -1, 9)).unwrap();
    bench.commit(commit_request("", -1, 3)).unwrap();
    assert_eq!(bench.fetch("t").offset, Offset(3), "the last commit wins, not the largest");
}

#[test]
fn o6_a_commit_and_what_reads_it_are_answered_only_once_it_is_committed() {
    let mut bench = Bench::new();
    bench.holds_back = true;
    let commit = bench.send(Request::Commit(commit_request("", -1, 5)));
    let fetch = FetchOffsetsRequest { group_id: "g".into(), topics: None };
    let fetch = bench.send(Request::FetchOffsets(fetch));
    let describe = bench.send(Request::Describe(vec!["g".into()], 6));
    assert!([commit, fetch, describe].into_iter().all(|ticket| bench.is_waiting(ticket)));
    bench.release();
    assert!([commit, fetch, describe].into_iter().all(|ticket| !bench.is_waiting(ticket)));
}

#[test]
fn o6_a_commit_that_cannot_be_written_changes_nothing() {
    let mut bench = Bench::new();
    bench.commit(commit_request("", -1, 5)).unwrap();
    for (fate, answer) in [
        (ErrorCode::NotEnoughReplicas, ErrorCode::CoordinatorNotAvailable),
        (ErrorCode::NotLeaderOrFollower, ErrorCode::NotCoordinator),
        (ErrorCode::MessageTooLarge, ErrorCode::UnknownServerError),
    ] {
        bench.fate = Settled::Refused(fate);
        assert_eq!(bench.commit(commit_request("", -1, 6)), Err(answer));
        bench.fate = Settled::Committed;
        assert_eq!(bench.fetch("t").offset, Offset(5));
    }
    let mut absent = commit_request("", -1, 6);
    absent.group_id = "h".into();
    bench.fate = Settled::Refused(ErrorCode::KafkaStorageError);
    assert_eq!(bench.commit(absent), Err(ErrorCode::NotCoordinator));
    assert_eq!(bench.group("h").map(|group| group.state()), None);
}

#[test]
fn o8_what_was_not_committed_is_minus_one_without_an_error() {
    let mut bench = Bench::new();
    let nothing =
        FetchedOffset { partition: 0, offset: Offset::NONE, leader_epoch: LeaderEpoch::NONE, metadata: "".into() };
    assert_eq!(bench.fetch("t"), nothing, "no group");
    bench.commit(commit_request("", -1, 5)).unwrap();
    assert_eq!(bench.fetch("other"), nothing);
}

#[test]
fn o8_topics_asked_for_are_answered_in_their_order_and_as_often() {
    let mut bench = Bench::new();
    bench.commit(commit_request("", -1, 5)).unwrap();
    let ask = |topic: &str| FetchTopic { topic: topic.into(), topic_id: TopicId::ZERO, partitions: vec![0, 0, 1] };
    let topics = bench.fetch_all(Some(vec![ask("z"), ask("t"), ask("t")]));
    let names: Vec<&str> = topics.iter().map(|topic| &*topic.topic).collect();
    assert_eq!(names, ["z", "t", "t"]);
    let offsets: Vec<i64> = topics[2].partitions.iter().map(|partition| partition.offset.0).collect();
    assert_eq!(offsets, [5, 5, -1]);
}

#[test]
fn o8_all_topics_are_those_with_an_offset() {
    let mut bench = Bench::new();
    assert!(bench.fetch_all(None).is_empty());
    let mut request = commit_request("", -1, 5);
    let mut other = request.topics[0].clone();
    other.topic = "s".into();
    request.topics.push(other);
    bench.commit(request).unwrap();
    let topics = bench.fetch_all(None);
    let names: Vec<&str> = topics.iter().map(|topic| &*topic.topic).collect();
    assert_eq!(names, ["s", "t"]);
}

#[test]
fn o8_an_offset_of_another_topic_of_the_same_name_is_not_found() {
    let mut bench = Bench::new();
    let (old, new) = (TopicId([1; 16]), TopicId([2; 16]));
    let mut request = commit_request("", -1, 5);
    request.topics[0].topic_id = old;
    bench.commit(request).unwrap();
    for (asked, offset) in [(new, -1), (old, 5), (TopicId::ZERO, 5)] {
        let topic = FetchTopic { topic: "t".into(), topic_id: asked, partitions: vec![0] };
        assert_eq!(bench.fetch_all(Some(vec![topic]))[0].partitions[0].offset, Offset(offset));
    }
    assert_eq!(bench.fetch_all(None)[0].topic_id, old);
}

#[test]
fn o11_the_leader_epoch_is_kept() {
    let mut bench = Bench::new();
    bench.commit(commit_request("", -1, 5)).unwrap();
    assert_eq!(bench.fetch("t").leader_epoch, LeaderEpoch(7));
    let mut request = commit_request("", -1, 5);
    request.topics[0].partitions[0].leader_epoch = LeaderEpoch(-3);
    bench.commit(request).unwrap();
    assert_eq!(bench.fetch("t").leader_epoch, LeaderEpoch::NONE);
    assert_eq!(bench.reloaded(GroupConfig::default()).fetch("t"), bench.fetch("t"));
}

#[test]
fn a_member_that_only_synced_may_commit_in_its_generation() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let ticket = bench.send(sync(&ids[0], 1, &[]).into());
    bench.synced(ticket);
    assert_eq!(bench.commit(commit_request(&ids[0], 1, 3)), NONE);
}
