//! Why a broker cannot start, or cannot go on.

/// One line for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener's address cannot be had.
    #[error("listener {name}: {source}")]
    Listener {
        /// The listener's name, or the key that gives it.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
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
    pub(crate) fn refused(what: &'static str) -> impl FnOnce(klamm_controller::Refusal) -> Error {
        move |refusal| Error::Controller { what, code: refusal.code, message: refusal.message }
    }
}
