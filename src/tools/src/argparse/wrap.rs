//! Text in lines of one width with even margins, as argparse4j lays it out.

/// How wide a line may be (`DefaultSettings`: the terminal is not asked).
pub(super) const WIDTH: usize = 75;

/// Breaks `text` into lines; the first one begins at column `offset`, each later one with `indent`. A line that was broken
/// gets blanks between its words until it is [`WIDTH`] wide (`TextHelper.wrap`).
pub(super) fn wrap(text: &str, offset: usize, indent: &str) -> String {
    let (mut done, mut line, mut width) = (String::new(), String::new(), offset);
    for piece in pieces(text) {
        let piece_width = piece.chars().count();
        width += piece_width;
        if width > WIDTH {
            done.push_str(&spread(&line, width - piece_width));
            done.push('\n');
            done.push_str(indent);
            line.clear();
            width = indent.len() + piece_width;
        }
        line.push_str(piece);
        if piece.ends_with('\n') {
            done.push_str(&line);
            done.push_str(indent);
            line.clear();
            width = indent.len();
        }
    }
    done + &line
}

/// The line with blanks put in where there are some already; `width` is where it ends now. Where they cannot be the same
/// everywhere, the middle gets more.
fn spread(line: &str, width: usize) -> String {
    let trimmed = line.trim_matches(' ');
    let width = width - (line.chars().count() - trimmed.chars().count());
    let words: Vec<&str> = trimmed.split(' ').collect();
    let gaps = words.iter().skip(1).filter(|word| !word.is_empty()).count();
    if gaps == 0 {
        return trimmed.to_owned();
    }
    let wanted = WIDTH.saturating_sub(width);
    let (each, rest) = (wanted / gaps, wanted % gaps);
    let first = (gaps - rest).div_ceil(2);
    let mut text = words[0].to_owned();
    let mut gap = 0;
    for word in &words[1..] {
        text.push(' ');
        if !word.is_empty() {
            let more = usize::from((first..first + rest).contains(&gap));
            text.push_str(&" ".repeat(each + more));
            gap += 1;
        }
        text.push_str(word);
    }
    text
}

/// The places where a line may end, as Java's `BreakIterator.getLineInstance` sees them in plain text: behind blanks,
/// behind dashes, behind punctuation that ends a word.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, behind) = rest.split_at(piece_len(rest));
        rest = behind;
        Some(piece)
    })
}

fn piece_len(text: &str) -> usize {
    let run = |from: usize, holds: fn(char) -> bool| {
        text[from..].chars().take_while(|&letter| holds(letter)).map(char::len_utf8).sum::<usize>() + from
    };
    let before = run(0, begins_word);
    let core = run(before, in_word).max(number_end(text));
    let suffix = run(core, |letter| letter == '-').max(run(core, ends_word));
    let end = run(suffix, |letter| letter == ' ');
    match text[end..].chars().next() {
        Some('\n') => end + 1,
        Some(letter) if end == 0 => letter.len_utf8(),
        _ => end,
    }
}

/// The end of a number at the front of `text`, with what may stand before it; 0 if there is none.
fn number_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = text.find(|letter| letter != '-' && !begins_word(letter)).unwrap_or(text.len());
    let mut end = digits(start);
    if end == start {
        return 0;
    }
    while matches!(bytes.get(end), Some(b'.' | b',')) && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    end
}

fn begins_word(letter: char) -> bool {
    matches!(letter, '(' | '[' | '{' | '"' | '$')
}

fn ends_word(letter: char) -> bool {
    matches!(letter, ')' | ']' | '}' | '"' | '!' | '%' | '.' | ',' | ':' | ';' | '?')
}

fn in_word(letter: char) -> bool {
    !begins_word(letter) && !ends_word(letter) && !matches!(letter, '-' | ' ' | '\n' | '\t' | '\r')
}
