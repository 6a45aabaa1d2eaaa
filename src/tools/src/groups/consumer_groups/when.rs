//! Points in time, as the command line writes them.

use crate::thrown::Thrown;

const PARSE: &str = "java.text.ParseException";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Milliseconds since 1970 of `YYYY-MM-DDTHH:mm:SS.sss` with `Z`, `+hh` or `+hh:mm` behind it; without one of these it
/// is UTC (`Utils.getDateTime`).
///
/// # Errors
/// As `SimpleDateFormat` refuses it.
pub(super) fn parse_datetime(text: &str) -> Result<i64, Thrown> {
    let pieces = super::targets::java_split(text, 'T');
    if pieces.len() < 2 {
        let text = "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format";
        return Err(Thrown::new(PARSE, text));
    }
    let zoned = if pieces[1].contains(['+', '-', 'Z']) { text.to_owned() } else { format!("{text}Z") };
    read_datetime(&zoned).ok_or_else(|| Thrown::new(PARSE, format!("Unparseable date: \"{zoned}\"")))
}

fn read_datetime(text: &str) -> Option<i64> {
    let mut text = text;
    let year = number(&mut text)?;
    let mut field = |sign: char, range: std::ops::RangeInclusive<i64>| {
        text = text.strip_prefix(sign)?;
        number(&mut text).filter(|value| range.contains(value))
    };
    let month = field('-', 1..=12)?;
    let day = field('-', 1..=31)?;
    let hour = field('T', 0..=23)?;
    let minute = field(':', 0..=59)?;
    let second = field(':', 0..=59)?;
    let millis = field('.', 0..=999)?;
    let offset_minutes = zone(text)?;
    if year == 0 || day > days_in(year, month) {
        return None;
    }
    let days = days_since_1970(year, month, day);
    Some(days * DAY_MS + ((hour * 60 + minute - offset_minutes) * 60 + second) * 1000 + millis)
}

/// The number that the text begins with.
fn number(text: &mut &str) -> Option<i64> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    *text = rest;
    // Nine digits are beyond any calendar and within any number.
    if digits.len() > 9 { None } else { digits.parse().ok() }
}

/// Minutes east of Greenwich; what stands behind the zone counts for nothing.
fn zone(text: &str) -> Option<i64> {
    let (sign, rest) = match text.bytes().next()? {
        b'Z' => return Some(0),
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let two =
        |text: &str| text.get(..2).filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()))?.parse::<i64>().ok();
    let hours = two(rest).filter(|hours| *hours < 24)?;
    let minutes = rest[2..].strip_prefix(':').and_then(two).filter(|minutes| *minutes < 60);
    Some(sign * (hours * 60 + minutes.unwrap_or(0)))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar. A year is counted from March, so that the day that may be missing is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Milliseconds of `PnDTnHnMn.nS`, any part of which may be missing or negative (`java.time.Duration.parse`).
///
/// # Errors
/// As Java refuses it.
pub(super) fn parse_duration(text: &str) -> Result<i64, Thrown> {
    read_duration(&text.to_ascii_uppercase())
        .ok_or_else(|| Thrown::new("java.time.format.DateTimeParseException", "Text cannot be parsed to a Duration"))
}

fn read_duration(text: &str) -> Option<i64> {
    let (sign, body) = signed(text);
    let body = body.strip_prefix('P')?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None if body.is_empty() => return None,
        None => (body, ""),
    };
    let mut rest = date;
    let mut total = part(&mut rest, 'D')?.checked_mul(DAY_MS)?;
    if !rest.is_empty() {
        return None;
    }
    rest = time;
    for (unit, unit_ms) in [('H', 3_600_000), ('M', 60_000)] {
        total = total.checked_add(part(&mut rest, unit)?.checked_mul(unit_ms)?)?;
    }
    total.checked_add(seconds(rest)?)?.checked_mul(sign)
}

/// The number before `unit` at the text's beginning; 0 if there is none. It leaves what is behind.
fn part(text: &mut &str, unit: char) -> Option<i64> {
    let Some((digits, behind)) = text.split_once(unit) else { return Some(0) };
    *text = behind;
    let (sign, digits) = signed(digits);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse::<i64>().ok()?.checked_mul(sign) } else { None }
}

/// Milliseconds of `n.nS`; the fraction is cut off behind them.
fn seconds(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = signed(text.strip_suffix('S')?);
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > 9 {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(millis)?.checked_mul(sign)
}

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        let times = [
            ("1970-01-01T00:00:00.000", 0),
            ("1970-01-01T00:00:00.000Z", 0),
            ("2020-02-29T12:34:56.789", 1_582_979_696_789),
            ("2020-02-29T12:34:56.789+01:30", 1_582_974_296_789),
            ("2020-02-29T12:34:56.789-02", 1_582_986_896_789),
            ("2020-2-29T12:34:56.7", 1_582_979_696_007),
            ("1969-12-31T23:59:59.999", -1),
            ("2000-03-01T00:00:00.000", 951_868_800_000),
        ];
        for (text, expected) in times {
            assert_eq!(parse_datetime(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_in_java_s_words() {
        let refusal = |text: &str| parse_datetime(text).unwrap_err().to_string();
        assert_eq!(
            refusal("2020-01-01"),
            "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 format"
        );
        for bad in
            ["2020-13-01T00:00:00.000", "2021-02-29T00:00:00.000", "2020-01-01T00:00:00", "2020-01-01T24:00:00.000"]
        {
            assert_eq!(refusal(bad), format!("java.text.ParseException: Unparseable date: \"{bad}Z\""));
        }
    }

    #[test]
    fn durations_are_read_as_java_reads_them() {
        let durations = [
            ("P1D", DAY_MS),
            ("PT1H", 3_600_000),
            ("P2DT3H4M5.678S", 2 * DAY_MS + 3 * 3_600_000 + 4 * 60_000 + 5_678),
            ("pt0.5s", 500),
            ("-PT1M", -60_000),
            ("PT-1M", -60_000),
            ("P0DT0H0M10S", 10_000),
        ];
        for (text, expected) in durations {
            assert_eq!(parse_duration(text), Ok(expected), "{text}");
        }
        for bad in ["", "P", "PT", "1D", "P1Y", "P1DT", "PT1", "PTS", "P1H", "PT1M1H", "PT1.1234567890S"] {
            assert_eq!(parse_duration(bad).unwrap_err().text(), "Text cannot be parsed to a Duration", "{bad}");
        }
    }
}
