//! Why a broker cannot start, or cannot go on.

use std::io::ErrorKind;
use std::path::PathBuf;

/// One line for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener's address cannot be had.
    #[error("listener {name}: {source}{}", address_hint(source.kind()))]
    Listener {
        /// The listener's name, or the key that gives it.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A log directory may not be written.
    #[error("log directory {}: {source}: {}", path.display(), hint(source.kind()))]
    Unwritable {
        /// The log directory.
        path: PathBuf,
        /// Who may not, and whose it is.
        source: std::io::Error,
    },
    /// A log directory is another software's.
    #[error("{}: {what}", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What lies there, and what to do.
        what: &'static str,
    },
    /// A directory of another cluster than the one that was asked for (`MetaPropertiesEnsemble`).
    #[error("Invalid cluster.id in: {}/meta.properties. Expected {wanted}, but read {found}", path.display())]
    WrongCluster {
        /// The log directory.
        path: PathBuf,
        /// The id that was asked for.
        wanted: String,
        /// Its own.
        found: String,
    },
    /// A cluster id that cannot be kept.
    #[error("the cluster id {0:?} is empty or has blanks in it: use one as kafka-storage random-uuid prints it")]
    BadClusterId(String),
    /// A log directory cannot be used.
    #[error(transparent)]
    Dir(#[from] klamm_log::DirError),
    /// The partitions cannot be opened.
    #[error(transparent)]
    Replica(#[from] klamm_replica::Error),
    /// The metadata quorum cannot start.
    #[error("metadata quorum: {0}")]
    Quorum(#[from] klamm_raft::Error),
    /// The controller refused something that a start needs.
    #[error("{what}: {code}: {message}")]
    Controller {
        /// What was asked.
        what: &'static str,
        /// The code of the refusal.
        code: klamm_base::ErrorCode,
        /// Its text.
        message: String,
    },
    /// The group coordinator cannot load its partitions.
    #[error("group coordinator: {0}")]
    Groups(klamm_coordinator::Error),
}

impl Error {
    /// Whether the log directory belongs to another node.
    pub fn is_of_other_node(&self) -> bool {
        matches!(self, Error::Dir(klamm_log::DirError::NodeMismatch { .. }))
    }

    pub(crate) fn refused(what: &'static str) -> impl FnOnce(klamm_controller::Refusal) -> Error {
        move |refusal| Error::Controller { what, code: refusal.code, message: refusal.message }
    }
}

/// What would be right where an address can never be had; one that is in use may be free the next time.
fn address_hint(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::AddrNotAvailable => ": the host must be an address of this machine, or empty for all of them",
        ErrorKind::PermissionDenied => ": choose a port from 1024 on, or allow this user the lower ones",
        _ => "",
    }
}

/// What the person can do who mounted the directory.
fn hint(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ReadOnlyFilesystem => "mount a volume there that can be written",
        _ => "give it to that user (chown -R), or run as its owner (user: in compose, --user of docker run)",
    }
}
