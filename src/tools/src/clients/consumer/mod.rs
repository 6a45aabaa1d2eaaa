//! A consumer: what the Java client's `KafkaConsumer` does for the tools.

mod assigned;
mod assignor;
mod config;
mod duration;
mod fetch;
mod member;
mod member_talk;
mod offsets;
mod protocol;
mod records;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use klamm_env::Env;
use klamm_peer::Client;
use regex::Regex;
use tokio::time::{Duration, Instant, sleep_until};

pub(crate) use config::{ConsumerConfig, Start};
pub(crate) use records::Records;

use crate::client_config::resolvable;
use crate::clients::metadata::Metadata;
use crate::thrown::Thrown;
use assigned::{Assigned, Position};
use fetch::Fetcher;
use member::Member;
use records::Fetched;

/// What to consume.
#[derive(Clone, Debug)]
pub(crate) enum Interest {
    /// Topics, as a member of the group.
    Topics(Vec<String>),
    /// The topics whose whole name matches, as a member of the group.
    Pattern(Regex),
    /// One partition, whatever the group does.
    Partition(String, i32, From),
}

/// Where to begin in a partition that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Offset(i64),
    Start(Start),
}

/// A consumer.
pub(crate) struct Consumer {
    fetcher: Fetcher,
    assigned: Arc<Assigned>,
    member: Option<Member>,
    waiting: VecDeque<Fetched>,
}

impl Consumer {
    /// A consumer of these topics. It begins at once.
    ///
    /// # Errors
    /// If none of the brokers to ask first has an address.
    pub(crate) async fn start(env: &Env, config: ConsumerConfig, interest: Interest) -> Result<Consumer, Thrown> {
        resolvable(&config.client.bootstrap).await.map_err(|why| config::construct(&why))?;
        let prefix = format!("[Consumer clientId={}, groupId={}] ", config.client.client_id, config.group_id);
        let client = || Arc::new(Client::new(env, config.client.clone()));
        let metadata = Arc::new(Metadata::new(client(), &prefix));
        let assigned = Arc::new(Assigned::new());
        let fetcher = Fetcher::new(env, config.clone(), client(), metadata.clone(), assigned.clone());
        let member = match interest {
            Interest::Partition(topic, partition, from) => {
                let position = match from {
                    From::Offset(offset) => Position { fetch: Some(offset), consumed: None, begins: config.start },
                    From::Start(begins) => Position { fetch: None, consumed: None, begins },
                };
                assigned.give(BTreeMap::from([((topic, partition), position)]));
                None
            }
            interest => Some(Member::start(env, config, interest, metadata, assigned.clone(), prefix)),
        };
        Ok(Consumer { fetcher, assigned, member, waiting: VecDeque::new() })
    }

    /// The records of the next batch; `None` if there are none until `until`.
    ///
    /// # Errors
    /// Those of `KafkaConsumer.poll`: nothing more will come.
    pub(crate) async fn poll(&mut self, until: Instant) -> Result<Option<Records>, Thrown> {
        loop {
            if let Some(fault) = self.assigned.state().failed.clone() {
                return Err(fault);
            }
            let next_look = self.fetcher.step(&self.waiting);
            if let Some(records) = self.next_waiting()? {
                return Ok(Some(records));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            tokio::select! {
                heard = self.fetcher.hear() => self.waiting.extend(heard?),
                () = self.assigned.changed.notified() => {}
                () = sleep_until(next_look.min(until)) => {}
            }
        }
    }

    /// What waits and still is this consumer's business.
    fn next_waiting(&mut self) -> Result<Option<Records>, Thrown> {
        let epoch = self.assigned.state().epoch;
        while let Some(fetched) = self.waiting.front_mut() {
            if fetched.epoch == epoch {
                while let Some(records) = fetched.next()? {
                    if !records.records.is_empty() {
                        return Ok(Some(records));
                    }
                    self.assigned.consumed_to(&fetched.tp, epoch, records.next_offset);
                }
            }
            self.waiting.pop_front();
        }
        Ok(None)
    }

    /// Notes that the records up to `next_offset` were dealt with: that is what gets committed.
    pub(crate) fn consumed(&self, records: &Records, next_offset: i64) {
        let tp = (records.topic.to_string(), records.partition);
        self.assigned.consumed_to(&tp, records.epoch, next_offset);
    }

    /// How long the group took to give partitions: in all, and since the last call.
    pub(crate) fn rebalance_time(&self) -> (Duration, Duration) {
        let mut state = self.assigned.state();
        (state.rebalance, std::mem::take(&mut state.rebalance_lately))
    }

    /// Commits, and leaves the group.
    pub(crate) async fn close(self) {
        if let Some(member) = self.member {
            member.close().await;
        }
    }
}
