//! What a command line says.

use std::collections::BTreeMap;

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The command, in full; `None` where the tool has none.
    pub command: Option<&'static str>,
    pub(super) values: BTreeMap<String, Vec<String>>,
}

impl Parsed {
    /// The last value of an option, or its default. `dest` is a long name with `_` for `-`.
    pub fn value(&self, dest: &str) -> Option<&str> {
        self.values(dest).last().map(String::as_str)
    }

    /// All values of an option, or its default.
    pub fn values(&self, dest: &str) -> &[String] {
        self.values.get(dest).map_or(&[], Vec::as_slice)
    }

    /// True if a switch was given.
    pub fn has(&self, dest: &str) -> bool {
        self.value(dest) == Some("true")
    }

    /// The value of an option whose [`super::Arg`] says that it is a number.
    pub fn number<T: std::str::FromStr>(&self, dest: &str) -> Option<T> {
        self.value(dest).and_then(|value| value.parse().ok())
    }
}

/// Why there is nothing to do. Both hold whole lines, to be written as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The help or the version, for stdout. Most tools end with 0 after it, some with 1.
    Help(String),
    /// The usage and what is wrong, for stderr; exit code 1.
    Usage(String),
}
