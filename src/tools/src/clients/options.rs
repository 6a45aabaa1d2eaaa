//! Reading client properties as the Java clients' `ConfigDef` does.

use std::str::FromStr;
use std::time::Duration;

use crate::client_config::ClientConfig;
use crate::thrown::Thrown;

/// The exception of a property that makes no sense.
const CONFIG: &str = "org.apache.kafka.common.config.ConfigException";

/// `ConfigException` with this message.
pub(crate) fn config_fault(message: impl Into<String>) -> Thrown {
    Thrown::new(CONFIG, message)
}

/// `Invalid value 7 for configuration acks: <why>`.
pub(crate) fn invalid(key: &str, value: &str, why: &str) -> Thrown {
    config_fault(format!("Invalid value {value} for configuration {key}: {why}"))
}

/// A whole number of Java's type `kind` (`INT`, `LONG`) that is at least `least`.
pub(crate) fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    config: &ClientConfig,
    key: &str,
    kind: &str,
    default: T,
    least: T,
) -> Result<T, Thrown> {
    let Some(text) = config.get(key) else { return Ok(default) };
    let value: T = text.parse().map_err(|_| invalid(key, text, &format!("Not a number of type {kind}")))?;
    if value < least {
        return Err(invalid(key, text, &format!("Value must be at least {least}")));
    }
    Ok(value)
}

/// A time in milliseconds.
pub(crate) fn millis(config: &ClientConfig, key: &str, default_ms: i64) -> Result<Duration, Thrown> {
    let ms = number::<i64>(config, key, "LONG", default_ms, 0)?;
    Ok(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

/// True or false.
pub(crate) fn boolean(config: &ClientConfig, key: &str, default: bool) -> Result<bool, Thrown> {
    match config.get(key) {
        None => Ok(default),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(text) => Err(invalid(key, text, "Expected value to be either true or false")),
    }
}

/// One of a few words.
pub(crate) fn one_of<'a>(
    config: &'a ClientConfig,
    key: &str,
    default: &'a str,
    words: &[&str],
) -> Result<&'a str, Thrown> {
    let value = config.get(key).unwrap_or(default);
    if words.contains(&value) {
        return Ok(value);
    }
    Err(invalid(key, value, &format!("String must be one of: {}", words.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_refused_in_kafka_s_words() {
        let mut config = ClientConfig::new();
        for (key, value) in [("a", "zz"), ("b", "-5"), ("c", "maybe"), ("d", "7")] {
            config.set(key, value);
        }
        let said = |fault: Thrown| fault.text().to_owned();
        let of = "for configuration";
        assert_eq!(
            said(millis(&config, "a", 1).unwrap_err()),
            format!("Invalid value zz {of} a: Not a number of type LONG")
        );
        assert_eq!(
            said(number::<i32>(&config, "b", "INT", 1, 0).unwrap_err()),
            format!("Invalid value -5 {of} b: Value must be at least 0")
        );
        assert!(said(boolean(&config, "c", true).unwrap_err()).contains("either true or false"));
        assert_eq!(
            said(one_of(&config, "d", "all", &["all", "-1"]).unwrap_err()),
            format!("Invalid value 7 {of} d: String must be one of: all, -1")
        );
        assert_eq!(millis(&config, "e", 9), Ok(Duration::from_millis(9)));
    }
}
