//! A member of a classic group.

use std::sync::Arc;

use bytes::Bytes;

use crate::outcome::Ticket;

/// A protocol that a member supports (an assignor), with its metadata for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// The protocol's name.
    pub name: Arc<str>,
    /// The member's metadata; opaque but for consumers' subscriptions.
    pub metadata: Bytes,
}

/// A member of a classic group (`ClassicGroupMember`). Owned by its group.
#[derive(Debug)]
pub struct Member {
    /// The member's id.
    pub id: Arc<str>,
    /// `group.instance.id` of a static member.
    pub instance: Option<Arc<str>>,
    /// The client's id.
    pub client_id: Arc<str>,
    /// The client's address.
    pub client_host: Arc<str>,
    /// How long it needs to rejoin, in milliseconds.
    pub rebalance_timeout_ms: i32,
    /// How long it may be silent, in milliseconds.
    pub session_timeout_ms: i32,
    /// What it supports, in order of preference.
    pub protocols: Vec<Protocol>,
    /// Its part of the last assignment.
    pub assignment: Bytes,
    /// True until it was in a generation.
    pub is_new: bool,
    /// Its waiting SyncGroup.
    pub awaiting_sync: Option<Ticket>,
    /// Its waiting JoinGroup. Only the group sets it, which counts them.
    pub(super) awaiting_join: Option<Ticket>,
}

impl Member {
    /// True for a member with a `group.instance.id`.
    pub fn is_static(&self) -> bool {
        self.instance.is_some()
    }

    /// True while its JoinGroup waits.
    pub fn is_awaiting_join(&self) -> bool {
        self.awaiting_join.is_some()
    }

    /// True if the member cannot be taken for silent: its client waits for an answer of ours. A new member's client
    /// does not know its id yet and may be gone, so its waiting says nothing.
    pub fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }

    /// Its metadata for `protocol`; empty if it does not support it.
    pub fn metadata(&self, protocol: Option<&str>) -> Bytes {
        let found = self.protocols.iter().find(|own| Some(&*own.name) == protocol);
        found.map(|own| own.metadata.clone()).unwrap_or_default()
    }

    /// Its calls that wait.
    pub fn waiting(&self) -> impl Iterator<Item = Ticket> {
        self.awaiting_join.into_iter().chain(self.awaiting_sync)
    }
}
