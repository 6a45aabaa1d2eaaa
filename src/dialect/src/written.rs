//! The `server.properties` that a container's start writes, so that scripts which look at it or change it find what
//! they know.
//!
//! ```text
//!   # Written by klamm from the environment at the start of the container. ...
//!   # KAFKA_NUM_PARTITIONS
//!   num.partitions=3
//! ```
//! When the broker reads it, a line that still says what the environment says keeps the variable as its origin; a line
//! that was changed, added or taken out by a script in between wins.

use std::collections::BTreeMap;
use std::fmt::Write;

use klamm_settings::{ConfigError, Setting, read_properties};

use crate::draft::Draft;
use crate::world::TextFile;

const MARK: &str = "# Written by klamm ";

/// Whether a file was written by [`write()`].
pub fn is_written(text: &str) -> bool {
    text.starts_with(MARK)
}

/// The text of the file.
pub fn write(settings: &[Setting]) -> String {
    let mut text = format!(
        "{MARK}from the environment at the start of the container. Until the broker starts, a line\n\
         # that is changed, added or taken out wins over the environment.\n"
    );
    for Setting { key, value, origin } in settings {
        let place = origin.to_string().replace(['\n', '\r'], " ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n# {place}\n{}={}", escape(key, true), escape(value, false));
    }
    text
}

/// Takes over what was changed in the file since it was written.
pub(crate) fn take_changes(file: &TextFile, draft: &mut Draft) -> Result<(), ConfigError> {
    let lines = read_properties(&file.name, &file.text)?;
    let now: BTreeMap<String, Setting> = lines.into_iter().map(|line| (line.key.clone(), line)).collect();
    for key in draft.keys().into_iter().filter(|key| !now.contains_key(key)) {
        draft.remove(&key);
    }
    for (key, line) in now {
        if draft.get(&key) != Some(line.value.as_str()) {
            draft.put(line);
        }
    }
    Ok(())
}

/// Writes what Java's properties files would read otherwise as an escape.
fn escape(text: &str, is_key: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (place, c) in text.chars().enumerate() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{c}' => escaped.push_str("\\f"),
            ' ' if is_key || place == 0 => escaped.push_str("\\ "),
            ':' | '=' | '#' | '!' if is_key => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}
