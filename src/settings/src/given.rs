//! What was set, where, and what holds with the defaults.

use std::collections::BTreeMap;

use crate::error::{BadValue, ConfigError, Origin};
use crate::key::Key;
use crate::keys::{base_key, broker_key};
use crate::value::Value;

/// What is shown instead of a secret.
pub(crate) const HIDDEN: &str = "[hidden]";

/// The settings of a file and a command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    values: BTreeMap<String, (String, Origin)>,
}

impl Given {
    /// Sets a value after checking it.
    pub(crate) fn set(&mut self, key: &str, value: &str, origin: Origin) -> Result<(), ConfigError> {
        if let Some(row) = base_key(key) {
            row.read(value).map_err(|fault| {
                ConfigError::Value(Box::new(BadValue {
                    origin: origin.clone(),
                    key: key.to_owned(),
                    value: shown(key, value),
                    problem: fault.problem().to_owned(),
                    allowed: Some(row.allowed()),
                }))
            })?;
        }
        self.values.insert(key.to_owned(), (value.to_owned(), origin));
        Ok(())
    }

    /// What was set, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, &Origin)> {
        self.values.iter().map(|(key, (value, origin))| (key.as_str(), value.as_str(), origin))
    }

    /// What was set for `key`, as it was written.
    pub(crate) fn explicit(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|(value, _)| value.as_str())
    }

    /// What was set for `key`, or its default.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.explicit(key).or_else(|| broker_key(key)?.default)
    }

    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.values.get(key).map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// The setting of `key` as its author wrote it.
    pub(crate) fn written(&self, key: &str) -> String {
        self.origin(key).written(key, &shown(key, self.value(key).unwrap_or_default()))
    }

    /// The complaint that the value of `key` does not fit.
    pub(crate) fn fault(&self, key: &str, problem: impl Into<String>) -> ConfigError {
        ConfigError::Value(Box::new(BadValue {
            origin: self.origin(key),
            key: key.to_owned(),
            value: shown(key, self.value(key).unwrap_or_default()),
            problem: problem.into(),
            allowed: None,
        }))
    }

    /// The value of `key`; `None` is Kafka's null. Everything here was checked when it was set.
    fn read(&self, key: &str) -> Option<Value> {
        let row = broker_key(key).unwrap_or_else(|| panic!("{key} is not in the table"));
        row.read(self.value(key)?).ok()
    }

    /// A number that may be null.
    pub(crate) fn some_number(&self, key: &str) -> Option<i64> {
        self.read(key)?.number()
    }

    /// A number that has a default.
    pub(crate) fn number(&self, key: &str) -> i64 {
        self.some_number(key).unwrap_or_else(|| panic!("{key} is not a number with a default"))
    }

    /// An INT that has a default.
    pub(crate) fn int(&self, key: &str) -> i32 {
        i32::try_from(self.number(key)).unwrap_or_else(|_| panic!("{key} is not an INT"))
    }

    /// A SHORT that has a default, or an INT that is cut to one.
    pub(crate) fn short(&self, key: &str) -> i16 {
        i16::try_from(self.number(key)).unwrap_or(i16::MAX)
    }

    /// A truth value.
    pub(crate) fn boolean(&self, key: &str) -> bool {
        self.read(key) == Some(Value::Boolean(true))
    }

    /// A text; `None` if it is null.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.read(key).map(|value| value.to_string())
    }

    /// A list; `None` if it is null.
    pub(crate) fn list(&self, key: &str) -> Option<Vec<String>> {
        match self.read(key)? {
            Value::List(items) => Some(items),
            _ => None,
        }
    }
}

/// A value as it may be told: of a secret, or of a key that nobody knows, nothing.
pub(crate) fn shown(key: &str, value: &str) -> String {
    if base_key(key).is_none_or(Key::sensitive) { HIDDEN.to_owned() } else { value.trim().to_owned() }
}
