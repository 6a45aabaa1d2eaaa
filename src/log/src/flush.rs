//! Syncing: what makes appended records survive a power cut.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use klamm_base::Offset;

use crate::checkpoint::replace;
use crate::error::Error;
use crate::names;
use crate::shared::Shared;

/// Syncs a log. Cheap to clone; works beside the writer, so that a slow disk does not hold up appends.
#[derive(Clone)]
pub struct Flusher {
    pub(crate) shared: Arc<Shared>,
}

impl Flusher {
    /// Makes everything that was appended before the call survive a power cut: the batches, the names of their files,
    /// the indexes of the segments that grow no more, and the leader epochs. Gives the new recovery point; the caller
    /// keeps it in the checkpoint of the log directory.
    ///
    /// # Errors
    /// [`Error::Disk`] if a sync fails. It is never tried again, because the system may have dropped what it could not
    /// write: the log is poisoned, and [`Error::Poisoned`] is what later calls get.
    pub fn flush(&self) -> Result<Offset, Error> {
        let _one_at_a_time = self.shared.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.is_poisoned() {
            return Err(Error::Poisoned);
        }
        self.flush_now().inspect_err(|_| self.shared.poison())
    }

    fn flush_now(&self) -> Result<Offset, Error> {
        let shared = &self.shared;
        let target = shared.leo();
        let segments = shared.segments();
        // Each remembers what it has unsynced; old ones too have something when recovery made their indexes anew.
        for (place, segment) in segments.iter().enumerate() {
            segment.sync()?;
            if place + 1 < segments.len() {
                segment.sync_indexes()?;
            }
        }
        if shared.epochs_unsynced.load(Ordering::Acquire) {
            save_epochs(shared, true)?;
        }
        if shared.names_unsynced.swap(false, Ordering::AcqRel) {
            shared.disk.sync_dir(&shared.dir)?;
        }
        if shared.folder_unsynced.swap(false, Ordering::AcqRel)
            && let Some(parent) = shared.dir.parent()
        {
            shared.disk.sync_dir(parent)?;
        }
        shared.set_recovery_point(target);
        Ok(target)
    }
}

/// Writes the leader-epoch checkpoint; with `synced` its bytes are on disk before it takes its place. The name is left to
/// the sync of the folder.
pub(crate) fn save_epochs(shared: &Shared, synced: bool) -> io::Result<()> {
    // The writer and the flusher both come here, and the file beside it has one name.
    let _one_at_a_time = shared.saving_epochs.lock().unwrap_or_else(PoisonError::into_inner);
    shared.epochs_unsynced.store(!synced, Ordering::Release);
    replace(shared.disk.as_ref(), &shared.dir.join(names::EPOCHS), shared.epochs().encode().as_bytes(), synced)?;
    shared.names_unsynced.store(true, Ordering::Release);
    Ok(())
}
