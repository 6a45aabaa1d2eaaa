//! The partitions of this node: opened, made, changed and removed as the cluster's image wants it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use klamm_base::limits::FETCH_MEMORY_BYTES;
use klamm_base::{Offset, TopicId, TopicPartition};
use klamm_env::Env;
use klamm_log::{LogDir, OpenOptions, PartitionMetadata, Writer};
use klamm_metadata::{ConfigResource, Delta, Image, ResourceKind, Topic};
use klamm_settings::{EffectiveBroker, resolve_topic};

use crate::config::log_config;
use crate::error::Error;
use crate::memory::FetchMemory;
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
    metrics: ReplicaMetrics,
    memory: FetchMemory,
    /// Folders of deleted partitions, for the next chore to remove.
    doomed: Mutex<Vec<(Arc<LogDir>, PathBuf)>>,
    /// Held from looking at the partitions until their checkpoints are written: an older look never overwrites a newer.
    saving: Mutex<()>,
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
            metrics,
            memory: FetchMemory::new(FETCH_MEMORY_BYTES),
            doomed: Mutex::default(),
            saving: Mutex::new(()),
        })
    }

    /// What answers to fetches may hold together.
    pub fn memory(&self) -> &FetchMemory {
        &self.memory
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
    /// If the disk fails, or a partition lies in two directories.
    pub fn open_all(&self, image: &Image) -> Result<(), Error> {
        self.learn_broker(image);
        let mut found = Found::new();
        for (dir, clean) in self.dirs.iter().zip(&self.clean) {
            self.survey(image, dir, *clean, &mut found)?;
        }
        for topic in image.topics.values() {
            self.open_topic(image, topic, &mut found)?;
        }
        // Checkpoints of partitions that are gone must not be taken for those of later ones of the same name.
        self.save_checkpoints()
    }

    /// Notes the partitions in `dir` that the image knows; sets aside the others.
    fn survey(&self, image: &Image, dir: &Arc<LogDir>, clean_shutdown: bool, found: &mut Found) -> Result<(), Error> {
        let listing = dir.list()?;
        for path in listing.doomed {
            self.doom(dir, path);
        }
        let (recovery_points, log_starts) = (dir.recovery_points()?, dir.log_starts());
        let known = |id: &TopicPartition, path: &PathBuf| -> Result<bool, Error> {
            let Some(topic) = image.topic(&id.topic) else { return Ok(false) };
            let metadata = PartitionMetadata::read(&*self.env.disk, path)?;
            let is_it = metadata.is_none_or(|metadata| metadata.topic_id == topic.id);
            Ok(is_it && topic.partition(id.partition).is_some())
        };
        for id in log_starts.keys().filter(|id| !listing.partitions.contains_key(id)) {
            dir.save_log_start(id, None)?;
        }
        for (id, path) in listing.partitions {
            if !known(&id, &path)? {
                self.set_stray(dir, &id)?;
                continue;
            }
            let options = OpenOptions {
                clean_shutdown,
                recovery_point: recovery_points.get(&id).copied().unwrap_or(Offset::ZERO),
                log_start: log_starts.get(&id).copied().unwrap_or(Offset::ZERO),
                now_ms: self.env.clock.now_ms(),
            };
            if let Some((other, _)) = found.insert(id.clone(), (dir.clone(), options)) {
                let (first, second) = (other.partition_path(&id), path);
                return Err(Error::Twice { partition: id.to_string(), first, second });
            }
        }
        Ok(())
    }

    /// Sets aside a folder that is not the partition that the cluster means by its name.
    fn set_stray(&self, dir: &LogDir, id: &TopicPartition) -> Result<(), Error> {
        tracing::warn!(partition = %id, "no topic has this folder's id; it is set aside as a stray");
        dir.save_log_start(id, None)?;
        dir.set_stray(id, self.env.random.bytes16())?;
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
        let is_new = place.is_none();
        let (dir, options) = place.unwrap_or_else(|| (self.least_loaded(), new));
        let path = dir.partition_path(&id);
        if is_new && self.env.disk.exists(&path) {
            // What an earlier topic of this name left because it could not be removed.
            self.set_stray(&dir, &id)?;
        }
        let metadata = PartitionMetadata { topic_id: topic.id };
        if PartitionMetadata::read(&*self.env.disk, &path)? != Some(metadata) {
            metadata.write(&*self.env.disk, &path)?;
        }
        let config = self.topic_config(image, &topic.name);
        let log_config = log_config(&config, self.producer_id_expiration_ms(), &self.env.random);
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
        let load = |dir: &&Arc<LogDir>| inside(dir, &all).count();
        self.dirs.iter().min_by_key(load).expect("a broker has a log directory").clone()
    }

    fn topic_config(&self, image: &Image, topic: &str) -> klamm_settings::TopicConfig {
        let overrides = image.config(&ConfigResource::topic(topic)).cloned().unwrap_or_default();
        resolve_topic(&overrides, &self.broker.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// `producer.id.expiration.ms`, which can be changed at run time.
    fn producer_id_expiration_ms(&self) -> i64 {
        let broker = self.broker.read().unwrap_or_else(PoisonError::into_inner);
        broker.value("producer.id.expiration.ms").and_then(|ms| ms.parse().ok()).unwrap_or(i64::MAX)
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
        if !delta.deleted.is_empty()
            && let Err(error) = self.save_checkpoints()
        {
            tracing::error!(%error, "the checkpoints still name deleted partitions");
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
                let log_config = log_config(&config, self.producer_id_expiration_ms(), &self.env.random);
                partition.set_config(config, log_config);
            }
        }
    }

    fn remove(&self, topic: &Topic) {
        let partitions = {
            let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
            let is_it = topics.get(&topic.name).is_some_and(|partitions| is_incarnation(partitions, topic.id));
            if is_it { topics.remove(&topic.name).unwrap_or_default() } else { Vec::new() }
        };
        for partition in partitions {
            partition.retire();
            // The start first: left behind, it would cut off the beginning of a later topic of this name.
            let forgotten = partition.dir.save_log_start(&partition.id, None);
            match forgotten.and_then(|()| partition.dir.doom(&partition.id, self.env.random.bytes16())) {
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
            let inside = inside(dir, &all);
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
    /// The first fault of the disk, after all were tried: what cannot be synced must not be trusted any more.
    pub fn flush_due(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for partition in self.all().iter().filter(|partition| partition.is_flush_due()) {
            outcome = outcome.and(partition.flush().map(drop));
        }
        outcome
    }

    /// Keeps recovery points and high watermarks.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn save_checkpoints(&self) -> Result<(), Error> {
        let _one_at_a_time = self.saving();
        let all = self.all();
        for dir in &self.dirs {
            save_checkpoints(dir, &all)?;
        }
        Ok(())
    }

    fn saving(&self) -> MutexGuard<'_, ()> {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// The first fault of the disk, after all were tried: the directory that has it gets no marker of a clean stop.
    pub fn close(&self) -> Result<(), Error> {
        let _one_at_a_time = self.saving();
        let all = self.all();
        let mut outcome = Ok(());
        for dir in &self.dirs {
            outcome = outcome.and(close_dir(dir, &all));
        }
        outcome
    }
}

fn inside<'a>(dir: &Arc<LogDir>, all: &'a [Arc<Partition>]) -> impl Iterator<Item = &'a Arc<Partition>> {
    all.iter().filter(move |partition| Arc::ptr_eq(&partition.dir, dir))
}

fn save_checkpoints(dir: &Arc<LogDir>, all: &[Arc<Partition>]) -> Result<(), Error> {
    dir.save_recovery_points(&inside(dir, all).map(|part| (part.id.clone(), part.recovery_point())).collect())?;
    dir.save_high_watermarks(&inside(dir, all).map(|part| (part.id.clone(), part.high_watermark())).collect())?;
    Ok(())
}

/// Closes the logs in `dir`, then keeps where they end, then marks it as stopped cleanly: in this order, so that the
/// marker speaks of all of them.
fn close_dir(dir: &Arc<LogDir>, all: &[Arc<Partition>]) -> Result<(), Error> {
    let mut closed = Ok(());
    for partition in inside(dir, all) {
        closed = closed.and(partition.close().map(drop));
    }
    save_checkpoints(dir, all)?;
    closed?;
    dir.save_log_starts()?;
    dir.put_clean_marker(-1)?;
    Ok(())
}

/// Where partitions lie that were found at the start.
type Found = BTreeMap<TopicPartition, (Arc<LogDir>, OpenOptions)>;

fn is_incarnation(partitions: &[Arc<Partition>], topic_id: TopicId) -> bool {
    partitions.first().is_none_or(|partition| partition.topic_id == topic_id)
}

#[cfg(test)]
#[path = "registry_test.rs"]
mod registry_test;
