//! openraft's state machine: committed entries become the image.

use std::sync::Arc;

use klamm_env::Tasks;
use klamm_metadata::{Delta, Image, Position, apply_all, codec};
use openraft::storage::RaftStateMachine;
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};

use crate::Error;
use crate::image_cell::ImageCell;
use crate::snapshots::{Loaded, Snapshots};
use crate::types::{
    Entry, LogId, Snapshot, SnapshotFile, SnapshotMeta, StorageError, StorageIoError, StoredMembership, TypeConfig,
};

/// The state machine. openraft has the only one, so it is the only writer of the image.
pub(crate) struct Machine {
    cell: Arc<ImageCell>,
    applied: Option<LogId>,
    membership: StoredMembership,
    snapshots: Snapshots,
    tasks: Tasks,
}

impl Machine {
    /// The state machine as of the newest snapshot, and the cell that it writes.
    pub fn open(snapshots: Snapshots, newest: Option<Loaded>, tasks: Tasks) -> (Machine, Arc<ImageCell>) {
        let (applied, membership, image) = match newest {
            Some(Loaded { meta, image, .. }) => (meta.last_log_id, meta.last_membership, image),
            None => (None, StoredMembership::default(), Image::default()),
        };
        let cell = Arc::new(ImageCell::new(image, applied.map_or(0, |id| id.index + 1)));
        (Machine { cell: cell.clone(), applied, membership, snapshots, tasks }, cell)
    }

    fn step(&mut self, entry: Entry, image: &mut Image, delta: &mut Delta) -> Result<(), klamm_metadata::Error> {
        let id = entry.log_id;
        let at = Position { index: id.index, term: id.leader_id.term };
        match entry.payload {
            EntryPayload::Blank => image.at = at,
            EntryPayload::Normal(batch) => apply_all(image, &codec::decode(&batch.0)?, at, delta)?,
            EntryPayload::Membership(members) => {
                self.membership = StoredMembership::new(Some(id), members);
                image.at = at;
            }
        }
        self.applied = Some(id);
        Ok(())
    }
}

impl RaftStateMachine<TypeConfig> for Machine {
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), StorageError> {
        Ok((self.applied, self.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<()>, StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let (mut image, mut delta) = ((*self.cell.load()).clone(), Delta::default());
        let mut answers = Vec::new();
        for entry in entries {
            let id = entry.log_id;
            self.step(entry, &mut image, &mut delta).map_err(|error| StorageIoError::apply(id, &error))?;
            answers.push(());
        }
        if !answers.is_empty() {
            self.cell.store(image, delta);
        }
        Ok(answers)
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder {
            image: self.cell.load(),
            applied: self.applied,
            membership: self.membership.clone(),
            snapshots: self.snapshots.clone(),
            tasks: self.tasks.clone(),
        }
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<SnapshotFile>, StorageError> {
        Ok(Box::new(SnapshotFile(self.snapshots.incoming())))
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, file: Box<SnapshotFile>) -> Result<(), StorageError> {
        let snapshots = self.snapshots.clone();
        let install = move || {
            let Loaded { meta, image, .. } = snapshots.read(&file.0)?;
            let last = meta.last_log_id.unwrap_or_default();
            snapshots.write(&image, last, &meta.last_membership)?;
            Ok::<_, Error>(image)
        };
        let fault = |error: Error| StorageIoError::write_snapshot(Some(meta.signature()), &error);
        let image = self.tasks.offload(install).await.map_err(fault)?;
        self.applied = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        let delta = Delta::between(&self.cell.load(), &image);
        self.cell.store(image, delta);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, StorageError> {
        let snapshots = self.snapshots.clone();
        let newest = self.tasks.offload(move || snapshots.newest()).await;
        let newest = newest.map_err(|error| StorageIoError::read_snapshot(None, &error))?;
        Ok(newest.map(handle))
    }
}

fn handle(loaded: Loaded) -> Snapshot {
    Snapshot { meta: loaded.meta, snapshot: Box::new(SnapshotFile(loaded.path)) }
}

/// Writes the image of one moment to a file while the log goes on.
pub(crate) struct Builder {
    image: Arc<Image>,
    applied: Option<LogId>,
    membership: StoredMembership,
    snapshots: Snapshots,
    tasks: Tasks,
}

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    async fn build_snapshot(&mut self) -> Result<Snapshot, StorageError> {
        let (image, membership, snapshots) = (self.image.clone(), self.membership.clone(), self.snapshots.clone());
        let last = self.applied.unwrap_or_default();
        let written = self.tasks.offload(move || snapshots.write(&image, last, &membership)).await;
        Ok(written.map(handle).map_err(|error| StorageIoError::write_snapshot(None, &error))?)
    }
}
