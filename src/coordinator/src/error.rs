//! What can be wrong with the records that a coordinator reads back, and how an append that failed is answered.

use klamm_base::ErrorCode;
use thiserror::Error as ThisError;

/// A record of a coordinator's partition that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum Error {
    /// The bytes end inside of a field.
    #[error("the record ends inside of {0}")]
    Truncated(&'static str),
    /// A length that no field may have.
    #[error("{0} has the illegal length {1}")]
    Length(&'static str, i64),
    /// Text that is not UTF-8.
    #[error("{0} is not text")]
    Text(&'static str),
    /// A version that is newer than this broker.
    #[error("version {version} of {what} is not known")]
    Version {
        /// The kind of record.
        what: &'static str,
        /// The version that its bytes name.
        version: i16,
    },
    /// Bytes behind the last field.
    #[error("{0} bytes follow the last field")]
    Trailing(usize),
}

/// The code that a group's client sees when its record could not be appended or was not committed in time
/// (`CoordinatorOperationExceptionHelper.handleOperationException`).
pub fn append_error(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::NotEnoughReplicasAfterAppend
        | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge | ErrorCode::InvalidFetchSize => {
            ErrorCode::UnknownServerError
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g14_a_failed_append_is_answered_with_a_code_that_makes_clients_look_again() {
        for (code, answer) in [
            (ErrorCode::NotEnoughReplicas, ErrorCode::CoordinatorNotAvailable),
            (ErrorCode::NotEnoughReplicasAfterAppend, ErrorCode::CoordinatorNotAvailable),
            (ErrorCode::UnknownTopicOrPartition, ErrorCode::CoordinatorNotAvailable),
            (ErrorCode::RequestTimedOut, ErrorCode::CoordinatorNotAvailable),
            (ErrorCode::NotLeaderOrFollower, ErrorCode::NotCoordinator),
            (ErrorCode::KafkaStorageError, ErrorCode::NotCoordinator),
            (ErrorCode::MessageTooLarge, ErrorCode::UnknownServerError),
            (ErrorCode::RecordListTooLarge, ErrorCode::UnknownServerError),
            (ErrorCode::InvalidFetchSize, ErrorCode::UnknownServerError),
            (ErrorCode::NotCoordinator, ErrorCode::NotCoordinator),
        ] {
            assert_eq!(append_error(code), answer, "{code}");
        }
    }
}
