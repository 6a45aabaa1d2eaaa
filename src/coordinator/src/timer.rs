//! Timers as data: what is due when, without a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a deadline is for. Each key has at most one deadline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerKey {
    /// The end of a group's join phase.
    Join(Arc<str>),
    /// The end of the time that a group's members have to send SyncGroup.
    Sync(Arc<str>),
    /// The end of a member's session; also of a pending member's and of a new member's wait. Group, then member.
    Session(Arc<str>, Arc<str>),
    /// The next look for offsets and groups that have expired.
    Expire,
}

/// The deadlines of one shard, in milliseconds of monotonic time.
#[derive(Debug, Default)]
pub struct Timers {
    due: BTreeSet<(i64, TimerKey)>,
    at_ms: BTreeMap<TimerKey, i64>,
}

impl Timers {
    /// Sets the deadline of `key` to `deadline_ms`; an earlier setting is forgotten.
    pub fn schedule(&mut self, key: TimerKey, deadline_ms: i64) {
        self.cancel(&key);
        self.at_ms.insert(key.clone(), deadline_ms);
        self.due.insert((deadline_ms, key));
    }

    /// Forgets the deadline of `key`, if it has one.
    pub fn cancel(&mut self, key: &TimerKey) {
        if let Some((key, deadline_ms)) = self.at_ms.remove_entry(key) {
            self.due.remove(&(deadline_ms, key));
        }
    }

    /// True if `key` has a deadline.
    pub fn is_set(&self, key: &TimerKey) -> bool {
        self.at_ms.contains_key(key)
    }

    /// The earliest deadline, in milliseconds of monotonic time.
    pub fn next_deadline(&self) -> Option<i64> {
        self.due.first().map(|(deadline_ms, _)| *deadline_ms)
    }

    /// Takes one key whose deadline is not after `now_ms`, the earliest first.
    pub fn pop_due(&mut self, now_ms: i64) -> Option<TimerKey> {
        let (deadline_ms, _) = self.due.first()?;
        if *deadline_ms > now_ms {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        self.at_ms.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_deadline_and_the_last_setting_counts() {
        let mut timers = Timers::default();
        let (a, b) = (TimerKey::Join("a".into()), TimerKey::Join("b".into()));
        timers.schedule(a.clone(), 10);
        timers.schedule(b.clone(), 20);
        timers.schedule(a.clone(), 30);
        assert_eq!(timers.next_deadline(), Some(20));
        assert_eq!(timers.pop_due(19), None);
        assert_eq!(timers.pop_due(40), Some(b));
        timers.cancel(&a);
        assert_eq!(timers.pop_due(40), None);
        assert_eq!(timers.next_deadline(), None);
        assert!(!timers.is_set(&a));
    }
}
