//! Joining, syncing, beating and leaving, without static members: G1-G5, G10, G12-G17.

use klamm_base::ErrorCode;

use super::group::State;
use crate::group::config::GroupConfig;
use crate::group::message::Request;
use crate::group::testing::{Bench, join, protocol, subscription, sync};
use crate::outcome::Settled;

#[test]
fn g1_an_empty_group_id_or_a_session_timeout_out_of_range_is_refused_before_anything_else() {
    let mut bench = Bench::new();
    let mut request = join("a", "given");
    request.group_id = "".into();
    request.session_timeout_ms = 1;
    let ticket = bench.send(request.clone().into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, &*reply.member_id), (ErrorCode::InvalidGroupId, "given"));
    for session_timeout_ms in [5_999, 1_800_001, -1] {
        request.group_id = "g".into();
        request.session_timeout_ms = session_timeout_ms;
        let ticket = bench.send(request.clone().into());
        assert_eq!(bench.joined(ticket).error, ErrorCode::InvalidSessionTimeout);
    }
    assert!(bench.log.is_empty());
}

#[test]
fn g2_a_member_id_does_not_create_a_group() {
    let mut bench = Bench::new();
    let ticket = bench.send(join("a", "m").into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, &*reply.member_id, reply.generation), (ErrorCode::UnknownMemberId, "m", -1));
    assert_eq!(bench.state("g"), None);
}

#[test]
fn g2_a_join_without_member_id_creates_the_group_and_writes_it_even_if_it_is_refused() {
    let mut bench = Bench::new();
    let mut request = join("a", "");
    request.protocols.clear();
    let ticket = bench.send(request.into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::InconsistentGroupProtocol);
    assert_eq!(bench.state("g"), Some(State::Empty));
    assert_eq!(bench.log.len(), 1);
    assert_eq!(bench.reloaded(GroupConfig::default()).state("g"), Some(State::Empty));
}

#[test]
fn g2_a_group_whose_first_record_is_refused_does_not_exist_and_its_maker_is_told() {
    let mut bench = Bench::new();
    bench.fate = Settled::Refused(ErrorCode::NotEnoughReplicas);
    let mut request = join("a", "");
    request.version = 3;
    let ticket = bench.send(request.into());
    assert_eq!(bench.answers.remove(&ticket), Some(Err(ErrorCode::CoordinatorNotAvailable)));
    assert_eq!((bench.state("g"), bench.shard.groups().count()), (None, 0));
    bench.pass(400_000);
}

#[test]
fn g3_a_dynamic_member_is_told_its_id_and_is_pending_until_it_joins_with_it() {
    let mut bench = Bench::new();
    let ticket = bench.send(join("client", "").into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, &*reply.member_id), (ErrorCode::MemberIdRequired, "client-uuid-of-client"));
    assert_eq!(bench.heartbeat(&reply.member_id, 0), ErrorCode::UnknownMemberId);
    let described = bench.describe("g", 5);
    assert_eq!((described.state, described.members.len()), ("Empty", 0));
    assert_eq!(bench.delete(&["g"]), [("g".into(), ErrorCode::None)]);
    let ticket = bench.send(join("client", &reply.member_id).into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::UnknownMemberId, "the group is gone");
}

#[test]
fn g3_a_pending_member_expires_after_the_session_timeout() {
    let mut bench = Bench::new();
    let ticket = bench.send(join("a", "").into());
    let id = bench.joined(ticket).member_id;
    bench.pass(45_000);
    let ticket = bench.send(join("a", &id).into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::UnknownMemberId);
}

#[test]
fn g3_before_version_4_a_member_joins_at_once() {
    let mut bench = Bench::new();
    let mut request = join("old", "");
    request.version = 3;
    let ticket = bench.send(request.into());
    assert!(bench.is_waiting(ticket));
    bench.pass(3_000);
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, reply.generation, &*reply.leader), (ErrorCode::None, 1, "old-uuid-of-old"));
    assert_eq!(reply.members.len(), 1);
}

#[test]
fn g4_a_member_that_shares_no_protocol_is_refused() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let mut other_type = join("b", "");
    other_type.protocol_type = "connect".into();
    let mut other_name = join("b", "");
    other_name.protocols = vec![protocol("sticky", subscription(&["t"]))];
    let mut known = join("a", &ids[0]);
    known.protocols.clear();
    for (request, member_id) in [(other_type, ""), (other_name, ""), (known, &*ids[0])] {
        let ticket = bench.send(request.into());
        let reply = bench.joined(ticket);
        assert_eq!((reply.error, &*reply.member_id), (ErrorCode::InconsistentGroupProtocol, member_id));
    }
    let mut without_type = join("c", "");
    without_type.group_id = "h".into();
    without_type.protocol_type = "".into();
    let ticket = bench.send(without_type.into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::InconsistentGroupProtocol);
}

#[test]
fn g4_a_full_group_takes_nobody() {
    let mut bench = Bench::with(GroupConfig { max_size: 2, ..GroupConfig::default() });
    let ids = bench.stable(&["a", "b"]);
    let ticket = bench.send(join("c", "").into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, &*reply.member_id), (ErrorCode::GroupMaxSizeReached, ""));
    let ticket = bench.send(join("b", &ids[1]).into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::None, "a member is in");
}

#[test]
fn g4_a_group_that_is_larger_than_allowed_after_a_restart_loses_the_last_to_rejoin() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b", "c"]);
    let mut small = bench.reloaded(GroupConfig { max_size: 2, ..GroupConfig::default() });
    assert_eq!(small.state("g"), Some(State::PreparingRebalance));
    let first = small.send(join("c", &ids[2]).into());
    let second = small.send(join("b", &ids[1]).into());
    let third = small.send(join("a", &ids[0]).into());
    assert_eq!(small.joined(third).error, ErrorCode::GroupMaxSizeReached);
    assert_eq!((small.joined(first).error, small.joined(second).generation), (ErrorCode::None, 2));
}

#[test]
fn g5_an_unknown_member_is_unknown_to_every_call() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    let ticket = bench.send(join("b", "stranger").into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::UnknownMemberId);
    let ticket = bench.send(sync("stranger", 1, &[]).into());
    assert_eq!(bench.synced(ticket).error, ErrorCode::UnknownMemberId);
    assert_eq!(bench.heartbeat("stranger", 1), ErrorCode::UnknownMemberId);
    assert_eq!(bench.leave(&[("stranger", None)]).members[0].1, ErrorCode::UnknownMemberId);
}

#[test]
fn g10_in_a_stable_group_the_leader_rebalances_and_an_unchanged_follower_does_not() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let ticket = bench.send(join("b", &ids[1]).into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, reply.generation, reply.members.len()), (ErrorCode::None, 1, 0));
    assert_eq!(reply.leader, ids[0]);
    assert_eq!(bench.state("g"), Some(State::Stable));
    let ticket = bench.send(join("a", &ids[0]).into());
    assert!(bench.is_waiting(ticket));
    assert_eq!(bench.state("g"), Some(State::PreparingRebalance));
}

#[test]
fn g10_a_follower_with_new_metadata_rebalances() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let mut request = join("b", &ids[1]);
    request.protocols = vec![protocol("range", subscription(&["other"]))];
    bench.send(request.into());
    assert_eq!(bench.state("g"), Some(State::PreparingRebalance));
}

#[test]
fn g10_while_the_leader_assigns_an_unchanged_member_gets_its_answer_again_and_a_changed_one_rebalances() {
    let mut bench = Bench::new();
    let (a, first) = bench.enter("a");
    let (b, second) = bench.enter("b");
    bench.pass(6_000);
    let (leader, _) = (bench.joined(first), bench.joined(second));
    let ticket = bench.send(join("a", &a).into());
    assert_eq!(bench.joined(ticket), leader, "with the members, for the leader");
    let ticket = bench.send(join("b", &b).into());
    assert!(bench.joined(ticket).members.is_empty());
    let mut changed = join("b", &b);
    changed.protocols[0].metadata = subscription(&["u"]);
    bench.send(changed.into());
    assert_eq!(bench.state("g"), Some(State::PreparingRebalance));
}

#[test]
fn a_join_that_is_sent_again_while_it_waits_replaces_the_first() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let first = bench.send(join("a", &ids[0]).into());
    let second = bench.send(join("a", &ids[0]).into());
    assert_eq!(bench.joined(first).error, ErrorCode::RebalanceInProgress);
    assert!(bench.is_waiting(second));
    let other = bench.send(join("b", &ids[1]).into());
    assert_eq!((bench.joined(second).generation, bench.joined(other).generation), (2, 2));
}

#[test]
fn g13_sync_is_refused_in_kafkas_order() {
    let mut bench = Bench::new();
    let ticket = bench.send(sync("m", 1, &[]).into());
    assert_eq!(bench.synced(ticket).error, ErrorCode::UnknownMemberId, "no group");
    let mut without_type = sync("m", 1, &[]);
    without_type.protocol_type = None;
    let ticket = bench.send(without_type.into());
    assert_eq!(bench.synced(ticket).error, ErrorCode::InconsistentGroupProtocol, "before the group is looked at");
    let ids = bench.stable(&["a", "b"]);
    let mut send = |request| {
        let ticket = bench.send(Request::Sync(request));
        bench.synced(ticket).error
    };
    assert_eq!(send(sync(&ids[0], 2, &[])), ErrorCode::IllegalGeneration);
    let mut other = sync(&ids[0], 1, &[]);
    other.protocol_name = Some("sticky".into());
    assert_eq!(send(other), ErrorCode::InconsistentGroupProtocol);
    let mut old = sync(&ids[0], 1, &[]);
    (old.protocol_type, old.protocol_name, old.version) = (None, None, 4);
    assert_eq!(send(old), ErrorCode::None);
    let mut nameless = sync(&ids[0], 1, &[]);
    nameless.group_id = "".into();
    assert_eq!(send(nameless), ErrorCode::InvalidGroupId);
    bench.send(join("a", &ids[0]).into());
    let ticket = bench.send(sync(&ids[1], 9, &[]).into());
    assert_eq!(bench.synced(ticket).error, ErrorCode::IllegalGeneration, "before the rebalance");
    let ticket = bench.send(sync(&ids[1], 1, &[]).into());
    assert_eq!(bench.synced(ticket).error, ErrorCode::RebalanceInProgress);
}

#[test]
fn g13_followers_wait_for_the_leader_and_who_is_left_out_gets_nothing() {
    let mut bench = Bench::new();
    let (a, first) = bench.enter("a");
    let (b, second) = bench.enter("b");
    bench.pass(6_000);
    assert_eq!((bench.joined(first).leader, bench.joined(second).generation), (a.clone(), 1));
    let follower = bench.send(sync(&b, 1, &[]).into());
    assert!(bench.is_waiting(follower));
    let leader = bench.send(sync(&a, 1, &[(a.clone(), "all".into()), ("stranger".into(), "x".into())]).into());
    assert_eq!(&bench.synced(leader).assignment[..], b"all");
    let reply = bench.synced(follower);
    assert_eq!((reply.error, reply.assignment.len()), (ErrorCode::None, 0));
    assert_eq!((reply.protocol_type.as_deref(), reply.protocol_name.as_deref()), (Some("consumer"), Some("range")));
    let again = bench.send(sync(&a, 1, &[]).into());
    assert_eq!(&bench.synced(again).assignment[..], b"all", "a stable group tells it again");
}

#[test]
fn g14_an_assignment_is_visible_only_once_its_record_is_committed() {
    let mut bench = Bench::new();
    let (a, ticket) = bench.enter("a");
    bench.pass(3_000);
    bench.joined(ticket);
    bench.holds_back = true;
    let ticket = bench.send(sync(&a, 1, &[(a.clone(), "part".into())]).into());
    assert!(bench.is_waiting(ticket));
    assert_eq!(bench.state("g"), Some(State::CompletingRebalance));
    bench.release();
    assert_eq!(&bench.synced(ticket).assignment[..], b"part");
    assert_eq!(bench.state("g"), Some(State::Stable));
}

#[test]
fn g14_an_assignment_that_cannot_be_kept_sends_everybody_back_to_join() {
    for fate in [Settled::Refused(ErrorCode::NotEnoughReplicas), Settled::Unsure(ErrorCode::RequestTimedOut)] {
        let mut bench = Bench::new();
        let (a, first) = bench.enter("a");
        let (b, second) = bench.enter("b");
        bench.pass(6_000);
        bench.joined(first);
        bench.joined(second);
        let follower = bench.send(sync(&b, 1, &[]).into());
        bench.fate = fate;
        let leader = bench.send(sync(&a, 1, &[(a.clone(), "all".into())]).into());
        assert_eq!(bench.synced(leader).error, ErrorCode::CoordinatorNotAvailable);
        assert_eq!(bench.synced(follower).error, ErrorCode::CoordinatorNotAvailable);
        assert_eq!(bench.state("g"), Some(State::PreparingRebalance));
    }
}

#[test]
fn g14_an_assignment_of_a_generation_that_is_over_changes_nothing() {
    let mut bench = Bench::new();
    let (a, ticket) = bench.enter("a");
    bench.pass(3_000);
    bench.joined(ticket);
    bench.holds_back = true;
    let leader = bench.send(sync(&a, 1, &[(a.clone(), "old".into())]).into());
    let (_, newcomer) = bench.enter("b");
    assert_eq!(bench.synced(leader).error, ErrorCode::RebalanceInProgress);
    let rejoin = bench.send(join("a", &a).into());
    assert_eq!((bench.joined(rejoin).generation, bench.joined(newcomer).generation), (2, 2));
    bench.release();
    assert_eq!(bench.state("g"), Some(State::CompletingRebalance), "the assignment of this generation is awaited");
    assert!(bench.describe("g", 5).members.iter().all(|member| member.assignment.is_empty()));
}

#[test]
fn g15_a_heartbeat_is_answered_by_state_and_refreshes_the_session_while_the_group_rebalances() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::None);
    assert_eq!(bench.heartbeat(&ids[0], 0), ErrorCode::IllegalGeneration);
    bench.send(join("a", &ids[0]).into());
    assert_eq!(bench.heartbeat(&ids[1], 2), ErrorCode::IllegalGeneration);
    bench.pass(30_000);
    assert_eq!(bench.heartbeat(&ids[1], 1), ErrorCode::RebalanceInProgress);
    bench.pass(29_000);
    assert_eq!(bench.group("g").unwrap().members().count(), 2, "the session was refreshed");
    assert_eq!(bench.heartbeat("nobody", 1), ErrorCode::UnknownMemberId);
}

#[test]
fn g15_a_heartbeat_for_a_group_that_is_not_there_or_empty_is_from_an_unknown_member() {
    let mut bench = Bench::new();
    assert_eq!(bench.heartbeat("m", 1), ErrorCode::UnknownMemberId);
    let ids = bench.stable(&["a"]);
    bench.leave(&[(&ids[0], None)]);
    assert_eq!(bench.state("g"), Some(State::Empty));
    assert_eq!(bench.heartbeat(&ids[0], 2), ErrorCode::UnknownMemberId);
}

#[test]
fn g16_a_member_that_is_silent_while_the_leader_assigns_is_removed() {
    let mut bench = Bench::new();
    let (a, first) = bench.enter("a");
    let (b, second) = bench.enter("b");
    bench.pass(6_000);
    bench.joined(first);
    bench.joined(second);
    for _ in 0..3 {
        bench.pass(20_000);
        assert_eq!(
            bench.heartbeat(&a, 1),
            if bench.now_ms < 51_000 { ErrorCode::None } else { ErrorCode::RebalanceInProgress }
        );
    }
    let members: Vec<_> = bench.group("g").unwrap().members().map(|member| member.id.clone()).collect();
    assert_eq!(members, [a]);
    assert_eq!(bench.heartbeat(&b, 1), ErrorCode::UnknownMemberId);
}

#[test]
fn g17_leaving_is_answered_member_by_member_and_rebalances_the_rest() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let reply = bench.leave(&[(&ids[1], None), ("stranger", None), ("", Some("nobody")), ("", None)]);
    let codes: Vec<_> = reply.members.iter().map(|(_, code)| *code).collect();
    assert_eq!(reply.error, ErrorCode::None);
    let unknown = ErrorCode::UnknownMemberId;
    assert_eq!(codes, [ErrorCode::None, unknown, unknown, unknown]);
    assert_eq!(bench.state("g"), Some(State::PreparingRebalance));
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::RebalanceInProgress);
}

#[test]
fn g17_the_last_to_leave_leaves_an_empty_group_that_is_written() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    assert_eq!(bench.leave(&[(&ids[0], None)]).members[0].1, ErrorCode::None);
    assert_eq!(bench.state("g"), Some(State::Empty));
    let reloaded = bench.reloaded(GroupConfig::default());
    let group = reloaded.group("g").unwrap();
    assert_eq!((group.state(), group.generation(), group.protocol()), (State::Empty, 2, None));
    assert_eq!(group.protocol_type().map(|name| &**name), Some("consumer"));
}

#[test]
fn g17_an_unknown_group_is_an_error_of_each_member_and_no_group_id_one_of_the_request() {
    let mut bench = Bench::new();
    assert_eq!(bench.leave(&[("m", None)]).members[0].1, ErrorCode::UnknownMemberId);
    let request = crate::group::message::LeaveRequest { group_id: "".into(), members: Vec::new() };
    let ticket = bench.send(Request::Leave(request));
    let crate::group::message::Reply::Leave(reply) = bench.reply(ticket) else { panic!() };
    assert_eq!(reply.error, ErrorCode::InvalidGroupId);
}

#[test]
fn g17_a_pending_member_that_leaves_is_forgotten() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let ticket = bench.send(join("b", "").into());
    let pending = bench.joined(ticket).member_id;
    let rejoin = bench.send(join("a", &ids[0]).into());
    assert!(bench.is_waiting(rejoin), "the pending member is waited for");
    assert_eq!(bench.leave(&[(&pending, None)]).members[0].1, ErrorCode::None);
    assert_eq!(bench.joined(rejoin).generation, 2);
}

#[test]
fn g17_a_member_that_leaves_while_it_waits_is_answered() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let waiting = bench.send(join("a", &ids[0]).into());
    bench.leave(&[(&ids[0], None)]);
    let reply = bench.joined(waiting);
    assert_eq!((reply.error, &*reply.member_id), (ErrorCode::UnknownMemberId, ""));
}

#[test]
fn a_name_that_no_record_can_hold_is_refused() {
    let mut bench = Bench::new();
    let mut request = join(&"x".repeat(40_000), "");
    request.version = 3;
    let ticket = bench.send(request.into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::InvalidRequest);
}
