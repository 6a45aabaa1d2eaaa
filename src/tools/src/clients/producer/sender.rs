//! The task that sends: it asks for topics and a producer id, takes batches off the queues, and hears what becomes of
//! them (`Sender`).

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest, ProduceResponse, TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_env::Env;
use klamm_peer::{Error, To};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until};

use super::Shared;
use super::queue::{Key, Outcome, Outgoing, may_pass};
use crate::clients::metadata::Topics;
use crate::thrown::Thrown;

/// Topics go by name up to this version; later ones want ids, which the producer has no use for.
const PRODUCE_BY_NAME: i16 = 12;

/// What a spawned question brings home.
enum Event {
    Topics(Option<Topics>),
    Identity(Result<(i64, i16), Thrown>),
    Produced(i32, Vec<(Key, u64)>, Result<Option<ProduceResponse>, Error>),
}

/// Runs until the producer is gone.
pub(super) async fn run(env: Env, shared: Arc<Shared>) {
    let (events, mut arrived) = mpsc::channel(64);
    let mut sender = Sender { env, shared, events, flying: BTreeMap::new(), asks_identity: false };
    loop {
        if Arc::strong_count(&sender.shared) == 1 {
            return;
        }
        let next = sender.step(Instant::now());
        tokio::select! {
            Some(event) = arrived.recv() => {
                sender.hear(event);
                while let Ok(event) = arrived.try_recv() {
                    sender.hear(event);
                }
            }
            () = sender.shared.wake.notified() => {}
            () = sleep_until(next) => {}
        }
    }
}

struct Sender {
    env: Env,
    shared: Arc<Shared>,
    events: mpsc::Sender<Event>,
    /// How many requests are on their way to each node.
    flying: BTreeMap<i32, usize>,
    asks_identity: bool,
}

impl Sender {
    /// Starts whatever is due; when the next thing will be.
    fn step(&mut self, now: Instant) -> Instant {
        let topics = {
            let mut state = self.shared.state();
            state.queues.expire(now);
            state.topics.looked();
            state.topics.ask(now)
        };
        if let Some(topics) = topics {
            self.ask_topics(topics);
        }
        self.ask_identity();
        self.send_ready(now);
        self.shared.news.notify_waiters();
        let state = self.shared.state();
        let idle = now + Duration::from_secs(60);
        [state.queues.next_event(), state.topics.ask_at()]
            .into_iter()
            .flatten()
            .fold(idle, Instant::min)
            .max(now + TICK)
    }

    fn hear(&mut self, event: Event) {
        let now = Instant::now();
        let mut state = self.shared.state();
        match event {
            Event::Topics(answer) => state.topics.take(answer),
            Event::Identity(Ok(identity)) => {
                self.asks_identity = false;
                state.queues.identity = Some(identity);
            }
            Event::Identity(Err(fault)) => {
                self.asks_identity = false;
                state.queues.fail_all(&fault);
            }
            Event::Produced(node, batches, result) => {
                if let Some(count) = self.flying.get_mut(&node) {
                    *count -= 1;
                }
                let outcomes = outcomes(&batches, result);
                if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unsent | Outcome::Refused(..))) {
                    state.topics.outdated();
                }
                for ((key, place), outcome) in batches.into_iter().zip(outcomes) {
                    state.queues.finish(&key, place, outcome, now);
                }
            }
        }
    }

    fn ask_topics(&self, topics: Vec<String>) {
        let (shared, events) = (self.shared.clone(), self.events.clone());
        self.env.tasks.spawn(async move {
            let answer = shared.metadata.ask(Some(&topics), true).await.ok();
            // The sender may have ended.
            let _ = events.send(Event::Topics(answer)).await;
        });
    }

    /// A producer id, where one is needed and there is none. Transactions ask for theirs themselves.
    fn ask_identity(&mut self) {
        let config = &self.shared.config;
        let wanted = config.idempotent && config.transactional_id.is_none() && !self.asks_identity;
        if !wanted || self.shared.state().queues.identity.is_some() {
            return;
        }
        self.asks_identity = true;
        let (shared, events) = (self.shared.clone(), self.events.clone());
        self.env.tasks.spawn(async move {
            let request =
                InitProducerIdRequest::default().with_transactional_id(None).with_transaction_timeout_ms(i32::MAX);
            let asked = shared
                .client
                .call_until("initProducerId", &To::Any, &request, |answer| klamm_peer::Verdict::of(answer.error_code));
            let result = match asked.await {
                Ok(answer) => match Thrown::wire(answer.error_code, None::<&String>) {
                    None => Ok((answer.producer_id.0, answer.producer_epoch)),
                    Some(fault) => Err(fault),
                },
                Err(error) => Err(Thrown::of(error)),
            };
            let _ = events.send(Event::Identity(result)).await;
        });
    }

    fn send_ready(&mut self, now: Instant) {
        let ready = self.shared.state().queues.ready(now);
        let mut by_node: BTreeMap<i32, Vec<Key>> = BTreeMap::new();
        for key in ready {
            let mut state = self.shared.state();
            match state.topics.get(&key.0).and_then(|topic| topic.leader(key.1)) {
                Some(node) => by_node.entry(node).or_default().push(key),
                None => state.topics.outdated(),
            }
        }
        for (node, mut keys) in by_node {
            while *self.flying.entry(node).or_insert(0) < self.shared.config.max_in_flight && !keys.is_empty() {
                let batches = self.fill(&mut keys, now);
                if batches.is_empty() {
                    break;
                }
                self.send(node, batches);
            }
        }
    }

    /// One batch of each partition, up to the size of a request. Partitions that have no more leave `keys`.
    fn fill(&self, keys: &mut Vec<Key>, now: Instant) -> Vec<Outgoing> {
        let mut state = self.shared.state();
        let mut room = self.shared.config.max_request_size_bytes;
        let mut batches = Vec::new();
        for key in std::mem::take(keys) {
            let limit = if batches.is_empty() { usize::MAX } else { room };
            if let Some(batch) = state.queues.take(&key, limit) {
                room = room.saturating_sub(batch.bytes.len());
                batches.push(batch);
            }
        }
        let more = state.queues.ready(now);
        let of_these = |key: &Key| batches.iter().any(|batch| batch.key == *key);
        keys.extend(more.into_iter().filter(of_these));
        batches
    }

    fn send(&mut self, node: i32, batches: Vec<Outgoing>) {
        *self.flying.entry(node).or_insert(0) += 1;
        let (shared, events) = (self.shared.clone(), self.events.clone());
        let places = batches.iter().map(|batch| (batch.key.clone(), batch.place)).collect();
        let request = request_of(&shared, batches);
        // Spawned in their order, so the requests reach the connection in their order.
        self.env.tasks.spawn(async move {
            let result = produce(&shared, node, request).await;
            let _ = events.send(Event::Produced(node, places, result)).await;
        });
    }
}

/// The sender does not look more often than this for what is due by itself.
const TICK: Duration = Duration::from_millis(1);

async fn produce(shared: &Shared, node: i32, request: ProduceRequest) -> Result<Option<ProduceResponse>, Error> {
    let connection = shared.client.connection(&To::Node(node)).await?;
    let version = connection.versions().highest_up_to::<ProduceRequest>(PRODUCE_BY_NAME)?;
    if shared.config.acks == 0 {
        return connection.send_at(version, &request).await.map(|()| None);
    }
    let answer = connection.call_at(version, &request, shared.config.request_timeout).await;
    if answer.is_err() {
        shared.client.forget().await;
    }
    answer.map(Some)
}

fn request_of(shared: &Shared, batches: Vec<Outgoing>) -> ProduceRequest {
    let mut topics: Vec<TopicProduceData> = Vec::new();
    for Outgoing { key: (name, partition), bytes, .. } in batches {
        let data = PartitionProduceData::default().with_index(partition).with_records(Some(bytes));
        match topics.last_mut().filter(|topic| *topic.name.0 == *name) {
            Some(topic) => topic.partition_data.push(data),
            None => {
                let name = TopicName(StrBytes::from_string(name.to_string()));
                topics.push(TopicProduceData::default().with_name(name).with_partition_data(vec![data]));
            }
        }
    }
    let transaction = shared.config.transactional_id.as_ref();
    ProduceRequest::default()
        .with_transactional_id(transaction.map(|id| TransactionalId(StrBytes::from_string(id.clone()))))
        .with_acks(shared.config.acks)
        .with_timeout_ms(i32::try_from(shared.config.request_timeout.as_millis()).unwrap_or(i32::MAX))
        .with_topic_data(topics)
}

/// What the answer, or that there is none, says of each batch.
fn outcomes(batches: &[(Key, u64)], result: Result<Option<ProduceResponse>, Error>) -> Vec<Outcome> {
    let answer = match result {
        Ok(None) => return vec![Outcome::Written; batches.len()],
        Ok(Some(answer)) => answer,
        Err(error) => return vec![outcome_of(&error); batches.len()],
    };
    let mut told = BTreeMap::new();
    for topic in &answer.responses {
        for part in &topic.partition_responses {
            told.insert((topic.name.0.to_string(), part.index), part);
        }
    }
    let of = |(key, _): &(Key, u64)| match told.get(&(key.0.to_string(), key.1)) {
        Some(part) if part.error_code == 0 => Outcome::Written,
        Some(part) => {
            let code = ErrorCode::from_wire(part.error_code);
            let message = part.error_message.as_ref().map(StrBytes::to_string).filter(|_| !may_pass(code));
            Outcome::Refused(code, message)
        }
        None => Outcome::Refused(ErrorCode::UnknownServerError, None),
    };
    batches.iter().map(of).collect()
}

fn outcome_of(error: &Error) -> Outcome {
    match error {
        Error::Connect { .. } | Error::NoNode { .. } | Error::Refused { .. } => Outcome::Unsent,
        Error::Lost { .. } => Outcome::Refused(ErrorCode::NetworkException, None),
        Error::TimedOut { .. } => Outcome::Refused(ErrorCode::RequestTimedOut, None),
        Error::Unsupported { .. } => Outcome::Refused(ErrorCode::UnsupportedVersion, Some(error.to_string())),
        Error::Unwritable(_) | Error::Unreadable { .. } => {
            Outcome::Refused(ErrorCode::UnknownServerError, Some(error.to_string()))
        }
    }
}
