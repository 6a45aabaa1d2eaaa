//! How a shard comes to be: records are replayed, then it is ready.

use std::sync::Arc;

use super::classic::group::{ClassicGroup, Desk, State};
use super::records::{Key, read_group, read_key, read_offset};
use super::shard::Shard;
use crate::Error;
use crate::outcome::{Moment, Outcome, Record, Ticket};
use crate::timer::TimerKey;

impl Shard {
    /// Takes over a record: of the log while loading, or of one's own write.
    ///
    /// # Errors
    /// If the record cannot be read; the state is as before.
    pub fn replay(&mut self, record: &Record) -> Result<(), Error> {
        match (read_key(&record.key)?, &record.value) {
            (Key::Offset { group, topic, partition }, Some(value)) => {
                let value = read_offset(value)?;
                if !self.groups.contains_key(&group) {
                    // A group that only commits offsets has no record of its own.
                    let simple = ClassicGroup::empty(group.clone(), value.commit_timestamp_ms);
                    self.groups.insert(group.clone(), simple);
                }
                self.offsets.put(group, topic, partition, value);
            }
            (Key::Offset { group, topic, partition }, None) => self.offsets.remove(&group, &topic, partition),
            (Key::Group(id), Some(value)) => {
                let group = ClassicGroup::from_record(id.clone(), read_group(value)?);
                self.groups.insert(id, group);
            }
            (Key::Group(id), None) => {
                self.remove_group(&id);
            }
            // Groups of a kind that is not served here are left as they are.
            (Key::Other(_), _) => {}
        }
        Ok(())
    }

    /// Removes a group and gives the calls that wait in it.
    pub(super) fn remove_group(&mut self, id: &Arc<str>) -> Vec<Ticket> {
        let Some(group) = self.groups.remove(id) else { return Vec::new() };
        self.timers.cancel(&TimerKey::Join(id.clone()));
        self.timers.cancel(&TimerKey::Sync(id.clone()));
        for member in group.timed_ids() {
            self.timers.cancel(&TimerKey::Session(id.clone(), member.clone()));
        }
        group.waiting().collect()
    }

    /// All records are replayed: every member's session begins now, and a group that is too large loses members.
    pub fn loaded(&mut self, now: Moment) -> Outcome {
        let mut out = Outcome::default();
        let ids: Vec<_> = self.groups.keys().cloned().collect();
        for id in ids {
            self.at(&id, now, &mut out, ClassicGroup::on_loaded);
        }
        if !self.groups.is_empty() {
            self.expect_expiry(now);
        }
        out
    }
}

impl ClassicGroup {
    /// The calls that wait for this group.
    fn waiting(&self) -> impl Iterator<Item = Ticket> {
        self.members().flat_map(|member| member.waiting())
    }

    fn on_loaded(&mut self, desk: &mut Desk<'_>) {
        let sessions: Vec<_> = self.members().map(|member| (member.id.clone(), member.session_timeout_ms)).collect();
        for (id, session_timeout_ms) in &sessions {
            desk.start_session(&self.id, id, i64::from(*session_timeout_ms));
        }
        if self.state() != State::Empty && i64::from(desk.config.max_size) < sessions.len() as i64 {
            self.prepare_rebalance(desk);
        }
    }
}
