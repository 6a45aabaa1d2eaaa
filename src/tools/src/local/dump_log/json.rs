//! JSON as Kafka's tools print it: no blanks, fields in their order (Jackson's `ObjectNode.toString`).

use std::fmt::{self, Write};

use klamm_base::text::base64url;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// A number, a boolean or null, as it is printed.
    Raw(String),
    /// A string.
    Text(String),
    /// Bytes, which are printed as base64.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// Null.
    pub(super) fn null() -> Json {
        Json::Raw("null".to_owned())
    }

    /// A field of an object.
    pub(super) fn field_mut(&mut self, wanted: &str) -> Option<&mut Json> {
        match self {
            Json::Object(fields) => fields.iter_mut().find(|(name, _)| *name == wanted).map(|(_, value)| value),
            _ => None,
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Raw(text) => f.write_str(text),
            Json::Text(text) => quoted(text, f),
            Json::Bytes(bytes) => {
                let text = base64url(bytes).replace('-', "+").replace('_', "/");
                let padding = &"=="[..(4 - text.len() % 4) % 4];
                write!(f, "\"{text}{padding}\"")
            }
            Json::List(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_char(']')
            }
            Json::Object(fields) => {
                f.write_char('{')?;
                for (at, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}\"{name}\":{value}", if at == 0 { "" } else { "," })?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            '\u{8}' => f.write_str("\\b")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\u{c}' => f.write_str("\\f")?,
            '\r' => f.write_str("\\r")?,
            '\0'..'\u{20}' => write!(f, "\\u{:04X}", u32::from(letter))?,
            _ => f.write_char(letter)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_without_blanks_and_with_java_s_escapes() {
        let value = Json::Object(vec![
            ("a", Json::List(vec![Json::Raw("1".to_owned()), Json::null()])),
            ("b", Json::Text("\u{1}\"\\\n\u{e4}/\u{1f}".to_owned())),
            ("c", Json::Bytes(vec![0xff, 0xfe])),
            ("d", Json::Bytes(b"any".to_vec())),
            ("e", Json::List(Vec::new())),
        ]);
        let wanted =
            "{\"a\":[1,null],\"b\":\"\\u0001\\\"\\\\\\n\u{e4}/\\u001F\",\"c\":\"//4=\",\"d\":\"YW55\",\"e\":[]}";
        assert_eq!(value.to_string(), wanted);
    }
}
