//! The join phase: how it begins, how long it lasts, and how it ends in a new generation.

use klamm_base::ErrorCode;

use super::group::{ClassicGroup, Desk, InitialDelay, State};
use crate::group::message::SyncReply;
use crate::group::records::group_record;
use crate::outcome::{After, Write};
use crate::timer::TimerKey;

impl ClassicGroup {
    /// Begins a join phase, or ends the one that runs if all have joined.
    pub(super) fn rebalance_or_complete(&mut self, desk: &mut Desk<'_>) {
        if self.state == State::PreparingRebalance {
            self.complete_if_joined(desk);
        } else {
            self.prepare_rebalance(desk);
        }
    }

    /// Ends the join phase if nobody is missing. The first one of a group always lasts its delay.
    pub(super) fn complete_if_joined(&mut self, desk: &mut Desk<'_>) {
        if self.state == State::PreparingRebalance && self.initial.is_none() && self.has_all_joined() {
            self.complete_join(desk);
        }
    }

    /// Begins a join phase.
    pub fn prepare_rebalance(&mut self, desk: &mut Desk<'_>) {
        if self.state == State::CompletingRebalance {
            self.cancel_syncs(ErrorCode::RebalanceInProgress, desk);
        }
        self.pending_sync.clear();
        desk.timers.cancel(&TimerKey::Sync(self.id.clone()));
        let is_initial = self.state == State::Empty;
        tracing::debug!(group = %self.id, generation = self.generation, state = self.state.name(), "rebalance begins");
        self.transition(State::PreparingRebalance, desk.now);
        if is_initial {
            // Members of a new group come one after the other: waiting a little saves a rebalance for each.
            let delay_ms = desk.config.initial_rebalance_delay_ms.max(0);
            let remaining_ms = (self.rebalance_timeout_ms() - delay_ms).max(0);
            self.new_member_added = false;
            self.wait_initially(delay_ms, remaining_ms, desk);
        } else if self.has_all_joined() {
            self.complete_join(desk);
        } else {
            self.wait_for_joins(desk);
        }
    }

    fn wait_for_joins(&self, desk: &mut Desk<'_>) {
        let deadline_ms = desk.now.mono_ms + i64::from(self.rebalance_timeout_ms());
        desk.timers.schedule(TimerKey::Join(self.id.clone()), deadline_ms);
    }

    fn wait_initially(&mut self, delay_ms: i32, remaining_ms: i32, desk: &mut Desk<'_>) {
        self.initial = Some(InitialDelay { delay_ms, remaining_ms });
        desk.timers.schedule(TimerKey::Join(self.id.clone()), desk.now.mono_ms + i64::from(delay_ms));
    }

    /// The join phase has lasted as long as it may.
    pub fn on_join_deadline(&mut self, desk: &mut Desk<'_>) {
        match self.initial {
            Some(initial) if self.new_member_added && initial.remaining_ms != 0 => {
                self.new_member_added = false;
                let delay_ms = desk.config.initial_rebalance_delay_ms.max(0).min(initial.remaining_ms);
                let remaining_ms = (initial.remaining_ms - initial.delay_ms).max(0);
                self.wait_initially(delay_ms, remaining_ms, desk);
            }
            _ => self.complete_join(desk),
        }
    }

    /// Ends the join phase: dynamic members that did not join are out, static ones stay.
    pub(super) fn complete_join(&mut self, desk: &mut Desk<'_>) {
        desk.timers.cancel(&TimerKey::Join(self.id.clone()));
        self.initial = None;
        let missing: Vec<_> = self
            .members
            .values()
            .filter(|member| !member.is_awaiting_join() && !member.is_static())
            .map(|member| member.id.clone())
            .collect();
        for id in missing {
            self.drop_member(&id, desk);
        }
        if !self.elect_joined_leader() && !self.members.is_empty() {
            // Only static members are left and none of them is here: wait until one comes or their sessions end.
            return self.wait_for_joins(desk);
        }
        self.begin_generation(desk);
    }

    fn begin_generation(&mut self, desk: &mut Desk<'_>) {
        self.generation = self.generation.wrapping_add(1).max(0);
        self.pending_sync.clear();
        self.protocol = self.select_protocol();
        self.refresh_subscribed();
        tracing::info!(group = %self.id, generation = self.generation, members = self.members.len(), "new generation");
        if self.members.is_empty() {
            self.protocol = None;
            self.transition(State::Empty, desk.now);
            let value = self.to_record(|member| member.assignment.clone());
            let records = vec![group_record(&self.id, &value)];
            desk.out.writes.push(Write { records, replay: false, after: After::Nothing });
            return;
        }
        self.transition(State::CompletingRebalance, desk.now);
        self.answer_joins(desk);
        let deadline_ms = desk.now.mono_ms + i64::from(self.rebalance_timeout_ms());
        desk.timers.schedule(TimerKey::Sync(self.id.clone()), deadline_ms);
    }

    fn answer_joins(&mut self, desk: &mut Desk<'_>) {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            if let Some(ticket) = self.set_awaiting_join(&id, None) {
                desk.reply_join(ticket, self.joined_reply(&id));
            }
            if let Some(member) = self.members.get_mut(&id) {
                member.is_new = false;
                desk.start_session(&self.id, &id, i64::from(member.session_timeout_ms));
            }
            self.pending_sync.insert(id);
        }
    }

    /// Takes assignments back and answers those who wait for one with `code`.
    pub(super) fn cancel_syncs(&mut self, code: ErrorCode, desk: &mut Desk<'_>) {
        for member in self.members.values_mut() {
            member.assignment.clear();
            if let Some(ticket) = member.awaiting_sync.take() {
                desk.reply_sync(ticket, SyncReply::refusal(code));
                desk.start_session(&self.id, &member.id, i64::from(member.session_timeout_ms));
            }
        }
    }
}
