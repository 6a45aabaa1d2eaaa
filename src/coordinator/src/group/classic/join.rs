//! JoinGroup of somebody who has no member id, or one that was just handed out.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::ErrorCode;

use super::group::{ClassicGroup, Desk, State};
use super::member::Member;
use crate::group::config::NEW_MEMBER_JOIN_TIMEOUT_MS;
use crate::group::message::{JoinReply, JoinRequest, Reply, SyncReply};
use crate::outcome::Ticket;
use crate::timer::TimerKey;

/// The first version of JoinGroup at which a dynamic member is told its id before it may join (KIP-394).
const KNOWN_MEMBER_ID_VERSION: i16 = 4;

impl ClassicGroup {
    /// Handles a JoinGroup for this group.
    pub fn join(&mut self, request: &JoinRequest, ticket: Ticket, desk: &mut Desk<'_>) {
        if !self.has_room_for(&request.member_id, desk) {
            self.drop_member(&request.member_id, desk);
            desk.reply_join(ticket, JoinReply::refusal("", ErrorCode::GroupMaxSizeReached));
            self.complete_if_joined(desk);
        } else if request.member_id.is_empty() {
            self.join_new(request, ticket, desk);
        } else {
            self.join_known(request, ticket, desk);
        }
    }

    /// Whether the group may take the member (`acceptJoiningMember`). During a join phase those who have joined
    /// count, so that a group that is too large after a change of the limit loses its last to rejoin.
    fn has_room_for(&self, member_id: &str, desk: &Desk<'_>) -> bool {
        let max_size = usize::try_from(desk.config.max_size).unwrap_or(0);
        let member = self.members.get(member_id);
        match self.state {
            State::Empty => true,
            State::PreparingRebalance => {
                member.is_some_and(Member::is_awaiting_join) || self.awaiting_join() < max_size
            }
            State::CompletingRebalance | State::Stable => member.is_some() || self.members.len() < max_size,
        }
    }

    fn join_new(&mut self, request: &JoinRequest, ticket: Ticket, desk: &mut Desk<'_>) {
        if !self.supports(&request.protocol_type, &request.protocols) {
            return desk.reply_join(ticket, JoinReply::refusal("", ErrorCode::InconsistentGroupProtocol));
        }
        let prefix = request.group_instance_id.as_ref().unwrap_or(&request.client_id);
        let member_id: Arc<str> = format!("{prefix}-{}", request.fresh_uuid).into();
        let known = request.group_instance_id.as_ref().and_then(|instance| self.static_members.get(instance));
        if let Some(old_id) = known.cloned() {
            self.replace_static(request, old_id, member_id, ticket, desk);
        } else if request.group_instance_id.is_none() && request.version >= KNOWN_MEMBER_ID_VERSION {
            self.pending_join.insert(member_id.clone());
            desk.start_session(&self.id, &member_id, i64::from(request.session_timeout_ms));
            desk.reply_join(ticket, JoinReply::refusal(member_id, ErrorCode::MemberIdRequired));
        } else {
            self.add_and_rebalance(request, member_id, ticket, desk);
        }
    }

    /// Takes a new member in.
    pub(super) fn add_and_rebalance(
        &mut self,
        request: &JoinRequest,
        member_id: Arc<str>,
        ticket: Ticket,
        desk: &mut Desk<'_>,
    ) {
        if self.initial.is_some() {
            self.new_member_added = true;
        }
        // The session timeout does not count yet: the client does not know its id, so it cannot send heartbeats.
        desk.start_session(&self.id, &member_id, NEW_MEMBER_JOIN_TIMEOUT_MS);
        let member = Member {
            id: member_id,
            instance: request.group_instance_id.clone(),
            client_id: request.client_id.clone(),
            client_host: request.client_host.clone(),
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols.clone(),
            assignment: Bytes::new(),
            is_new: true,
            awaiting_sync: None,
            awaiting_join: Some(ticket),
        };
        self.add(member, &request.protocol_type);
        self.rebalance_or_complete(desk);
    }

    /// Forgets a member and answers what it waits for: its client should join anew.
    pub(super) fn drop_member(&mut self, member_id: &str, desk: &mut Desk<'_>) {
        desk.timers.cancel(&TimerKey::Session(self.id.clone(), member_id.into()));
        let Some(member) = self.remove(member_id) else { return };
        if let Some(ticket) = member.awaiting_join {
            desk.reply_join(ticket, JoinReply::refusal("", ErrorCode::UnknownMemberId));
        }
        if let Some(ticket) = member.awaiting_sync {
            desk.reply_sync(ticket, SyncReply::refusal(ErrorCode::UnknownMemberId));
        }
    }
}

impl Desk<'_> {
    /// Answers a JoinGroup.
    pub fn reply_join(&mut self, ticket: Ticket, reply: JoinReply) {
        self.out.answers.push((ticket, Ok(Reply::Join(reply))));
    }

    /// Answers a SyncGroup.
    pub fn reply_sync(&mut self, ticket: Ticket, reply: SyncReply) {
        self.out.answers.push((ticket, Ok(Reply::Sync(reply))));
    }

    /// Starts a member's session anew: it ends `timeout_ms` from now.
    pub fn start_session(&mut self, group: &Arc<str>, member_id: &Arc<str>, timeout_ms: i64) {
        let key = TimerKey::Session(group.clone(), member_id.clone());
        self.timers.schedule(key, self.now.mono_ms.saturating_add(timeout_ms));
    }
}
