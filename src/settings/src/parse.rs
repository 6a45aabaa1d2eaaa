//! Java's properties files (`java.util.Properties.load`), with the numbers of their lines.
//!
//! ```text
//!   # a comment            ! another
//!   key=value              key: value               key value
//!   key = one,\            the value goes on; the white space before `two` is dropped
//!         two
//!   a\ key = \u0041\t      escapes: \t \n \r \f \uXXXX, and any other character for itself
//! ```

/// One setting of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The line on which it begins, from 1.
    pub line: usize,
    pub key: String,
    /// Its value, with white space at its end.
    pub value: String,
}

/// A `\u` without four hexadecimal digits, on this line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub usize);

/// Reads the settings of `text`, in their order. A key that comes twice is there twice.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let mut entries = Vec::new();
    for (line, logical) in logical_lines(text) {
        let (key, value) = split(&logical);
        let (key, value) = (unescape(key).ok_or(Malformed(line))?, unescape(value).ok_or(Malformed(line))?);
        entries.push(Entry { line, key, value });
    }
    Ok(entries)
}

/// Reads the settings of a properties file as pairs, in their order (`java.util.Properties.load`).
///
/// # Errors
/// The line of a `\u` that is not followed by four hexadecimal digits.
pub fn parse_properties(text: &str) -> Result<Vec<(String, String)>, usize> {
    let entries = parse(text).map_err(|Malformed(line)| line)?;
    Ok(entries.into_iter().map(|entry| (entry.key, entry.value)).collect())
}

/// Lines that say something, each joined with those that continue it.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.split('\n').enumerate();
    let mut logical = Vec::new();
    while let Some((place, first)) = lines.next() {
        let first = first.trim_start_matches(is_space);
        if first.is_empty() || first.starts_with(['#', '!']) {
            continue;
        }
        let mut joined = String::new();
        let mut part = first;
        while let Some(open) = part.strip_suffix('\\').filter(|_| is_continued(part)) {
            joined.push_str(open);
            part = lines.next().map_or("", |(_, next)| next.trim_start_matches(is_space));
        }
        joined.push_str(part);
        logical.push((place + 1, joined));
    }
    logical
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

/// An even number of backslashes at the end are characters of the value, not a continuation.
fn is_continued(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Key and value, still escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c| {
        let ends = !escaped && (is_space(c) || c == '=' || c == ':');
        escaped = !escaped && c == '\\';
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(is_space);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, rest.trim_start_matches(is_space))
}

/// Reads the escapes of a key or a value; `None` if a `\u` is not followed by four hexadecimal digits. Escaped halves of surrogate pairs find together.
pub fn unescape(text: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let meant = match c {
            '\\' => match chars.next() {
                Some('u') => {
                    units.push(take_unit(&mut chars)?);
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => break,
            },
            other => other,
        };
        units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
}

fn take_unit(chars: &mut std::str::Chars<'_>) -> Option<u16> {
    let digits = chars.as_str().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    *chars = chars.as_str()[4..].chars();
    Some(unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(usize, String, String)> {
        parse(text).unwrap().into_iter().map(|entry| (entry.line, entry.key, entry.value)).collect()
    }

    fn pair(text: &str) -> (String, String) {
        let entries = parse(text).unwrap();
        assert_eq!(entries.len(), 1, "{text:?}");
        (entries[0].key.clone(), entries[0].value.clone())
    }

    #[test]
    fn comments_and_empty_lines_say_nothing_but_count() {
        let text = "# one\n\n   ! two\r\n \t \ra=1\n  b=2";
        assert_eq!(read(text), [(5, "a".into(), "1".into()), (6, "b".into(), "2".into())]);
    }

    #[test]
    fn a_key_ends_at_the_first_equals_sign_colon_or_space() {
        for text in ["k=v", "k:v", "k v", "  k  =  v", "k\t:\tv", "k   v"] {
            assert_eq!(pair(text), ("k".into(), "v".into()), "{text:?}");
        }
        assert_eq!(pair("k==v"), ("k".into(), "=v".into()));
        assert_eq!(pair("k = :v"), ("k".into(), ":v".into()));
        assert_eq!(pair("k"), ("k".into(), String::new()));
        assert_eq!(pair("=v"), (String::new(), "v".into()));
        assert_eq!(pair(r"a\ b\=c\:d=v"), ("a b=c:d".into(), "v".into()));
    }

    #[test]
    fn a_value_keeps_the_space_at_its_end() {
        assert_eq!(pair("k = v \t"), ("k".into(), "v \t".into()));
    }

    #[test]
    fn an_odd_number_of_backslashes_continues_a_line() {
        assert_eq!(pair("k = a,\\\n    b,\\\r\n  c"), ("k".into(), "a,b,c".into()));
        assert_eq!(pair("k = a\\\n # not a comment"), ("k".into(), "a# not a comment".into()));
        assert_eq!(pair("k = a\\"), ("k".into(), "a".into()));
        assert_eq!(read("k = a\\\\\nb = c").len(), 2);
        assert_eq!(read("# a comment goes not on \\\nb = c"), [(2, "b".into(), "c".into())]);
        assert_eq!(read("a = \\\n\\\n1\nb=2"), [(1, "a".into(), "1".into()), (4, "b".into(), "2".into())]);
    }

    #[test]
    fn escapes_are_read_as_java_reads_them() {
        assert_eq!(pair(r"k=\t\n\r\f\\\q\u0041\u00e9").1, "\t\n\r\u{c}\\qAé");
        assert_eq!(pair(r"k=\ud83d\ude00").1, "😀");
        assert_eq!(pair("k=é😀").1, "é😀");
        assert_eq!(parse("a=1\nk=\\u12"), Err(Malformed(2)));
        assert_eq!(parse("k=\\u12é4"), Err(Malformed(1)));
        assert_eq!(parse("k=\\u+123"), Err(Malformed(1)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "(?s).{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_full_of_special_characters_is_read_or_refused(text in r"[ab\\#!=: \t\n\r\fu0d8é]{0,60}") {
            let entries = parse(&text).unwrap_or_default();
            prop_assert!(entries.is_sorted_by(|one, next| one.line < next.line));
        }
    }
}
