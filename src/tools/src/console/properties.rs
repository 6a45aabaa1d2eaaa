//! `key=value` words and property files of the console tools.

use std::collections::BTreeMap;
use std::path::Path;

use klamm_env::{Disk, DiskOs};

use crate::client_config::ClientConfig;
use crate::jopt::{Fault, Parsed};
use crate::thrown::Thrown;

/// Splits words at their first `=`; a word without one has an empty value (`CommandLineUtils.parseKeyValueArgs`).
pub(super) fn key_values(words: &[&str]) -> Vec<(String, String)> {
    let split = |word: &&str| {
        word.split_once('=')
            .map_or(((*word).to_owned(), String::new()), |(key, value)| (key.to_owned(), value.to_owned()))
    };
    words.iter().map(split).collect()
}

/// The properties of a file (`Utils.loadProps`).
///
/// # Errors
/// The exception of a file that cannot be read, or is none of properties.
pub(super) fn load(path: &str) -> Result<Vec<(String, String)>, Thrown> {
    let bytes = DiskOs.read(Path::new(path)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Thrown::new("java.nio.file.NoSuchFileException", path),
        std::io::ErrorKind::PermissionDenied => Thrown::new("java.nio.file.AccessDeniedException", path),
        _ => Thrown::new("java.io.IOException", error.to_string()),
    })?;
    let text: String = match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        // Property files are Latin-1 by tradition.
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    let malformed = |_| Thrown::new("java.lang.IllegalArgumentException", "Malformed \\uxxxx encoding.");
    klamm_settings::parse_properties(&text).map_err(malformed)
}

/// Adds properties to others; later ones win.
pub(super) fn set_all(config: &mut ClientConfig, pairs: Vec<(String, String)>) {
    pairs.into_iter().for_each(|(key, value)| config.set(key, value));
}

/// Properties by name.
pub(super) fn by_name(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    pairs.into_iter().collect()
}

/// What an option says goes before the properties; its default does not (`CommandLineUtils.maybeMergeOptions`).
///
/// # Errors
/// If the option's value is no `T`.
pub(super) fn merge<T: std::str::FromStr + ToString>(
    config: &mut ClientConfig,
    key: &str,
    parsed: &Parsed,
    option: &str,
) -> Result<(), Fault> {
    let wanted = parsed.has(option) || config.get(key).is_none();
    if let Some(value) = if wanted { parsed.read_value::<T>(option)? } else { None } {
        config.set(key, value.to_string());
    }
    Ok(())
}

/// True for "true", in any case and with blanks around (`String.equalsIgnoreCase`).
pub(super) fn is_true(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_at_their_first_equals_sign() {
        let split = key_values(&["a=b=c", "d", "e="]);
        let shown: Vec<String> = split.iter().map(|(key, value)| format!("{key}>{value}")).collect();
        assert_eq!(shown, ["a>b=c", "d>", "e>"]);
    }

    #[test]
    fn a_missing_file_is_java_s_exception() {
        let fault = load("/nowhere/at/all").unwrap_err();
        assert_eq!(fault.to_string(), "java.nio.file.NoSuchFileException: /nowhere/at/all");
    }
}
