//! `--validate-regex`: whether the brokers take a regular expression (KIP-848 subscriptions, RE2 syntax).

use crate::io::Io;

/// What the parser of this program says, and what RE2/J, which the brokers use, says of the same.
const WORDS: &[(&str, &str)] = &[
    ("unclosed group", "missing closing )"),
    ("unopened group", "regexp/syntax: internal error"),
    ("unclosed character class", "missing closing ]"),
    ("unclosed counted repetition", "invalid repeat count"),
    ("invalid repetition count range", "invalid repeat count"),
    ("repetition operator missing expression", "missing argument to repetition operator"),
    ("incomplete escape sequence", "trailing backslash at end of expression"),
    ("escape sequence", "invalid escape sequence"),
    ("backreferences are not supported", "invalid escape sequence"),
    ("invalid character class range", "invalid character class range"),
    ("Unicode property not found", "invalid character class range"),
    ("duplicate capture group name", "duplicate capture group name"),
    ("capture group name", "invalid named capture"),
];

/// Says whether it is one; the exit code.
pub(super) fn validate(text: &str, io: &mut Io) -> u8 {
    match fault(text) {
        None => io.say(format_args!("The regular expression `{text}` is valid.")),
        Some(fault) => io.say(format_args!("The regular expression `{text}` is invalid: {fault}.")),
    }
    0
}

/// What is wrong with a regular expression.
fn fault(text: &str) -> Option<&'static str> {
    let error = regex::Regex::new(text).err()?.to_string();
    let known = WORDS.iter().find(|(ours, _)| error.contains(ours)).map(|(_, theirs)| *theirs);
    Some(known.unwrap_or("invalid or unsupported Perl syntax"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_in_re2_s_words() {
        let faults = [
            ("a+(b|c)*", None),
            ("(a", Some("missing closing )")),
            ("a)", Some("regexp/syntax: internal error")),
            ("[a", Some("missing closing ]")),
            ("*a", Some("missing argument to repetition operator")),
            ("a\\", Some("trailing backslash at end of expression")),
            ("\\y", Some("invalid escape sequence")),
            ("[z-a]", Some("invalid character class range")),
            ("a(?=b)", Some("invalid or unsupported Perl syntax")),
        ];
        for (text, expected) in faults {
            assert_eq!(fault(text), expected, "{text}");
        }
    }
}
