//! Values as people write them in YAML, made into what they meant.

use klamm_settings::{Kind, broker_key, unescape};

const END_POINTS: &[&str] = &["listeners", "advertised.listeners"];
const PAIRS: &[&str] = &["listener.security.protocol.map", "max.connections.per.ip.overrides"];

/// The value of `key` that a variable's text means: read as Java reads a properties file, into which the images write
/// it; lists without blanks, line breaks and empty items.
pub(crate) fn clean(key: &str, text: &str) -> String {
    let text = unescape(text.trim()).unwrap_or_else(|| text.trim().to_owned());
    if END_POINTS.contains(&key) {
        let text: String = text.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
        return items(&text, |item, _| item.contains("://")).join(",");
    }
    if PAIRS.contains(&key) {
        let goes_on = |item: &str, next: &str| !item.contains(':') || item.ends_with(':') || next.starts_with(':');
        return items(&text, |item, next| !goes_on(item, next)).join(",");
    }
    match broker_key(key).map(|row| row.kind) {
        Some(Kind::List) => {
            let parts = text.split([',', '\n', '\r']).map(str::trim).filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(",")
        }
        _ => text.trim().to_owned(),
    }
}

/// The items of a list without the blanks in them. A blank stands for a missing comma where `is_whole` says that the
/// item before it is one already, given what follows.
fn items(text: &str, is_whole: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut items = Vec::new();
    for part in text.split(',') {
        let mut item = String::new();
        for word in part.split_whitespace() {
            if !item.is_empty() && is_whole(&item, word) && (word.contains("://") || !item.contains("://")) {
                items.push(std::mem::take(&mut item));
            }
            item.push_str(word);
        }
        items.push(item);
    }
    items.retain(|item| !item.is_empty());
    items
}

/// `text` without the pair of quotes around it.
pub(crate) fn without_quotes(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_listeners_lose_blanks_line_breaks_quotes_and_empty_items() {
        for text in [
            "A://:1,B://h:2",
            " A://:1 , B://h:2\n",
            "A://:1,\n  B://h:2,",
            "A://:1\nB://h:2",
            "A:// :1,,B://\"h\":2,",
            "'A'://:1 B://h:2",
        ] {
            assert_eq!(clean("listeners", text), "A://:1,B://h:2", "{text:?}");
        }
        for text in ["A:PLAINTEXT,B:SSL", "A: PLAINTEXT ,\nB :SSL,", "A:PLAINTEXT B:SSL", "A : PLAINTEXT\nB:SSL\n"] {
            assert_eq!(clean("listener.security.protocol.map", text), "A:PLAINTEXT,B:SSL", "{text:?}");
        }
    }

    #[test]
    fn other_values_are_read_as_from_a_properties_file() {
        assert_eq!(clean("controller.quorum.voters", "1@kafka:9093,\n"), "1@kafka:9093");
        assert_eq!(clean("log.dirs", "/a b, /c"), "/a b,/c");
        assert_eq!(clean("num.partitions", " 3\n"), "3");
        assert_eq!(clean("broker.rack", r"a\tb\\"), "a\tb\\");
        assert_eq!(clean("broker.rack", r"\u12"), r"\u12");
    }

    #[test]
    fn one_pair_of_quotes_goes() {
        assert_eq!(without_quotes("\"127.0.0.1\""), Some("127.0.0.1"));
        assert_eq!(without_quotes(" 'a' "), Some("a"));
        assert_eq!(without_quotes("\"\"a\"\""), Some("\"a\""));
        for plain in ["", "\"", "'", "a", "\"a", "a'", "\"a'"] {
            assert_eq!(without_quotes(plain), None, "{plain:?}");
        }
    }
}
