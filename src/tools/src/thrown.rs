//! Failures as the stock tools throw them: they print `toString` and `getMessage` of Java exceptions.

use std::borrow::Cow;
use std::fmt;

use klamm_base::ErrorCode;
use klamm_peer::Error;

/// What a future of Kafka's admin client fails with.
pub const EXECUTION: &str = "java.util.concurrent.ExecutionException";
/// What a checked exception is wrapped in where none may pass.
pub const RUNTIME: &str = "java.lang.RuntimeException";
/// The mother of Kafka's exceptions.
pub const KAFKA: &str = "org.apache.kafka.common.KafkaException";

/// A Java exception: its class, its message, and Kafka's code if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// The class with its package.
    pub class: Cow<'static, str>,
    /// `getMessage`; `None` is null.
    pub message: Option<String>,
    /// The code that this exception is the client's form of (`Errors.forException`).
    pub code: Option<ErrorCode>,
}

impl Thrown {
    /// An exception of this class.
    pub fn new(class: &'static str, message: impl Into<String>) -> Thrown {
        Thrown { class: Cow::Borrowed(class), message: Some(message.into()), code: None }
    }

    /// The exception of a code with the broker's words, or with the code's own (`Errors.exception`).
    pub fn coded(code: ErrorCode, message: Option<String>) -> Thrown {
        let class = Cow::Owned(class_of(code));
        Thrown { class, message: Some(message.unwrap_or_else(|| code.message().to_owned())), code: Some(code) }
    }

    /// The exception of a number on the wire; `None` for 0.
    pub fn wire<T: ToString>(code: i16, message: Option<&T>) -> Option<Thrown> {
        let code = ErrorCode::from_wire(code);
        (!code.is_none()).then(|| Thrown::coded(code, message.map(T::to_string)))
    }

    /// The exception that the Java client throws where our client fails.
    pub fn of(error: Error) -> Thrown {
        match error {
            Error::Refused { code, message } => Thrown::coded(code, message),
            Error::Unsupported { .. } | Error::Unwritable(_) => {
                Thrown::coded(ErrorCode::UnsupportedVersion, Some(error.to_string()))
            }
            Error::NoNode { .. } | Error::TimedOut { .. } => {
                Thrown::coded(ErrorCode::RequestTimedOut, Some(error.to_string()))
            }
            Error::Connect { .. } | Error::Lost { .. } | Error::Unreadable { .. } => {
                Thrown::new(KAFKA, error.to_string())
            }
        }
    }

    /// An exception of class `class` whose cause is this one.
    #[must_use]
    pub fn within(self, class: &'static str) -> Thrown {
        Thrown { class: Cow::Borrowed(class), message: Some(self.to_string()), code: None }
    }

    /// `getMessage`, as text: a null is printed as `null`.
    pub fn text(&self) -> &str {
        self.message.as_deref().unwrap_or("null")
    }
}

impl fmt::Display for Thrown {
    /// `toString`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.class),
            None => f.write_str(&self.class),
        }
    }
}

impl std::error::Error for Thrown {}

impl From<Error> for Thrown {
    fn from(error: Error) -> Thrown {
        Thrown::of(error)
    }
}

/// The class of a code's exception (`Errors`).
fn class_of(code: ErrorCode) -> String {
    let class = match code {
        ErrorCode::CorruptMessage => "CorruptRecordException",
        ErrorCode::RequestTimedOut => "TimeoutException",
        ErrorCode::MessageTooLarge => "RecordTooLargeException",
        ErrorCode::StaleControllerEpoch => "ControllerMovedException",
        ErrorCode::OffsetMetadataTooLarge => "OffsetMetadataTooLarge",
        ErrorCode::RecordListTooLarge => "RecordBatchTooLargeException",
        ErrorCode::TopicAuthorizationFailed => "TopicAuthorizationException",
        ErrorCode::GroupAuthorizationFailed => "GroupAuthorizationException",
        ErrorCode::ClusterAuthorizationFailed => "ClusterAuthorizationException",
        ErrorCode::TransactionalIdAuthorizationFailed => "TransactionalIdAuthorizationException",
        ErrorCode::DelegationTokenAuthorizationFailed => "DelegationTokenAuthorizationException",
        ErrorCode::SaslAuthenticationFailed => "SaslAuthenticationException",
        ErrorCode::TopicAlreadyExists => "TopicExistsException",
        ErrorCode::InvalidConfig => "InvalidConfigurationException",
        ErrorCode::OutOfOrderSequenceNumber => "OutOfOrderSequenceException",
        ErrorCode::DuplicateSequenceNumber => "DuplicateSequenceException",
        ErrorCode::InvalidProducerIdMapping => "InvalidPidMappingException",
        ErrorCode::InvalidTransactionTimeout => "InvalidTxnTimeoutException",
        ErrorCode::DelegationTokenAuthDisabled => "DelegationTokenDisabledException",
        ErrorCode::DelegationTokenRequestNotAllowed => "UnsupportedByAuthenticationException",
        ErrorCode::NonEmptyGroup => "GroupNotEmptyException",
        ErrorCode::InvalidRegularExpression => "InvalidRegularExpression",
        ErrorCode::InvalidRecord => return "org.apache.kafka.common.InvalidRecordException".to_owned(),
        // The others are called after their codes.
        other => {
            let name = format!("{other:?}");
            let stem = ["Exception", "Error", "Failure"].iter().find_map(|end| name.strip_suffix(end));
            return format!("org.apache.kafka.common.errors.{}Exception", stem.unwrap_or(&name));
        }
    };
    format!("org.apache.kafka.common.errors.{class}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exceptions_of_codes_have_the_names_of_kafka_s_classes() {
        let said = |code, message: Option<&str>| Thrown::coded(code, message.map(str::to_owned)).to_string();
        let errors = "org.apache.kafka.common.errors";
        assert_eq!(
            said(ErrorCode::GroupIdNotFound, Some("Group g not found.")),
            format!("{errors}.GroupIdNotFoundException: Group g not found.")
        );
        assert_eq!(
            said(ErrorCode::NonEmptyGroup, None),
            format!("{errors}.GroupNotEmptyException: The group is not empty.")
        );
        let classes = [
            (ErrorCode::UnknownServerError, "UnknownServerException"),
            (ErrorCode::InvalidTopicException, "InvalidTopicException"),
            (ErrorCode::NetworkException, "NetworkException"),
            (ErrorCode::KafkaStorageError, "KafkaStorageException"),
            (ErrorCode::PrincipalDeserializationFailure, "PrincipalDeserializationException"),
            (ErrorCode::FetchSessionTopicIdError, "FetchSessionTopicIdException"),
            (ErrorCode::InvalidConfig, "InvalidConfigurationException"),
        ];
        for (code, class) in classes {
            assert_eq!(class_of(code), format!("{errors}.{class}"));
        }
    }

    #[test]
    fn a_cause_is_told_in_the_message() {
        let inner = Thrown::of(Error::Unsupported { api: "DESCRIBE_CLIENT_QUOTAS".to_owned() });
        let outer = inner.within(EXECUTION);
        assert_eq!(
            outer.to_string(),
            "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.UnsupportedVersionException: \
             The node does not support DESCRIBE_CLIENT_QUOTAS"
        );
        assert_eq!(Thrown { class: "A".into(), message: None, code: None }.text(), "null");
    }
}
