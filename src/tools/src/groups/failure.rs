//! Why a tool of this area did not do what it was asked.

use std::io::ErrorKind;
use std::path::Path;

use bytes::Bytes;
use klamm_env::{Disk, DiskOs};

use crate::thrown::{KAFKA, Thrown};

/// Why there is no client: what is wrong with its properties (`Admin.create`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoClient(pub(crate) String);

impl NoClient {
    /// The exception that the stock tools get.
    pub(crate) fn thrown() -> Thrown {
        Thrown::new(KAFKA, "Failed to create new KafkaAdminClient")
    }

    /// What a stack trace of it says.
    pub(crate) fn trace(&self) -> String {
        format!("{}\nCaused by: org.apache.kafka.common.config.ConfigException: {}", NoClient::thrown(), self.0)
    }
}

/// Why a tool did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The command line makes no sense (`IllegalArgumentException`, `CommandLineUtils.printUsageAndExit`).
    Usage(String),
    /// There is no client.
    NoClient(NoClient),
    /// Anything else.
    Thrown(Thrown),
}

impl From<NoClient> for Failure {
    fn from(fault: NoClient) -> Failure {
        Failure::NoClient(fault)
    }
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
