//! What tests share: a node's partitions on a disk, under an image that the test changes.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;
use klamm_base::{LeaderEpoch, NodeId, Offset, ProducerEpoch, ProducerId, Sequence, TopicId, TopicPartition};
use klamm_env::{Clock, Disk, DiskMem, DiskOs, Env, Net, Random, Tasks};
use klamm_log::LogDir;
use klamm_metadata::{ConfigResource, Delta, Image, Partition as State, Position, Record, apply_all};
use klamm_record::{BatchBuilder, Codec, batches, records};
use klamm_settings::{EffectiveBroker, Settings};
use tokio::sync::Notify;

use crate::sessions::Wanted;
use crate::{Bound, Error, Fetched, Partition, ReplicaMetrics, Replicas};

pub(crate) const NOW_MS: i64 = 1_750_000_000_000;

const NODE: NodeId = NodeId(1);

/// A node without its broker: disk, clock, chance, and the cluster's image.
pub(crate) struct World {
    runtime: tokio::runtime::Runtime,
    pub clock: Clock,
    pub random: Random,
    pub disk: Arc<dyn Disk>,
    /// The disk, if it can lose power.
    pub mem: Option<DiskMem>,
    pub roots: Vec<PathBuf>,
    pub image: Image,
    _temporary: Option<tempfile::TempDir>,
}

impl World {
    /// On a simulated disk, with log directories of these names.
    pub(crate) fn mem(seed: u64, dirs: &[&str]) -> World {
        let clock = Clock::manual(NOW_MS);
        let mem = DiskMem::new(clock.clone());
        let roots = dirs.iter().map(|dir| PathBuf::from(format!("/{dir}"))).collect();
        World::on(seed, clock, Arc::new(mem.clone()), Some(mem), roots, None)
    }

    /// In a temporary folder.
    pub(crate) fn os(dirs: &[&str]) -> World {
        let folder = tempfile::tempdir().unwrap();
        let roots = dirs.iter().map(|dir| folder.path().join(dir)).collect();
        World::on(1, Clock::manual(NOW_MS), Arc::new(DiskOs), None, roots, Some(folder))
    }

    /// The same kind of node on both disks.
    pub(crate) fn both() -> [World; 2] {
        [World::mem(1, &["data"]), World::os(&["data"])]
    }

    fn on(
        seed: u64,
        clock: Clock,
        disk: Arc<dyn Disk>,
        mem: Option<DiskMem>,
        roots: Vec<PathBuf>,
        folder: Option<tempfile::TempDir>,
    ) -> World {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let random = Random::from_seed(seed);
        World { runtime, clock, random, disk, mem, roots, image: Image::default(), _temporary: folder }
    }

    pub(crate) fn env(&self) -> Env {
        let _inside = self.runtime.enter();
        Env {
            clock: self.clock.clone(),
            random: self.random.clone(),
            disk: self.disk.clone(),
            net: Net,
            tasks: Tasks::on_current_runtime(),
        }
    }

    /// Runs a future on the node's runtime.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Starts the node's partitions as its image wants them.
    pub(crate) fn try_start(&self) -> Result<Replicas, Error> {
        let dirs = self.roots.iter().map(|root| LogDir::open(self.disk.clone(), root)).collect::<Result<_, _>>()?;
        let settings = Settings::load(None, &[]).unwrap().settings;
        let broker = EffectiveBroker::new(Arc::new(settings));
        let metrics = ReplicaMetrics::new(Arc::new(metrics::NoopRecorder));
        let replicas = Replicas::new(self.env(), dirs, broker, metrics)?;
        replicas.open_all(&self.image)?;
        Ok(replicas)
    }

    pub(crate) fn start(&self) -> Replicas {
        self.try_start().unwrap()
    }

    /// Ends the node in order, and starts it again.
    pub(crate) fn restart(&self, replicas: Replicas) -> Replicas {
        replicas.close().unwrap();
        drop(replicas);
        self.start()
    }

    /// Kills the node, as `kill -9` does, and starts it again.
    pub(crate) fn kill(&self, replicas: Replicas) -> Replicas {
        drop(replicas);
        self.start()
    }

    /// Cuts the power, and starts the node again.
    pub(crate) fn crash(&self, replicas: Replicas) -> Replicas {
        drop(replicas);
        self.mem.as_ref().unwrap().crash(&self.random);
        self.start()
    }

    /// Commits records; what they change.
    pub(crate) fn commit(&mut self, records: &[Record]) -> Delta {
        let mut delta = Delta::default();
        let at = Position { index: self.image.at.index + 1, term: 1 };
        apply_all(&mut self.image, records, at, &mut delta).unwrap();
        delta
    }

    /// The records that make a topic with an id of its own.
    pub(crate) fn new_topic(&self, name: &str, partitions: i32) -> Vec<Record> {
        let id = TopicId::from_random(self.random.bytes16());
        let mut all = vec![Record::Topic { id, name: name.into() }];
        all.extend((0..partitions).map(|partition| new_partition(id, partition)));
        all
    }

    /// Makes a topic.
    pub(crate) fn create(&mut self, replicas: &Replicas, name: &str, partitions: i32) {
        let delta = self.commit(&self.new_topic(name, partitions));
        replicas.apply(&self.image, &delta);
    }

    /// Adds a partition to a topic.
    pub(crate) fn grow(&mut self, replicas: &Replicas, name: &str) {
        let topic = self.image.topic(name).unwrap();
        let record = new_partition(topic.id, topic.partition_count());
        let delta = self.commit(&[record]);
        replicas.apply(&self.image, &delta);
    }

    /// Commits that a topic is gone; what that changes.
    pub(crate) fn commit_deletion(&mut self, name: &str) -> Delta {
        let id = self.image.topic(name).unwrap().id;
        self.commit(&[Record::RemoveTopic { id }])
    }

    /// Deletes a topic.
    pub(crate) fn delete(&mut self, replicas: &Replicas, name: &str) {
        let delta = self.commit_deletion(name);
        replicas.apply(&self.image, &delta);
    }

    /// Configures something.
    pub(crate) fn configure(&mut self, replicas: &Replicas, resource: ConfigResource, key: &str, value: Option<&str>) {
        let (name, value) = (key.to_owned(), value.map(str::to_owned));
        let delta = self.commit(&[Record::Config { resource, name, value }]);
        replicas.apply(&self.image, &delta);
    }

    /// The names in a log directory, without the files that tell of it.
    pub(crate) fn folders(&self, root: usize) -> Vec<String> {
        let entries = self.disk.list(&self.roots[root]).unwrap();
        entries.into_iter().filter(|entry| entry.is_dir).map(|entry| entry.name).collect()
    }

    pub(crate) fn exists(&self, root: usize, name: &str) -> bool {
        self.disk.exists(&self.roots[root].join(name))
    }

    /// What a checkpoint file says of a partition.
    pub(crate) fn checkpoint(&self, root: usize, file: &str, topic: &str, partition: i32) -> Option<Offset> {
        let bytes = self.disk.read(&self.roots[root].join(file)).unwrap();
        let offsets = klamm_log::parse_offset_checkpoint(&bytes).unwrap();
        offsets.get(&TopicPartition::new(topic, partition)).copied()
    }
}

fn new_partition(topic: TopicId, partition: i32) -> Record {
    Record::Partition { topic, partition, state: State::new(vec![NODE], vec![TopicId::ZERO]) }
}

/// A batch of these values.
pub(crate) fn batch(values: &[&str]) -> Bytes {
    build(BatchBuilder::new(Codec::None), values)
}

/// A batch of an idempotent producer.
pub(crate) fn batch_of(producer: i64, epoch: i16, sequence: i32, values: &[&str]) -> Bytes {
    let builder = BatchBuilder::new(Codec::None);
    build(builder.producer(ProducerId(producer), ProducerEpoch(epoch), Sequence(sequence)), values)
}

fn build(mut builder: BatchBuilder, values: &[&str]) -> Bytes {
    for value in values {
        builder.append(NOW_MS, Some(b"key"), Some(value.as_bytes()), &[]);
    }
    builder.build()
}

/// A fetch from `offset` on by a client that knows no epochs.
pub(crate) fn wanted(offset: i64) -> Wanted {
    Wanted {
        fetch_offset: Offset(offset),
        max_bytes: 1 << 20,
        current_leader_epoch: LeaderEpoch::NONE,
        last_fetched_epoch: LeaderEpoch::NONE,
    }
}

/// The values at or after `from` in what was fetched.
pub(crate) fn values(fetched: &Fetched, from: i64) -> Vec<String> {
    values_of(&fetched.records, from)
}

fn values_of(bytes: &Bytes, from: i64) -> Vec<String> {
    let mut found = Vec::new();
    for batch in batches(bytes) {
        let batch = batch.unwrap();
        assert!(batch.is_crc_valid());
        for record in records(&batch) {
            let record = record.unwrap();
            if record.offset.0 >= from {
                found.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
            }
        }
    }
    found
}

/// Every value of a partition, from its log start to its end, fetched bit by bit.
pub(crate) fn all_values(partition: &Partition) -> Vec<String> {
    let (mut at, end) = (partition.log_start().0, partition.end(Bound::HighWatermark).0);
    let mut found = Vec::new();
    while at < end {
        let fetched = partition.fetch(&wanted(at), 300, true).unwrap();
        let more = values(&fetched, at);
        assert!(!more.is_empty(), "a fetch below the high watermark gives something, at {at} of {end}");
        at += more.len() as i64;
        found.extend(more);
    }
    found
}

/// True if `wake` was notified since this was asked last.
pub(crate) fn is_woken(wake: &Notify) -> bool {
    pin!(wake.notified()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}
