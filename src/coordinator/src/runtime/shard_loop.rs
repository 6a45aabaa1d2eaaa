//! The loop of one shard: a call or a deadline, a decision, an append, and replies once it is committed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use klamm_base::{ErrorCode, Offset};
use klamm_env::Env;
use klamm_record::{BatchBuilder, Codec};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::group::message::Request;
use crate::group::shard::Shard;
use crate::outcome::{After, Answer, Moment, Outcome, Settled, Ticket, Write};
use crate::{PartitionLog, Record};

/// A call that waits in a shard's queue. The request is boxed so that an idle queue is small.
pub struct Call {
    /// What is asked.
    pub request: Box<Request>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Answer>,
}

/// What all loops of a broker share.
#[derive(Clone)]
pub struct World {
    /// Clock, chance and tasks.
    pub env: Env,
    /// The logs.
    pub log: Arc<dyn PartitionLog>,
    /// When monotonic time began.
    pub origin: Instant,
    /// `offsets.commit.timeout.ms`.
    pub commit_timeout: Duration,
}

impl World {
    fn now(&self) -> Moment {
        let mono_ms = i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX);
        Moment { mono_ms, wall_ms: self.env.clock.now_ms() }
    }

    fn instant(&self, mono_ms: i64) -> Instant {
        self.origin + Duration::from_millis(u64::try_from(mono_ms).unwrap_or(0))
    }
}

/// Something that waits for a commit.
struct Pending {
    until: Offset,
    deadline: Instant,
    after: After,
}

/// One shard that runs. Owns the shard and is the only writer of its log.
pub struct ShardLoop {
    world: World,
    partition: i32,
    shard: Shard,
    /// The offset after the last record.
    end: Offset,
    calls: mpsc::Receiver<Call>,
    waiting: BTreeMap<Ticket, oneshot::Sender<Answer>>,
    next_ticket: u64,
    pending: VecDeque<Pending>,
}

enum Event {
    Call(Option<Call>),
    Commit(Settled),
    Deadline,
    Stop,
}

impl ShardLoop {
    /// A loop for a shard that was loaded up to `end`.
    pub fn new(world: World, partition: i32, shard: Shard, end: Offset, calls: mpsc::Receiver<Call>) -> ShardLoop {
        let (waiting, pending) = (BTreeMap::new(), VecDeque::new());
        ShardLoop { world, partition, shard, end, calls, waiting, next_ticket: 0, pending }
    }

    /// Runs until the queue is closed or the broker stops. Whoever still waits then is told.
    pub async fn run(mut self) {
        let now = self.world.now();
        let outcome = self.shard.loaded(now);
        self.carry_out(outcome);
        let tasks = self.world.env.tasks.clone();
        let stopped = tasks.stopped();
        tokio::pin!(stopped);
        let code = loop {
            let event = tokio::select! {
                biased;
                () = &mut stopped => Event::Stop,
                settled = first_commit(&self.world, self.partition, self.pending.front()) => Event::Commit(settled),
                () = next_deadline(&self.world, self.shard.next_deadline()) => Event::Deadline,
                call = self.calls.recv() => Event::Call(call),
            };
            match event {
                Event::Stop => break ErrorCode::CoordinatorNotAvailable,
                Event::Call(None) => break ErrorCode::NotCoordinator,
                Event::Call(Some(call)) => self.take(call),
                Event::Commit(settled) => self.commit(settled),
                Event::Deadline => {
                    let outcome = self.shard.on_time(self.world.now());
                    self.carry_out(outcome);
                }
            }
        };
        self.send_away(code);
    }

    fn take(&mut self, call: Call) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.insert(ticket, call.answer);
        let outcome = self.shard.handle(*call.request, ticket, self.world.now());
        self.carry_out(outcome);
    }

    /// The first wait for a commit is over.
    fn commit(&mut self, settled: Settled) {
        if let Some(pending) = self.pending.pop_front() {
            let outcome = self.shard.settle(pending.after, settled, self.world.now());
            self.carry_out(outcome);
        }
    }

    /// Does what was decided, and what that leads to.
    fn carry_out(&mut self, outcome: Outcome) {
        let mut outcomes = VecDeque::from([outcome]);
        while let Some(outcome) = outcomes.pop_front() {
            for (ticket, answer) in outcome.answers {
                if let Some(waiting) = self.waiting.remove(&ticket) {
                    // The caller may be gone; its answer is then nobody's.
                    let _ = waiting.send(answer);
                }
            }
            for write in outcome.writes {
                outcomes.extend(self.write(write));
            }
            if outcomes.is_empty() {
                outcomes.extend(self.settle_committed());
            }
        }
    }

    fn write(&mut self, write: Write) -> Option<Outcome> {
        if !write.records.is_empty() {
            let batch = batch_of(&write.records, self.world.env.clock.now_ms());
            match self.world.log.append(self.partition, &batch) {
                Ok(end) => self.end = end,
                Err(code) => {
                    tracing::warn!(partition = self.partition, %code, "could not write a group's records");
                    return Some(self.shard.settle(write.after, Settled::Refused(code), self.world.now()));
                }
            }
            if write.replay {
                for record in &write.records {
                    self.shard.replay(record).expect("what a shard has written it can read");
                }
            }
        }
        let deadline = Instant::now() + self.world.commit_timeout;
        self.pending.push_back(Pending { until: self.end, deadline, after: write.after });
        None
    }

    /// Settles the first write if it is committed.
    fn settle_committed(&mut self) -> Option<Outcome> {
        let until = self.pending.front()?.until;
        if self.world.log.high_watermark(self.partition) < until {
            return None;
        }
        let pending = self.pending.pop_front()?;
        Some(self.shard.settle(pending.after, Settled::Committed, self.world.now()))
    }

    fn send_away(&mut self, code: ErrorCode) {
        self.calls.close();
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            let _ = waiting.send(Err(code));
        }
        while let Ok(call) = self.calls.try_recv() {
            let _ = call.answer.send(Err(code));
        }
    }
}

/// Waits for the commit of the first pending write; for ever if there is none.
async fn first_commit(world: &World, partition: i32, pending: Option<&Pending>) -> Settled {
    let Some(pending) = pending else { return std::future::pending().await };
    let committed = world.log.committed(partition, pending.until);
    match tokio::time::timeout_at(pending.deadline, committed).await {
        Ok(Ok(())) => Settled::Committed,
        Ok(Err(code)) => Settled::Unsure(code),
        Err(_) => Settled::Unsure(ErrorCode::RequestTimedOut),
    }
}

/// Waits for a deadline; for ever if there is none.
async fn next_deadline(world: &World, deadline_ms: Option<i64>) {
    match deadline_ms {
        Some(deadline_ms) => tokio::time::sleep_until(world.instant(deadline_ms)).await,
        None => std::future::pending().await,
    }
}

fn batch_of(records: &[Record], now_ms: i64) -> bytes::Bytes {
    let mut builder = BatchBuilder::new(Codec::None);
    for record in records {
        builder.append(now_ms, Some(&record.key), record.value.as_deref(), &[]);
    }
    builder.build()
}
