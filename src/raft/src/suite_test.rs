//! openraft's own suite for stores, over the disk in memory and over sled.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use klamm_env::{Clock, Disk, DiskMem, Env};
use openraft::testing::{StoreBuilder, Suite};

use crate::disk::RaftDisk;
use crate::disk_mem::MemDisk;
use crate::io_thread::IoThread;
use crate::log_store::LogStore;
use crate::sled_disk::SledDisk;
use crate::snapshots::Snapshots;
use crate::state_machine::Machine;
use crate::types::{StorageError, TypeConfig};

/// The suite carries a snapshot from one store to another by its path, so all stores share one disk for snapshots.
#[derive(Clone)]
struct Files(Arc<dyn Disk>, Arc<AtomicU32>);

impl Files {
    fn new() -> Files {
        Files(Arc::new(DiskMem::new(Clock::manual(0))), Arc::default())
    }
}

fn stores(Files(files, count): &Files, mut disk: impl RaftDisk) -> (LogStore, Machine) {
    let folder = PathBuf::from(format!("/s{}", count.fetch_add(1, Ordering::Relaxed)));
    files.create_dir_all(&folder).unwrap();
    let env = Env { disk: files.clone(), ..Env::real() };
    let loaded = disk.load().unwrap();
    let io = IoThread::start(&env, disk).unwrap();
    let (machine, _) = Machine::open(Snapshots::new(files.clone(), &folder), None, env.tasks);
    (LogStore::new(0, loaded, io), machine)
}

struct OverMemory(Files);

impl StoreBuilder<TypeConfig, LogStore, Machine> for OverMemory {
    async fn build(&self) -> Result<((), LogStore, Machine), StorageError> {
        let (log, machine) = stores(&self.0, MemDisk::default());
        Ok(((), log, machine))
    }
}

struct OverSled(Files);

impl StoreBuilder<TypeConfig, LogStore, Machine, tempfile::TempDir> for OverSled {
    async fn build(&self) -> Result<(tempfile::TempDir, LogStore, Machine), StorageError> {
        let dir = tempfile::tempdir().unwrap();
        let (log, machine) = stores(&self.0, SledDisk::open(dir.path()).unwrap());
        Ok((dir, log, machine))
    }
}

#[test]
fn the_store_over_memory_passes_openrafts_suite() {
    Suite::test_all(OverMemory(Files::new())).unwrap();
}

#[test]
fn the_store_over_sled_passes_openrafts_suite() {
    Suite::test_all(OverSled(Files::new())).unwrap();
}
