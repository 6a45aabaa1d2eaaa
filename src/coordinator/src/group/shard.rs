//! A shard: the groups and offsets of one partition of `__consumer_offsets`, as a pure state machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use klamm_base::{ErrorCode, TopicId};

use super::classic::group::{ClassicGroup, Desk};
use super::codec::TEXT_MAX;
use super::config::GroupConfig;
use super::describe;
use super::expire::expired;
use super::message::{
    CommitRequest, FetchOffsetsRequest, HeartbeatRequest, JoinReply, JoinRequest, LeaveReply, LeaveRequest,
    ListRequest, OffsetDeleteReply, OffsetDeleteRequest, Reply, Request, SyncReply, SyncRequest,
};
use super::offsets::{Offsets, check_commit, commit};
use super::records::group_record;
use crate::error::append_error;
use crate::outcome::{After, Moment, Outcome, Record, Settled, Ticket, Write};
use crate::timer::{TimerKey, Timers};

/// The most tombstones of one batch, so that a large run of expiry stays below the largest batch of the topic.
const TOMBSTONES_PER_WRITE: usize = 1000;

/// The longest name that a client may give: room is left for the id that is made of it.
const NAME_MAX: usize = TEXT_MAX - 64;

/// The groups and offsets of one partition. Owned by the loop that runs it.
///
/// A group's live state changes as requests are decided; offsets, and the end of groups, change by replay of the
/// records that were appended.
#[derive(Debug)]
pub struct Shard {
    config: GroupConfig,
    pub(super) groups: BTreeMap<Arc<str>, ClassicGroup>,
    pub(super) offsets: Offsets,
    pub(super) timers: Timers,
}

impl Shard {
    /// A shard that knows nothing yet.
    pub fn new(config: GroupConfig) -> Shard {
        Shard { config, groups: BTreeMap::new(), offsets: Offsets::default(), timers: Timers::default() }
    }

    /// The groups, by id.
    pub fn groups(&self) -> impl Iterator<Item = &ClassicGroup> {
        self.groups.values()
    }

    /// The committed offsets.
    pub fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// When `on_time` must be called at the latest, in milliseconds of monotonic time.
    pub fn next_deadline(&self) -> Option<i64> {
        self.timers.next_deadline()
    }

    /// Decides a request. Its answer comes under `ticket`, now or in a later outcome.
    pub fn handle(&mut self, request: Request, ticket: Ticket, now: Moment) -> Outcome {
        match request {
            Request::Join(request) => self.join(&request, ticket, now),
            Request::Sync(request) => self.sync(request, ticket, now),
            Request::Heartbeat(request) => Outcome::answer(ticket, Reply::Heartbeat(self.heartbeat(&request, now))),
            Request::Leave(request) => self.leave(request, ticket, now),
            Request::Commit(request) => self.commit(&request, ticket, now),
            Request::FetchOffsets(request) => self.fetch_offsets(&request, ticket),
            Request::OffsetDelete(request) => self.delete_offsets(&request, ticket),
            Request::Describe(ids, version) => self.describe(&ids, version, ticket),
            Request::List(request) => self.list(&request, ticket),
            Request::Delete(ids) => self.delete(&ids, ticket),
            Request::TopicsDeleted(topics) => self.topics_deleted(&topics, ticket),
        }
    }

    fn join(&mut self, request: &JoinRequest, ticket: Ticket, now: Moment) -> Outcome {
        if let Err(code) = check_join(request, &self.config) {
            return Outcome::answer(ticket, Reply::Join(JoinReply::refusal(request.member_id.clone(), code)));
        }
        let is_new = !self.groups.contains_key(&request.group_id);
        if is_new && !request.member_id.is_empty() {
            let reply = JoinReply::refusal(request.member_id.clone(), ErrorCode::UnknownMemberId);
            return Outcome::answer(ticket, Reply::Join(reply));
        }
        if is_new {
            let group = ClassicGroup::empty(request.group_id.clone(), now.wall_ms);
            self.groups.insert(request.group_id.clone(), group);
            self.expect_expiry(now);
        }
        let mut out = Outcome::default();
        self.at(&request.group_id, now, &mut out, |group, desk| group.join(request, ticket, desk));
        if is_new && out.writes.is_empty() {
            // The group is written as soon as it exists, even if the member that made it was refused.
            let group = request.group_id.clone();
            let first = self.groups.get(&group).map(|group| group_record(&group.id, &group.to_first_record()));
            let after = After::GroupCreated { group, ticket };
            out.writes.push(Write { records: first.into_iter().collect(), replay: false, after });
        }
        out
    }

    fn sync(&mut self, request: SyncRequest, ticket: Ticket, now: Moment) -> Outcome {
        let code = if request.version >= 5 && (request.protocol_type.is_none() || request.protocol_name.is_none()) {
            ErrorCode::InconsistentGroupProtocol
        } else if request.group_id.is_empty() {
            ErrorCode::InvalidGroupId
        } else {
            ErrorCode::UnknownMemberId
        };
        let mut out = Outcome::default();
        let group_id = request.group_id.clone();
        let served = code == ErrorCode::UnknownMemberId
            && self.at(&group_id, now, &mut out, |group, desk| group.sync(request, ticket, desk)).is_some();
        if served { out } else { Outcome::answer(ticket, Reply::Sync(SyncReply::refusal(code))) }
    }

    fn heartbeat(&mut self, request: &HeartbeatRequest, now: Moment) -> ErrorCode {
        if request.group_id.is_empty() {
            return ErrorCode::InvalidGroupId;
        }
        let code =
            self.at(&request.group_id, now, &mut Outcome::default(), |group, desk| group.heartbeat(request, desk));
        code.unwrap_or(ErrorCode::UnknownMemberId)
    }

    fn leave(&mut self, request: LeaveRequest, ticket: Ticket, now: Moment) -> Outcome {
        if request.group_id.is_empty() {
            let reply = LeaveReply { error: ErrorCode::InvalidGroupId, members: Vec::new() };
            return Outcome::answer(ticket, Reply::Leave(reply));
        }
        let mut out = Outcome::default();
        let members = if self.groups.contains_key(&request.group_id) {
            let leave = |group: &mut ClassicGroup, desk: &mut Desk<'_>| group.leave(request.members, desk);
            self.at(&request.group_id, now, &mut out, leave).unwrap_or_default()
        } else {
            request.members.into_iter().map(|member| (member, ErrorCode::UnknownMemberId)).collect()
        };
        let reply = Reply::Leave(LeaveReply { error: ErrorCode::None, members });
        match out.writes.last_mut() {
            // The group became empty: the answer waits for its record.
            Some(write) => write.after = After::Answer(ticket, reply),
            None => out.answers.push((ticket, Ok(reply))),
        }
        out
    }

    fn commit(&mut self, request: &CommitRequest, ticket: Ticket, now: Moment) -> Outcome {
        if request.group_id.len() > NAME_MAX || request.topics.iter().any(|topic| topic.topic.len() > NAME_MAX) {
            return Outcome::refuse(ticket, ErrorCode::InvalidRequest);
        }
        if let Err(code) = check_commit(self.groups.get(&request.group_id), request) {
            return Outcome::refuse(ticket, code);
        }
        let refresh = |group: &mut ClassicGroup, desk: &mut Desk<'_>| group.refresh_session(&request.member_id, desk);
        self.at(&request.group_id, now, &mut Outcome::default(), refresh);
        let (records, reply) = commit(request, &self.config, now.wall_ms);
        if !records.is_empty() {
            self.expect_expiry(now);
        }
        Outcome::answer_after(ticket, records, Reply::Commit(reply))
    }

    fn fetch_offsets(&self, request: &FetchOffsetsRequest, ticket: Ticket) -> Outcome {
        Outcome::answer_after(ticket, Vec::new(), Reply::FetchOffsets(self.offsets.fetch(request)))
    }

    fn delete_offsets(&self, request: &OffsetDeleteRequest, ticket: Ticket) -> Outcome {
        if request.group_id.is_empty() {
            let reply = OffsetDeleteReply { error: ErrorCode::InvalidGroupId, topics: Vec::new() };
            return Outcome::answer(ticket, Reply::OffsetDelete(reply));
        }
        let group = self.groups.get(&request.group_id);
        let (records, reply) = describe::delete_offsets(request, group, &self.offsets);
        Outcome::answer_after(ticket, records, Reply::OffsetDelete(reply))
    }

    fn describe(&self, ids: &[Arc<str>], version: i16, ticket: Ticket) -> Outcome {
        let describe = |id: &Arc<str>| describe::describe(id, self.groups.get(id), version);
        Outcome::answer_after(ticket, Vec::new(), Reply::Describe(ids.iter().map(describe).collect()))
    }

    fn list(&self, request: &ListRequest, ticket: Ticket) -> Outcome {
        Outcome::answer_after(ticket, Vec::new(), Reply::List(describe::list(self.groups.values(), request)))
    }

    fn delete(&self, ids: &[Arc<str>], ticket: Ticket) -> Outcome {
        let (records, reply) = describe::delete(ids, |id| self.groups.get(id), &self.offsets);
        Outcome::answer_after(ticket, records, Reply::Delete(reply))
    }

    fn topics_deleted(&self, topics: &[(Arc<str>, TopicId)], ticket: Ticket) -> Outcome {
        let tombstones = |(topic, id): &(Arc<str>, TopicId)| self.offsets.topic_tombstones(topic, *id);
        let records: Vec<Record> = topics.iter().flat_map(tombstones).collect();
        let mut out = Outcome { answers: Vec::new(), writes: delete_in_parts(records) };
        let after = After::Answer(ticket, Reply::TopicsDeleted);
        out.writes.push(Write { records: Vec::new(), replay: true, after });
        out
    }

    /// Does what is due. Call it until `next_deadline` lies ahead.
    pub fn on_time(&mut self, now: Moment) -> Outcome {
        let mut out = Outcome::default();
        while let Some(key) = self.timers.pop_due(now.mono_ms) {
            match key {
                TimerKey::Join(group) => {
                    self.at(&group, now, &mut out, ClassicGroup::on_join_deadline);
                }
                TimerKey::Sync(group) => {
                    self.at(&group, now, &mut out, ClassicGroup::on_sync_deadline);
                }
                TimerKey::Session(group, member) => {
                    self.at(&group, now, &mut out, |group, desk| group.on_session_deadline(&member, desk));
                }
                TimerKey::Expire => self.expire(now, &mut out),
            }
        }
        out
    }

    fn expire(&mut self, now: Moment, out: &mut Outcome) {
        let of_group = |group: &ClassicGroup| expired(group, &self.offsets, &self.config, now.wall_ms);
        let records: Vec<Record> = self.groups.values().flat_map(of_group).collect();
        out.writes.extend(delete_in_parts(records));
        if !self.groups.is_empty() {
            self.expect_expiry(now);
        }
    }

    /// Sees to it that expiry is looked for within an interval; a shard without groups needs no waking. All shards look at the
    /// same moments, as Kafka's do, whose timers begin together: a tool that lists groups and then describes them fails if
    /// one of them goes in between.
    pub(super) fn expect_expiry(&mut self, now: Moment) {
        if !self.timers.is_set(&TimerKey::Expire) {
            let interval_ms = self.config.retention_check_interval_ms.max(1);
            let past = now.mono_ms.div_euclid(interval_ms);
            self.timers.schedule(TimerKey::Expire, past.saturating_add(1).saturating_mul(interval_ms));
        }
    }

    /// Told what became of a write.
    pub fn settle(&mut self, after: After, settled: Settled, now: Moment) -> Outcome {
        let mut out = Outcome::default();
        match after {
            After::Nothing => {}
            After::Answer(ticket, reply) => {
                let answer = match settled {
                    Settled::Committed => Ok(reply),
                    Settled::Refused(code) | Settled::Unsure(code) => Err(append_error(code)),
                };
                out.answers.push((ticket, answer));
            }
            After::GroupCreated { group, ticket } => self.settle_created(&group, ticket, settled, &mut out),
            After::Synced { group, generation, assignment } => {
                self.at(&group, now, &mut out, |group, desk| group.settle_sync(generation, assignment, settled, desk));
            }
            After::StaticReplaced(replaced) => {
                let group = replaced.group.clone();
                self.at(&group, now, &mut out, |group, desk| group.settle_static(*replaced, settled, desk));
            }
        }
        out
    }

    /// A group whose first record was refused does not exist; whoever waits in it is sent away.
    fn settle_created(&mut self, group: &Arc<str>, ticket: Ticket, settled: Settled, out: &mut Outcome) {
        let (Settled::Refused(code) | Settled::Unsure(code)) = settled else { return };
        if let Settled::Refused(_) = settled {
            let waiting = self.remove_group(group);
            out.answers.extend(waiting.into_iter().map(|ticket| (ticket, Err(append_error(code)))));
        } else if let Some(group) = self.groups.get_mut(group)
            && group.stop_waiting(ticket)
        {
            out.answers.push((ticket, Err(append_error(code))));
        }
    }

    /// Calls `decide` with the group and all that it needs; `None` if there is no such group.
    pub(super) fn at<T>(
        &mut self,
        id: &str,
        now: Moment,
        out: &mut Outcome,
        decide: impl FnOnce(&mut ClassicGroup, &mut Desk<'_>) -> T,
    ) -> Option<T> {
        let group = self.groups.get_mut(id)?;
        Some(decide(group, &mut Desk { config: &self.config, timers: &mut self.timers, now, out }))
    }
}

fn delete_in_parts(records: Vec<Record>) -> Vec<Write> {
    let part = |part: &[Record]| Write { records: part.to_vec(), replay: true, after: After::Nothing };
    records.chunks(TOMBSTONES_PER_WRITE).map(part).collect()
}

fn check_join(request: &JoinRequest, config: &GroupConfig) -> Result<(), ErrorCode> {
    let sessions = config.min_session_timeout_ms..=config.max_session_timeout_ms;
    let names =
        [&request.group_id, &request.member_id, &request.client_id, &request.client_host, &request.protocol_type];
    let protocols = request.protocols.iter().map(|protocol| &protocol.name);
    if request.group_id.is_empty() {
        Err(ErrorCode::InvalidGroupId)
    } else if !sessions.contains(&request.session_timeout_ms) {
        Err(ErrorCode::InvalidSessionTimeout)
    } else if names.into_iter().chain(protocols).chain(&request.group_instance_id).any(|name| name.len() > NAME_MAX) {
        // A record could not hold it.
        Err(ErrorCode::InvalidRequest)
    } else {
        Ok(())
    }
}

#[cfg(test)]
#[path = "shard_test.rs"]
mod shard_test;
