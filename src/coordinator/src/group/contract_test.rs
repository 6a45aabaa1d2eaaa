//! The contract of a shard: replaying its records gives its state, and whatever clients send, every call is answered
//! once and no timer is left behind.

use std::collections::BTreeSet;
use std::sync::Arc;

use klamm_base::{ErrorCode, Offset};
use klamm_env::Random;

use super::classic::group::State;
use super::config::GroupConfig;
use super::message::{LeavingMember, Reply, Request};
use super::testing::{Bench, commit, join, protocol, subscription, sync};
use crate::outcome::{Settled, Ticket};

/// Clients that do anything at any time.
struct Chaos {
    bench: Bench,
    random: Random,
    ids: BTreeSet<Arc<str>>,
    open: BTreeSet<Ticket>,
    uuid: u64,
}

impl Chaos {
    fn new(seed: u64) -> Chaos {
        let config = GroupConfig { max_size: 6, retention_check_interval_ms: 100_000, ..GroupConfig::default() };
        let config = GroupConfig { offsets_retention_ms: 300_000, ..config };
        Chaos {
            bench: Bench::with(config),
            random: Random::from_seed(seed),
            ids: BTreeSet::new(),
            open: BTreeSet::new(),
            uuid: 0,
        }
    }

    fn one_in(&self, count: u64) -> bool {
        self.random.below(count) == 0
    }

    fn some_id(&self) -> Arc<str> {
        let at = self.random.below(self.ids.len() as u64 + 1) as usize;
        self.ids.iter().nth(at).cloned().unwrap_or_default()
    }

    fn group(&self) -> Arc<str> {
        if self.one_in(4) { "h".into() } else { "g".into() }
    }

    fn request(&mut self) -> Request {
        let generation = self.bench.group("g").map_or(0, |group| group.generation());
        let generation = if self.one_in(10) { generation - 1 } else { generation };
        let id = self.some_id();
        match self.random.below(12) {
            0..4 => self.join_request(id).into(),
            4..6 => {
                let assignments: Vec<_> = self.ids.iter().map(|id| (id.clone(), "part".into())).collect();
                let mut request = sync(&id, generation, if self.one_in(2) { &assignments } else { &[] });
                request.group_id = self.group();
                (request.protocol_name, request.version) = (None, 4);
                request.into()
            }
            6 => {
                let instance = self.one_in(3).then(|| "i0".into());
                let member_id = if instance.is_some() { "".into() } else { id };
                let members = vec![LeavingMember { member_id, group_instance_id: instance }];
                Request::Leave(super::message::LeaveRequest { group_id: self.group(), members })
            }
            7 => Request::Delete(vec!["g".into(), "h".into()]),
            8 => {
                let mut request = if self.one_in(3) { commit("", -1, 7) } else { commit(&id, generation, 8) };
                request.group_id = self.group();
                Request::Commit(request)
            }
            9 => Request::TopicsDeleted(vec![("t".into(), klamm_base::TopicId::ZERO)]),
            10 => Request::Describe(vec!["g".into(), "h".into()], 6),
            _ => Request::Heartbeat(super::message::HeartbeatRequest {
                group_id: self.group(),
                generation,
                member_id: id,
                group_instance_id: None,
            }),
        }
    }

    fn join_request(&mut self, id: Arc<str>) -> super::message::JoinRequest {
        self.uuid += 1;
        let mut request = join("c", if self.one_in(3) { "" } else { &id });
        request.group_id = self.group();
        request.fresh_uuid = self.uuid.to_string();
        request.version = if self.one_in(3) { 3 } else { 9 };
        if self.one_in(3) {
            request.group_instance_id = Some(format!("i{}", self.random.below(3)).into());
        }
        if self.one_in(4) {
            request.protocols.insert(0, protocol("sticky", subscription(&["u"])));
        }
        request
    }

    fn step(&mut self) {
        self.bench.fate = match self.random.below(12) {
            0 => Settled::Refused(ErrorCode::NotEnoughReplicas),
            1 => Settled::Unsure(ErrorCode::RequestTimedOut),
            _ => Settled::Committed,
        };
        self.bench.holds_back = self.one_in(8);
        let request = self.request();
        let ticket = self.bench.send(request);
        self.open.insert(ticket);
        if self.one_in(2) {
            let ms = self.random.below(if self.one_in(20) { 400_000 } else { 8_000 });
            self.bench.pass(ms as i64);
        }
        self.bench.release();
        for (ticket, answer) in std::mem::take(&mut self.bench.answers) {
            assert!(self.open.remove(&ticket), "{ticket:?} was answered before");
            if let Ok(Reply::Join(reply)) = answer {
                self.ids.insert(reply.member_id);
            }
        }
        if self.ids.len() > 12 {
            self.ids.pop_first();
        }
    }

    /// What the log says is what the shard says, as far as the log can know.
    fn check(&self) {
        let reloaded = self.bench.reloaded(GroupConfig::default());
        assert_eq!(reloaded.shard.offsets(), self.bench.shard.offsets());
        for group in self.bench.shard.groups() {
            let kept = reloaded.group(&group.id).unwrap_or_else(|| panic!("{} is not in the log", group.id));
            assert!(kept.generation() <= group.generation());
            if group.state() == State::Stable && group.generation() == kept.generation() {
                let seen = |group: &super::classic::group::ClassicGroup| {
                    let value = group.to_record(|member| member.assignment.clone());
                    (value.generation, value.protocol_type, value.protocol, value.leader, value.members)
                };
                assert_eq!(seen(kept), seen(group));
            }
        }
        let live: BTreeSet<_> = self.bench.shard.groups().map(|group| group.id.clone()).collect();
        assert!(reloaded.shard.groups().all(|group| live.contains(&group.id)));
    }
}

#[test]
fn whatever_happens_the_log_gives_the_state_back() {
    for seed in 0..60 {
        let run = std::panic::catch_unwind(|| {
            let mut chaos = Chaos::new(seed);
            for _ in 0..400 {
                chaos.step();
                chaos.check();
            }
            // In the end everybody is silent: all calls are answered, all groups end, and so do the timers.
            chaos.bench.fate = Settled::Committed;
            chaos.bench.pass(10_000_000);
            for ticket in chaos.bench.answers.keys() {
                assert!(chaos.open.remove(ticket), "{ticket:?} was answered before");
            }
            assert!(chaos.open.is_empty(), "{:?} got no answer", chaos.open);
            assert_eq!(chaos.bench.shard.groups().count(), 0);
            assert_eq!(chaos.bench.shard.next_deadline(), None);
            assert!(chaos.bench.shard.offsets().topics("g").next().is_none());
        });
        assert!(run.is_ok(), "seed {seed}");
    }
}

#[test]
fn a_reloaded_shard_can_be_reloaded() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a", "b"]);
    bench.commit(commit(&ids[0], 1, 5)).unwrap();
    let mut twice = bench.reloaded(GroupConfig::default()).reloaded(GroupConfig::default());
    assert_eq!(twice.describe("g", 6), bench.describe("g", 6));
    assert_eq!(twice.fetch("t").offset, Offset(5));
}
