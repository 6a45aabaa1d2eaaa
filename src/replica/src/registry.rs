//! The partitions of this node: opened, made, changed and removed as the cluster's image wants it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use klamm_base::{Offset, TopicId, TopicPartition};
use klamm_env::Env;
use klamm_log::{LogDir, OpenOptions, PartitionMetadata, Writer};
use klamm_metadata::{ConfigResource, Delta, Image, ResourceKind, Topic};
use klamm_settings::{EffectiveBroker, resolve_topic};

use crate::config::log_config;
use crate::error::Error;
use crate::metric::ReplicaMetrics;
use crate::partition::{Opened, Partition};

type Topics = BTreeMap<Arc<str>, Vec<Arc<Partition>>>;

/// The partitions of this node. Lookups are from many connections; changes come from one place, the broker's publisher.
pub struct Replicas {
    env: Env,
    dirs: Vec<Arc<LogDir>>,
    /// True for a directory that was stopped cleanly before.
    clean: Vec<bool>,
    topics: RwLock<Topics>,
    broker: RwLock<EffectiveBroker>,
    producer_id_expiration_ms: i64,
    metrics: ReplicaMetrics,
    /// Folders of deleted partitions, for the next chore to remove.
    doomed: Mutex<Vec<(Arc<LogDir>, PathBuf)>>,
}

/// A log directory as DescribeLogDirs tells it.
#[derive(Clone, Debug)]
pub struct DirReport {
    /// Its absolute path.
    pub path: String,
    /// False after a fault of the disk.
    pub online: bool,
    /// Its partitions and their bytes.
    pub partitions: Vec<(TopicPartition, u64)>,
    /// The size of the file system, if it tells.
    pub total_bytes: Option<u64>,
    /// What is left of it, if it tells.
    pub usable_bytes: Option<u64>,
}

impl Replicas {
    /// No partitions yet, on the log directories that the broker has claimed.
    ///
    /// # Errors
    /// If a directory's marker cannot be taken.
    pub fn new(
        env: Env,
        dirs: Vec<LogDir>,
        broker: EffectiveBroker,
        producer_id_expiration_ms: i64,
        metrics: ReplicaMetrics,
    ) -> Result<Replicas, Error> {
        let dirs: Vec<Arc<LogDir>> = dirs.into_iter().map(Arc::new).collect();
        let clean = dirs.iter().map(|dir| dir.take_clean_marker()).collect::<Result<_, _>>()?;
        Ok(Replicas {
            env,
            dirs,
            clean,
            topics: RwLock::default(),
            broker: RwLock::new(broker),
            producer_id_expiration_ms,
            metrics,
            doomed: Mutex::default(),
        })
    }

    /// The partition, if it is here.
    pub fn partition(&self, topic: &str, index: i32) -> Option<Arc<Partition>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.get(topic)?.get(usize::try_from(index).ok()?).cloned()
    }

    /// All partitions.
    pub fn all(&self) -> Vec<Arc<Partition>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.values().flatten().cloned().collect()
    }

    /// Opens what the image at the start wants of this node, and sets aside what it does not know. Blocks on the disk.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn open_all(&self, image: &Image) -> Result<(), Error> {
        self.learn_broker(image);
        let mut found = BTreeMap::new();
        for (place, dir) in self.dirs.iter().enumerate() {
            let listing = dir.list()?;
            for path in listing.doomed {
                self.doom(dir, path);
            }
            let (recovery_points, log_starts) = (dir.recovery_points()?, dir.log_starts());
            for (id, path) in listing.partitions {
                let known = image.partition(&id.topic, id.partition).is_some();
                let topic_id = image.topic(&id.topic).map(|topic| topic.id);
                let metadata = PartitionMetadata::read(&*self.env.disk, &path)?;
                if known && metadata.is_none_or(|metadata| Some(metadata.topic_id) == topic_id) {
                    let options = OpenOptions {
                        clean_shutdown: self.clean[place],
                        recovery_point: recovery_points.get(&id).copied().unwrap_or(Offset::ZERO),
                        log_start: log_starts.get(&id).copied().unwrap_or(Offset::ZERO),
                        now_ms: self.env.clock.now_ms(),
                    };
                    found.insert(id, (dir.clone(), options));
                } else {
                    tracing::warn!(partition = %id, "no topic has this folder's id; it is set aside as a stray");
                    dir.set_stray(&id, self.env.random.bytes16())?;
                    dir.save_log_start(&id, None)?;
                }
            }
        }
        for topic in image.topics.values() {
            self.open_topic(image, topic, &mut found)?;
        }
        Ok(())
    }

    fn open_topic(&self, image: &Image, topic: &Topic, found: &mut Found) -> Result<(), Error> {
        let from = self.topics.read().unwrap_or_else(PoisonError::into_inner).get(&topic.name).map_or(0, Vec::len);
        let mut opened = Vec::with_capacity(topic.partitions.len() - from);
        for index in from..topic.partitions.len() {
            let id = TopicPartition::new(topic.name.clone(), i32::try_from(index).unwrap_or(i32::MAX));
            let place = found.remove(&id);
            opened.push(Arc::new(self.open(image, topic, id, place)?));
        }
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.entry(topic.name.clone()).or_default().extend(opened);
        Ok(())
    }

    fn open(
        &self,
        image: &Image,
        topic: &Topic,
        id: TopicPartition,
        place: Option<(Arc<LogDir>, OpenOptions)>,
    ) -> Result<Partition, Error> {
        let new = OpenOptions {
            clean_shutdown: true,
            recovery_point: Offset::ZERO,
            log_start: Offset::ZERO,
            now_ms: self.env.clock.now_ms(),
        };
        let (dir, options) = place.unwrap_or_else(|| (self.least_loaded(), new));
        let path = dir.partition_path(&id);
        PartitionMetadata { topic_id: topic.id }.write(&*self.env.disk, &path)?;
        let config = self.topic_config(image, &topic.name);
        let log_config = log_config(&config, self.producer_id_expiration_ms, &self.env.random);
        let opened = Writer::open(self.env.disk.clone(), &path, log_config, &options);
        let (writer, reader) = opened.map_err(|source| Error::Log { partition: id.to_string(), source })?;
        let leader_epoch = topic.partition(id.partition).map_or(klamm_base::LeaderEpoch(0), |part| part.leader_epoch);
        let opened = Opened { flusher: writer.flusher(), writer, reader, dir };
        let metrics = self.metrics.topic(&topic.name);
        Ok(Partition::new(id, topic.id, leader_epoch, opened, config, metrics, self.env.clock.clone()))
    }

    /// The directory with the fewest partitions, the first of equals.
    fn least_loaded(&self) -> Arc<LogDir> {
        if let [only] = self.dirs.as_slice() {
            return only.clone();
        }
        let all = self.all();
        let load = |dir: &&Arc<LogDir>| all.iter().filter(|partition| Arc::ptr_eq(&partition.dir, dir)).count();
        self.dirs.iter().min_by_key(load).expect("a broker has a log directory").clone()
    }

    fn topic_config(&self, image: &Image, topic: &str) -> klamm_settings::TopicConfig {
        let overrides = image.config(&ConfigResource::topic(topic)).cloned().unwrap_or_default();
        resolve_topic(&overrides, &self.broker.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over what was configured for brokers at run time.
    fn learn_broker(&self, image: &Image) {
        let mut broker = self.broker.write().unwrap_or_else(PoisonError::into_inner);
        let node = klamm_base::NodeId(broker.node_id());
        let all = image.config(&ConfigResource::all_brokers()).cloned().unwrap_or_default();
        let own =
            image.config(&ConfigResource::new(ResourceKind::Broker, node.to_string())).cloned().unwrap_or_default();
        *broker = broker.with_dynamic(&all, &own);
    }

    /// Does what changed between two images: makes and removes partitions, takes over configurations. Blocks on the
    /// disk. A partition that cannot be made stays away, with an error in the log.
    pub fn apply(&self, image: &Image, delta: &Delta) {
        for topic in delta.deleted.values() {
            self.remove(topic);
        }
        let made = delta.created.values().chain(delta.changed.values().map(|(name, _)| name));
        for topic in made.filter_map(|name| image.topic(name)) {
            if let Err(error) = self.open_topic(image, topic, &mut Found::new()) {
                tracing::error!(topic = %topic.name, %error, "a partition cannot be made");
            }
        }
        if !delta.configs.is_empty() {
            self.reconfigure(image, delta);
        }
    }

    fn reconfigure(&self, image: &Image, delta: &Delta) {
        let of_broker = |resource: &ConfigResource| resource.kind == ResourceKind::Broker;
        let all = delta.configs.iter().any(of_broker);
        if all {
            self.learn_broker(image);
        }
        for partition in self.all() {
            if all || delta.configs.contains(&ConfigResource::topic(partition.id.topic.clone())) {
                let config = self.topic_config(image, &partition.id.topic);
                let log_config = log_config(&config, self.producer_id_expiration_ms, &self.env.random);
                partition.set_config(config, log_config);
            }
        }
    }

    fn remove(&self, topic: &Topic) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        let is_it = topics.get(&topic.name).is_some_and(|partitions| is_incarnation(partitions, topic.id));
        let Some(partitions) = topics.remove(&topic.name).filter(|_| is_it) else { return };
        drop(topics);
        for partition in partitions {
            partition.retire();
            let doomed = partition.dir.doom(&partition.id, self.env.random.bytes16());
            let forgotten = partition.dir.save_log_start(&partition.id, None);
            match doomed.and_then(|path| forgotten.map(|()| path)) {
                Ok(path) => self.doom(&partition.dir, path),
                Err(error) => tracing::error!(partition = %partition.id, %error, "a deleted partition's folder stays"),
            }
        }
    }

    fn doom(&self, dir: &Arc<LogDir>, path: PathBuf) {
        self.doomed.lock().unwrap_or_else(PoisonError::into_inner).push((dir.clone(), path));
    }

    /// The log directories and what lies in them.
    pub fn describe_dirs(&self) -> Vec<DirReport> {
        let all = self.all();
        let report = |dir: &Arc<LogDir>| {
            let inside = all.iter().filter(|partition| Arc::ptr_eq(&partition.dir, dir));
            let space = self.env.disk.space(dir.path()).ok();
            DirReport {
                path: dir.path().display().to_string(),
                online: space.is_some(),
                partitions: inside.map(|partition| (partition.id.clone(), partition.size_bytes())).collect(),
                total_bytes: space.map(|space| space.total),
                usable_bytes: space.map(|space| space.usable),
            }
        };
        self.dirs.iter().map(report).collect()
    }

    /// Syncs the logs that are due: those whose segment was rolled, and those with `flush.ms`. Blocks on the disk.
    ///
    /// # Errors
    /// If the disk fails: what cannot be synced must not be trusted any more.
    pub fn flush_due(&self) -> Result<(), Error> {
        for partition in self.all().iter().filter(|partition| partition.is_flush_due()) {
            partition.flush()?;
        }
        Ok(())
    }

    /// Keeps recovery points and high watermarks.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn save_checkpoints(&self) -> Result<(), Error> {
        let all = self.all();
        for dir in &self.dirs {
            let inside = || all.iter().filter(|partition| Arc::ptr_eq(&partition.dir, dir));
            dir.save_recovery_points(&inside().map(|part| (part.id.clone(), part.recovery_point())).collect())?;
            dir.save_high_watermarks(&inside().map(|part| (part.id.clone(), part.high_watermark())).collect())?;
        }
        Ok(())
    }

    /// Removes the folders of deleted partitions. Blocks on the disk.
    pub fn remove_doomed(&self) {
        for (dir, path) in std::mem::take(&mut *self.doomed.lock().unwrap_or_else(PoisonError::into_inner)) {
            if let Err(error) = dir.remove_doomed(&path) {
                tracing::error!(path = %path.display(), %error, "a deleted partition's folder stays");
            }
        }
    }

    /// Forgets silent producers, and takes away segments below the log start. Blocks on the disk.
    pub fn tidy(&self) {
        for partition in self.all() {
            if let Err(error) = partition.tidy() {
                tracing::error!(partition = %partition.id, %error, "a partition cannot be tidied");
            }
        }
    }

    /// Syncs and closes all logs, so that the next start needs no recovery. Blocks on the disk.
    ///
    /// # Errors
    /// If the disk fails: then there is no marker of a clean stop.
    pub fn close(&self) -> Result<(), Error> {
        let mut recovery_points: Vec<BTreeMap<TopicPartition, Offset>> = vec![BTreeMap::new(); self.dirs.len()];
        for partition in self.all() {
            let recovery_point = partition.close()?;
            if let Some(place) = self.dirs.iter().position(|dir| Arc::ptr_eq(dir, &partition.dir)) {
                recovery_points[place].insert(partition.id.clone(), recovery_point);
            }
        }
        for (dir, points) in self.dirs.iter().zip(&recovery_points) {
            // Every record is committed on the only replica: the high watermark is the end.
            dir.save_recovery_points(points)?;
            dir.save_high_watermarks(points)?;
            dir.put_clean_marker(-1)?;
        }
        Ok(())
    }
}

/// Where partitions lie that were found at the start.
type Found = BTreeMap<TopicPartition, (Arc<LogDir>, OpenOptions)>;

fn is_incarnation(partitions: &[Arc<Partition>], topic_id: TopicId) -> bool {
    partitions.first().is_none_or(|partition| partition.topic_id == topic_id)
}
