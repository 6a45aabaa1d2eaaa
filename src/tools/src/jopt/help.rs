//! The table of options, laid out as the stock parser lays it out (`BuiltinHelpFormatter`, 80 columns).
//!
//! ```text
//!   Option                                 Description
//!   ------                                 -----------
//!   --bootstrap-server <String: server(s)  To whom ...       39 columns at most, then what is left;
//!     to use for bootstrapping>                              a line that goes on is indented by two
//! ```

use super::{Argument, Opt};

/// Columns of the whole table.
const WIDTH: usize = 80;
/// Columns between the two.
const GAP: usize = 2;
/// What a line that goes on is indented by.
const INDENT: &str = "  ";

/// The table of options, sorted by their first names; each line ends in a line feed.
pub fn help(options: &[Opt]) -> String {
    let mut shown: Vec<&Opt> = options.iter().filter(|option| !option.hidden).collect();
    shown.sort_by_key(|option| option.names.first());
    let mut rows = match shown.iter().any(|option| option.required) {
        true => heading("Option (* = required)", "---------------------"),
        false => heading("Option", "------"),
    };
    rows.extend(shown.iter().map(|option| (left(option), right(option))));
    let (options_width, help_width) = widths(&rows);
    let fitted: Vec<(String, String)> =
        rows.iter().flat_map(|(left, right)| fit(left, options_width, right, help_width)).collect();
    let (options_width, help_width) = widths(&fitted);
    fitted.iter().map(|(left, right)| format!("{left:options_width$}  {right:help_width$}\n")).collect()
}

fn heading(option: &str, line: &str) -> Vec<(String, String)> {
    vec![(option.to_owned(), "Description".to_owned()), (line.to_owned(), "-----------".to_owned())]
}

/// `--topic, -t <String: topic>`.
fn left(option: &Opt) -> String {
    let dashed = |name: &&str| if name.chars().count() > 1 { format!("--{name}") } else { format!("-{name}") };
    let names: Vec<String> = option.names.iter().map(dashed).collect();
    let star = if option.required { "* " } else { "" };
    let value = match option.argument {
        Argument::None => String::new(),
        Argument::Required => format!(" <{}>", option.metavar),
        Argument::Optional => format!(" [{}]", option.metavar),
    };
    format!("{star}{}{value}", names.join(", "))
}

fn right(option: &Opt) -> String {
    match option.default {
        Some(default) => format!("{} (default: {default})", option.help),
        None => option.help.to_owned(),
    }
}

fn widths(rows: &[(String, String)]) -> (usize, usize) {
    let widest = |column: fn(&(String, String)) -> &String| rows.iter().map(|row| column(row).chars().count()).max();
    let options = widest(|row| &row.0).unwrap_or(0).min((WIDTH - GAP) / 2);
    (options, widest(|row| &row.1).unwrap_or(0).min(WIDTH - GAP - options))
}

/// A row as many lines, side by side.
fn fit(left: &str, left_width: usize, right: &str, right_width: usize) -> Vec<(String, String)> {
    let (left, right) = (pieces(left, left_width), pieces(right, right_width));
    let line = |pieces: &[String], at: usize| pieces.get(at).cloned().unwrap_or_default();
    (0..left.len().max(right.len())).map(|at| (line(&left, at), line(&right, at))).collect()
}

fn pieces(text: &str, width: usize) -> Vec<String> {
    text.trim().split('\n').flat_map(|line| wrap(line, width)).collect()
}

/// One line as pieces of at most `width` characters, where its words allow it.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for word in words(line) {
        if piece.chars().count() + word.chars().count() > width {
            pieces.push(piece.trim_end().to_owned());
            INDENT.clone_into(&mut piece);
        }
        piece.push_str(&word);
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// What may not be broken, each with the blanks behind it.
fn words(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let (mut words, mut start) = (Vec::new(), 0);
    for at in 1..letters.len() {
        if breaks(&letters[start..at], letters[at]) {
            words.push(letters[start..at].iter().collect());
            start = at;
        }
    }
    if start < letters.len() {
        words.push(letters[start..].iter().collect());
    }
    words
}

/// How a character behaves where lines are broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Word,
    Dash,
    /// Stays with what follows.
    Opening,
    /// Stays with what comes before.
    Closing,
}

/// The kind of `letter` behind `before`.
fn kind(before: &[char], letter: char) -> Kind {
    match letter {
        ' ' | '\t' => Kind::Blank,
        '-' => Kind::Dash,
        '(' | '[' | '{' => Kind::Opening,
        // A quotation mark opens at the start of a word and closes elsewhere.
        '"' if before.iter().all(|letter| matches!(letter, '(' | '[' | '{' | '"')) => Kind::Opening,
        '.' | ',' | ':' | ';' | '!' | '?' | '%' | ')' | ']' | '}' | '"' => Kind::Closing,
        _ => Kind::Word,
    }
}

/// True if a line may end behind `word`, which `next` follows (`BreakIterator.getLineInstance`, as far as the help
/// texts of tools go).
fn breaks(word: &[char], next: char) -> bool {
    let Some((&last, before)) = word.split_last() else { return false };
    match (kind(before, last), kind(word, next)) {
        (_, Kind::Blank) | (Kind::Opening, _) => false,
        (Kind::Blank, _) => true,
        (Kind::Word, Kind::Word) => is_negative_number(word) && !next.is_ascii_digit(),
        (Kind::Word, kind) => kind == Kind::Opening,
        (Kind::Dash, Kind::Dash) => false,
        // A dash at the start of a number is its sign.
        (Kind::Dash, Kind::Word) => !(next.is_ascii_digit() && before.iter().all(|letter| *letter == '-')),
        (Kind::Dash, kind) => kind == Kind::Closing,
        (Kind::Closing, Kind::Closing) => false,
        (Kind::Closing, _) => {
            let digits = before.last().is_some_and(char::is_ascii_digit) && next.is_ascii_digit();
            !(digits && matches!(last, '.' | ','))
        }
    }
}

/// A sign and digits hold together, and nothing else holds to them.
fn is_negative_number(word: &[char]) -> bool {
    matches!(word, ['-', digits @ ..] if !digits.is_empty() && digits.iter().all(char::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(line: &str) -> String {
        words(line).join("|")
    }

    #[test]
    fn lines_are_broken_where_java_breaks_them() {
        let cases = [
            "<String: |HOST1:|PORT1,...,|HOST3:|PORT3>",
            "<String: |topic1:|1,|topic2:|0-|3,|topic3,|topic4:|5-|,|topic5:|-3|>",
            "follower.|replication.|throttled.|replicas |a.|b |1.5 |a.|5 |5.|a",
            "combination |with |--|create. |(To |alter) |x--|y |foo-|1 |-1 |1-|2 |a-|b |-|b |5- ",
            "a:|b |5:|5 |a,|b |5,5 |a;|b |a/b |5/5 |a=b |a_b |a\"|b |a'b |a|(b |a)|b |a|[b |a]|b |a<b |a>b |a@b |a#b",
            "a:|-|b |a).|b |a,|(b |a,|<b |..|a |...|a |a...|b |a!?|b |a>:|b |server|(s) |\"x.|y\" |k1=v1,|k2=v2",
        ];
        for case in cases {
            assert_eq!(broken(&case.replace('|', "")), case);
        }
    }

    #[test]
    fn the_table_is_laid_out_as_the_stock_parser_does_it() {
        let options = [
            Opt::flag(&["help"], "Print usage information."),
            Opt::value(
                &["bootstrap-server"],
                "String: server(s) to use for bootstrapping",
                "REQUIRED: The server to connect to.",
            ),
            Opt::value(
                &["command-config"],
                "String: command config property file",
                "A property file containing configs to be passed to Admin Client.",
            ),
            Opt::flag(&["version"], "Display Kafka version."),
            Opt::value(&["zookeeper"], "String", "Gone.").hidden(),
        ];
        let expected = "\
Option                                 Description                          
------                                 -----------                          
--bootstrap-server <String: server(s)  REQUIRED: The server to connect to.  
  to use for bootstrapping>                                                 
--command-config <String: command      A property file containing configs to
  config property file>                  be passed to Admin Client.         
--help                                 Print usage information.             
--version                              Display Kafka version.               
";
        assert_eq!(help(&options), expected);
    }

    #[test]
    fn defaults_stars_and_optional_values_are_shown() {
        let options = [
            Opt::value(&["a", "all"], "String", "All.").or("x").required(),
            Opt::value(&["to"], "Integer: n", "To.").optional(),
        ];
        let expected = [
            "Option (* = required)  Description      ",
            "---------------------  -----------      ",
            "* -a, --all <String>   All. (default: x)",
            "--to [Integer: n]      To.              ",
        ];
        assert_eq!(help(&options).lines().collect::<Vec<_>>(), expected);
    }
}
