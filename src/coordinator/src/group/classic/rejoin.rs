//! JoinGroup of somebody who has a member id, and of a static member that lost its own.

use std::sync::Arc;

use klamm_base::ErrorCode;

use super::group::{ClassicGroup, Desk, State};
use super::member::{Member, Protocol};
use crate::error::append_error;
use crate::group::message::{JoinReply, JoinRequest, SyncReply};
use crate::group::records::group_record;
use crate::outcome::{After, Settled, StaticReplaced, Ticket, Write};
use crate::timer::TimerKey;

/// The first version of JoinGroup whose answer can tell a leader not to assign (KIP-814).
const SKIP_ASSIGNMENT_VERSION: i16 = 9;

impl ClassicGroup {
    pub(super) fn join_known(&mut self, request: &JoinRequest, ticket: Ticket, desk: &mut Desk<'_>) {
        let id = &request.member_id;
        if !self.supports(&request.protocol_type, &request.protocols) {
            return desk.reply_join(ticket, JoinReply::refusal(id.clone(), ErrorCode::InconsistentGroupProtocol));
        }
        if request.group_instance_id.is_none() && self.pending_join.contains(id) {
            return self.add_and_rebalance(request, id.clone(), ticket, desk);
        }
        if let Err(code) = self.check_member(id, request.group_instance_id.as_deref()) {
            return desk.reply_join(ticket, JoinReply::refusal(id.clone(), code));
        }
        let is_same = self.members.get(id).is_some_and(|member| member.protocols == request.protocols);
        match self.state {
            State::Empty => desk.reply_join(ticket, JoinReply::refusal(id.clone(), ErrorCode::UnknownMemberId)),
            // The member may have missed its answer.
            State::CompletingRebalance if is_same => desk.reply_join(ticket, self.joined_reply(id)),
            // A leader that joins again has seen something, such as new partitions, that its metadata does not show.
            State::Stable if is_same && !self.is_leader(id) => desk.reply_join(ticket, self.joined_reply(id)),
            _ => self.rejoin_and_rebalance(request, ticket, desk),
        }
    }

    fn rejoin_and_rebalance(&mut self, request: &JoinRequest, ticket: Ticket, desk: &mut Desk<'_>) {
        let id = &request.member_id;
        self.update(id, &request.protocols, request.rebalance_timeout_ms, request.session_timeout_ms);
        self.park_join(id, ticket, desk);
        self.rebalance_or_complete(desk);
    }

    /// Lets the member's JoinGroup wait. One that waited before was given up by its client; Kafka never answers it,
    /// here it is answered so that nothing is left behind.
    fn park_join(&mut self, id: &str, ticket: Ticket, desk: &mut Desk<'_>) {
        if let Some(before) = self.set_awaiting_join(id, Some(ticket)) {
            desk.reply_join(before, JoinReply::refusal(id, ErrorCode::RebalanceInProgress));
        }
    }

    /// A static member is back without its member id: it takes its old place under `new_id` (KIP-345).
    pub(super) fn replace_static(
        &mut self,
        request: &JoinRequest,
        old_id: Arc<str>,
        new_id: Arc<str>,
        ticket: Ticket,
        desk: &mut Desk<'_>,
    ) {
        let old_leader = self.leader.clone();
        let Some(old) = self.rename_static(&old_id, new_id.clone(), desk) else { return };
        let replaced = StaticReplaced {
            group: self.id.clone(),
            instance: request.group_instance_id.clone().unwrap_or_default(),
            old_id,
            new_id: new_id.clone(),
            old_leader,
            old_protocols: old.protocols,
            old_rebalance_timeout_ms: old.rebalance_timeout_ms,
            old_session_timeout_ms: old.session_timeout_ms,
            version: request.version,
            ticket,
        };
        desk.start_session(&self.id, &new_id, i64::from(request.session_timeout_ms));
        self.update(&new_id, &request.protocols, request.rebalance_timeout_ms, request.session_timeout_ms);
        self.set_awaiting_join(&new_id, Some(ticket));
        match self.state {
            State::Stable if self.select_protocol() == self.protocol => self.keep_replaced(replaced, desk),
            State::PreparingRebalance => self.complete_if_joined(desk),
            // While the leader assigns, it assigns to the old id: the new one would get nothing.
            _ => self.prepare_rebalance(desk),
        }
    }

    /// Nothing changes for the others: the new id is kept, without a rebalance.
    fn keep_replaced(&mut self, replaced: StaticReplaced, desk: &mut Desk<'_>) {
        self.refresh_subscribed();
        let value = self.to_record(|member| member.assignment.clone());
        desk.out.writes.push(Write {
            records: vec![group_record(&self.id, &value)],
            replay: false,
            after: After::StaticReplaced(Box::new(replaced)),
        });
    }

    /// Gives a static member a new id. Whoever waits under the old one is fenced.
    fn rename_static(&mut self, old_id: &str, new_id: Arc<str>, desk: &mut Desk<'_>) -> Option<Replaced> {
        let was_leader = self.is_leader(old_id);
        let mut member = self.take(old_id)?;
        desk.timers.cancel(&TimerKey::Session(self.id.clone(), member.id.clone()));
        if let Some(ticket) = member.awaiting_join.take() {
            desk.reply_join(ticket, JoinReply::refusal(member.id.clone(), ErrorCode::FencedInstanceId));
        }
        if let Some(ticket) = member.awaiting_sync.take() {
            desk.reply_sync(ticket, SyncReply::refusal(ErrorCode::FencedInstanceId));
        }
        if self.pending_sync.remove(old_id) {
            self.pending_sync.insert(new_id.clone());
        }
        let replaced = Replaced {
            protocols: member.protocols.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
        };
        self.insert(Member { id: new_id.clone(), is_new: false, ..member });
        if was_leader {
            self.leader = Some(new_id);
        }
        Some(replaced)
    }

    /// The record of a static member's new id is settled.
    pub fn settle_static(&mut self, replaced: StaticReplaced, settled: Settled, desk: &mut Desk<'_>) {
        let awaiting = self.members.get(&replaced.new_id).and_then(|member| member.awaiting_join);
        // If a rebalance has begun meanwhile, or the member came back once more, others will answer or have answered.
        if self.state != State::Stable || awaiting != Some(replaced.ticket) {
            return;
        }
        self.set_awaiting_join(&replaced.new_id, None);
        let old_leader = replaced.old_leader.clone().unwrap_or_default();
        let reply = match settled {
            Settled::Refused(code) => {
                let error = append_error(code);
                self.take_back(&replaced, desk);
                JoinReply { error, ..self.static_reply("".into(), old_leader) }
            }
            Settled::Unsure(code) => JoinReply::refusal("", append_error(code)),
            Settled::Committed if replaced.version >= SKIP_ASSIGNMENT_VERSION => {
                JoinReply { skip_assignment: self.is_leader(&replaced.new_id), ..self.joined_reply(&replaced.new_id) }
            }
            // An older client would assign if it found itself to be the leader, so it is shown the old leader.
            Settled::Committed => self.static_reply(replaced.new_id.clone(), old_leader),
        };
        desk.reply_join(replaced.ticket, reply);
    }

    fn static_reply(&self, member_id: Arc<str>, leader: Arc<str>) -> JoinReply {
        JoinReply { leader, member_id, members: Vec::new(), ..self.joined_reply(&"".into()) }
    }

    fn take_back(&mut self, replaced: &StaticReplaced, desk: &mut Desk<'_>) {
        self.rename_static(&replaced.new_id, replaced.old_id.clone(), desk);
        self.update(
            &replaced.old_id,
            &replaced.old_protocols,
            replaced.old_rebalance_timeout_ms,
            replaced.old_session_timeout_ms,
        );
        self.refresh_subscribed();
        desk.start_session(&self.id, &replaced.old_id, i64::from(replaced.old_session_timeout_ms));
    }
}

/// What a static member had before it was replaced.
struct Replaced {
    protocols: Vec<Protocol>,
    rebalance_timeout_ms: i32,
    session_timeout_ms: i32,
}
