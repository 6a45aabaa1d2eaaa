//! Join phases, votes and silence: G6-G9, G11, G18.

use std::sync::Arc;

use klamm_base::ErrorCode;

use super::group::State;
use crate::group::config::GroupConfig;
use crate::group::testing::{Bench, join, protocol, subscription, sync};

#[test]
fn g6_the_first_join_phase_lasts_its_delay_even_if_all_have_joined() {
    let mut bench = Bench::new();
    let (_, ticket) = bench.enter("a");
    bench.pass(2_999);
    assert!(bench.is_waiting(ticket));
    bench.pass(1);
    assert_eq!(bench.joined(ticket).generation, 1);
}

#[test]
fn g6_newcomers_extend_the_first_join_phase_up_to_the_rebalance_timeout() {
    let mut bench = Bench::new();
    let mut tickets = vec![bench.enter("0").1];
    for client in 1..25 {
        bench.pass(2_900);
        if bench.state("g") != Some(State::PreparingRebalance) {
            break;
        }
        tickets.push(bench.enter(&client.to_string()).1);
    }
    assert_eq!(bench.state("g"), Some(State::CompletingRebalance));
    assert!((57_000..=63_000).contains(&bench.now_ms), "the rebalance timeout is 60 s: {}", bench.now_ms);
    assert_eq!(bench.joined(tickets[0]).members.len(), tickets.len());
}

#[test]
fn g6_the_last_extension_is_only_what_the_rebalance_timeout_leaves() {
    let mut bench = Bench::new();
    let mut tickets = Vec::new();
    for client in ["a", "b", "c"] {
        let mut request = join(client, "");
        (request.version, request.rebalance_timeout_ms) = (3, 7_000);
        tickets.push(bench.send(request.into()));
        bench.pass(2_000);
    }
    bench.pass(999);
    assert!(bench.is_waiting(tickets[0]));
    bench.pass(1);
    assert_eq!((bench.now_ms, bench.joined(tickets[0]).members.len()), (7_000, 3));
}

#[test]
fn g6_a_quiet_interval_ends_the_first_join_phase() {
    let mut bench = Bench::new();
    let (_, first) = bench.enter("a");
    bench.pass(1_000);
    let (_, second) = bench.enter("b");
    bench.pass(2_000);
    assert!(bench.is_waiting(first), "extended, for b");
    bench.pass(3_000);
    assert_eq!((bench.joined(first).generation, bench.joined(second).generation), (1, 1));
}

#[test]
fn g6_a_group_that_was_not_empty_has_no_delay() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let (_, newcomer) = bench.enter("b");
    let rejoin = bench.send(join("a", &ids[0]).into());
    assert_eq!((bench.joined(rejoin).generation, bench.joined(newcomer).generation), (2, 2));
}

#[test]
fn g7_the_join_phase_waits_for_known_members_and_for_pending_ones() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let ticket = bench.send(join("c", "").into());
    let pending = bench.joined(ticket).member_id;
    let a = bench.send(join("a", &ids[0]).into());
    let b = bench.send(join("b", &ids[1]).into());
    assert!(bench.is_waiting(a) && bench.is_waiting(b));
    let c = bench.send(join("c", &pending).into());
    for ticket in [a, b, c] {
        assert_eq!(bench.joined(ticket).generation, 2);
    }
}

#[test]
fn g7_a_pending_member_that_never_comes_is_waited_for_until_its_session_ends() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    bench.send(join("b", "").into());
    let a = bench.send(join("a", &ids[0]).into());
    bench.pass(44_999);
    assert!(bench.is_waiting(a));
    bench.pass(1);
    assert_eq!(bench.joined(a).generation, 2);
}

#[test]
fn g7_at_the_rebalance_timeout_those_who_did_not_rejoin_are_out() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let a = bench.send(join("a", &ids[0]).into());
    bench.pass(30_000);
    assert_eq!(bench.heartbeat(&ids[1], 1), ErrorCode::RebalanceInProgress, "alive, but busy");
    bench.pass(29_999);
    assert!(bench.is_waiting(a));
    bench.pass(1);
    let reply = bench.joined(a);
    assert_eq!((reply.generation, reply.members.len()), (2, 1));
    assert_eq!(bench.heartbeat(&ids[1], 1), ErrorCode::UnknownMemberId);
}

#[test]
fn g7_the_timeout_is_the_longest_of_the_members() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let mut slow = join("b", "");
    (slow.version, slow.rebalance_timeout_ms) = (3, 200_000);
    bench.send(slow.into());
    bench.pass(44_000);
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::RebalanceInProgress);
    bench.pass(44_000);
    assert_eq!(bench.state("g"), Some(State::PreparingRebalance), "longer than a's 60 s");
}

#[test]
fn g8_the_protocol_with_most_votes_wins_among_those_that_all_support() {
    let mut bench = Bench::new();
    let prefer = |client: &str, names: &[&str]| {
        let mut request = join(client, "");
        request.version = 3;
        request.protocols = names.iter().map(|name| protocol(name, subscription(&[name]))).collect();
        request
    };
    let requests = [
        prefer("a", &["range", "sticky", "robin"]),
        prefer("b", &["only-b", "sticky", "range"]),
        prefer("c", &["sticky", "range"]),
    ];
    let tickets = requests.map(|request| bench.send(request.into()));
    bench.pass(6_000);
    for ticket in tickets {
        let reply = bench.joined(ticket);
        assert_eq!(
            (reply.protocol_name.as_deref(), reply.protocol_type.as_deref()),
            (Some("sticky"), Some("consumer"))
        );
        if !reply.members.is_empty() {
            assert_eq!(reply.members[0].metadata, subscription(&["sticky"]), "the metadata for the chosen protocol");
        }
    }
}

#[test]
fn g8_the_leader_stays_if_it_rejoins_and_alone_sees_the_members() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["b", "a"]);
    let second = bench.send(join("a", &ids[1]).into());
    assert!(!bench.is_waiting(second), "an unchanged follower");
    let leader = bench.send(join("b", &ids[0]).into());
    let follower = bench.send(join("a", &ids[1]).into());
    let (leader, follower) = (bench.joined(leader), bench.joined(follower));
    assert_eq!((leader.leader.clone(), leader.members.len()), (ids[0].clone(), 2));
    assert_eq!((follower.leader, follower.members.len()), (leader.leader, 0));
}

#[test]
fn g8_another_member_leads_if_the_leader_does_not_rejoin() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    bench.leave(&[(&ids[0], None)]);
    let ticket = bench.send(join("b", &ids[1]).into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.leader, reply.members.len()), (ids[1].clone(), 1));
}

#[test]
fn g8_a_join_phase_without_anybody_ends_in_an_empty_group_of_the_next_generation() {
    let mut bench = Bench::new();
    bench.stable(&["a"]);
    bench.pass(45_000);
    let group = bench.group("g").unwrap();
    assert_eq!((group.state(), group.generation()), (State::Empty, 2));
    let reloaded = bench.reloaded(GroupConfig::default());
    assert_eq!(reloaded.group("g").map(|group| (group.state(), group.generation())), Some((State::Empty, 2)));
}

#[test]
fn g9_who_does_not_sync_in_time_is_out_and_the_rest_rejoins() {
    let mut bench = Bench::new();
    let (a, first) = bench.enter("a");
    let (b, second) = bench.enter("b");
    bench.pass(6_000);
    bench.joined(first);
    bench.joined(second);
    let leader = bench.send(sync(&a, 1, &[(a.clone(), "all".into())]).into());
    assert_eq!(bench.synced(leader).error, ErrorCode::None);
    for _ in 0..6 {
        bench.pass(9_000);
        assert_eq!((bench.heartbeat(&a, 1), bench.heartbeat(&b, 1)), (ErrorCode::None, ErrorCode::None));
    }
    bench.pass(6_000);
    assert_eq!(bench.heartbeat(&b, 1), ErrorCode::UnknownMemberId, "60 s are over");
    assert_eq!(bench.heartbeat(&a, 1), ErrorCode::RebalanceInProgress);
}

#[test]
fn g9_without_the_leader_those_who_wait_to_sync_are_sent_back() {
    let mut bench = Bench::new();
    let (a, first) = bench.enter("a");
    let (b, second) = bench.enter("b");
    bench.pass(6_000);
    bench.joined(first);
    bench.joined(second);
    let follower = bench.send(sync(&b, 1, &[]).into());
    bench.pass(45_000);
    assert_eq!(bench.synced(follower).error, ErrorCode::RebalanceInProgress);
    assert_eq!(bench.heartbeat(&a, 1), ErrorCode::UnknownMemberId, "the leader was silent");
}

#[test]
fn g11_a_member_whose_join_waits_does_not_expire() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    let waiting = bench.send(join("a", &ids[0]).into());
    for _ in 0..5 {
        bench.pass(11_000);
        assert_eq!(bench.heartbeat(&ids[1], 1), ErrorCode::RebalanceInProgress);
    }
    assert!(bench.is_waiting(waiting), "55 s without a heartbeat of a");
    bench.send(join("b", &ids[1]).into());
    assert_eq!(bench.joined(waiting).members.len(), 2);
    bench.pass(44_999);
    assert_eq!(bench.group("g").unwrap().members().count(), 2, "its session began with the answer");
}

#[test]
fn g11_a_new_member_whose_join_waits_for_five_minutes_is_dropped_and_told() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let mut slow = join("b", "");
    (slow.version, slow.rebalance_timeout_ms) = (3, 1_000_000);
    let ticket = bench.send(slow.into());
    for _ in 0..10 {
        bench.pass(29_999);
        assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::RebalanceInProgress);
    }
    assert!(bench.is_waiting(ticket));
    bench.pass(10);
    assert_eq!(bench.joined(ticket).error, ErrorCode::UnknownMemberId);
    assert_eq!(bench.group("g").unwrap().members().count(), 1);
}

#[test]
fn g11_a_member_whose_sync_waits_does_not_expire() {
    let mut bench = Bench::new();
    let (a, first) = bench.enter("a");
    let (b, second) = bench.enter("b");
    bench.pass(6_000);
    bench.joined(first);
    bench.joined(second);
    let follower = bench.send(sync(&b, 1, &[]).into());
    bench.pass(30_000);
    assert_eq!(bench.heartbeat(&a, 1), ErrorCode::None);
    bench.pass(29_000);
    assert!(bench.is_waiting(follower));
    let leader = bench.send(sync(&a, 1, &[]).into());
    assert_eq!((bench.synced(leader).error, bench.synced(follower).error), (ErrorCode::None, ErrorCode::None));
    bench.pass(44_999);
    assert_eq!(bench.heartbeat(&b, 1), ErrorCode::None, "its session began with the answer");
}

#[test]
fn g18_silence_ends_a_membership() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    bench.pass(44_999);
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::None);
    bench.pass(1);
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::RebalanceInProgress);
    assert_eq!(bench.heartbeat(&ids[1], 1), ErrorCode::UnknownMemberId);
}

#[test]
fn g18_a_group_survives_a_restart_of_its_coordinator_without_a_rebalance() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    bench.pass(44_000);
    let mut silent = bench.reloaded(GroupConfig::default());
    silent.pass(44_999);
    assert_eq!(silent.state("g"), Some(State::Stable));
    silent.pass(1);
    assert_eq!(silent.state("g"), Some(State::Empty), "sessions ran from the load on");
    let mut after = bench.reloaded(GroupConfig::default());
    assert_eq!(after.describe("g", 5), bench.describe("g", 5));
    after.pass(44_000);
    assert_eq!(after.heartbeat(&ids[0], 1), ErrorCode::None, "sessions began with the load");
    let ticket = after.send(sync(&ids[1], 1, &[]).into());
    assert_eq!(after.synced(ticket).assignment, ids[1].as_bytes());
    let ticket = after.send(join("b", &ids[1]).into());
    assert_eq!(after.joined(ticket).generation, 1, "an unchanged follower");
    assert_eq!(after.heartbeat(&ids[1], 1), ErrorCode::None);
    after.pass(44_000);
    assert_eq!(after.heartbeat(&ids[0], 1), ErrorCode::None);
    after.pass(45_000);
    assert_eq!(after.state("g"), Some(State::Empty), "a silent group ends");
}

#[test]
fn many_members_join_one_generation() {
    let mut bench = Bench::new();
    let clients: Vec<String> = (0..200).map(|client| client.to_string()).collect();
    let clients: Vec<&str> = clients.iter().map(String::as_str).collect();
    let ids: Vec<Arc<str>> = bench.stable(&clients);
    assert_eq!(bench.group("g").unwrap().members().count(), 200);
    assert_eq!(bench.heartbeat(&ids[199], 1), ErrorCode::None);
}
