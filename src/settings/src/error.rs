//! Why a broker does not start with what it was told.

use std::fmt;

/// A setting that is wrong, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value that its key does not allow, or that does not go together with another.
    #[error("{0}")]
    Value(Box<BadValue>),
    /// A key that must be set and is not.
    #[error("{0} must be set")]
    Missing(&'static str),
    /// A line that cannot be read.
    #[error("{0}: a \\u must be followed by four hexadecimal digits")]
    Syntax(Origin),
}

/// A value, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue {
    /// Where it was set.
    pub origin: Origin,
    /// The key.
    pub key: String,
    /// The value; hidden if it is a secret.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What is allowed, if the key alone says.
    pub allowed: Option<String>,
}

/// `server.properties:12: num.partitions=0: Value must be at least 1 (allowed: INT, at least 1)`; after `--override`
/// the setting follows as it was typed.
impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadValue { origin, key, value, problem, allowed } = self;
        let separator = if *origin == Origin::Override { " " } else { ": " };
        write!(f, "{origin}{separator}{key}={value}: {problem}")?;
        match allowed {
            Some(allowed) => write!(f, " (allowed: {allowed})"),
            None => Ok(()),
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file.
    File {
        /// The file's name.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// The command line.
    Override,
    /// Nobody: the default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { name, line } => write!(f, "{name}:{line}"),
            Origin::Override => f.write_str("--override"),
            Origin::Default => f.write_str("default"),
        }
    }
}
