//! From a line to a record (`LineMessageReader`).

use std::collections::BTreeMap;

use regex::Regex;

use super::properties::is_true;
use crate::thrown::{KAFKA, Thrown};

/// How lines become records.
#[derive(Clone, Debug)]
pub(super) struct LineReader {
    parses_key: bool,
    key_separator: String,
    parses_headers: bool,
    headers_delimiter: String,
    headers_separator: Regex,
    headers_key_separator: String,
    ignores_errors: bool,
    null_marker: Option<String>,
    line_number: u64,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) value: Option<&'a str>,
    pub(super) headers: Vec<(&'a str, Option<&'a str>)>,
}

impl LineReader {
    /// Reads the properties of the reader.
    ///
    /// # Errors
    /// If two separators are the same, or one is no expression.
    pub(super) fn configure(properties: &BTreeMap<String, String>) -> Result<LineReader, Thrown> {
        let text = |key: &str, default: &str| properties.get(key).cloned().unwrap_or_else(|| default.to_owned());
        let yes = |key: &str| properties.get(key).is_some_and(|value| is_true(value));
        let headers_separator = text("headers.separator", ",");
        let bad = |error: regex::Error| Thrown::new("java.util.regex.PatternSyntaxException", error.to_string());
        let reader = LineReader {
            parses_key: yes("parse.key"),
            key_separator: text("key.separator", "\t"),
            parses_headers: yes("parse.headers"),
            headers_delimiter: text("headers.delimiter", "\t"),
            headers_separator: Regex::new(&headers_separator).map_err(bad)?,
            headers_key_separator: text("headers.key.separator", ":"),
            ignores_errors: yes("ignore.error"),
            null_marker: properties.get("null.marker").cloned(),
            line_number: 0,
        };
        reader.check(&headers_separator)?;
        Ok(reader)
    }

    fn check(&self, separator: &str) -> Result<(), Thrown> {
        let (delimiter, key) = (self.headers_delimiter.as_str(), self.headers_key_separator.as_str());
        let mut pairs = vec![
            ("headers.delimiter", delimiter, "headers.separator", separator),
            ("headers.delimiter", delimiter, "headers.key.separator", key),
            ("headers.separator", separator, "headers.key.separator", key),
        ];
        if let Some(marker) = self.null_marker.as_deref() {
            pairs.extend([
                ("null.marker", marker, "key.separator", self.key_separator.as_str()),
                ("null.marker", marker, "headers.separator", separator),
                ("null.marker", marker, "headers.delimiter", delimiter),
                ("null.marker", marker, "headers.key.separator", key),
            ]);
        }
        match pairs.into_iter().find(|(_, one, _, other)| one == other) {
            Some((one, _, other, _)) => Err(Thrown::new(KAFKA, format!("{one} and {other} may not be equal"))),
            None => Ok(()),
        }
    }

    /// Takes the next line apart.
    ///
    /// # Errors
    /// If a separator is missing in it.
    pub(super) fn read<'a>(&mut self, line: &'a str) -> Result<Message<'a>, Thrown> {
        self.line_number += 1;
        let headers = self.part(self.parses_headers, line, 0, &self.headers_delimiter, "headers delimiter")?;
        let from = headers.map_or(0, |headers| headers.len() + self.headers_delimiter.len());
        let key = self.part(self.parses_key, line, from, &self.key_separator, "key separator")?;
        let value = &line[from + key.map_or(0, |key| key.len() + self.key_separator.len())..];
        Ok(Message {
            key: key.filter(|key| !self.is_null(key)),
            value: Some(value).filter(|value| !self.is_null(value)),
            headers: match headers.filter(|headers| !self.is_null(headers)) {
                Some(headers) => self.headers(headers)?,
                None => Vec::new(),
            },
        })
    }

    fn is_null(&self, text: &str) -> bool {
        self.null_marker.as_deref() == Some(text)
    }

    fn part<'a>(
        &self,
        wanted: bool,
        line: &'a str,
        from: usize,
        separator: &str,
        name: &str,
    ) -> Result<Option<&'a str>, Thrown> {
        if !wanted {
            return Ok(None);
        }
        match line[from..].find(separator) {
            Some(length) => Ok(Some(&line[from..from + length])),
            None if self.ignores_errors => Ok(None),
            None => {
                let number = self.line_number;
                Err(Thrown::new(KAFKA, format!("No {name} found on line number {number}: '{line}'")))
            }
        }
    }

    fn headers<'a>(&self, headers: &'a str) -> Result<Vec<(&'a str, Option<&'a str>)>, Thrown> {
        let mut pairs: Vec<&str> = self.headers_separator.split(headers).collect();
        // Java's split leaves out what is empty at the end, unless there is nothing else.
        while pairs.len() > 1 && pairs.last().is_some_and(|pair| pair.is_empty()) {
            pairs.pop();
        }
        pairs.into_iter().map(|pair| self.header(pair)).collect()
    }

    fn header<'a>(&self, pair: &'a str) -> Result<(&'a str, Option<&'a str>), Thrown> {
        let Some((key, value)) = pair.split_once(self.headers_key_separator.as_str()) else {
            if self.ignores_errors {
                return Ok((pair, None));
            }
            let number = self.line_number;
            let why = format!("No header key separator found in pair '{pair}' on line number {number}");
            return Err(Thrown::new(KAFKA, why));
        };
        if self.is_null(key) {
            let why = format!("Header keys should not be equal to the null marker '{key}' as they can't be null");
            return Err(Thrown::new(KAFKA, why));
        }
        Ok((key, Some(value).filter(|value| !self.is_null(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(pairs: &[(&str, &str)]) -> Result<LineReader, String> {
        let properties = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        LineReader::configure(&properties).map_err(|fault| fault.text().to_owned())
    }

    fn shown(pairs: &[(&str, &str)], line: &str) -> String {
        match reader(pairs).unwrap().read(line) {
            Ok(Message { key, value, headers }) => format!("{key:?} {value:?} {headers:?}"),
            Err(fault) => fault.text().to_owned(),
        }
    }

    const KEYS: (&str, &str) = ("parse.key", "true");
    const HEADERS: (&str, &str) = ("parse.headers", " TRUE ");

    #[test]
    fn a_line_is_a_value_or_has_a_key_and_headers_before_it() {
        assert_eq!(shown(&[], "a\tb"), "None Some(\"a\\tb\") []");
        assert_eq!(shown(&[KEYS], "k\tv\tw"), "Some(\"k\") Some(\"v\\tw\") []");
        assert_eq!(shown(&[KEYS, ("key.separator", ":")], "k:v"), "Some(\"k\") Some(\"v\") []");
        assert_eq!(
            shown(&[KEYS, HEADERS], "h1:v1,h2:v2:x\tk\tv"),
            "Some(\"k\") Some(\"v\") [(\"h1\", Some(\"v1\")), (\"h2\", Some(\"v2:x\"))]"
        );
    }

    #[test]
    fn what_equals_the_marker_is_null() {
        let null = ("null.marker", "NIL");
        assert_eq!(shown(&[KEYS, HEADERS, null], "NIL\tNIL\tv"), "None Some(\"v\") []");
        assert_eq!(shown(&[KEYS, null], "k\tNIL"), "Some(\"k\") None []");
        assert_eq!(shown(&[HEADERS, null], "h:NIL\tv"), "None Some(\"v\") [(\"h\", None)]");
        assert!(shown(&[HEADERS, null], "NIL:x\tv").starts_with("Header keys should not be equal"));
    }

    #[test]
    fn a_missing_separator_is_an_error_with_the_line_s_number_or_ignored() {
        assert_eq!(shown(&[KEYS], "kv"), "No key separator found on line number 1: 'kv'");
        assert_eq!(shown(&[HEADERS], "kv"), "No headers delimiter found on line number 1: 'kv'");
        let pair = "No header key separator found in pair 'h' on line number 1";
        assert_eq!(shown(&[HEADERS], "h\tv"), pair);
        let ignore = ("ignore.error", "true");
        assert_eq!(shown(&[KEYS, ignore], "kv"), "None Some(\"kv\") []");
        assert_eq!(shown(&[HEADERS, ignore], "h\tv"), "None Some(\"v\") [(\"h\", None)]");
    }

    #[test]
    fn separators_must_differ() {
        let refused = |pairs: &[(&str, &str)]| reader(pairs).unwrap_err();
        assert_eq!(refused(&[("headers.delimiter", ",")]), "headers.delimiter and headers.separator may not be equal");
        assert_eq!(refused(&[("null.marker", "\t")]), "null.marker and key.separator may not be equal");
        assert_eq!(
            refused(&[("headers.separator", ":")]),
            "headers.separator and headers.key.separator may not be equal"
        );
    }
}
