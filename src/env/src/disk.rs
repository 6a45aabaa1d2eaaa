//! Files and folders behind a trait, synchronous: an append to the page cache is shorter than a switch of tasks.

use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For reading; it must exist.
    Read,
    /// For reading and writing; it must exist.
    Write,
    /// For reading and writing; made if missing, kept as it is if not.
    Create,
    /// For reading and writing; made if missing, emptied if not.
    CreateEmpty,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, without the folder.
    pub name: String,
    /// True for a folder.
    pub is_dir: bool,
}

/// A file system. What a call has done may be lost by a power cut until it is synced: a file's bytes by
/// [`File::sync_data`], a name's creation, renaming and removal by [`Disk::sync_dir`] of its folder.
pub trait Disk: Send + Sync + 'static {
    /// Opens a file.
    ///
    /// # Errors
    /// As the operating system gives them, with the path in the text.
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>>;

    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; else as the operating system gives them.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// As the operating system gives them.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Renames a file or folder, replacing a file of that name.
    ///
    /// # Errors
    /// As the operating system gives them.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; else as the operating system gives them.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder with all that is in it.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; else as the operating system gives them.
    fn remove_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Makes the names in a folder survive a power cut.
    ///
    /// # Errors
    /// As the operating system gives them. After one the folder must be treated as lost (fsyncgate).
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// True if the path names a file or a folder.
    fn exists(&self, path: &Path) -> bool;

    /// When the file was last written, in milliseconds since 1970.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; else as the operating system gives them.
    fn modified_ms(&self, path: &Path) -> io::Result<i64>;

    /// Total and usable bytes of the file system that holds `path`.
    ///
    /// # Errors
    /// As the operating system gives them.
    fn space(&self, path: &Path) -> io::Result<Space>;

    /// Tells whether this process may make and remove names in a folder, or write to a file, without trying it.
    ///
    /// # Errors
    /// `PermissionDenied` with the user, the owner and the mode in the text; `ReadOnlyFilesystem`; `NotFound`.
    fn may_write(&self, path: &Path) -> io::Result<()>;

    /// Takes an exclusive lock on a file, made if missing, for as long as the returned value lives.
    ///
    /// # Errors
    /// `WouldBlock` if another process (or another world on this disk) holds it.
    fn lock(&self, path: &Path) -> io::Result<Lock>;

    /// Reads a whole small file. The real disk reads what says no length to its end: a pipe, which can be read once, or a
    /// file of `/proc`.
    ///
    /// # Errors
    /// As [`Disk::open`] and [`File::read_at`]; `FileTooLarge` if 64 MiB are not the end of what says no length.
    fn read(&self, path: &Path) -> io::Result<Bytes> {
        let file = self.open(path, Mode::Read)?;
        let len = usize::try_from(file.len()?).map_err(io::Error::other)?;
        file.read_at(0, len)
    }

    /// Replaces a small file as a whole: written beside it as `NAME.tmp`, synced, renamed, the folder synced. A crash
    /// leaves the old file or the new one.
    ///
    /// # Errors
    /// As the calls it is made of.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".tmp");
        let beside = path.with_file_name(name);
        let file = self.open(&beside, Mode::CreateEmpty)?;
        file.write_at(0, &mut [IoSlice::new(bytes)])?;
        file.sync_data()?;
        self.rename(&beside, path)?;
        match path.parent() {
            Some(dir) => self.sync_dir(dir),
            None => Ok(()),
        }
    }
}

/// Sizes of a file system, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// The whole of it.
    pub total: u64,
    /// What is left for us.
    pub usable: u64,
}

/// A lock that is given back when this is dropped.
pub struct Lock(#[allow(dead_code, reason = "held for its drop")] pub(crate) Box<dyn Send + Sync>);

/// An open file. Writers must see to it that two of them do not write at once; readers are free.
pub trait File: Send + Sync {
    /// Writes all slices at `offset`, in order, in as few system calls as the system allows.
    ///
    /// # Errors
    /// As the operating system gives them; then a part may have been written.
    fn write_at(&self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()>;

    /// Reads up to `len` bytes at `offset`; fewer only where the file ends.
    ///
    /// # Errors
    /// As the operating system gives them.
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes>;

    /// The file's length in bytes.
    ///
    /// # Errors
    /// As the operating system gives them.
    fn len(&self) -> io::Result<u64>;

    /// True if the file has no bytes.
    ///
    /// # Errors
    /// As [`File::len`].
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts or extends the file.
    ///
    /// # Errors
    /// As the operating system gives them.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes the file's bytes survive a power cut.
    ///
    /// # Errors
    /// As the operating system gives them. After one the file must never be synced or written again (fsyncgate).
    fn sync_data(&self) -> io::Result<()>;
}
