//! SyncGroup: the leader brings the assignment, everybody takes his part of it once it is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use klamm_base::ErrorCode;

use super::group::{ClassicGroup, Desk, State};
use crate::error::append_error;
use crate::group::message::{SyncReply, SyncRequest};
use crate::group::records::group_record;
use crate::outcome::{After, Settled, Ticket, Write};
use crate::timer::TimerKey;

impl ClassicGroup {
    /// Handles a SyncGroup for this group.
    pub fn sync(&mut self, request: SyncRequest, ticket: Ticket, desk: &mut Desk<'_>) {
        if let Err(code) = self.check_sync(&request) {
            return desk.reply_sync(ticket, SyncReply::refusal(code));
        }
        self.pending_sync.remove(&request.member_id);
        if self.pending_sync.is_empty() {
            desk.timers.cancel(&TimerKey::Sync(self.id.clone()));
        }
        if self.state == State::Stable {
            let assignment = self.members.get(&request.member_id).map(|member| member.assignment.clone());
            let reply = self.assigned_reply(assignment.unwrap_or_default());
            return desk.reply_sync(ticket, reply);
        }
        if let Some(member) = self.members.get_mut(&request.member_id)
            && let Some(before) = member.awaiting_sync.replace(ticket)
        {
            // Its client has given it up and asked again.
            desk.reply_sync(before, SyncReply::refusal(ErrorCode::RebalanceInProgress));
        }
        if self.is_leader(&request.member_id) {
            self.keep_assignment(request, desk);
        }
    }

    fn check_sync(&self, request: &SyncRequest) -> Result<(), ErrorCode> {
        let differs = |given: &Option<Arc<str>>, own: &Option<Arc<str>>| given.is_some() && given != own;
        self.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation != self.generation {
            Err(ErrorCode::IllegalGeneration)
        } else if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            Err(ErrorCode::InconsistentGroupProtocol)
        } else if self.state == State::PreparingRebalance {
            Err(ErrorCode::RebalanceInProgress)
        } else {
            Ok(())
        }
    }

    /// Writes the leader's assignment. Members that it leaves out get nothing; names that are no members are dropped.
    fn keep_assignment(&self, request: SyncRequest, desk: &mut Desk<'_>) {
        let mut given: BTreeMap<Arc<str>, Bytes> = request.assignments.into_iter().collect();
        let assignment: BTreeMap<Arc<str>, Bytes> =
            self.members.keys().map(|id| (id.clone(), given.remove(id).unwrap_or_default())).collect();
        let value = self.to_record(|member| assignment.get(&member.id).cloned().unwrap_or_default());
        desk.out.writes.push(Write {
            records: vec![group_record(&self.id, &value)],
            replay: false,
            after: After::Synced { group: self.id.clone(), generation: self.generation, assignment },
        });
    }

    /// The record with the assignment is settled.
    pub fn settle_sync(
        &mut self,
        generation: i32,
        mut assignment: BTreeMap<Arc<str>, Bytes>,
        settled: Settled,
        desk: &mut Desk<'_>,
    ) {
        // Somebody may have joined or left meanwhile, and a new generation is on its way.
        if self.state != State::CompletingRebalance || self.generation != generation {
            return;
        }
        if let Settled::Refused(code) | Settled::Unsure(code) = settled {
            self.cancel_syncs(append_error(code), desk);
            return self.prepare_rebalance(desk);
        }
        self.transition(State::Stable, desk.now);
        let template = self.assigned_reply(Bytes::new());
        for member in self.members.values_mut() {
            member.assignment = assignment.remove(&member.id).unwrap_or_default();
            if let Some(ticket) = member.awaiting_sync.take() {
                desk.reply_sync(ticket, SyncReply { assignment: member.assignment.clone(), ..template.clone() });
                // A session that ended while its member waited here was overlooked, so it must begin anew.
                desk.start_session(&self.id, &member.id, i64::from(member.session_timeout_ms));
            }
        }
    }

    fn assigned_reply(&self, assignment: Bytes) -> SyncReply {
        SyncReply {
            error: ErrorCode::None,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment,
        }
    }

    /// Some members have not sent SyncGroup in time: they are out.
    pub fn on_sync_deadline(&mut self, desk: &mut Desk<'_>) {
        if !matches!(self.state, State::CompletingRebalance | State::Stable) || self.pending_sync.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.pending_sync) {
            self.drop_member(&id, desk);
        }
        self.prepare_rebalance(desk);
    }
}
