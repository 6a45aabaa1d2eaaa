//! Durations as ISO 8601 writes them (`java.time.Duration.parse`).

use std::time::Duration;

/// Reads `P1DT2H3M4.5S`; parts may be missing, none may be negative.
pub(crate) fn iso_duration(text: &str) -> Option<Duration> {
    let upper = text.to_ascii_uppercase();
    let body = upper.strip_prefix('P')?;
    let (days, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (body, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let mut total = Duration::ZERO;
    let (days, rest) = part(days, 'D')?;
    if !rest.is_empty() {
        return None;
    }
    total += scaled(days, 86_400)?;
    let (hours, time) = part(time, 'H')?;
    let (minutes, time) = part(time, 'M')?;
    let (seconds, rest) = part(time, 'S')?;
    total = total.checked_add(scaled(hours, 3600)?)?.checked_add(scaled(minutes, 60)?)?;
    let seconds: f64 = seconds.map_or(Some(0.0), |text| text.parse().ok())?;
    rest.is_empty().then(|| total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)).flatten()
}

/// What stands before `unit`, if it stands there, and what follows.
fn part(text: &str, unit: char) -> Option<(Option<&str>, &str)> {
    match text.split_once(unit) {
        Some((number, rest)) => (!number.is_empty()).then_some((Some(number), rest)),
        None => Some((None, text)),
    }
}

fn scaled(number: Option<&str>, seconds: u64) -> Option<Duration> {
    let number: u64 = number.map_or(Some(0), |text| text.parse().ok())?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_nonsense_is_not() {
        let seconds = |text: &str| iso_duration(text).map(|span| span.as_secs_f64());
        assert_eq!(seconds("PT1H"), Some(3600.0));
        assert_eq!(seconds("P1DT2H3M4.5S"), Some(93_784.5));
        assert_eq!(seconds("p2d"), Some(172_800.0));
        for bad in ["", "P", "PT", "1H", "PTH", "P1H", "PT1D", "PT1H2", "PT-1S", "P99999999999999999999D"] {
            assert_eq!(iso_duration(bad), None, "{bad}");
        }
    }
}
