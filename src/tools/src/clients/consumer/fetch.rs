//! Fetching: one request per leader on its way, the next one before the last one's records are dealt with (`Fetcher`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_env::Env;
use klamm_peer::{Client, Error, To};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::assigned::Assigned;
use super::assignor::Tp;
use super::config::{ConsumerConfig, Start};
use super::offsets::{by_topic, look_up, topic_name};
use super::records::{Fetched, waiting_bytes};
use crate::clients::metadata::{Metadata, Topics};
use crate::thrown::Thrown;

/// Topics go by name up to this version; later ones want ids.
const FETCH_BY_NAME: i16 = 12;
/// How long a leader may take for an answer beyond what it may wait for records.
const IDLE: Duration = Duration::from_secs(60);

/// What a spawned question brings home.
enum Event {
    Topics(Result<Topics, Error>),
    Offsets(BTreeSet<Tp>, Result<BTreeMap<Tp, Result<i64, ErrorCode>>, Error>),
    Fetched(i32, u64, BTreeMap<Tp, i64>, Box<Result<FetchResponse, Error>>),
}

pub(super) struct Fetcher {
    env: Env,
    config: Arc<ConsumerConfig>,
    client: Arc<Client>,
    metadata: Arc<Metadata>,
    assigned: Arc<Assigned>,
    events: mpsc::Sender<Event>,
    arrived: mpsc::Receiver<Event>,
    leaders: BTreeMap<Tp, i32>,
    /// When to ask for leaders, if it is not being done.
    ask_at: Instant,
    asking: bool,
    looking_up: BTreeSet<Tp>,
    /// The nodes that owe an answer.
    flying: BTreeSet<i32>,
    rests_until: Instant,
}

impl Fetcher {
    pub(super) fn new(
        env: &Env,
        config: ConsumerConfig,
        client: Arc<Client>,
        metadata: Arc<Metadata>,
        assigned: Arc<Assigned>,
    ) -> Fetcher {
        let (events, arrived) = mpsc::channel(64);
        Fetcher {
            env: env.clone(),
            config: Arc::new(config),
            client,
            metadata,
            assigned,
            events,
            arrived,
            leaders: BTreeMap::new(),
            ask_at: Instant::now(),
            asking: false,
            looking_up: BTreeSet::new(),
            flying: BTreeSet::new(),
            rests_until: Instant::now(),
        }
    }

    /// Starts whatever is due; when to look again at the latest.
    pub(super) fn step(&mut self, waiting: &VecDeque<Fetched>) -> Instant {
        let now = Instant::now();
        let assigned = self.assigned.clone();
        let state = assigned.state();
        if state.partitions.is_empty() {
            return now + IDLE;
        }
        let unled = state.partitions.keys().any(|tp| !self.leaders.contains_key(tp));
        if !self.asking && (self.ask_at <= now || (unled && self.rests_until <= now)) {
            let topics: BTreeSet<String> = state.partitions.keys().map(|(topic, _)| topic.clone()).collect();
            self.ask_topics(topics.into_iter().collect());
        }
        if self.rests_until > now {
            return self.rests_until;
        }
        let lost: BTreeMap<Tp, Start> = state
            .without_position()
            .into_iter()
            .filter(|tp| !self.looking_up.contains(tp))
            .filter_map(|tp| state.partitions.get(&tp).map(|at| (tp, at.begins)))
            .collect();
        let bytes = waiting_bytes(waiting);
        let limit = usize::try_from(self.config.max_partition_fetch_bytes).unwrap_or(0).max(1);
        let mut wanted: BTreeMap<i32, BTreeMap<Tp, i64>> = BTreeMap::new();
        for (tp, at) in &state.partitions {
            let (Some(offset), Some(node)) = (at.fetch, self.leaders.get(tp)) else { continue };
            if bytes.get(tp).is_none_or(|waits| *waits < 2 * limit) && !self.flying.contains(node) {
                wanted.entry(*node).or_default().insert(tp.clone(), offset);
            }
        }
        let epoch = state.epoch;
        drop(state);
        self.look_up(&lost);
        wanted.into_iter().for_each(|(node, partitions)| self.fetch(node, epoch, partitions));
        if self.asking { now + IDLE } else { self.ask_at }
    }

    /// Waits for something to come home; what was fetched, if that is what it was.
    ///
    /// # Errors
    /// If nothing more can come.
    pub(super) async fn hear(&mut self) -> Result<Vec<Fetched>, Thrown> {
        match self.arrived.recv().await {
            Some(Event::Topics(answer)) => {
                self.take_topics(answer);
                Ok(Vec::new())
            }
            Some(Event::Offsets(asked, answer)) => {
                self.looking_up.retain(|tp| !asked.contains(tp));
                self.take_offsets(answer);
                Ok(Vec::new())
            }
            Some(Event::Fetched(node, epoch, asked, answer)) => {
                self.flying.remove(&node);
                match *answer {
                    Ok(answer) => self.take_answer(epoch, &asked, &answer),
                    Err(_) => {
                        self.client.forget().await;
                        self.rest();
                        Ok(Vec::new())
                    }
                }
            }
            None => Ok(Vec::new()),
        }
    }

    /// Something went wrong that may pass: leaders are asked for anew, after a pause.
    fn rest(&mut self) {
        let now = Instant::now();
        self.rests_until = now + self.config.client.retry_backoff;
        self.ask_at = self.rests_until;
    }

    fn ask_topics(&mut self, topics: Vec<String>) {
        self.asking = true;
        let (metadata, events, create) = (self.metadata.clone(), self.events.clone(), self.config.auto_create);
        self.env.tasks.spawn(async move {
            // The consumer may be gone.
            let _ = events.send(Event::Topics(metadata.ask(Some(&topics), create).await)).await;
        });
    }

    fn take_topics(&mut self, answer: Result<Topics, Error>) {
        self.asking = false;
        self.ask_at = Instant::now() + self.config.metadata_max_age;
        let Ok(answer) = answer else { return self.rest() };
        for (name, told) in answer {
            match told {
                Ok(topic) => {
                    for (partition, leader) in topic.leaders {
                        let tp = (name.clone(), partition);
                        match leader {
                            Some(node) => self.leaders.insert(tp, node),
                            None => self.leaders.remove(&tp),
                        };
                    }
                }
                Err(ErrorCode::InvalidTopicException) => {
                    let why = format!("Invalid topics: [{name}]");
                    self.assigned.fail(Thrown::coded(ErrorCode::InvalidTopicException, Some(why)));
                }
                Err(ErrorCode::TopicAuthorizationFailed) => {
                    let why = format!("Not authorized to access topics: [{name}]");
                    self.assigned.fail(Thrown::coded(ErrorCode::TopicAuthorizationFailed, Some(why)));
                }
                Err(_) => {}
            }
        }
        let state = self.assigned.state();
        if state.partitions.keys().any(|tp| !self.leaders.contains_key(tp)) {
            drop(state);
            self.rest();
        }
    }

    fn look_up(&mut self, lost: &BTreeMap<Tp, Start>) {
        if let Some((tp, _)) = lost.iter().find(|(_, start)| **start == Start::None) {
            let class = "org.apache.kafka.clients.consumer.NoOffsetForPartitionException";
            let why = format!("Undefined offset with no reset policy for partitions: [{}-{}]", tp.0, tp.1);
            return self.assigned.fail(Thrown::new(class, why));
        }
        let mut by_node: BTreeMap<i32, BTreeMap<Tp, Start>> = BTreeMap::new();
        for (tp, start) in lost {
            if let Some(node) = self.leaders.get(tp) {
                by_node.entry(*node).or_default().insert(tp.clone(), *start);
            }
        }
        for (node, wanted) in by_node {
            self.looking_up.extend(wanted.keys().cloned());
            let (metadata, events) = (self.metadata.clone(), self.events.clone());
            let (committed, now_ms) = (self.config.read_committed, self.env.clock.now_ms());
            self.env.tasks.spawn(async move {
                let answer = look_up(metadata.client(), node, &wanted, committed, now_ms).await;
                if answer.is_err() {
                    metadata.client().forget().await;
                }
                let _ = events.send(Event::Offsets(wanted.into_keys().collect(), answer)).await;
            });
        }
    }

    fn take_offsets(&mut self, answer: Result<BTreeMap<Tp, Result<i64, ErrorCode>>, Error>) {
        let Ok(found) = answer else { return self.rest() };
        let mut trouble = false;
        for (tp, offset) in found {
            match offset {
                Ok(offset) => self.assigned.state().begin(&tp, offset),
                Err(_) => {
                    self.leaders.remove(&tp);
                    trouble = true;
                }
            }
        }
        if trouble {
            self.rest();
        }
    }

    fn fetch(&mut self, node: i32, epoch: u64, partitions: BTreeMap<Tp, i64>) {
        self.flying.insert(node);
        let request = self.request(&partitions);
        let (client, events, wait) = (self.client.clone(), self.events.clone(), self.config.fetch_max_wait);
        self.env.tasks.spawn(async move {
            let answer = async {
                let connection = client.connection(&To::Node(node)).await?;
                let version = connection.versions().highest_up_to::<FetchRequest>(FETCH_BY_NAME)?;
                connection.call_at(version, &request, client.options().request_timeout + wait).await
            };
            let event = Event::Fetched(node, epoch, partitions, Box::new(answer.await));
            let _ = events.send(event).await;
        });
    }

    fn request(&self, partitions: &BTreeMap<Tp, i64>) -> FetchRequest {
        let part = |(partition, offset): (i32, &i64)| {
            FetchPartition::default()
                .with_partition(partition)
                .with_current_leader_epoch(-1)
                .with_fetch_offset(*offset)
                .with_last_fetched_epoch(-1)
                .with_log_start_offset(-1)
                .with_partition_max_bytes(self.config.max_partition_fetch_bytes)
        };
        let topic = |(name, parts): (&str, Vec<(i32, &i64)>)| {
            FetchTopic::default().with_topic(topic_name(name)).with_partitions(parts.into_iter().map(part).collect())
        };
        FetchRequest::default()
            .with_replica_id((-1).into())
            .with_max_wait_ms(i32::try_from(self.config.fetch_max_wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(self.config.fetch_min_bytes)
            .with_max_bytes(self.config.fetch_max_bytes)
            .with_isolation_level(i8::from(self.config.read_committed))
            .with_session_epoch(-1)
            .with_topics(by_topic(partitions.iter()).into_iter().map(topic).collect())
            .with_rack_id(StrBytes::from_string(self.config.rack.clone()))
    }

    fn take_answer(
        &mut self,
        epoch: u64,
        asked: &BTreeMap<Tp, i64>,
        answer: &FetchResponse,
    ) -> Result<Vec<Fetched>, Thrown> {
        let mut fetched = Vec::new();
        if answer.error_code != 0 {
            self.rest();
            return Ok(fetched);
        }
        for topic in &answer.responses {
            for data in &topic.partitions {
                let tp = (topic.topic.0.to_string(), data.partition_index);
                if let Some(offset) = asked.get(&tp) {
                    fetched.extend(self.take_partition(epoch, tp, *offset, data)?);
                }
            }
        }
        Ok(fetched)
    }

    fn take_partition(
        &mut self,
        epoch: u64,
        tp: Tp,
        offset: i64,
        data: &PartitionData,
    ) -> Result<Option<Fetched>, Thrown> {
        let assigned = self.assigned.clone();
        let mut state = assigned.state();
        let current = state.epoch == epoch;
        let Some(at) = state.partitions.get_mut(&tp).filter(|at| current && at.fetch == Some(offset)) else {
            return Ok(None);
        };
        match ErrorCode::from_wire(data.error_code) {
            ErrorCode::None => {}
            ErrorCode::OffsetOutOfRange => {
                if at.begins == Start::None {
                    let class = "org.apache.kafka.clients.consumer.OffsetOutOfRangeException";
                    let why = format!(
                        "Fetch position FetchPosition{{offset={offset}, offsetEpoch=Optional.empty, \
                         currentLeader=LeaderAndEpoch{{}}}} is out of range for partition {}-{}",
                        tp.0, tp.1
                    );
                    return Err(Thrown::new(class, why));
                }
                at.fetch = None;
                return Ok(None);
            }
            ErrorCode::TopicAuthorizationFailed => {
                let why = format!("Not authorized to access topics: [{}]", tp.0);
                return Err(Thrown::coded(ErrorCode::TopicAuthorizationFailed, Some(why)));
            }
            _ => {
                self.leaders.remove(&tp);
                drop(state);
                self.rest();
                return Ok(None);
            }
        }
        let (committed, crcs) = (self.config.read_committed, self.config.check_crcs);
        let Some((fetched, next)) = Fetched::read(tp, epoch, offset, data, committed, crcs)? else { return Ok(None) };
        at.fetch = Some(next);
        Ok(Some(fetched))
    }
}
