//! Why a tool of this area did not do what it was asked.

use std::io::ErrorKind;
use std::path::Path;

use bytes::Bytes;
use klamm_env::{Disk, DiskOs};

use crate::thrown::Thrown;

/// Why a tool did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The command line makes no sense (`IllegalArgumentException`, `CommandLineUtils.printUsageAndExit`).
    Usage(String),
    /// Anything else.
    Thrown(Thrown),
}

impl From<Thrown> for Failure {
    fn from(thrown: Thrown) -> Failure {
        Failure::Thrown(thrown)
    }
}

impl Failure {
    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(message.into())
    }
}

/// Reads a file that the command line names.
///
/// # Errors
/// As `java.nio.file.Files` throws.
pub(crate) fn read_file(path: &str) -> Result<Bytes, Thrown> {
    DiskOs.read(Path::new(path)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Thrown::new("java.nio.file.NoSuchFileException", path),
        ErrorKind::PermissionDenied => Thrown::new("java.nio.file.AccessDeniedException", path),
        ErrorKind::IsADirectory => Thrown::new("java.io.IOException", "Is a directory"),
        _ => Thrown::new("java.io.IOException", error.to_string()),
    })
}
