//! Text of bytes as Java reads them (`new String(bytes, UTF_8)`).
//!
//! Where bytes are no UTF-8 Java and Rust do not put the same number of replacement characters: three bytes that
//! encode half a surrogate pair are one mistake in Java and three in Rust, and Java gives up at an end that is cut.

const REPLACEMENT: char = '\u{fffd}';

/// The text of some bytes.
pub(super) fn java_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => replace_faults(bytes),
    }
}

fn replace_faults(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, ..] = rest {
        let (taken, letter) = match first {
            0..0x80 => (1, Some(char::from(*first))),
            0xc2..0xe0 => two(rest),
            0xe0..0xf0 => three(rest),
            0xf0..0xf8 => four(rest),
            _ => (1, None),
        };
        text.push(letter.unwrap_or(REPLACEMENT));
        rest = &rest[taken.min(rest.len())..];
    }
    text
}

fn continues(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Whether these two cannot begin three bytes.
fn is_no_start_of_three(first: u8, second: u8) -> bool {
    (first == 0xe0 && second & 0xe0 == 0x80) || !continues(second)
}

fn is_no_start_of_four(first: u8, second: u8) -> bool {
    first > 0xf4
        || (first == 0xf0 && !(0x90..0xc0).contains(&second))
        || (first == 0xf4 && second & 0xf0 != 0x80)
        || !continues(second)
}

fn two(bytes: &[u8]) -> (usize, Option<char>) {
    match bytes {
        [first, second, ..] if continues(*second) => {
            (2, char::from_u32((u32::from(first & 0x1f) << 6) | u32::from(second & 0x3f)))
        }
        _ => (1, None),
    }
}

fn three(bytes: &[u8]) -> (usize, Option<char>) {
    match bytes {
        [first, second, ..] if is_no_start_of_three(*first, *second) => (1, None),
        [first, second, third, ..] if continues(*third) => {
            let code = (u32::from(first & 0xf) << 12) | (u32::from(second & 0x3f) << 6) | u32::from(third & 0x3f);
            // Half a surrogate pair is no letter.
            (3, char::from_u32(code))
        }
        [_, _, _, ..] => (2, None),
        cut => (cut.len(), None),
    }
}

fn four(bytes: &[u8]) -> (usize, Option<char>) {
    match bytes {
        [first, second, ..] if is_no_start_of_four(*first, *second) => (1, None),
        [first] if *first > 0xf4 => (1, None),
        [_, _, third, ..] if !continues(*third) => (2, None),
        [first, second, third, fourth, ..] if continues(*fourth) => {
            let high = (u32::from(first & 7) << 18) | (u32::from(second & 0x3f) << 12);
            (4, char::from_u32(high | (u32::from(third & 0x3f) << 6) | u32::from(fourth & 0x3f)))
        }
        [_, _, _, _, ..] => (3, None),
        cut => (cut.len(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `?` for replacements.
    fn text(bytes: &[u8]) -> String {
        replace_faults(bytes).replace(REPLACEMENT, "?")
    }

    #[test]
    fn good_text_comes_back() {
        let good = "a\u{7f}\u{80}\u{e4}\u{7ff}\u{800}\u{20ac}\u{ffff}\u{10000}\u{1f600}\u{10ffff}";
        assert_eq!(text(good.as_bytes()), good);
        assert_eq!(java_text(good.as_bytes()), good);
    }

    #[test]
    fn faults_are_counted_as_java_counts_them() {
        let cases: [(&[u8], &str); 14] = [
            (b"\xed\xa0\x80x", "?x"),
            (b"\x80\xbfx", "??x"),
            (b"\xc0\xafx", "??x"),
            (b"\xc3x", "?x"),
            (b"\xe0\x80\x80x", "???x"),
            (b"\xe2\x82x", "?x"),
            (b"\xe2x", "?x"),
            (b"x\xe2\x82", "x?"),
            (b"\xf0\x9f\x98x", "?x"),
            (b"\xf0\x9fx", "?x"),
            (b"x\xf0\x9f\x98", "x?"),
            (b"\xf4\x90\x80\x80", "????"),
            (b"\xf5\x80\x80\x80", "????"),
            (b"\xff\xfe", "??"),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(text(bytes), wanted, "{bytes:x?}");
        }
    }
}
