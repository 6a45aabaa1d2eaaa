//! Static members (KIP-345): G3, G5, G7, G12, G17.

use std::sync::Arc;

use klamm_base::ErrorCode;

use super::group::State;
use crate::group::config::GroupConfig;
use crate::group::message::JoinRequest;
use crate::group::testing::{Bench, commit, join, protocol, subscription, sync};
use crate::outcome::Settled;

fn static_join(instance: &str, member_id: &str, uuid: &str) -> JoinRequest {
    JoinRequest { group_instance_id: Some(instance.into()), fresh_uuid: uuid.to_owned(), ..join("client", member_id) }
}

/// A stable group of the static members `i1` (the leader) and `i2`.
fn stable() -> (Bench, [Arc<str>; 2]) {
    let mut bench = Bench::new();
    let first = bench.send(static_join("i1", "", "1").into());
    let second = bench.send(static_join("i2", "", "2").into());
    bench.pass(6_000);
    let (first, second) = (bench.joined(first), bench.joined(second));
    assert_eq!((&*first.member_id, &*second.member_id), ("i1-1", "i2-2"), "no MEMBER_ID_REQUIRED (G3)");
    let ids = [first.member_id, second.member_id];
    bench.sync_all(&ids, 1);
    (bench, ids)
}

#[test]
fn g12_a_static_member_that_returns_takes_its_place_without_a_rebalance() {
    let (mut bench, ids) = stable();
    let ticket = bench.send(static_join("i2", "", "new").into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, reply.generation, &*reply.member_id), (ErrorCode::None, 1, "i2-new"));
    assert_eq!((reply.leader, reply.skip_assignment, reply.members.len()), (ids[0].clone(), false, 0));
    let ticket = bench.send(sync("i2-new", 1, &[]).into());
    assert_eq!(bench.synced(ticket).assignment, ids[1].as_bytes(), "the assignment of its place");
    assert_eq!(bench.heartbeat("i2-new", 1), ErrorCode::None);
    assert_eq!(bench.state("g"), Some(State::Stable));
    let mut reloaded = bench.reloaded(GroupConfig::default());
    assert_eq!(reloaded.heartbeat("i2-new", 1), ErrorCode::None, "the new id is kept");
}

#[test]
fn g12_a_static_leader_that_returns_is_told_not_to_assign() {
    let (mut bench, _) = stable();
    let ticket = bench.send(static_join("i1", "", "new").into());
    let reply = bench.joined(ticket);
    assert_eq!((&*reply.leader, reply.skip_assignment, reply.members.len()), ("i1-new", true, 2));
}

#[test]
fn g12_before_version_9_a_returning_leader_is_shown_its_old_id_as_leader() {
    let (mut bench, ids) = stable();
    let mut request = static_join("i1", "", "new");
    request.version = 8;
    let ticket = bench.send(request.into());
    let reply = bench.joined(ticket);
    assert_eq!((reply.leader, reply.skip_assignment, reply.members.len()), (ids[0].clone(), false, 0));
    assert_eq!(&*reply.member_id, "i1-new");
}

#[test]
fn g12_the_new_id_is_told_only_once_it_is_kept_and_taken_back_if_it_cannot_be() {
    let (mut bench, ids) = stable();
    bench.holds_back = true;
    let ticket = bench.send(static_join("i1", "", "new").into());
    assert!(bench.is_waiting(ticket));
    bench.fate = Settled::Refused(ErrorCode::NotEnoughReplicas);
    bench.release();
    let reply = bench.joined(ticket);
    assert_eq!((reply.error, &*reply.member_id), (ErrorCode::CoordinatorNotAvailable, ""));
    bench.fate = Settled::Committed;
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::None);
    assert_eq!(bench.heartbeat("i1-new", 1), ErrorCode::UnknownMemberId);
    let ticket = bench.send(join("x", &ids[0]).into());
    assert!(bench.is_waiting(ticket), "the old id leads again");
}

#[test]
fn g12_a_returning_member_that_changes_the_protocol_rebalances() {
    let mut bench = Bench::new();
    let both = |mut request: JoinRequest| {
        request.protocols.push(protocol("sticky", subscription(&["t"])));
        request
    };
    let first = bench.send(both(static_join("i1", "", "1")).into());
    let second = bench.send(both(static_join("i2", "", "2")).into());
    bench.pass(6_000);
    let (first, second) = (bench.joined(first), bench.joined(second));
    assert_eq!(first.protocol_name.as_deref(), Some("range"));
    bench.sync_all(&[first.member_id, second.member_id], 1);
    let mut request = static_join("i2", "", "new");
    request.protocols = vec![protocol("sticky", subscription(&["t"]))];
    let ticket = bench.send(request.into());
    assert!(bench.is_waiting(ticket));
    assert_eq!(bench.state("g"), Some(State::PreparingRebalance));
    let leader = bench.send(both(static_join("i1", "i1-1", "")).into());
    assert_eq!(bench.joined(leader).protocol_name.as_deref(), Some("sticky"));
    assert_eq!(bench.joined(ticket).generation, 2);
}

#[test]
fn g12_a_static_member_that_returns_while_the_leader_assigns_rebalances() {
    let mut bench = Bench::new();
    let first = bench.send(static_join("i1", "", "1").into());
    let second = bench.send(static_join("i2", "", "2").into());
    bench.pass(6_000);
    let (first, second) = (bench.joined(first), bench.joined(second));
    let old = bench.send(sync(&second.member_id, 1, &[]).into());
    let ticket = bench.send(static_join("i2", "", "new").into());
    assert_eq!(bench.synced(old).error, ErrorCode::FencedInstanceId, "the old one is fenced");
    assert!(bench.is_waiting(ticket));
    let leader = bench.send(static_join("i1", &first.member_id, "").into());
    assert_eq!((bench.joined(leader).generation, bench.joined(ticket).generation), (2, 2));
}

#[test]
fn g12_a_static_member_that_returns_during_a_join_phase_fences_its_old_self() {
    let (mut bench, ids) = stable();
    let old = bench.send(static_join("i1", &ids[0], "").into());
    let new = bench.send(static_join("i1", "", "new").into());
    let fenced = bench.joined(old);
    assert_eq!((fenced.error, fenced.member_id), (ErrorCode::FencedInstanceId, ids[0].clone()));
    let other = bench.send(static_join("i2", &ids[1], "").into());
    assert_eq!((bench.joined(new).generation, bench.joined(other).generation), (2, 2));
}

#[test]
fn g5_an_old_id_of_a_static_member_is_fenced_by_every_call() {
    let (mut bench, ids) = stable();
    let ticket = bench.send(static_join("i2", "", "new").into());
    bench.joined(ticket);
    let ticket = bench.send(static_join("i2", &ids[1], "").into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::FencedInstanceId);
    let mut request = sync(&ids[1], 1, &[]);
    request.group_instance_id = Some("i2".into());
    let ticket = bench.send(request.into());
    assert_eq!(bench.synced(ticket).error, ErrorCode::FencedInstanceId);
    let mut request = commit(&ids[1], 1, 5);
    request.group_instance_id = Some("i2".into());
    assert_eq!(bench.commit(request), Err(ErrorCode::FencedInstanceId));
    assert_eq!(bench.leave(&[(&ids[1], Some("i2"))]).members[0].1, ErrorCode::FencedInstanceId);
    let ticket = bench.send(static_join("unknown", &ids[1], "").into());
    assert_eq!(bench.joined(ticket).error, ErrorCode::UnknownMemberId);
}

#[test]
fn g7_static_members_that_do_not_rejoin_stay_and_a_phase_without_anybody_waits_again() {
    let (mut bench, ids) = stable();
    let mut dynamic = join("d", "");
    dynamic.version = 3;
    let ticket = bench.send(dynamic.into());
    for _ in 0..2 {
        bench.pass(30_000);
        for id in &ids {
            bench.heartbeat(id, 1);
        }
    }
    let reply = bench.joined(ticket);
    assert_eq!((reply.generation, reply.members.len(), &reply.leader), (2, 3, &reply.member_id));
    bench.leave(&[(&reply.member_id, None)]);
    assert_eq!(bench.state("g"), Some(State::PreparingRebalance));
    bench.pass(30_000);
    for id in &ids {
        assert_eq!(bench.heartbeat(id, 2), ErrorCode::RebalanceInProgress);
    }
    bench.pass(31_000);
    let group = bench.group("g").unwrap();
    assert_eq!((group.state(), group.generation()), (State::PreparingRebalance, 2), "nobody joined: no generation");
}

#[test]
fn g17_a_static_member_is_removed_by_its_instance_id_alone() {
    let (mut bench, _) = stable();
    let reply = bench.leave(&[("", Some("i1"))]);
    assert_eq!((reply.members[0].1, &*reply.members[0].0.member_id), (ErrorCode::None, ""));
    assert_eq!(bench.group("g").unwrap().members().count(), 1);
    let ticket = bench.send(static_join("i1", "", "again").into());
    assert!(bench.is_waiting(ticket), "it is a new member now");
}

#[test]
fn g18_a_static_member_expires_like_any_other() {
    let (mut bench, ids) = stable();
    bench.pass(44_000);
    bench.heartbeat(&ids[0], 1);
    bench.pass(1_000);
    assert_eq!(bench.heartbeat(&ids[0], 1), ErrorCode::RebalanceInProgress);
    assert_eq!(bench.heartbeat(&ids[1], 1), ErrorCode::UnknownMemberId);
}
