//! The one thread that owns the Raft log's disk.
//!
//! It takes all changes that wait, writes them in order, syncs once, and then answers each. After a fault it answers
//! everything with that fault and never touches the disk again: what a failed sync has lost is unknown.

use std::io;

use klamm_env::Env;
use openraft::storage::LogFlushed;
use tokio::sync::{mpsc, oneshot};

use crate::disk::{Change, RaftDisk};
use crate::types::TypeConfig;

/// openraft waits for most changes before it asks for the next, so the queue is short.
const QUEUE: usize = 256;

/// Who is told when a change has become durable.
pub(crate) enum Ack {
    /// Nobody waits.
    Nobody,
    /// The caller.
    Caller(oneshot::Sender<io::Result<()>>),
    /// openraft's core.
    Raft(LogFlushed<TypeConfig>),
}

enum Job {
    Change(Change, Ack),
    Close(oneshot::Sender<()>),
}

/// The way to the thread. The thread ends, and lets go of the disk, when all clones are gone or one of them closes it.
#[derive(Clone)]
pub(crate) struct IoThread(mpsc::Sender<Job>);

impl IoThread {
    pub fn start(env: &Env, disk: impl RaftDisk) -> io::Result<IoThread> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        env.tasks.thread("klamm-raft-io", move || run(disk, queue))?;
        Ok(IoThread(jobs))
    }

    /// Puts a change into the queue. The order of calls is the order on disk.
    pub async fn submit(&self, change: Change, ack: Ack) -> io::Result<()> {
        self.0.send(Job::Change(change, ack)).await.map_err(|_| closed())
    }

    /// Makes a change and waits until it is durable.
    pub async fn write(&self, change: Change) -> io::Result<()> {
        let (ack, done) = oneshot::channel();
        self.submit(change, Ack::Caller(ack)).await?;
        done.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Syncs what is written and lets go of the disk. Returns when it is free for another.
    pub async fn close(&self) {
        let (ack, done) = oneshot::channel();
        if self.0.send(Job::Close(ack)).await.is_ok() {
            // An error means that the thread is gone, which is what was asked for.
            let _ = done.await;
        }
    }
}

fn closed() -> io::Error {
    io::Error::other("the store of the metadata log is closed")
}

fn run(mut disk: impl RaftDisk, mut queue: mpsc::Receiver<Job>) {
    let mut fault: Option<(io::ErrorKind, String)> = None;
    let mut jobs = Vec::new();
    let mut closing = None;
    while closing.is_none() {
        if queue.blocking_recv_many(&mut jobs, QUEUE) == 0 {
            break;
        }
        let mut acks = Vec::new();
        let mut must_sync = false;
        for job in jobs.drain(..) {
            match job {
                Job::Change(change, ack) => {
                    if fault.is_none() {
                        must_sync |= change.must_last();
                        fault = disk.write(&change).err().map(|error| (error.kind(), error.to_string()));
                    }
                    acks.push(ack);
                }
                Job::Close(ack) => {
                    must_sync = true;
                    closing = Some(ack);
                }
            }
        }
        if must_sync && fault.is_none() {
            fault = disk.sync().err().map(|error| (error.kind(), error.to_string()));
        }
        acks.into_iter().for_each(|ack| answer(ack, &fault));
    }
    drop(disk);
    if let Some(ack) = closing {
        // Nobody need wait for it.
        let _ = ack.send(());
    }
}

fn answer(ack: Ack, fault: &Option<(io::ErrorKind, String)>) {
    let result = match fault {
        None => Ok(()),
        Some((kind, text)) => Err(io::Error::new(*kind, text.clone())),
    };
    match ack {
        Ack::Nobody => {}
        // A caller that is gone needs no answer.
        Ack::Caller(caller) => drop(caller.send(result)),
        Ack::Raft(raft) => raft.log_io_completed(result),
    }
}
