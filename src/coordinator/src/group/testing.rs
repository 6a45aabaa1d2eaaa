//! A shard with its log, for tests: decides, appends, commits, and remembers answers and records.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use klamm_base::{ErrorCode, LeaderEpoch, Offset, TopicId};

use super::classic::group::{ClassicGroup, State};
use super::classic::member::Protocol;
use super::config::GroupConfig;
use super::message::*;
use super::shard::Shard;
use crate::Record;
use crate::outcome::{After, Answer, Moment, Outcome, Settled, Ticket};

/// When wall time begins, in milliseconds since 1970.
pub const WALL_MS: i64 = 1_700_000_000_000;

/// A shard that is run by hand.
pub struct Bench {
    pub shard: Shard,
    pub now_ms: i64,
    /// All records that were appended, in order.
    pub log: Vec<Record>,
    /// Answers that nobody took yet.
    pub answers: BTreeMap<Ticket, Answer>,
    /// How appends end: `Committed` unless a test says otherwise.
    pub fate: Settled,
    /// Whether writes are left unsettled.
    pub holds_back: bool,
    held: Vec<After>,
    next_ticket: u64,
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with(GroupConfig::default())
    }

    pub fn with(config: GroupConfig) -> Bench {
        Bench {
            shard: Shard::new(config),
            now_ms: 0,
            log: Vec::new(),
            answers: BTreeMap::new(),
            fate: Settled::Committed,
            holds_back: false,
            held: Vec::new(),
            next_ticket: 0,
        }
    }

    /// A shard that was loaded from this one's log.
    pub fn reloaded(&self, config: GroupConfig) -> Bench {
        let mut bench = Bench::with(config);
        bench.now_ms = self.now_ms;
        for record in &self.log {
            bench.shard.replay(record).unwrap();
        }
        bench.log = self.log.clone();
        let outcome = bench.shard.loaded(bench.now());
        bench.carry_out(outcome);
        bench
    }

    pub fn now(&self) -> Moment {
        Moment { mono_ms: self.now_ms, wall_ms: WALL_MS + self.now_ms }
    }

    /// Sends a request; its answer may come at once or later.
    pub fn send(&mut self, request: Request) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let outcome = self.shard.handle(request, ticket, self.now());
        self.carry_out(outcome);
        ticket
    }

    pub fn carry_out(&mut self, outcome: Outcome) {
        for (ticket, answer) in outcome.answers {
            assert!(self.answers.insert(ticket, answer).is_none(), "{ticket:?} is answered twice");
        }
        for write in outcome.writes {
            if matches!(self.fate, Settled::Refused(_)) && !write.records.is_empty() {
                self.settle(write.after);
                continue;
            }
            for record in &write.records {
                if write.replay {
                    self.shard.replay(record).unwrap();
                }
                self.log.push(record.clone());
            }
            if self.holds_back { self.held.push(write.after) } else { self.settle(write.after) }
        }
    }

    fn settle(&mut self, after: After) {
        let outcome = self.shard.settle(after, self.fate, self.now());
        self.carry_out(outcome);
    }

    /// Settles what was held back.
    pub fn release(&mut self) {
        self.holds_back = false;
        for after in std::mem::take(&mut self.held) {
            self.settle(after);
        }
    }

    /// Lets time pass, doing what is due on the way.
    pub fn pass(&mut self, ms: i64) {
        let end_ms = self.now_ms + ms;
        while let Some(deadline_ms) = self.shard.next_deadline().filter(|deadline_ms| *deadline_ms <= end_ms) {
            self.now_ms = self.now_ms.max(deadline_ms);
            let outcome = self.shard.on_time(self.now());
            self.carry_out(outcome);
        }
        self.now_ms = end_ms;
    }

    pub fn is_waiting(&self, ticket: Ticket) -> bool {
        !self.answers.contains_key(&ticket)
    }

    pub fn reply(&mut self, ticket: Ticket) -> Reply {
        self.answers.remove(&ticket).expect("no answer yet").expect("the coordinator refused")
    }

    pub fn joined(&mut self, ticket: Ticket) -> JoinReply {
        let Reply::Join(reply) = self.reply(ticket) else { panic!("not a JoinGroup") };
        reply
    }

    pub fn synced(&mut self, ticket: Ticket) -> SyncReply {
        let Reply::Sync(reply) = self.reply(ticket) else { panic!("not a SyncGroup") };
        reply
    }

    pub fn group(&self, id: &str) -> Option<&ClassicGroup> {
        self.shard.groups().find(|group| &*group.id == id)
    }

    pub fn state(&self, id: &str) -> Option<State> {
        self.group(id).map(ClassicGroup::state)
    }

    pub fn heartbeat(&mut self, member_id: &str, generation: i32) -> ErrorCode {
        let request =
            HeartbeatRequest { group_id: "g".into(), generation, member_id: member_id.into(), group_instance_id: None };
        let ticket = self.send(Request::Heartbeat(request));
        let Reply::Heartbeat(code) = self.reply(ticket) else { panic!("not a Heartbeat") };
        code
    }

    pub fn leave(&mut self, members: &[(&str, Option<&str>)]) -> LeaveReply {
        let members = members.iter().map(|(member_id, instance)| LeavingMember {
            member_id: (*member_id).into(),
            group_instance_id: instance.map(Into::into),
        });
        let request = LeaveRequest { group_id: "g".into(), members: members.collect() };
        let ticket = self.send(Request::Leave(request));
        let Reply::Leave(reply) = self.reply(ticket) else { panic!("not a LeaveGroup") };
        reply
    }

    pub fn describe(&mut self, id: &str, version: i16) -> DescribedGroup {
        let ticket = self.send(Request::Describe(vec![id.into()], version));
        let Reply::Describe(mut groups) = self.reply(ticket) else { panic!("not a DescribeGroups") };
        groups.remove(0)
    }

    pub fn list(&mut self, states: &[&str], types: &[&str]) -> Vec<ListedGroup> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let ticket = self.send(Request::List(ListRequest { states: own(states), types: own(types) }));
        let Reply::List(groups) = self.reply(ticket) else { panic!("not a ListGroups") };
        groups
    }

    pub fn delete(&mut self, ids: &[&str]) -> Vec<(Arc<str>, ErrorCode)> {
        let ticket = self.send(Request::Delete(ids.iter().map(|id| (*id).into()).collect()));
        let Reply::Delete(reply) = self.reply(ticket) else { panic!("not a DeleteGroups") };
        reply.groups
    }

    pub fn commit(&mut self, request: CommitRequest) -> Result<ErrorCode, ErrorCode> {
        let ticket = self.send(Request::Commit(request));
        match self.answers.remove(&ticket).expect("no answer yet")? {
            Reply::Commit(reply) => Ok(reply.topics[0].partitions[0].1),
            other => panic!("{other:?}"),
        }
    }

    /// The offset of `topic`-0 in group `g`.
    pub fn fetch(&mut self, topic: &str) -> FetchedOffset {
        let topic = FetchTopic { topic: topic.into(), topic_id: TopicId::ZERO, partitions: vec![0] };
        let mut topics = self.fetch_all(Some(vec![topic]));
        topics.remove(0).partitions.remove(0)
    }

    pub fn fetch_all(&mut self, topics: Option<Vec<FetchTopic>>) -> Vec<FetchedTopic> {
        let ticket = self.send(Request::FetchOffsets(FetchOffsetsRequest { group_id: "g".into(), topics }));
        let Reply::FetchOffsets(reply) = self.reply(ticket) else { panic!("not an OffsetFetch") };
        reply.topics
    }

    pub fn delete_offsets(&mut self, group: &str, topic: &str) -> OffsetDeleteReply {
        let topics = vec![(topic.into(), vec![0])];
        let ticket = self.send(Request::OffsetDelete(OffsetDeleteRequest { group_id: group.into(), topics }));
        let Reply::OffsetDelete(reply) = self.reply(ticket) else { panic!("not an OffsetDelete") };
        reply
    }

    /// Joins a dynamic member as a client of today does: learns its id, then joins. Gives the id and the ticket.
    pub fn enter(&mut self, client: &str) -> (Arc<str>, Ticket) {
        let ticket = self.send(join(client, "").into());
        let reply = self.joined(ticket);
        assert_eq!(reply.error, ErrorCode::MemberIdRequired);
        let ticket = self.send(join(client, &reply.member_id).into());
        (reply.member_id, ticket)
    }

    /// A stable group `g` of dynamic members, one for each client; the first one leads. Gives their ids.
    pub fn stable(&mut self, clients: &[&str]) -> Vec<Arc<str>> {
        let members: Vec<_> = clients.iter().map(|client| self.enter(client)).collect();
        self.pass(3_000);
        while members.iter().any(|(_, ticket)| self.is_waiting(*ticket)) {
            self.pass(3_000);
        }
        let replies: Vec<_> = members.iter().map(|(_, ticket)| self.joined(*ticket)).collect();
        let ids: Vec<_> = members.into_iter().map(|(id, _)| id).collect();
        assert_eq!(replies[0].leader, ids[0]);
        self.sync_all(&ids, replies[0].generation);
        ids
    }

    /// Everybody syncs; the first one leads and gives each its own name.
    pub fn sync_all(&mut self, ids: &[Arc<str>], generation: i32) {
        let assignments: Vec<_> = ids.iter().map(|id| (id.clone(), Bytes::copy_from_slice(id.as_bytes()))).collect();
        let rest: Vec<_> = ids[1..].iter().map(|id| self.send(sync(id, generation, &[]).into())).collect();
        let leader = self.send(sync(&ids[0], generation, &assignments).into());
        for ticket in rest.into_iter().chain([leader]) {
            assert_eq!(self.synced(ticket).error, ErrorCode::None);
        }
        assert_eq!(self.state("g"), Some(State::Stable));
    }
}

/// A subscription of version 0.
pub fn subscription(topics: &[&str]) -> Bytes {
    let mut bytes = vec![0, 0];
    bytes.extend(i32::try_from(topics.len()).unwrap().to_be_bytes());
    for topic in topics {
        bytes.extend(i16::try_from(topic.len()).unwrap().to_be_bytes());
        bytes.extend(topic.as_bytes());
    }
    bytes.extend([0xff; 4]);
    bytes.into()
}

pub fn protocol(name: &str, metadata: Bytes) -> Protocol {
    Protocol { name: name.into(), metadata }
}

/// A JoinGroup for group `g` as a consumer of topic `t` sends it.
pub fn join(client: &str, member_id: &str) -> JoinRequest {
    JoinRequest {
        group_id: "g".into(),
        member_id: member_id.into(),
        group_instance_id: None,
        client_id: client.into(),
        client_host: "/127.0.0.1".into(),
        session_timeout_ms: 45_000,
        rebalance_timeout_ms: 60_000,
        protocol_type: "consumer".into(),
        protocols: vec![protocol("range", subscription(&["t"]))],
        version: 9,
        fresh_uuid: format!("uuid-of-{client}"),
    }
}

pub fn sync(member_id: &str, generation: i32, assignments: &[(Arc<str>, Bytes)]) -> SyncRequest {
    SyncRequest {
        group_id: "g".into(),
        generation,
        member_id: member_id.into(),
        group_instance_id: None,
        protocol_type: Some("consumer".into()),
        protocol_name: Some("range".into()),
        assignments: assignments.to_vec(),
        version: 5,
    }
}

/// A commit of offset `offset` to `t`-0 in group `g`.
pub fn commit(member_id: &str, generation: i32, offset: i64) -> CommitRequest {
    let partition = CommitPartition {
        partition: 0,
        offset: Offset(offset),
        leader_epoch: LeaderEpoch(7),
        metadata: Some("m".into()),
    };
    CommitRequest {
        group_id: "g".into(),
        generation,
        member_id: member_id.into(),
        group_instance_id: None,
        retention_ms: None,
        topics: vec![CommitTopic { topic: "t".into(), topic_id: TopicId::ZERO, partitions: vec![partition] }],
        version: 9,
    }
}

impl From<JoinRequest> for Request {
    fn from(request: JoinRequest) -> Request {
        Request::Join(request)
    }
}

impl From<SyncRequest> for Request {
    fn from(request: SyncRequest) -> Request {
        Request::Sync(request)
    }
}
