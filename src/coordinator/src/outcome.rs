//! What a decision yields: replies, and records with what follows once they are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use klamm_base::ErrorCode;

use crate::group::classic::member::Protocol;
use crate::group::message::Reply;

/// A point in time, as a shard is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds of monotonic time: timers count in these.
    pub mono_ms: i64,
    /// Milliseconds since 1970-01-01 UTC: records carry these.
    pub wall_ms: i64,
}

/// The name of one waiting call. Whoever calls a shard chooses it; the reply comes back under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What a call gets: its reply, or the code that stands for "this coordinator cannot serve it".
pub type Answer = Result<Reply, ErrorCode>;

/// One record of a coordinator's partition. A value of `None` deletes what the key names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Type and key fields.
    pub key: Bytes,
    /// Version and value fields.
    pub value: Option<Bytes>,
}

/// What a shard decided.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Answers that wait for nothing.
    pub answers: Vec<(Ticket, Answer)>,
    /// What to write, in order.
    pub writes: Vec<Write>,
}

/// Records to append as one batch, and what to do when they are committed.
///
/// A write without records appends nothing: it waits for all that was appended before it. That is how a reply that
/// reads state waits until the state that it saw can no longer be lost.
#[derive(Debug)]
pub struct Write {
    /// The records; either all of them are kept or none.
    pub records: Vec<Record>,
    /// Whether the records must be replayed once they are appended. A classic group's own record is not: the group's
    /// live state is ahead of it.
    pub replay: bool,
    /// What the shard is told (`settle`) when it is known what became of the records.
    pub after: After,
}

/// What became of a [`Write`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The records are committed.
    Committed,
    /// The records were never written.
    Refused(ErrorCode),
    /// The records are in the log, but were not seen committed in time; they may still be.
    Unsure(ErrorCode),
}

/// What follows a [`Write`].
#[derive(Debug)]
pub enum After {
    /// Nothing.
    Nothing,
    /// This answer leaves; or the code of the failure instead.
    Answer(Ticket, Reply),
    /// A group was created by the JoinGroup with this ticket.
    GroupCreated {
        /// The group.
        group: Arc<str>,
        /// The call that created it; it may have been answered already.
        ticket: Ticket,
    },
    /// The leader's assignment is kept: it becomes visible.
    Synced {
        /// The group.
        group: Arc<str>,
        /// The generation that the assignment is for.
        generation: i32,
        /// The assignment of each member.
        assignment: BTreeMap<Arc<str>, Bytes>,
    },
    /// A static member came back under a new id.
    StaticReplaced(Box<StaticReplaced>),
}

/// A static member's change of id, with what is needed to take it back.
#[derive(Debug)]
pub struct StaticReplaced {
    /// The group.
    pub group: Arc<str>,
    /// The member's `group.instance.id`.
    pub instance: Arc<str>,
    /// Its id until now.
    pub old_id: Arc<str>,
    /// Its id from now on.
    pub new_id: Arc<str>,
    /// The leader until now.
    pub old_leader: Option<Arc<str>>,
    /// What it supported until now.
    pub old_protocols: Vec<Protocol>,
    /// Its rebalance timeout until now.
    pub old_rebalance_timeout_ms: i32,
    /// Its session timeout until now.
    pub old_session_timeout_ms: i32,
    /// The version of its JoinGroup.
    pub version: i16,
    /// Its JoinGroup.
    pub ticket: Ticket,
}

impl Outcome {
    /// An outcome that is one answer.
    pub fn answer(ticket: Ticket, reply: Reply) -> Outcome {
        Outcome { answers: vec![(ticket, Ok(reply))], writes: Vec::new() }
    }

    /// An outcome that is one refusal.
    pub fn refuse(ticket: Ticket, code: ErrorCode) -> Outcome {
        Outcome { answers: vec![(ticket, Err(code))], writes: Vec::new() }
    }

    /// An outcome that is one answer, which leaves once `records` are committed and replayed; if there are none, once
    /// all that was appended before is committed.
    pub fn answer_after(ticket: Ticket, records: Vec<Record>, reply: Reply) -> Outcome {
        let write = Write { records, replay: true, after: After::Answer(ticket, reply) };
        Outcome { answers: Vec::new(), writes: vec![write] }
    }
}
