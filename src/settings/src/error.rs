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

/// `server.properties:12: num.partitions=0: Value must be at least 1 (allowed: INT, at least 1)`; what was typed or set in
/// the environment stands as its author wrote it: `KAFKA_NUM_PARTITIONS=0: ...`.
impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadValue { origin, key, value, problem, allowed } = self;
        let mut line = origin.written(key, value);
        if matches!(origin, Origin::Derived { .. }) {
            line.push_str(&format!(": then {key} is {value}"));
        }
        line.push_str(&format!(": {problem}"));
        if let Some(allowed) = allowed {
            line.push_str(&format!(" (allowed: {allowed})"));
        }
        // One line, whatever stands in a value.
        f.write_str(&line.replace(char::is_control, " "))
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
    /// A variable of the environment.
    Variable {
        /// Its name, as its author wrote it.
        name: String,
    },
    /// It follows from another setting.
    Derived {
        /// Where that one comes from.
        from: Box<Origin>,
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// What a container image holds for good.
    Image,
    /// Nobody: the default.
    Default,
}

impl Origin {
    /// The setting `key=value` as its author wrote it: `f:3: key=value`, `--override key=value`, `VARIABLE=value`.
    pub fn written(&self, key: &str, value: &str) -> String {
        match self {
            Origin::Override => format!("{self} {key}={value}"),
            Origin::Variable { name } => format!("{name}={value}"),
            Origin::Derived { from, key, value } => from.written(key, value),
            Origin::File { .. } | Origin::Image | Origin::Default => format!("{self}: {key}={value}"),
        }
    }

    /// Whether a person set it, and not what goes without saying.
    pub fn is_told(&self) -> bool {
        matches!(self, Origin::File { .. } | Origin::Override | Origin::Variable { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { name, line } => write!(f, "{name}:{line}"),
            Origin::Override => f.write_str("--override"),
            Origin::Variable { name } => f.write_str(name),
            Origin::Derived { from, key, .. } => match &**from {
                Origin::Variable { name } => write!(f, "derived from {name}"),
                from => write!(f, "derived from {key} of {from}"),
            },
            Origin::Image => f.write_str("image default"),
            Origin::Default => f.write_str("default"),
        }
    }
}
