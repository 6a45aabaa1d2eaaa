//! Following the image step by step.

use std::sync::{Arc, Mutex, PoisonError};

use klamm_metadata::Update;
use tokio::sync::Notify;

/// The steps of the image, in order. Steps that nobody has taken yet are merged into one, so a slow follower holds up
/// nobody and costs no more memory than the image.
pub struct Updates(pub(crate) Arc<Slot>);

impl Updates {
    /// Waits for the next step; `None` once the quorum has stopped and all steps were taken.
    ///
    /// May be dropped and called again without losing a step.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            let woken = self.0.notify.notified();
            {
                let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(update) = state.pending.take() {
                    return Some(update);
                }
                if state.closed {
                    return None;
                }
            }
            woken.await;
        }
    }
}

#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
    notify: Notify,
}

#[derive(Default)]
struct State {
    pending: Option<Update>,
    closed: bool,
}

impl Slot {
    pub fn push(&self, update: Update) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.pending {
            Some(pending) => {
                pending.image = update.image;
                pending.delta.merge(update.delta);
            }
            None => state.pending = Some(update),
        }
        self.notify.notify_one();
    }

    pub fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.notify.notify_one();
    }
}
