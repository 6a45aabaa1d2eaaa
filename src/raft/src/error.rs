//! What can go wrong in the quorum.

use std::path::PathBuf;
use std::sync::Arc;

use klamm_base::NodeId;

/// Why the quorum cannot start, or cannot take a proposal.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("metadata quorum: {0}")]
    Io(Arc<std::io::Error>),
    /// The store on disk cannot be read. It is never repaired or removed here: a person must look.
    #[error("metadata quorum: the store in {dir} is damaged: {what}")]
    Damaged {
        /// The store's folder.
        dir: PathBuf,
        /// What was found.
        what: String,
    },
    /// Another process has the store open.
    #[error("metadata quorum: {0} is in use by another process")]
    InUse(PathBuf),
    /// The store was made by another node.
    #[error("metadata quorum: the store belongs to node {have}, but this node's id is {want}")]
    WrongNode {
        /// Whose store it is.
        have: NodeId,
        /// Who opened it.
        want: NodeId,
    },
    /// The store belongs to another cluster.
    #[error("metadata quorum: the store belongs to cluster {have}, but meta.properties says {want}")]
    WrongCluster {
        /// The store's cluster.
        have: String,
        /// The cluster that was asked for.
        want: String,
    },
    /// The store names voters that this node cannot reach.
    #[error("metadata quorum: the store names {0} voters; a quorum of several nodes is not supported yet")]
    SeveralVoters(usize),
    /// A proposal that is larger than a log entry may be.
    #[error("metadata quorum: a proposal of {0} bytes is too large")]
    TooLarge(usize),
    /// This node is not the leader. The proposal was not taken.
    #[error("metadata quorum: not the leader")]
    NotLeader {
        /// Who is, if known.
        leader: Option<NodeId>,
    },
    /// The quorum has stopped, after a fault or because it was told to. The proposal may or may not have been taken.
    #[error("metadata quorum: stopped: {0}")]
    Stopped(String),
    /// No leader was elected in time.
    #[error("metadata quorum: no leader after {0} ms")]
    NoLeader(u64),
    /// Records that this version cannot read, or that do not fit the image.
    #[error(transparent)]
    Metadata(#[from] klamm_metadata::Error),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::Io(Arc::new(error))
    }
}
