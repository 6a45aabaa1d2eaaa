//! The state of a classic group and its arithmetic: members, leader, votes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use klamm_base::ErrorCode;

use super::member::{Member, Protocol};
use super::subscription::subscribed_topics;
use crate::group::config::GroupConfig;
use crate::group::message::{JoinReply, JoinedMember};
use crate::outcome::{Moment, Outcome, Ticket};
use crate::timer::Timers;

/// The protocol type of consumers.
pub const CONSUMER: &str = "consumer";

/// The state of a classic group. A group that is not there is `Dead` in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No members.
    Empty,
    /// Members are asked to join.
    PreparingRebalance,
    /// All have joined; the leader's assignment is awaited.
    CompletingRebalance,
    /// The assignment is kept and handed out.
    Stable,
}

impl State {
    /// The name that clients see.
    pub fn name(self) -> &'static str {
        match self {
            State::Empty => "Empty",
            State::PreparingRebalance => "PreparingRebalance",
            State::CompletingRebalance => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }
}

/// How much longer the first join phase of a group may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitialDelay {
    /// The delay that runs, in milliseconds.
    pub delay_ms: i32,
    /// What is left behind it, in milliseconds.
    pub remaining_ms: i32,
}

/// What a group needs besides itself to decide.
pub struct Desk<'a> {
    /// The settings.
    pub config: &'a GroupConfig,
    /// The shard's timers.
    pub timers: &'a mut Timers,
    /// Now.
    pub now: Moment,
    /// Where decisions go.
    pub out: &'a mut Outcome,
}

/// A classic group. Owned by its shard.
#[derive(Debug)]
pub struct ClassicGroup {
    /// The group's id.
    pub id: Arc<str>,
    pub(super) state: State,
    /// The state before.
    pub(super) previous: State,
    /// Since when the state holds, in milliseconds since 1970; `None` if its record is too old to know.
    pub(super) state_since_ms: Option<i64>,
    pub(super) generation: i32,
    /// `None` for a simple group, which only commits offsets.
    pub(super) protocol_type: Option<Arc<str>>,
    pub(super) protocol: Option<Arc<str>>,
    pub(super) leader: Option<Arc<str>>,
    pub(super) members: BTreeMap<Arc<str>, Member>,
    /// Instance id to member id.
    pub(super) static_members: BTreeMap<Arc<str>, Arc<str>>,
    /// Ids that were handed out and have not joined yet.
    pub(super) pending_join: BTreeSet<Arc<str>>,
    /// Members of this generation that have not sent SyncGroup yet.
    pub(super) pending_sync: BTreeSet<Arc<str>>,
    /// How many members support each protocol.
    supporters: BTreeMap<Arc<str>, usize>,
    awaiting_join: usize,
    pub(super) initial: Option<InitialDelay>,
    pub(super) new_member_added: bool,
    /// What the members subscribe to; `None` if that is not known.
    subscribed: Option<BTreeSet<Arc<str>>>,
}

impl ClassicGroup {
    /// A group without members.
    pub fn empty(id: Arc<str>, now_ms: i64) -> ClassicGroup {
        ClassicGroup {
            id,
            state: State::Empty,
            previous: State::Empty,
            state_since_ms: Some(now_ms),
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_join: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            supporters: BTreeMap::new(),
            awaiting_join: 0,
            initial: None,
            new_member_added: false,
            subscribed: None,
        }
    }

    /// The state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The generation.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// The protocol type; `None` for a group that only commits offsets.
    pub fn protocol_type(&self) -> Option<&Arc<str>> {
        self.protocol_type.as_ref()
    }

    /// The chosen protocol.
    pub fn protocol(&self) -> Option<&Arc<str>> {
        self.protocol.as_ref()
    }

    /// Since when the state holds, in milliseconds since 1970, if that is known.
    pub fn state_since_ms(&self) -> Option<i64> {
        self.state_since_ms
    }

    /// The members, by id.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// The ids that have or had a session timer: members and pending ones.
    pub fn timed_ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.members.keys().chain(&self.pending_join)
    }

    /// True if the members use the consumer protocol, whose subscriptions are understood.
    pub fn is_consumer(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    /// True if a member subscribes to `topic`, and in doubt for consumers.
    pub fn is_subscribed(&self, topic: &str) -> bool {
        match &self.subscribed {
            Some(topics) => topics.contains(topic),
            None => self.is_consumer(),
        }
    }

    /// True if it is known what the members subscribe to.
    pub fn knows_subscriptions(&self) -> bool {
        self.subscribed.is_some()
    }

    /// Checks that `member_id` is a member, and the one that `instance` names, if it is given (`validateMember`).
    pub fn check_member(&self, member_id: &str, instance: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            match self.static_members.get(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(known) if **known != *member_id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    pub(super) fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    pub(super) fn transition(&mut self, state: State, now: Moment) {
        self.previous = self.state;
        self.state = state;
        self.state_since_ms = Some(now.wall_ms);
    }

    /// Adds a member that is checked. The first one gives the group its protocol type.
    pub(super) fn add(&mut self, member: Member, protocol_type: &Arc<str>) {
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.clone());
        }
        self.leader.get_or_insert_with(|| member.id.clone());
        self.pending_join.remove(&member.id);
        self.insert(member);
    }

    /// Adds a member as it is; one of the same id goes.
    pub(super) fn insert(&mut self, member: Member) {
        self.take(&member.id);
        if let Some(instance) = &member.instance {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        self.count_protocols(&member.protocols, true);
        self.awaiting_join += usize::from(member.is_awaiting_join());
        self.members.insert(member.id.clone(), member);
    }

    /// Removes a member or a pending id and forgets all about it.
    pub(super) fn remove(&mut self, member_id: &str) -> Option<Member> {
        let removed = self.take(member_id);
        if self.is_leader(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_join.remove(member_id);
        self.pending_sync.remove(member_id);
        removed
    }

    /// Takes a member out, the reverse of [`ClassicGroup::insert`].
    pub(super) fn take(&mut self, member_id: &str) -> Option<Member> {
        let member = self.members.remove(member_id)?;
        self.count_protocols(&member.protocols, false);
        self.awaiting_join -= usize::from(member.is_awaiting_join());
        if let Some(instance) = &member.instance {
            self.static_members.remove(instance);
        }
        Some(member)
    }

    /// Takes over what a member's JoinGroup says.
    pub(super) fn update(
        &mut self,
        id: &str,
        protocols: &[Protocol],
        rebalance_timeout_ms: i32,
        session_timeout_ms: i32,
    ) {
        let Some(member) = self.members.get_mut(id) else { return };
        let old = std::mem::replace(&mut member.protocols, protocols.to_vec());
        member.rebalance_timeout_ms = rebalance_timeout_ms;
        member.session_timeout_ms = session_timeout_ms;
        self.count_protocols(&old, false);
        self.count_protocols(protocols, true);
    }

    /// Sets or clears the member's waiting JoinGroup and gives back the one before.
    pub(super) fn set_awaiting_join(&mut self, member_id: &str, ticket: Option<Ticket>) -> Option<Ticket> {
        let member = self.members.get_mut(member_id)?;
        let before = std::mem::replace(&mut member.awaiting_join, ticket);
        self.awaiting_join += usize::from(ticket.is_some());
        self.awaiting_join -= usize::from(before.is_some());
        before
    }

    /// Lets the JoinGroup with this ticket wait no longer, without an answer. False if it does not wait.
    pub fn stop_waiting(&mut self, ticket: Ticket) -> bool {
        let waiting = self.members.values().find(|member| member.awaiting_join == Some(ticket));
        match waiting.map(|member| member.id.clone()) {
            Some(id) => self.set_awaiting_join(&id, None).is_some(),
            None => false,
        }
    }

    fn count_protocols(&mut self, protocols: &[Protocol], add: bool) {
        // A name that a member lists twice is still one supporter.
        let names: BTreeSet<&Arc<str>> = protocols.iter().map(|protocol| &protocol.name).collect();
        for name in names {
            let count = self.supporters.entry(name.clone()).or_default();
            *count = if add { *count + 1 } else { count.saturating_sub(1) };
            if *count == 0 {
                self.supporters.remove(name);
            }
        }
    }

    /// True if a member with these protocols can be in the group.
    pub(super) fn supports(&self, protocol_type: &str, protocols: &[Protocol]) -> bool {
        if self.state == State::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols.iter().any(|own| self.supporters.get(&own.name).copied().unwrap_or(0) == self.members.len())
    }

    /// The protocol that wins: each member votes for the first of its protocols that all support.
    pub(super) fn select_protocol(&self) -> Option<Arc<str>> {
        let mut votes: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for member in self.members.values() {
            let vote = member.protocols.iter().find(|own| self.supporters.get(&own.name) == Some(&self.members.len()));
            *votes.entry(&vote?.name).or_default() += 1;
        }
        votes.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.clone())
    }

    /// The longest that a member needs to rejoin, in milliseconds.
    pub(super) fn rebalance_timeout_ms(&self) -> i32 {
        self.members.values().map(|member| member.rebalance_timeout_ms).max().unwrap_or(0).max(0)
    }

    pub(super) fn awaiting_join(&self) -> usize {
        self.awaiting_join
    }

    pub(super) fn has_all_joined(&self) -> bool {
        self.members.len() == self.awaiting_join && self.pending_join.is_empty()
    }

    /// Keeps the leader if it has joined, else takes one that has. False if nobody has.
    pub(super) fn elect_joined_leader(&mut self) -> bool {
        let has_joined = |id: &Arc<str>| self.members.get(id).is_some_and(Member::is_awaiting_join);
        if self.leader.as_ref().is_some_and(has_joined) {
            return true;
        }
        match self.members.values().find(|member| member.is_awaiting_join()) {
            Some(member) => {
                self.leader = Some(member.id.clone());
                true
            }
            None => false,
        }
    }

    pub(super) fn refresh_subscribed(&mut self) {
        self.subscribed = self.compute_subscribed();
    }

    fn compute_subscribed(&self) -> Option<BTreeSet<Arc<str>>> {
        if !self.is_consumer() {
            return None;
        }
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.append(&mut subscribed_topics(&member.metadata(Some(self.protocol.as_deref()?)))?);
        }
        Some(topics)
    }

    /// The answer to a member that is in the current generation. Only the leader gets the list of members.
    pub(super) fn joined_reply(&self, member_id: &Arc<str>) -> JoinReply {
        let list = self.is_leader(member_id);
        let member = |member: &Member| JoinedMember {
            member_id: member.id.clone(),
            group_instance_id: member.instance.clone(),
            metadata: member.metadata(self.protocol.as_deref()),
        };
        JoinReply {
            error: ErrorCode::None,
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            member_id: member_id.clone(),
            members: if list { self.members.values().map(member).collect() } else { Vec::new() },
        }
    }
}
