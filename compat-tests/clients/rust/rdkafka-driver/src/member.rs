//! A member of a group that polls in a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use contract::{Member, Outcome};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;

use crate::{POLL, consumer};

#[derive(Default)]
struct Seen {
    owned: Vec<i32>,
    values: Vec<String>,
    failure: Option<String>,
}

/// Reads and commits until it is stopped; what it saw stands behind one lock.
pub struct GroupMember {
    seen: Arc<Mutex<Seen>>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl GroupMember {
    pub fn join(bootstrap: &str, topic: &str, group: &str) -> Outcome<GroupMember> {
        let reader = consumer(bootstrap, group)?;
        reader.subscribe(&[topic])?;
        let (seen, stopping) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let (its_seen, its_stopping) = (Arc::clone(&seen), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            while !its_stopping.load(Ordering::Relaxed) {
                if let Err(failure) = step(&reader, &its_seen) {
                    lock(&its_seen).failure = Some(failure.to_string());
                    break;
                }
            }
        });
        Ok(GroupMember { seen, stopping, thread })
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn step(reader: &BaseConsumer, seen: &Mutex<Seen>) -> Outcome<()> {
    let message = reader.poll(POLL).transpose()?;
    let mut owned: Vec<i32> = reader.assignment()?.elements().iter().map(|part| part.partition()).collect();
    owned.sort_unstable();
    let mut seen = lock(seen);
    seen.owned = owned;
    if let Some(message) = message {
        seen.values.push(String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned());
        reader.commit_message(&message, CommitMode::Async)?;
    }
    Ok(())
}

impl Member for GroupMember {
    fn owned(&self) -> Outcome<Vec<i32>> {
        let seen = lock(&self.seen);
        match &seen.failure {
            Some(failure) => Err(failure.clone().into()),
            None => Ok(seen.owned.clone()),
        }
    }

    fn values(&self) -> Vec<String> {
        lock(&self.seen).values.clone()
    }

    fn stop(self: Box<Self>) -> Outcome<()> {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the thread of a member panicked")?;
        match lock(&self.seen).failure.take() {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }
}
