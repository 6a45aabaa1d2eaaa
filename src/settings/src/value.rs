//! Values: read from text as Kafka reads them, written as Java writes them.

use std::fmt;

use crate::check::Fault;
use crate::kind::Kind;

/// A value of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Boolean`].
    Boolean(bool),
    /// Of [`Kind::Int`], [`Kind::Short`] or [`Kind::Long`].
    Number(i64),
    /// Of [`Kind::Double`].
    Double(f64),
    /// Of [`Kind::String`], [`Kind::Class`] or [`Kind::Password`].
    Text(String),
    /// Of [`Kind::List`].
    List(Vec<String>),
}

impl Value {
    /// Reads a value of `kind` (`ConfigDef.parseType`); white space around it is dropped.
    pub(crate) fn parse(kind: Kind, text: &str) -> Result<Value, Fault> {
        let trimmed = java_trim(text);
        let number = |low: i64, high: i64| match trimmed.parse::<i64>() {
            Ok(number) if (low..=high).contains(&number) => Ok(Value::Number(number)),
            _ => Err(Fault::of_value(text, format!("Not a number of type {}", kind.name()))),
        };
        match kind {
            Kind::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Value::Boolean(true)),
            Kind::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Value::Boolean(false)),
            Kind::Boolean => Err(Fault::of_value(text, "Expected value to be either true or false")),
            Kind::Short => number(i64::from(i16::MIN), i64::from(i16::MAX)),
            Kind::Int => number(i64::from(i32::MIN), i64::from(i32::MAX)),
            Kind::Long => number(i64::MIN, i64::MAX),
            Kind::Double => java_double(trimmed)
                .map(Value::Double)
                .ok_or_else(|| Fault::of_value(text, "Not a number of type DOUBLE")),
            Kind::String | Kind::Class | Kind::Password => Ok(Value::Text(trimmed.to_owned())),
            Kind::List if trimmed.is_empty() => Ok(Value::List(Vec::new())),
            Kind::List => Ok(Value::List(trimmed.split(',').map(|item| java_trim(item).to_owned()).collect())),
        }
    }

    /// The number, if it is one.
    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// As Kafka shows it (`ConfigDef.convertToString`): lists joined by commas, doubles as Java's `Double.toString`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::Double(value) => f.write_str(&java_double_text(*value)),
            Value::Text(value) => f.write_str(value),
            Value::List(items) => f.write_str(&items.join(",")),
        }
    }
}

/// Java's `String.trim`: everything up to the space character goes, at both ends.
fn java_trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// Java's `Double.parseDouble`, without its hexadecimal form.
fn java_double(text: &str) -> Option<f64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match digits {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    let digits = digits.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(digits);
    let plain = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if plain { digits.parse::<f64>().ok().map(|value| sign * value) } else { None }
}

/// Java's `Double.toString`: plain from a thousandth to ten million, scientific beyond, always with a fraction.
fn java_double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return with_fraction(&value.to_string());
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}E{exponent}", with_fraction(mantissa))
}

fn with_fraction(digits: &str) -> String {
    if digits.contains('.') { digits.to_owned() } else { format!("{digits}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, text: &str) -> Option<String> {
        Value::parse(kind, text).ok().map(|value| value.to_string())
    }

    #[test]
    fn numbers_are_read_within_their_width() {
        for (kind, text, shown) in [
            (Kind::Int, " 5000 ", Some("5000")),
            (Kind::Int, "+5", Some("5")),
            (Kind::Int, "2147483648", None),
            (Kind::Int, "", None),
            (Kind::Int, "1e3", None),
            (Kind::Short, "32767", Some("32767")),
            (Kind::Short, "32768", None),
            (Kind::Long, "9223372036854775807", Some("9223372036854775807")),
            (Kind::Long, "9223372036854775808", None),
            (Kind::Boolean, "TRUE", Some("true")),
            (Kind::Boolean, "yes", None),
        ] {
            assert_eq!(read(kind, text).as_deref(), shown, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn doubles_are_read_and_written_as_java_does() {
        for (text, shown) in [
            ("0.5", Some("0.5")),
            ("1", Some("1.0")),
            (".25d", Some("0.25")),
            ("5.", Some("5.0")),
            ("-1e-5", Some("-1.0E-5")),
            ("1e7", Some("1.0E7")),
            ("9999999", Some("9999999.0")),
            ("1.7976931348623157E308", Some("1.7976931348623157E308")),
            ("NaN", Some("NaN")),
            ("-Infinity", Some("-Infinity")),
            ("nan", None),
            ("inf", None),
            ("infinity", None),
            ("1.2.3", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(read(Kind::Double, text).as_deref(), shown, "{text:?}");
        }
    }

    #[test]
    fn lists_lose_the_space_around_their_items_and_keep_empty_ones() {
        assert_eq!(read(Kind::List, " a , b,,c ").as_deref(), Some("a,b,,c"));
        assert_eq!(Value::parse(Kind::List, "  ").ok(), Some(Value::List(Vec::new())));
    }
}
