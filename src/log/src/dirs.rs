//! A log directory: whose it is, which partitions lie in it, and the checkpoints about them (`LogManager`).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use klamm_base::{NodeId, Offset, TopicId, TopicPartition, name};
use klamm_env::Disk;
use klamm_env::disk::Lock;

use crate::checkpoint::{encode_offset_checkpoint, parse_offset_checkpoint};
use crate::error::DirError;
use crate::meta_properties::{MetaProperties, parse_meta_properties};

const LOCK: &str = ".lock";
const META_PROPERTIES: &str = "meta.properties";
const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
const LOG_STARTS: &str = "log-start-offset-checkpoint";
/// The longest name of a folder.
const NAME_MAX: usize = 255;

const DOOMED: &str = "-delete";
const STRAY: &str = "-stray";
const FUTURE: &str = "-future";

/// Offsets of partitions, as a checkpoint keeps them.
pub type Offsets = BTreeMap<TopicPartition, Offset>;

/// A log directory that this process holds.
pub struct LogDir {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    _lock: Lock,
    /// The log starts as they are in their file. Kept here because the file is written whole for each change.
    log_starts: Mutex<Offsets>,
}

/// What lies in a log directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The partitions and their folders.
    pub partitions: BTreeMap<TopicPartition, PathBuf>,
    /// Folders of deleted partitions, which are to be removed.
    pub doomed: Vec<PathBuf>,
}

/// The partition that a folder is named after; `None` if the name is not of the form `topic-partition`.
pub fn parse_partition_dir_name(name: &str) -> Option<TopicPartition> {
    let (topic, partition) = name.rsplit_once('-')?;
    let is_number = !partition.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || name::topic_name_fault(topic).is_some() {
        return None;
    }
    Some(TopicPartition::new(topic, partition.parse().ok()?))
}

impl LogDir {
    /// Takes hold of the directory, which is made if missing.
    ///
    /// # Errors
    /// [`DirError::Locked`] if another process has it, [`DirError::BadCheckpoint`] if the log starts cannot be read,
    /// [`DirError::Disk`].
    pub fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<LogDir, DirError> {
        disk.create_dir_all(path)?;
        let lock = disk.lock(&path.join(LOCK)).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => DirError::Locked { path: path.to_owned() },
            _ => DirError::Disk(error),
        })?;
        let dir = LogDir { disk, path: path.to_owned(), _lock: lock, log_starts: Mutex::default() };
        let log_starts = dir.read_offsets(LOG_STARTS)?;
        Ok(LogDir { log_starts: Mutex::new(log_starts), ..dir })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The disk that it lies on.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Whose the directory is; `None` if it is new.
    ///
    /// # Errors
    /// [`DirError::BadMeta`] if the file is damaged.
    pub fn meta(&self) -> Result<Option<MetaProperties>, DirError> {
        let path = self.path.join(META_PROPERTIES);
        match self.disk.read(&path) {
            Ok(bytes) => parse_meta_properties(&bytes).map(Some).map_err(|why| DirError::BadMeta { path, why }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the directory ours: a new one gets `directory_id`, one that has an owner must be ours already. Gives what
    /// its file says now.
    ///
    /// # Errors
    /// [`DirError::ClusterMismatch`], [`DirError::NodeMismatch`], and those of [`LogDir::meta`].
    pub fn claim(&self, cluster_id: &str, node_id: NodeId, directory_id: TopicId) -> Result<MetaProperties, DirError> {
        let ours = MetaProperties { cluster_id: cluster_id.to_owned(), node_id, directory_id: Some(directory_id) };
        let meta = match self.meta()? {
            Some(found) if found.cluster_id != ours.cluster_id => {
                let (path, wanted) = (self.path.clone(), ours.cluster_id);
                return Err(DirError::ClusterMismatch { path, found: found.cluster_id, wanted });
            }
            Some(found) if found.node_id != node_id => {
                let (path, wanted) = (self.path.clone(), node_id.0);
                return Err(DirError::NodeMismatch { path, found: found.node_id.0, wanted });
            }
            Some(found) if found.directory_id.is_some() => return Ok(found),
            Some(_) | None => ours,
        };
        self.disk.replace(&self.path.join(META_PROPERTIES), meta.encode().as_bytes())?;
        Ok(meta)
    }

    /// Tells whether the last stop was a clean one and takes the marker away, durably: from now on it is not.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn take_clean_marker(&self) -> Result<bool, DirError> {
        match self.disk.remove_file(&self.path.join(CLEAN_SHUTDOWN)) {
            Ok(()) => {
                self.disk.sync_dir(&self.path)?;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Marks the stop as a clean one; to be called when every log was closed and the recovery points are saved.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn put_clean_marker(&self, broker_epoch: i64) -> Result<(), DirError> {
        let text = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}");
        Ok(self.disk.replace(&self.path.join(CLEAN_SHUTDOWN), text.as_bytes())?)
    }

    /// The partitions and the remains of deleted ones. A folder that is none of these is left alone, with a warning.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn list(&self) -> Result<Listing, DirError> {
        let mut listing = Listing::default();
        for entry in self.disk.list(&self.path)?.into_iter().filter(|entry| entry.is_dir) {
            let path = self.path.join(&entry.name);
            if entry.name.ends_with(DOOMED) {
                listing.doomed.push(path);
            } else if entry.name.ends_with(STRAY) || entry.name.ends_with(FUTURE) {
                tracing::warn!(path = %path.display(), "leaving a folder alone that was set aside");
            } else {
                match parse_partition_dir_name(&entry.name) {
                    Some(partition) if &*partition.topic == name::CLUSTER_METADATA => {}
                    Some(partition) => drop(listing.partitions.insert(partition, path)),
                    None => tracing::warn!(path = %path.display(), "ignoring a folder that is no partition"),
                }
            }
        }
        Ok(listing)
    }

    /// The folder of a partition.
    pub fn partition_path(&self, partition: &TopicPartition) -> PathBuf {
        self.path.join(partition.to_string())
    }

    /// Renames the folder of a deleted partition, durably, so that it is gone for every later start; gives the new name,
    /// for [`LogDir::remove_doomed`]. `random` makes the name unique.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn doom(&self, partition: &TopicPartition, random: [u8; 16]) -> Result<PathBuf, DirError> {
        self.set_aside(partition, random, DOOMED)
    }

    /// Renames the folder of a partition that the cluster's metadata does not know, so that a person may look at it.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn set_stray(&self, partition: &TopicPartition, random: [u8; 16]) -> Result<PathBuf, DirError> {
        self.set_aside(partition, random, STRAY)
    }

    fn set_aside(&self, partition: &TopicPartition, random: [u8; 16], kind: &str) -> Result<PathBuf, DirError> {
        let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let suffix = format!("-{}.{hex}{kind}", partition.partition);
        let kept = partition.topic.len().min(NAME_MAX - suffix.len());
        let to = self.path.join(format!("{}{suffix}", &partition.topic[..kept]));
        self.disk.rename(&self.partition_path(partition), &to)?;
        self.disk.sync_dir(&self.path)?;
        Ok(to)
    }

    /// Removes a folder that [`LogDir::doom`] or [`LogDir::list`] gave.
    ///
    /// # Errors
    /// [`DirError::Disk`]; a folder that is gone already is none.
    pub fn remove_doomed(&self, path: &Path) -> Result<(), DirError> {
        match self.disk.remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The recovery points; empty if the file is missing or damaged, and then everything is checked.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn recovery_points(&self) -> Result<Offsets, DirError> {
        self.read_or_forget(RECOVERY_POINTS)
    }

    /// Keeps the recovery points.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn save_recovery_points(&self, offsets: &Offsets) -> Result<(), DirError> {
        self.save(RECOVERY_POINTS, offsets)
    }

    /// The high watermarks; empty if the file is missing or damaged.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn high_watermarks(&self) -> Result<Offsets, DirError> {
        self.read_or_forget(HIGH_WATERMARKS)
    }

    /// Keeps the high watermarks.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn save_high_watermarks(&self, offsets: &Offsets) -> Result<(), DirError> {
        self.save(HIGH_WATERMARKS, offsets)
    }

    /// The log starts of partitions whose start was moved.
    pub fn log_starts(&self) -> Offsets {
        self.log_starts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the log start of a partition, durably when this returns; `None` forgets it (the partition is deleted).
    ///
    /// # Errors
    /// [`DirError::Disk`]; then what is on disk is the old state or the new one.
    pub fn save_log_start(&self, partition: &TopicPartition, log_start: Option<Offset>) -> Result<(), DirError> {
        let mut log_starts = self.log_starts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match log_start {
            Some(log_start) => log_starts.insert(partition.clone(), log_start),
            None => log_starts.remove(partition),
        };
        if before == log_start { Ok(()) } else { self.save(LOG_STARTS, &log_starts) }
    }

    /// Writes the log starts also if they did not change, as Kafka does at a clean stop.
    ///
    /// # Errors
    /// [`DirError::Disk`].
    pub fn save_log_starts(&self) -> Result<(), DirError> {
        self.save(LOG_STARTS, &self.log_starts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn save(&self, name: &str, offsets: &Offsets) -> Result<(), DirError> {
        Ok(self.disk.replace(&self.path.join(name), encode_offset_checkpoint(offsets).as_bytes())?)
    }

    fn read_offsets(&self, name: &str) -> Result<Offsets, DirError> {
        let path = self.path.join(name);
        match self.disk.read(&path) {
            Ok(bytes) => parse_offset_checkpoint(&bytes).map_err(|why| DirError::BadCheckpoint { path, why }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Offsets::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads offsets that are only hints: a damaged file costs time, not records.
    fn read_or_forget(&self, name: &str) -> Result<Offsets, DirError> {
        match self.read_offsets(name) {
            Err(DirError::BadCheckpoint { path, why }) => {
                tracing::warn!(path = %path.display(), why, "ignoring a damaged checkpoint");
                Ok(Offsets::new())
            }
            other => other,
        }
    }
}
