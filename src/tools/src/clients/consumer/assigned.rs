//! The partitions that a consumer has, and where it is in each: what its fetcher and its membership share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

use super::assignor::Tp;
use super::config::Start;
use crate::thrown::Thrown;

/// Where a consumer is in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The next offset to fetch; `None` until `begins` has been looked up.
    pub(super) fetch: Option<i64>,
    /// The offset after the last record that was handed out.
    pub(super) consumed: Option<i64>,
    /// Where to begin where nothing is known.
    pub(super) begins: Start,
}

/// The partitions of a consumer; the consumer owns it.
pub(super) struct Assigned {
    state: Mutex<State>,
    /// Something has changed that the fetcher must look at.
    pub(super) changed: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) partitions: BTreeMap<Tp, Position>,
    /// Grows whenever partitions come or go: what was fetched before may be nobody's business any more.
    pub(super) epoch: u64,
    /// Why there will be nothing more.
    pub(super) failed: Option<Thrown>,
    /// How long the group took to give partitions, in all.
    pub(super) rebalance: Duration,
    /// The same since it was last asked for.
    pub(super) rebalance_lately: Duration,
    joining_since: Option<Instant>,
}

impl Assigned {
    pub(super) fn new() -> Assigned {
        let state = State { joining_since: Some(Instant::now()), ..State::default() };
        Assigned { state: Mutex::new(state), changed: Notify::new() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These partitions and no others, from these positions.
    pub(super) fn give(&self, partitions: BTreeMap<Tp, Position>) {
        let mut state = self.state();
        if let Some(since) = state.joining_since.take() {
            let span = since.elapsed();
            state.rebalance += span;
            state.rebalance_lately += span;
        }
        state.partitions = partitions;
        state.epoch += 1;
        drop(state);
        self.changed.notify_one();
    }

    /// No partitions any more.
    pub(super) fn revoke(&self) {
        let mut state = self.state();
        state.joining_since.get_or_insert_with(Instant::now);
        state.partitions.clear();
        state.epoch += 1;
    }

    /// Nothing more will come.
    pub(super) fn fail(&self, fault: Thrown) {
        self.state().failed.get_or_insert(fault);
        self.changed.notify_one();
    }

    /// Everything before `offset` was dealt with.
    pub(super) fn consumed_to(&self, tp: &Tp, epoch: u64, offset: i64) {
        let mut state = self.state();
        if state.epoch == epoch
            && let Some(at) = state.partitions.get_mut(tp)
        {
            at.consumed = Some(offset);
        }
    }

    /// What is to be committed: the partitions of which something was handed out, or whose position is known.
    pub(super) fn consumed(&self) -> BTreeMap<Tp, i64> {
        let state = self.state();
        state.partitions.iter().filter_map(|(tp, at)| at.consumed.map(|offset| (tp.clone(), offset))).collect()
    }
}

impl State {
    /// The partitions whose beginning must be looked up.
    pub(super) fn without_position(&self) -> BTreeSet<Tp> {
        self.partitions.iter().filter(|(_, at)| at.fetch.is_none()).map(|(tp, _)| tp.clone()).collect()
    }

    /// Begins at an offset that was looked up, if the partition is still there and still waits for it.
    pub(super) fn begin(&mut self, tp: &Tp, offset: i64) {
        if let Some(at) = self.partitions.get_mut(tp).filter(|at| at.fetch.is_none()) {
            at.fetch = Some(offset);
            at.consumed = Some(offset);
        }
    }
}
