//! Why a call has no answer.

use std::io;

use klamm_base::ErrorCode;

use crate::address::Address;

/// Why a call has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers at this address.
    #[error("Connection to {address} could not be established: {problem}")]
    Connect {
        /// Where.
        address: Address,
        /// What the operating system says.
        problem: String,
    },
    /// The other side closed the connection, or it failed.
    #[error("The connection to {address} was lost: {problem}")]
    Lost {
        /// Where.
        address: Address,
        /// What happened.
        problem: String,
    },
    /// No broker could be asked until the deadline (`TimeoutException` of the Java client's `KafkaAdminClient`).
    #[error("Timed out waiting for a node assignment. Call: {call}")]
    NoNode {
        /// The call, as the Java client names it.
        call: String,
    },
    /// A broker was asked and did not answer until the deadline.
    #[error("Call {call} timed out after {attempts} attempt(s)")]
    TimedOut {
        /// The call, as the Java client names it.
        call: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The broker serves no version of this API that we know (`UnsupportedVersionException`).
    #[error("The node does not support {api}")]
    Unsupported {
        /// The API.
        api: String,
    },
    /// The request holds something that the broker's version of the API cannot carry.
    #[error("{0}")]
    Unwritable(String),
    /// The answer cannot be read.
    #[error("The answer of {address} to {api} cannot be read: {problem}")]
    Unreadable {
        /// Who sent it.
        address: Address,
        /// To what.
        api: String,
        /// Why.
        problem: String,
    },
    /// The broker answered with this error until the deadline, or with one that no further try would mend.
    #[error("{}", message.as_deref().unwrap_or(code.message()))]
    Refused {
        /// Kafka's code.
        code: ErrorCode,
        /// The broker's own words, if it sent any.
        message: Option<String>,
    },
}

impl Error {
    /// True where another connection or another try may help: the broker was not reached or went away.
    pub fn is_transport(&self) -> bool {
        matches!(self, Error::Connect { .. } | Error::Lost { .. })
    }

    /// A refusal by its wire code; an unknown number is an unknown error.
    pub fn refused(code: i16, message: Option<String>) -> Error {
        Error::Refused { code: ErrorCode::from_wire(code), message }
    }

    pub(crate) fn connect(address: &Address, problem: &io::Error) -> Error {
        Error::Connect { address: address.clone(), problem: problem.to_string() }
    }

    pub(crate) fn lost(address: &Address, problem: impl ToString) -> Error {
        Error::Lost { address: address.clone(), problem: problem.to_string() }
    }
}
