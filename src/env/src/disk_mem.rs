//! A simulated disk: it keeps what was synced apart from what was not, and a crash takes the latter.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::Clock;
use crate::disk::{Disk, Entry, File, Lock, Mode, Space};
use crate::random::Random;

/// A disk in memory. Clones share it.
///
/// What is fair: after [`DiskMem::crash`] a file holds its synced bytes plus, of each 512-byte sector written since,
/// either the old or the new content, as chance decides; a name whose folder was not synced may be as before or as
/// after the change. What never happens: a synced byte or name that is lost.
#[derive(Clone)]
pub struct DiskMem(Arc<Mutex<World>>, Clock);

const SECTOR: usize = 512;

#[derive(Default)]
struct World {
    /// The names as a running process sees them.
    names: BTreeMap<PathBuf, Node>,
    /// The names as the platter has them.
    durable: BTreeMap<PathBuf, Node>,
    locks: BTreeSet<PathBuf>,
    /// Calls that write or sync until one fails; `None` never fails.
    faults_after: Option<u64>,
}

#[derive(Clone)]
enum Node {
    Dir,
    File(Arc<Mutex<Content>>),
}

#[derive(Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    modified_ms: i64,
}

struct FileMem {
    content: Arc<Mutex<Content>>,
    world: Arc<Mutex<World>>,
    clock: Clock,
    writable: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{}: no such file or folder", path.display()))
}

impl World {
    fn fault(&mut self) -> io::Result<()> {
        match &mut self.faults_after {
            Some(0) => Err(io::Error::other("injected fault")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl DiskMem {
    /// An empty disk whose files are stamped by `clock`.
    pub fn new(clock: Clock) -> DiskMem {
        DiskMem(Arc::default(), clock)
    }

    /// Lets `calls` more writing or syncing calls succeed; those after them fail until this is called with `None`.
    pub fn fail_after(&self, calls: Option<u64>) {
        lock(&self.0).faults_after = calls;
    }

    /// Cuts the power: what was not synced survives in part, as `random` decides; locks are given back. Files that are
    /// still open must not be used afterwards.
    pub fn crash(&self, random: &Random) {
        let mut world = lock(&self.0);
        world.locks.clear();
        let mut names = world.durable.clone();
        let unsynced: BTreeSet<PathBuf> =
            world.names.keys().chain(world.durable.keys()).filter(|path| differs(&world, path)).cloned().collect();
        for path in unsynced {
            if random.below(2) == 1 {
                match world.names.get(&path) {
                    Some(node) => names.insert(path, node.clone()),
                    None => names.remove(&path),
                };
            }
        }
        let orphans: Vec<PathBuf> = names.keys().filter(|path| is_orphan(&names, path)).cloned().collect();
        for orphan in orphans {
            names.remove(&orphan);
        }
        for node in names.values() {
            if let Node::File(content) = node {
                tear(&mut lock(content), random);
            }
        }
        world.durable = names.clone();
        world.names = names;
    }
}

fn differs(world: &World, path: &Path) -> bool {
    match (world.names.get(path), world.durable.get(path)) {
        (Some(Node::File(a)), Some(Node::File(b))) => !Arc::ptr_eq(a, b),
        (Some(Node::Dir), Some(Node::Dir)) => false,
        _ => true,
    }
}

fn is_orphan(names: &BTreeMap<PathBuf, Node>, path: &Path) -> bool {
    path.ancestors().skip(1).any(|dir| dir.parent().is_some() && !names.contains_key(dir))
}

fn tear(content: &mut Content, random: &Random) {
    let len = match random.below(3) {
        0 => content.synced.len(),
        1 => content.now.len(),
        _ => {
            let (low, high) =
                (content.synced.len().min(content.now.len()), content.synced.len().max(content.now.len()));
            low + random.below((high - low) as u64 + 1) as usize
        }
    };
    let mut kept = vec![0; len];
    for start in (0..len).step_by(SECTOR) {
        let end = (start + SECTOR).min(len);
        let from = if random.below(2) == 0 { &content.synced } else { &content.now };
        let have = end.min(from.len());
        if have > start {
            kept[start..have].copy_from_slice(&from[start..have]);
        }
        let both = start..end.min(content.synced.len()).min(content.now.len());
        if content.synced.get(both.clone()) == content.now.get(both.clone())
            && let Some(same) = content.synced.get(both.clone())
        {
            kept[both].copy_from_slice(same);
        }
    }
    content.now.clone_from(&kept);
    content.synced = kept;
}

impl Disk for DiskMem {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut world = lock(&self.0);
        let content = match (world.names.get(path), mode) {
            (Some(Node::Dir), _) => return Err(io::Error::other(format!("{}: is a folder", path.display()))),
            (Some(Node::File(content)), Mode::CreateEmpty) => {
                lock(content).now.clear();
                content.clone()
            }
            (Some(Node::File(content)), _) => content.clone(),
            (None, Mode::Read | Mode::Write) => return Err(missing(path)),
            (None, Mode::Create | Mode::CreateEmpty) => {
                let parent = path.parent().unwrap_or(Path::new(""));
                if !parent.as_os_str().is_empty()
                    && !matches!(world.names.get(parent), Some(Node::Dir))
                    && parent.parent().is_some()
                {
                    return Err(missing(parent));
                }
                world.fault()?;
                let content = Arc::new(Mutex::new(Content { modified_ms: self.1.now_ms(), ..Content::default() }));
                world.names.insert(path.to_owned(), Node::File(content.clone()));
                content
            }
        };
        let writable = mode != Mode::Read;
        Ok(Arc::new(FileMem { content, world: self.0.clone(), clock: self.1.clone(), writable }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let world = lock(&self.0);
        if dir.parent().is_some() && !matches!(world.names.get(dir), Some(Node::Dir)) {
            return Err(missing(dir));
        }
        let inside = world.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        let entry = |(path, node): (&PathBuf, &Node)| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            Some(Entry { name, is_dir: matches!(node, Node::Dir) })
        };
        Ok(inside.filter_map(entry).collect())
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut world = lock(&self.0);
        world.fault()?;
        for dir in dir.ancestors().filter(|dir| dir.parent().is_some()) {
            world.names.entry(dir.to_owned()).or_insert(Node::Dir);
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = lock(&self.0);
        world.fault()?;
        let node = world.names.remove(from).ok_or_else(|| missing(from))?;
        if matches!(node, Node::Dir) {
            let inside: Vec<PathBuf> = world.names.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for path in inside {
                if let (Some(node), Ok(rest)) = (world.names.remove(&path), path.strip_prefix(from)) {
                    world.names.insert(to.join(rest), node);
                }
            }
        }
        world.names.insert(to.to_owned(), node);
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut world = lock(&self.0);
        world.fault()?;
        world.names.remove(path).map(|_| ()).ok_or_else(|| missing(path))
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut world = lock(&self.0);
        world.fault()?;
        if !world.names.contains_key(dir) {
            return Err(missing(dir));
        }
        world.names.retain(|path, _| !path.starts_with(dir));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = lock(&self.0);
        world.fault()?;
        let World { names, durable, .. } = &mut *world;
        let in_dir = |path: &Path| path.parent() == Some(dir);
        // A folder that is gone or came by a rename takes its inside with it: the system journals such a move whole.
        let moved: Vec<PathBuf> = durable
            .keys()
            .chain(names.keys())
            .filter(|path| in_dir(path) && names.contains_key(*path) != durable.contains_key(*path))
            .cloned()
            .collect();
        durable.retain(|path, _| !in_dir(path) && !moved.iter().any(|root| path.starts_with(root)));
        for (path, node) in names.iter() {
            if in_dir(path) || path == dir || moved.iter().any(|root| path.starts_with(root)) {
                durable.insert(path.clone(), node.clone());
            }
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> bool {
        lock(&self.0).names.contains_key(path)
    }

    fn modified_ms(&self, path: &Path) -> io::Result<i64> {
        match lock(&self.0).names.get(path) {
            Some(Node::File(content)) => Ok(lock(content).modified_ms),
            Some(Node::Dir) => Ok(0),
            None => Err(missing(path)),
        }
    }

    fn space(&self, _path: &Path) -> io::Result<Space> {
        Ok(Space { total: 1 << 40, usable: 1 << 39 })
    }

    fn may_write(&self, path: &Path) -> io::Result<()> {
        if self.exists(path) { Ok(()) } else { Err(missing(path)) }
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        let mut world = lock(&self.0);
        if !world.locks.insert(path.to_owned()) {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, format!("{}: locked", path.display())));
        }
        Ok(Lock(Box::new(Held { world: self.0.clone(), path: path.to_owned() })))
    }
}

struct Held {
    world: Arc<Mutex<World>>,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.world).locks.remove(&self.path);
    }
}

impl File for FileMem {
    fn write_at(&self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        if !self.writable {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        lock(&self.world).fault()?;
        let mut content = lock(&self.content);
        content.modified_ms = self.clock.now_ms();
        let mut at = usize::try_from(offset).map_err(io::Error::other)?;
        for slice in slices {
            if content.now.len() < at + slice.len() {
                content.now.resize(at + slice.len(), 0);
            }
            content.now[at..at + slice.len()].copy_from_slice(slice);
            at += slice.len();
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let content = lock(&self.content);
        let start = usize::try_from(offset).map_err(io::Error::other)?.min(content.now.len());
        let end = start.saturating_add(len).min(content.now.len());
        Ok(Bytes::copy_from_slice(&content.now[start..end]))
    }

    fn len(&self) -> io::Result<u64> {
        Ok(lock(&self.content).now.len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        lock(&self.world).fault()?;
        let mut content = lock(&self.content);
        content.modified_ms = self.clock.now_ms();
        content.now.resize(usize::try_from(len).map_err(io::Error::other)?, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        lock(&self.world).fault()?;
        let mut content = lock(&self.content);
        content.synced = content.now.clone();
        Ok(())
    }
}
