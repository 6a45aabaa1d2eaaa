//! Why kafka-configs stops, and what it says then.

use crate::groups::failure::NoClient;
use crate::jopt::Fault;
use crate::thrown::{EXECUTION, Thrown};

/// Why the tool stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The command line makes no sense, and the options are shown (`printUsageAndExit`).
    Usage(String),
    /// The command line makes no sense, or the brokers are too old: the message alone is shown.
    Told(String),
    /// There is no client.
    NoClient(NoClient),
    /// Anything else: the whole command line is repeated, and a stack trace follows.
    Thrown(Thrown),
}

impl From<Thrown> for Failure {
    fn from(thrown: Thrown) -> Failure {
        Failure::Thrown(thrown)
    }
}

impl From<NoClient> for Failure {
    fn from(fault: NoClient) -> Failure {
        Failure::NoClient(fault)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure::Told(fault.to_string())
    }
}

/// `IllegalArgumentException` and `InvalidConfigurationException`, thrown by the tool itself.
pub(super) fn illegal(text: impl Into<String>) -> Failure {
    Failure::Told(text.into())
}

/// What a future of the admin client failed with, as one sees it who waits for the future.
pub(super) fn executed(thrown: Thrown) -> Failure {
    Failure::Thrown(thrown.within(EXECUTION))
}
