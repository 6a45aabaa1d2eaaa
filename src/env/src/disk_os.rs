//! The real disk.

use std::fs;
use std::io::{self, IoSlice, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use rustix::fs::Access;

use crate::disk::{Disk, Entry, File, Lock, Mode, Space};

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskOs;

struct FileOs(fs::File);

/// What is read at most of a file that says no length before.
const STREAM_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Says which path an error is about; the system's own text does not.
fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error + '_ {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

impl Disk for DiskOs {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true);
        match mode {
            Mode::Read => {}
            Mode::Write => {
                options.write(true);
            }
            Mode::Create => {
                options.write(true).create(true).truncate(false);
            }
            Mode::CreateEmpty => {
                options.write(true).create(true).truncate(true);
            }
        }
        Ok(Arc::new(FileOs(options.open(path).map_err(at(path))?)))
    }

    fn read(&self, path: &Path) -> io::Result<Bytes> {
        let mut file = fs::File::open(path).map_err(at(path))?;
        let length = file.metadata().map_err(at(path))?.len();
        if length > 0 {
            return FileOs(file).read_at(0, usize::try_from(length).map_err(io::Error::other)?);
        }
        let mut bytes = Vec::new();
        file.by_ref().take(STREAM_BYTES_MAX).read_to_end(&mut bytes).map_err(at(path))?;
        if bytes.len() as u64 == STREAM_BYTES_MAX {
            return Err(at(path)(io::ErrorKind::FileTooLarge.into()));
        }
        Ok(bytes.into())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir).map_err(at(dir))? {
            let entry = entry.map_err(at(dir))?;
            let is_dir = fs::metadata(entry.path()).map(|meta| meta.is_dir()).unwrap_or(false);
            entries.push(Entry { name: entry.file_name().to_string_lossy().into_owned(), is_dir });
        }
        entries.sort();
        Ok(entries)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir).map_err(at(dir))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to).map_err(at(from))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path).map_err(at(path))
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir_all(dir).map_err(at(dir))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        fs::File::open(dir).and_then(|file| file.sync_all()).map_err(at(dir))
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn modified_ms(&self, path: &Path) -> io::Result<i64> {
        let modified = fs::metadata(path).and_then(|meta| meta.modified()).map_err(at(path))?;
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let stat = rustix::fs::statvfs(path).map_err(io::Error::from).map_err(at(path))?;
        Ok(Space { total: stat.f_blocks * stat.f_frsize, usable: stat.f_bavail * stat.f_frsize })
    }

    fn may_write(&self, path: &Path) -> io::Result<()> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let meta = fs::metadata(path).map_err(at(path))?;
        let enter = if meta.is_dir() { Access::EXEC_OK } else { Access::empty() };
        let denied = match rustix::fs::access(path, Access::WRITE_OK | enter) {
            Ok(()) => return Ok(()),
            Err(error) => io::Error::from(error),
        };
        let (path, user, owner, mode) = (path.display(), rustix::process::getuid().as_raw(), meta.uid(), meta.mode());
        let text = format!(
            "user {user} may not write to {path}, which belongs to user {owner} (mode {:o}): {denied}",
            mode & 0o7777
        );
        Err(io::Error::new(denied.kind(), text))
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(at(path))?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .map_err(io::Error::from)
            .map_err(at(path))?;
        Ok(Lock(Box::new(file)))
    }
}

impl File for FileOs {
    fn write_at(&self, mut offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut rest = slices;
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            let written = match rustix::io::pwritev(&self.0, rest, offset) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(written) => written,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            offset += written as u64;
            IoSlice::advance_slices(&mut rest, written);
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let mut buffer = Vec::with_capacity(len);
        while buffer.len() < len {
            let from = offset + buffer.len() as u64;
            match rustix::io::pread(&self.0, rustix::buffer::spare_capacity(&mut buffer), from) {
                Ok(0) => break,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        buffer.truncate(len);
        Ok(Bytes::from(buffer))
    }

    fn len(&self) -> io::Result<u64> {
        self.0.metadata().map(|meta| meta.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
