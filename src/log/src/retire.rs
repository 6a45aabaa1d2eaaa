//! Removing the beginning of a log: the start offset moves, then whole segments below it go.

use std::io;
use std::sync::atomic::Ordering;

use klamm_base::Offset;

use crate::epochs::LeaderEpochs;
use crate::error::{Error, ReadError};
use crate::writer::Writer;

impl Writer {
    /// Moves the log start up to `to` and gives where it is now; does nothing if it is there or further. What lies
    /// below can no longer be read. The caller keeps `to` below the high watermark, and keeps the result in the
    /// log-start checkpoint before it tells a client.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] above the log end.
    pub fn delete_records(&mut self, to: Offset) -> Result<Offset, ReadError> {
        let log_start = self.shared.log_start();
        if to > self.leo {
            return Err(ReadError::OutOfRange { offset: to, log_start, leo: self.leo });
        }
        if to <= log_start {
            return Ok(log_start);
        }
        self.shared.set_log_start(to);
        let mut epochs = LeaderEpochs::clone(&self.shared.epochs());
        if epochs.truncate_start(to) {
            self.shared.set_epochs(epochs);
        }
        Ok(to)
    }

    /// Takes the segments that lie wholly below the log start out of the log, and renames their files; they go for
    /// good with [`Writer::remove_expired_files`], after `file.delete.delay.ms`. The newest segment stays. Gives how
    /// many went.
    ///
    /// # Errors
    /// [`Error::Disk`] if a file cannot be renamed; then the log is poisoned.
    pub fn retire_segments(&mut self, now_ms: i64) -> Result<usize, Error> {
        let log_start = self.shared.log_start();
        let segments = self.shared.segments();
        let count = segments.iter().skip(1).take_while(|next| next.base_offset <= log_start).count();
        if count == 0 {
            return Ok(0);
        }
        self.shared.set_segments(segments[count..].to_vec());
        self.shared.names_unsynced.store(true, Ordering::Release);
        let due_ms = now_ms.saturating_add(self.config.file_delete_delay_ms);
        for segment in &segments[..count] {
            let files = segment.doom(&self.shared.dir).inspect_err(|_| self.shared.poison())?;
            self.doomed.extend(files.into_iter().map(|file| (file, due_ms)));
            self.snapshots.remove(&segment.base_offset);
        }
        tracing::info!(dir = %self.shared.dir.display(), count, log_start = log_start.0, "retired segments");
        Ok(count)
    }

    /// Removes the files of retired segments whose time has come. Gives how many are left.
    ///
    /// # Errors
    /// [`Error::Disk`] if one cannot be removed; it is tried again at the next call or the next open.
    pub fn remove_expired_files(&mut self, now_ms: i64) -> Result<usize, Error> {
        while let Some(place) = self.doomed.iter().position(|(_, due_ms)| *due_ms <= now_ms) {
            match self.shared.disk.remove_file(&self.doomed[place].0) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => self.doomed.swap_remove(place),
            };
        }
        Ok(self.doomed.len())
    }
}
