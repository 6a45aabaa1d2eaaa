//! What a value must satisfy beyond its kind.

use std::fmt;

use crate::value::Value;

/// A condition on a value (`ConfigDef.Validator`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// None.
    Any,
    /// A number that is not less.
    AtLeast(f64),
    /// A number from the first to the second, both allowed.
    Between(f64, f64),
    /// A text that is one of these.
    OneOf(&'static [&'static str]),
    /// A text that is one of these, in upper or lower case.
    OneOfIgnoreCase(&'static [&'static str]),
    /// A text that is not empty.
    NonEmpty,
    /// A list without empty items. Items that come twice count once.
    List {
        /// What the items may be; nothing named is anything.
        of: &'static [&'static str],
        /// Whether the list may have no item.
        empty: bool,
    },
    /// A level of gzip: 1 to 9, or -1.
    GzipLevel,
    /// A list of `partition:broker`, or `*` alone.
    ThrottledReplicas,
    /// Where a share group begins: `latest`, `earliest` or `by_duration:` and an ISO 8601 duration (KIP-1106).
    ShareReset,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The value does not fit.
    OfValue {
        /// The value, as it is shown.
        shown: String,
        /// Why.
        problem: String,
    },
    /// A text that names the key itself.
    OfKey(String),
}

impl Fault {
    pub(crate) fn of_value(shown: impl Into<String>, problem: impl Into<String>) -> Fault {
        Fault::OfValue { shown: shown.into(), problem: problem.into() }
    }

    /// The text in Kafka's form (`ConfigException`).
    pub(crate) fn message(&self, key: &str) -> String {
        match self {
            Fault::OfValue { shown, problem } => format!("Invalid value {shown} for configuration {key}: {problem}"),
            Fault::OfKey(text) => text.clone(),
        }
    }

    /// Why, without the value.
    pub(crate) fn problem(&self) -> &str {
        match self {
            Fault::OfValue { problem, .. } => problem,
            Fault::OfKey(text) => text,
        }
    }
}

impl Check {
    /// Checks `value` of the key `key`.
    pub(crate) fn ensure(self, key: &str, value: &Value) -> Result<(), Fault> {
        let refuse = |problem: String| Err(Fault::of_value(value.to_string(), problem));
        match (self, value) {
            (Check::AtLeast(low) | Check::Between(low, _), value) if as_double(value) < low => {
                refuse(format!("Value must be at least {low}"))
            }
            (Check::Between(_, high), value) if as_double(value) > high => {
                refuse(format!("Value must be no more than {high}"))
            }
            (Check::OneOf(words), Value::Text(text)) if !words.contains(&text.as_str()) => {
                refuse(format!("String must be one of: {}", words.join(", ")))
            }
            (Check::OneOfIgnoreCase(words), Value::Text(text))
                if !words.iter().any(|word| word.eq_ignore_ascii_case(text)) =>
            {
                refuse(format!("String must be one of (case insensitive): {}", words.join(", ")))
            }
            (Check::NonEmpty, Value::Text(text)) if text.is_empty() => refuse("String must be non-empty".to_owned()),
            (Check::List { of, empty }, Value::List(items)) => ensure_list(key, items, of, empty),
            (Check::GzipLevel, Value::Number(level)) if *level != -1 && !(1..=9).contains(level) => {
                refuse("Value must be between 1 and 9 or equal to -1".to_owned())
            }
            (Check::ThrottledReplicas, Value::List(items)) => ensure_throttled(key, items),
            (Check::ShareReset, Value::Text(text)) if !is_share_reset(text) => refuse(format!(
                "Invalid value `{text}` for configuration {key}. The value must be either 'earliest', 'latest' or of \
                 the format 'by_duration:<PnDTnHnMn.nS>'."
            )),
            _ => Ok(()),
        }
    }
}

/// NaN passes every bound, as it does in Java.
fn as_double(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number as f64,
        Value::Double(number) => *number,
        _ => f64::NAN,
    }
}

fn ensure_list(key: &str, items: &[String], of: &[&str], empty: bool) -> Result<(), Fault> {
    if items.is_empty() && !empty {
        let valid = if of.is_empty() { "any non-empty value".to_owned() } else { format!("[{}]", of.join(", ")) };
        return Err(Fault::OfKey(format!("Configuration '{key}' must not be empty. Valid values include: {valid}")));
    }
    for item in items {
        if item.is_empty() {
            return Err(Fault::OfKey(format!("Configuration '{key}' values must not be empty.")));
        }
        if !of.is_empty() && !of.contains(&item.as_str()) {
            return Err(Fault::of_value(item, format!("String must be one of: {}", of.join(", "))));
        }
    }
    Ok(())
}

fn ensure_throttled(key: &str, items: &[String]) -> Result<(), Fault> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let pair = |item: &String| item.split_once(':').is_some_and(|(part, broker)| digits(part) && digits(broker));
    if items.iter().all(pair) || (items.len() == 1 && items[0] == "*") {
        return Ok(());
    }
    Err(Fault::of_value(
        format!("[{}]", items.join(", ")),
        format!(
            "{key} must be the literal '*' or a list of replicas in the following format: \
             [partitionId]:[brokerId],[partitionId]:[brokerId],..."
        ),
    ))
}

fn is_share_reset(text: &str) -> bool {
    match text.strip_prefix("by_duration:") {
        Some(duration) => is_duration(duration),
        None => text == "latest" || text == "earliest",
    }
}

/// True for a duration of ISO 8601 that is not negative, in days, hours, minutes and seconds (`Duration.parse`).
fn is_duration(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let Some(rest) = upper.strip_prefix('+').unwrap_or(&upper).strip_prefix('P') else {
        return false;
    };
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return false,
        None => (rest, ""),
    };
    let Some(days) = take_unit(days, 'D', false) else { return false };
    let Some(minutes) = take_unit(time, 'H', false).and_then(|rest| take_unit(rest, 'M', false)) else { return false };
    !rest.is_empty() && days.is_empty() && take_unit(minutes, 'S', true).is_some_and(str::is_empty)
}

/// What follows the number with this unit at the beginning of `text`; all of `text` if the unit is not there.
fn take_unit(text: &str, unit: char, fraction: bool) -> Option<&str> {
    let Some((number, rest)) = text.split_once(unit) else { return Some(text) };
    let (whole, part) = number.split_once(['.', ',']).unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = whole.strip_prefix('+').unwrap_or(whole);
    let fits = digits(whole) && !whole.is_empty() && digits(part) && part.len() <= 9 && (fraction || whole == number);
    fits.then_some(rest)
}

/// In words, for the line that stops a start.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Any => f.write_str("any"),
            Check::AtLeast(low) => write!(f, "at least {low}"),
            Check::Between(low, high) => write!(f, "{low} to {high}"),
            Check::OneOf(words) | Check::OneOfIgnoreCase(words) => write!(f, "one of {}", words.join(", ")),
            Check::NonEmpty => f.write_str("not empty"),
            Check::List { of: [], empty } => f.write_str(if *empty { "any" } else { "not empty" }),
            Check::List { of, .. } => write!(f, "of {}", of.join(", ")),
            Check::GzipLevel => f.write_str("1 to 9 or -1"),
            Check::ThrottledReplicas => f.write_str("* or PARTITION:BROKER pairs"),
            Check::ShareReset => f.write_str("latest, earliest or by_duration:PnDTnHnMn.nS"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_group_begins_at_a_word_or_a_duration_that_is_not_negative() {
        for good in ["latest", "earliest", "by_duration:PT1H", "by_duration:P1DT2H3M4.5S", "by_duration:pt0s"] {
            assert!(is_share_reset(good), "{good}");
        }
        for bad in [
            "LATEST",
            "x",
            "by_duration:",
            "by_duration:P",
            "by_duration:PT",
            "by_duration:-PT1H",
            "by_duration:PT-1H",
            "by_duration:PT1.5H",
            "by_duration:P1H",
            "by_duration:PT1M2H",
            "by_duration:PTS",
        ] {
            assert!(!is_share_reset(bad), "{bad}");
        }
    }

    #[test]
    fn throttled_replicas_are_pairs_or_a_star_alone() {
        let check = |items: &[&str]| {
            ensure_throttled("k", &items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>()).is_ok()
        };
        assert!(check(&[]) && check(&["*"]) && check(&["0:1", "12:3"]));
        assert!(!check(&["*", "1:1"]) && !check(&["none"]) && !check(&["1:"]) && !check(&["a:1"]) && !check(&[""]));
    }
}
