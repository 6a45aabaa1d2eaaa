//! Saying no.

use klamm_base::ErrorCode;

/// Why something was not done: a code for the client and a text for its user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The code.
    pub code: ErrorCode,
    /// The text, in Kafka's words.
    pub message: String,
}

impl Refusal {
    /// A refusal with a text of its own.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Refusal {
        Refusal::new(ErrorCode::InvalidRequest, message)
    }

    pub(crate) fn invalid_config(message: impl Into<String>) -> Refusal {
        Refusal::new(ErrorCode::InvalidConfig, message)
    }

    /// What Kafka says when one operation would write more records than it allows.
    pub(crate) fn too_large() -> Refusal {
        Refusal::new(ErrorCode::PolicyViolation, "Unable to perform excessively large batch operation.")
    }
}

/// A code whose text says all.
impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Refusal {
        Refusal::new(code, code.message())
    }
}
