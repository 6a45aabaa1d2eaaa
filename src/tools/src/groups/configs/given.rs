//! Settings as the command line gives them.

use klamm_settings::parse_properties;

use super::failure::{Failure, illegal};
use crate::groups::failure::read_file;
use crate::jopt::Parsed;

/// Keys and values, each key once.
pub(super) type Settings = Vec<(String, String)>;

/// The settings to make (`parseConfigsToBeAdded`).
///
/// # Errors
/// In Kafka's words, if they are none.
pub(super) fn added(parsed: &Parsed) -> Result<Settings, Failure> {
    let mut settings = Settings::new();
    if let Some(path) = parsed.single("add-config-file")? {
        let bytes = read_file(path)?;
        let pairs =
            parse_properties(&String::from_utf8_lossy(&bytes)).map_err(|_| illegal("Malformed \\uxxxx encoding."))?;
        pairs.into_iter().for_each(|(key, value)| set(&mut settings, key, value));
    }
    if let Some(text) = parsed.single("add-config")? {
        for (key, value) in pairs(text)? {
            set(&mut settings, key, value);
        }
    }
    let odd = settings.iter().find(|(key, _)| !key.chars().all(is_legal));
    odd.map_or(Ok(()), |(key, _)| Err(illegal(format!("Invalid character found for config key: {key}"))))?;
    Ok(settings)
}

fn is_legal(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '$' | '.' | '_' | '-')
}

fn set(settings: &mut Settings, key: String, value: String) {
    match settings.iter_mut().find(|(known, _)| *known == key) {
        Some(known) => known.1 = value,
        None => settings.push((key, value)),
    }
}

/// The keys to unset. Commas stand between them, and empty ones count for nothing.
pub(super) fn deleted(parsed: &Parsed) -> Vec<String> {
    let mut keys = Vec::new();
    for text in parsed.values("delete-config") {
        let pieces: Vec<&str> = text.split(',').filter(|piece| !piece.is_empty()).collect();
        keys.extend(if pieces.is_empty() { vec![text] } else { pieces });
    }
    keys.into_iter().map(|key| key.trim().to_owned()).collect()
}

/// `a=1,b=[2,3]`: commas and equals signs within brackets belong to the value; the brackets themselves go.
fn pairs(text: &str) -> Result<Settings, Failure> {
    let mut items = split_outside(text, ',');
    while items.len() > 1 && items.last().is_some_and(|item| item.is_empty()) {
        items.pop();
    }
    let pair = |item: &&str| match split_outside(item, '=')[..] {
        [key, value] => Some((key.trim().to_owned(), value.replace(['[', ']'], "").trim().to_owned())),
        _ => None,
    };
    let pairs: Option<Settings> = items.iter().map(pair).collect();
    pairs.ok_or_else(|| {
        illegal(
            "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" or  \
             \"key=[val1,val2]\" to group values which contain commas.",
        )
    })
}

/// The pieces of a text between those `at` that no closing bracket follows before an opening one.
fn split_outside(text: &str, at: char) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (place, sign) in text.char_indices().filter(|(_, sign)| *sign == at) {
        let behind = place + sign.len_utf8();
        let inside = text[behind..].chars().find(|sign| matches!(sign, '[' | ']')) == Some(']');
        if !inside {
            pieces.push(&text[from..place]);
            from = behind;
        }
    }
    pieces.push(&text[from..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Failure> {
        pairs(text).map(|pairs| pairs.iter().map(|(key, value)| format!("{key}|{value}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn commas_and_equals_signs_in_brackets_belong_to_the_value() {
        assert_eq!(read("a=1").unwrap(), "a|1");
        assert_eq!(read("a=1,b=[2,3], c = x ,").unwrap(), "a|1 b|2,3 c|x");
        assert_eq!(
            read("SCRAM-SHA-256=[iterations=8192,password=p]").unwrap(),
            "SCRAM-SHA-256|iterations=8192,password=p"
        );
        assert_eq!(read("a=").unwrap(), "a|");
        assert_eq!(read("a=[1,2],b=[3,4]").unwrap(), "a|1,2 b|3,4");
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for bad in ["a", "", "a=1,b", "a=b=c", ",a=1"] {
            let Err(Failure::Told(text)) = pairs(bad) else { panic!("{bad} passes") };
            assert!(text.starts_with("requirement failed: Invalid entity config: "), "{text}");
        }
    }
}
