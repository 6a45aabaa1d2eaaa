//! A producer: what the Java client's `KafkaProducer` does for the tools.

mod batch;
mod config;
mod queue;
mod sender;
mod topics;
mod transaction;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use klamm_base::ErrorCode;
use klamm_env::{Clock, Env, Random};
use klamm_peer::Client;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub(crate) use batch::{NewRecord, Sent};
pub(crate) use config::ProducerConfig;
pub(crate) use queue::Delivery;

use crate::client_config::resolvable;
use crate::clients::metadata::Metadata;
use crate::clients::murmur::partition_of;
use crate::thrown::Thrown;
use queue::{Key, LOOK_AGAIN, Queues};
use topics::Known;

/// A producer. Records go into batches by [`Producer::send`]; a task sends them.
pub(crate) struct Producer {
    shared: Arc<Shared>,
    clock: Clock,
    random: Random,
    /// The partitions that the open transaction knows of.
    in_transaction: BTreeSet<Key>,
}

/// What the producer and its sender share; the producer owns it.
struct Shared {
    config: ProducerConfig,
    state: Mutex<State>,
    /// There may be something to send or to ask.
    wake: Notify,
    /// Something has become known, or room has become free.
    news: Notify,
    metadata: Metadata,
    client: Arc<Client>,
}

struct State {
    queues: Queues,
    topics: Known,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Producer {
    /// A producer. `keeps_successes` says whether [`Producer::deliveries`] tells of records that arrived, too.
    ///
    /// # Errors
    /// If none of the brokers to ask first has an address.
    pub(crate) async fn start(env: &Env, config: ProducerConfig, keeps_successes: bool) -> Result<Producer, Thrown> {
        resolvable(&config.client.bootstrap).await.map_err(|why| config::construct(&why))?;
        let client = Arc::new(Client::new(env, config.client.clone()));
        let prefix = match &config.transactional_id {
            Some(id) => format!("[Producer clientId={}, transactionalId={id}] ", config.client.client_id),
            None => format!("[Producer clientId={}] ", config.client.client_id),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queues: Queues::new(config.clone(), keeps_successes),
                topics: Known::new(config.metadata_max_age, config.retry_backoff),
            }),
            wake: Notify::new(),
            news: Notify::new(),
            metadata: Metadata::new(client.clone(), &prefix),
            client,
            config,
        });
        env.tasks.spawn(sender::run(env.clone(), shared.clone()));
        Ok(Producer { shared, clock: env.clock.clone(), random: env.random.clone(), in_transaction: BTreeSet::new() })
    }

    /// Takes a record. Waits for the topic to be known and for room, for up to `max.block.ms`. What becomes of it,
    /// [`Producer::deliveries`] tells.
    ///
    /// # Errors
    /// Of a producer that cannot go on.
    pub(crate) async fn send(&mut self, topic: &str, record: NewRecord<'_>) -> Result<(), Thrown> {
        let now = Instant::now();
        if let Err(fault) = self.place(topic, record, now).await {
            let sent =
                Sent { key_bytes: record.key.map(<[u8]>::len), value_bytes: record.value.map(<[u8]>::len), at: now };
            self.shared.state().queues.report(Delivery { topic: topic.into(), sent: vec![sent], fault: Some(fault) });
        }
        match &self.shared.state().queues.broken {
            Some(fault) => Err(fault.clone()),
            None => Ok(()),
        }
    }

    /// Refuses a record of which `cut_bytes` bytes of the value were not even kept: no limit allows so large a one.
    pub(crate) fn refuse_cut(&self, topic: &str, record: NewRecord<'_>, cut_bytes: usize) {
        let value_bytes = record.value.map_or(0, <[u8]>::len) + cut_bytes;
        let limit = self.shared.config.max_request_size_bytes;
        let why = format!(
            "The message is {} bytes when serialized which is larger than {limit}, which is the value of the \
             max.request.size configuration.",
            record.size_bytes() + cut_bytes
        );
        let sent = Sent { key_bytes: record.key.map(<[u8]>::len), value_bytes: Some(value_bytes), at: Instant::now() };
        let fault = Some(Thrown::coded(ErrorCode::MessageTooLarge, Some(why)));
        self.shared.state().queues.report(Delivery { topic: topic.into(), sent: vec![sent], fault });
    }

    async fn place(&mut self, topic: &str, record: NewRecord<'_>, now: Instant) -> Result<(), Thrown> {
        let size = record.size_bytes();
        let deadline = now + self.shared.config.max_block;
        // Most records go to a topic that is known and find room: no waiting, no future.
        while !self.is_known(topic)? {
            self.wait_for_topic(topic, deadline).await?;
        }
        self.check_size(size)?;
        if self.shared.state().queues.used_bytes() + size > self.shared.config.buffer_memory_bytes {
            self.wait_for_room(size, deadline).await?;
        }
        let key = self.choose(topic, record)?;
        if self.shared.config.transactional_id.is_some() && !self.in_transaction.contains(&key) {
            transaction::add_partition(&self.shared, &key).await?;
            self.in_transaction.insert(key.clone());
        }
        let hasty = self.shared.state().queues.append(&key, record, self.clock.now_ms(), now);
        if hasty {
            self.shared.wake.notify_one();
            // The sender runs on this thread, too.
            tokio::task::yield_now().await;
        } else {
            self.shared.state().topics.first_record(&self.shared.wake);
        }
        Ok(())
    }

    fn is_known(&self, topic: &str) -> Result<bool, Thrown> {
        let mut state = self.shared.state();
        match state.topics.refusal(topic) {
            Some(ErrorCode::InvalidTopicException) => {
                Err(Thrown::coded(ErrorCode::InvalidTopicException, Some(format!("Invalid topics: [{topic}]"))))
            }
            Some(code) => Err(Thrown::coded(code, Some(format!("Not authorized to access topics: [{topic}]")))),
            None => Ok(state.topics.get(topic).is_some()),
        }
    }

    async fn wait_for_topic(&self, topic: &str, deadline: Instant) -> Result<(), Thrown> {
        let news = self.shared.news.notified();
        self.shared.state().topics.want(topic);
        self.shared.wake.notify_one();
        timeout_at(deadline, news).await.map_err(|_| {
            let ms = self.shared.config.max_block.as_millis();
            let why = format!("Topic {topic} not present in metadata after {ms} ms.");
            Thrown::coded(ErrorCode::RequestTimedOut, Some(why))
        })
    }

    fn check_size(&self, size: usize) -> Result<(), Thrown> {
        let config = &self.shared.config;
        let large = |limit: usize, tail: String| {
            let why = format!("The message is {size} bytes when serialized which is larger than {tail}");
            (size > limit).then(|| Thrown::coded(ErrorCode::MessageTooLarge, Some(why)))
        };
        let request = config.max_request_size_bytes;
        let named = format!("{request}, which is the value of the max.request.size configuration.");
        let memory = "the total memory buffer you have configured with the buffer.memory configuration.".to_owned();
        large(request, named).or_else(|| large(config.buffer_memory_bytes, memory)).map_or(Ok(()), Err)
    }

    async fn wait_for_room(&self, size: usize, deadline: Instant) -> Result<(), Thrown> {
        let (total, block) = (self.shared.config.buffer_memory_bytes, self.shared.config.max_block.as_millis());
        loop {
            let news = self.shared.news.notified();
            let used = self.shared.state().queues.used_bytes();
            if used + size <= total {
                return Ok(());
            }
            self.shared.state().queues.hurry();
            self.shared.wake.notify_one();
            let waited = timeout_at(deadline.min(Instant::now() + LOOK_AGAIN), news).await;
            if waited.is_err() && Instant::now() >= deadline {
                let free = total.saturating_sub(used);
                let why = format!(
                    "Failed to allocate {size} bytes within the configured max blocking time {block} ms. \
                     Total memory: {total} bytes. Available memory: {free} bytes. Poolable size: {} bytes",
                    self.shared.config.batch_size_bytes
                );
                return Err(Thrown::new("org.apache.kafka.clients.producer.BufferExhaustedException", why));
            }
        }
    }

    /// The partition: by the key's hash, or the one that keyless records stick to for a batch.
    fn choose(&self, topic: &str, record: NewRecord<'_>) -> Result<Key, Thrown> {
        let size_limit = self.shared.config.batch_size_bytes;
        let state = &mut *self.shared.state();
        let gone = || Thrown::coded(ErrorCode::UnknownTopicOrPartition, None);
        let known = state.topics.get_mut(topic).ok_or_else(gone)?;
        let hashed = record.key.filter(|_| !self.shared.config.ignores_keys);
        if let Some(bytes) = hashed {
            return Ok((known.name.clone(), partition_of(bytes, known.leaders.len())));
        }
        let key = (known.name.clone(), known.sticky(&self.random));
        if known.stuck_bytes < size_limit || !state.queues.would_open(&key, record) {
            known.stuck_bytes += record.size_bytes();
            return Ok(key);
        }
        Ok((key.0, known.move_on(&self.random)))
    }

    /// What became of records since it was last asked.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.shared.state().queues.deliveries()
    }

    /// Sends everything and waits for its fate.
    pub(crate) async fn flush(&self) {
        self.shared.state().queues.flushing = true;
        loop {
            let news = self.shared.news.notified();
            if self.shared.state().queues.is_done() {
                break;
            }
            self.shared.wake.notify_one();
            let _ = timeout_at(Instant::now() + LOOK_AGAIN, news).await;
        }
        self.shared.state().queues.flushing = false;
    }

    /// Registers the transactional id (`initTransactions`).
    ///
    /// # Errors
    /// As the coordinator says.
    pub(crate) async fn init_transactions(&self) -> Result<(), Thrown> {
        transaction::init(&self.shared).await
    }

    /// Sends everything and commits (`commitTransaction`).
    ///
    /// # Errors
    /// As the coordinator says.
    pub(crate) async fn commit(&mut self) -> Result<(), Thrown> {
        self.flush().await;
        if self.in_transaction.is_empty() {
            return Ok(());
        }
        self.in_transaction.clear();
        transaction::commit(&self.shared).await
    }
}
