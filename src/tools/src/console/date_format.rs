//! Dates by a pattern of letters (`java.text.SimpleDateFormat`), in UTC and English.

use crate::date::Moment;
use crate::thrown::Thrown;

const LETTERS: &str = "GyMwWDdFEaHkKhmsSzZYuXL";
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DateFormat(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(char, usize),
}

impl DateFormat {
    /// Reads a pattern.
    ///
    /// # Errors
    /// On a letter without a meaning, or a quote without an end, in Java's words.
    pub(super) fn parse(pattern: &str) -> Result<DateFormat, Thrown> {
        let illegal = |why: String| Thrown::new("java.lang.IllegalArgumentException", why);
        let mut parts: Vec<Part> = Vec::new();
        let mut letters = pattern.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter == '\'' {
                let mut text = String::new();
                loop {
                    match letters.next() {
                        Some('\'') if letters.peek() == Some(&'\'') => {
                            letters.next();
                            text.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => text.push(other),
                        None => return Err(illegal("Unterminated quote".to_owned())),
                    }
                }
                // Two quotes with nothing between them are one.
                parts.push(Part::Text(if text.is_empty() { "'".to_owned() } else { text }));
            } else if !letter.is_ascii_alphabetic() {
                parts.push(Part::Text(letter.to_string()));
            } else if !LETTERS.contains(letter) {
                return Err(illegal(format!("Illegal pattern character '{letter}'")));
            } else {
                match parts.last_mut() {
                    Some(Part::Field(last, width)) if *last == letter => *width += 1,
                    _ => parts.push(Part::Field(letter, 1)),
                }
            }
        }
        Ok(DateFormat(parts))
    }

    /// The moment this many milliseconds after 1970.
    pub(super) fn format(&self, ms: i64) -> String {
        let moment = Moment::of(ms);
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(letter, width) => field(&moment, *letter, *width),
        };
        self.0.iter().map(part).collect()
    }
}

fn field(moment: &Moment, letter: char, width: usize) -> String {
    let number = |number: i64| format!("{number:0width$}");
    let named = |names: &[&str], place: u32| {
        let name = names.get(place as usize - 1).copied().unwrap_or_default();
        if width >= 4 { name.to_owned() } else { name.chars().take(3).collect() }
    };
    let weekday = i64::from(moment.weekday);
    let hour = i64::from(moment.hour);
    match letter {
        'G' => "AD".to_owned(),
        'y' | 'Y' if width == 2 => format!("{:02}", moment.year.rem_euclid(100)),
        'y' | 'Y' => number(moment.year),
        'M' | 'L' if width >= 3 => named(&MONTHS, moment.month),
        'M' | 'L' => number(i64::from(moment.month)),
        // Weeks begin on Sundays, and the first one holds the first of January.
        'w' => number((i64::from(moment.day_of_year) - 1 + first_weekday(moment, moment.day_of_year)) / 7 + 1),
        'W' => number((i64::from(moment.day) - 1 + first_weekday(moment, moment.day)) / 7 + 1),
        'D' => number(i64::from(moment.day_of_year)),
        'd' => number(i64::from(moment.day)),
        'F' => number((i64::from(moment.day) - 1) / 7 + 1),
        'E' => named(&DAYS, moment.weekday),
        'u' => number(weekday),
        'a' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        'H' => number(hour),
        'k' => number(if hour == 0 { 24 } else { hour }),
        'K' => number(hour % 12),
        'h' => number(if hour % 12 == 0 { 12 } else { hour % 12 }),
        'm' => number(i64::from(moment.minute)),
        's' => number(i64::from(moment.second)),
        'S' => number(i64::from(moment.millis)),
        'z' if width >= 4 => "Coordinated Universal Time".to_owned(),
        'z' => "UTC".to_owned(),
        'Z' => "+0000".to_owned(),
        _ => "Z".to_owned(),
    }
}

/// The weekday, from 0 for Sunday, of the day that lies `days - 1` days before.
fn first_weekday(moment: &Moment, days: u32) -> i64 {
    (i64::from(moment.weekday) - (i64::from(days) - 1)).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14T22:13:20.123Z, a Tuesday.
    const MOMENT: i64 = 1_700_000_000_123;

    fn shown(pattern: &str) -> String {
        DateFormat::parse(pattern).map_or_else(|fault| fault.text().to_owned(), |format| format.format(MOMENT))
    }

    #[test]
    fn fields_and_text_are_printed_as_java_prints_them() {
        assert_eq!(shown("yyyy-MM-dd HH:mm:ss:SSS"), "2023-11-14 22:13:20:123");
        assert_eq!(
            shown("yy/M/d h:mm a 'o''clock' E EEEE MMM MMMM D"),
            "23/11/14 10:13 PM o'clock Tue Tuesday Nov November 318"
        );
        assert_eq!(shown("w W F k K u Z X z"), "46 3 2 22 10 2 +0000 Z UTC");
    }

    #[test]
    fn what_is_no_pattern_is_said_in_java_s_words() {
        assert_eq!(shown("yyyy jj"), "Illegal pattern character 'j'");
        assert_eq!(shown("'x"), "Unterminated quote");
    }
}
