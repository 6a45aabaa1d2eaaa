//! Heartbeat, and the end of a session without one.

use std::sync::Arc;

use klamm_base::ErrorCode;

use super::group::{ClassicGroup, Desk, State};
use crate::group::message::HeartbeatRequest;

impl ClassicGroup {
    /// Handles a Heartbeat for this group.
    pub fn heartbeat(&mut self, request: &HeartbeatRequest, desk: &mut Desk<'_>) -> ErrorCode {
        if let Err(code) = self.check_member(&request.member_id, request.group_instance_id.as_deref()) {
            return code;
        }
        if request.generation != self.generation {
            return ErrorCode::IllegalGeneration;
        }
        self.refresh_session(&request.member_id, desk);
        match self.state {
            State::Empty => ErrorCode::UnknownMemberId,
            State::PreparingRebalance => ErrorCode::RebalanceInProgress,
            State::CompletingRebalance | State::Stable => ErrorCode::None,
        }
    }

    /// The member was heard of: its session begins anew.
    pub fn refresh_session(&self, member_id: &str, desk: &mut Desk<'_>) {
        if let Some(member) = self.members.get(member_id) {
            desk.start_session(&self.id, &member.id, i64::from(member.session_timeout_ms));
        }
    }

    /// The session of a member, or of an id that never joined, has ended.
    pub fn on_session_deadline(&mut self, member_id: &Arc<str>, desk: &mut Desk<'_>) {
        if self.pending_join.remove(member_id) {
            return self.complete_if_joined(desk);
        }
        let Some(member) = self.members.get(member_id) else { return };
        if member.has_satisfied_heartbeat() {
            return;
        }
        self.drop_member(member_id, desk);
        self.after_departure(desk);
    }

    /// Somebody is gone: a generation that runs needs a rebalance, a join phase may be complete.
    pub(super) fn after_departure(&mut self, desk: &mut Desk<'_>) {
        match self.state {
            State::Empty => {}
            State::PreparingRebalance => self.complete_if_joined(desk),
            State::CompletingRebalance | State::Stable => self.prepare_rebalance(desk),
        }
    }
}
