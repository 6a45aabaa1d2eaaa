//! What the log directories are, looked at before anything is touched: a start that is refused leaves no trace.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use klamm_base::{NodeId, name};
use klamm_env::{Disk, Entry};
use klamm_log::{DirError, MetaProperties, parse_meta_properties, parse_partition_dir_name};

use crate::birth::ClusterWish;
use crate::error::Error;
use crate::start::QUORUM_DIR;

const META_PROPERTIES: &str = "meta.properties";
const LOCK: &str = ".lock";

/// Says whether the directories may be this node's, and gives the cluster that they belong to, or shall belong to if
/// none has an owner yet. Only reads.
///
/// # Errors
/// In one line, if a directory is another node's, cluster's or software's, or cannot be written.
pub(crate) fn survey(
    disk: &dyn Disk,
    dirs: &[PathBuf],
    node: NodeId,
    wish: Option<&ClusterWish>,
) -> Result<Option<String>, Error> {
    let mut stored: Option<(PathBuf, String)> = None;
    for dir in dirs {
        let Some(meta) = meta(disk, dir)? else { continue };
        if meta.node_id != node {
            let path = dir.clone();
            return Err(DirError::NodeMismatch { path, found: meta.node_id.0, wanted: node.0 }.into());
        }
        match &stored {
            Some((_, wanted)) if *wanted != meta.cluster_id => {
                let (path, wanted) = (dir.clone(), wanted.clone());
                return Err(DirError::ClusterMismatch { path, found: meta.cluster_id, wanted }.into());
            }
            Some(_) => {}
            None => stored = Some((dir.clone(), meta.cluster_id)),
        }
    }
    let cluster = choose(stored, wish)?;
    let has_quorum = dirs.first().is_some_and(|first| disk.exists(&first.join(QUORUM_DIR)));
    for dir in dirs {
        let entries = match disk.list(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(unwritable(dir, error)),
        };
        check_software(disk, dir, &entries, has_quorum)?;
        check_writable(disk, dir, &entries)?;
    }
    Ok(cluster)
}

fn meta(disk: &dyn Disk, dir: &Path) -> Result<Option<MetaProperties>, Error> {
    let path = dir.join(META_PROPERTIES);
    match disk.read(&path) {
        Ok(bytes) => match parse_meta_properties(&bytes) {
            Ok(meta) => Ok(Some(meta)),
            Err(why) => Err(DirError::BadMeta { path, why }.into()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unwritable(dir, error)),
    }
}

/// The stored id wins over a wish that was not meant strictly, and there is a line that says so.
fn choose(stored: Option<(PathBuf, String)>, wish: Option<&ClusterWish>) -> Result<Option<String>, Error> {
    if let Some(wish) = wish
        && (wish.value.is_empty() || wish.value.contains(char::is_whitespace))
    {
        return Err(Error::BadClusterId(wish.value.clone()));
    }
    match (stored, wish) {
        (None, None) => Ok(None),
        (None, Some(wish)) => Ok(Some(wish.value.clone())),
        (Some((path, found)), Some(wish)) if found != wish.value => {
            if wish.strict {
                return Err(Error::WrongCluster { path, wanted: wish.value.clone(), found });
            }
            tracing::warn!(
                "{} belongs to cluster {found}; the cluster id {} was only a default and is not used",
                path.display(),
                wish.value
            );
            Ok(Some(found))
        }
        (Some((_, found)), _) => Ok(Some(found)),
    }
}

/// Partitions without the metadata that knows them would be taken for strays and set aside.
fn check_software(disk: &dyn Disk, dir: &Path, entries: &[Entry], has_quorum: bool) -> Result<(), Error> {
    let metadata = dir.join(QUORUM_DIR);
    let kafkas = |entry: &Entry| entry.name == "quorum-state" || entry.name.ends_with(".log");
    if entries.iter().any(|entry| entry.name == QUORUM_DIR)
        && disk.list(&metadata).is_ok_and(|inside| inside.iter().any(kafkas))
    {
        let what = "the metadata of an Apache Kafka broker, which klamm does not read: give klamm an empty log directory, \
                    and copy topics with a tool such as MirrorMaker";
        return Err(Error::Foreign { path: metadata, what });
    }
    let is_partition = |entry: &&Entry| {
        let partition = if entry.is_dir { parse_partition_dir_name(&entry.name) } else { None };
        partition.is_some_and(|partition| &*partition.topic != name::CLUSTER_METADATA)
    };
    match entries.iter().find(is_partition) {
        Some(partition) if !has_quorum => {
            let what = "a partition without the metadata that knows it, as an Apache Kafka broker of ZooKeeper mode \
                        leaves it, or the first log directory is missing: give klamm its own log directories";
            Err(Error::Foreign { path: dir.join(&partition.name), what })
        }
        _ => Ok(()),
    }
}

/// The directory itself, or for one that is to be made the first above it that exists; the lock; and each folder in it.
fn check_writable(disk: &dyn Disk, dir: &Path, entries: &[Entry]) -> Result<(), Error> {
    let ground = dir.ancestors().find(|above| above.as_os_str().is_empty() || disk.exists(above)).unwrap_or(dir);
    let inside = entries.iter().filter(|entry| entry.is_dir || entry.name == LOCK);
    let inside = inside.filter(|entry| entry.name != "lost+found").map(|entry| dir.join(&entry.name));
    for path in std::iter::once(ground.to_owned()).chain(inside) {
        match disk.may_write(&path) {
            // A folder of a deleted partition may go while we look.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unwritable(dir, error)),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn unwritable(dir: &Path, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::Unwritable { path: dir.to_owned(), source: error }
        }
        _ => DirError::Disk(error).into(),
    }
}

#[cfg(test)]
#[path = "ground_test.rs"]
mod ground_test;
