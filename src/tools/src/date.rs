//! Dates in UTC, as Java's formats write them.

/// A moment, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u32,
    /// 1 to 31.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) millis: u32,
    /// 1 for Monday to 7 for Sunday.
    pub(crate) weekday: u32,
    /// 1 to 366.
    pub(crate) day_of_year: u32,
}

impl Moment {
    /// The moment this many milliseconds after 1970.
    pub(crate) fn of(ms: i64) -> Moment {
        let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
        let part = |span: i64, modulus: i64| u32::try_from(rest / span % modulus).unwrap_or(0);
        let (year, month, day) = civil(days);
        let small = |number: i64| u32::try_from(number).unwrap_or(0);
        Moment {
            year,
            month: small(month),
            day: small(day),
            hour: part(3_600_000, 24),
            minute: part(60_000, 60),
            second: part(1000, 60),
            millis: part(1, 1000),
            weekday: small((days + 3).rem_euclid(7) + 1),
            day_of_year: small(days - days_before(year) + 1),
        }
    }
}

/// `2023-11-14 22:13:20,123`, as log4j's `%d`.
pub(crate) fn log_time(ms: i64) -> String {
    let Moment { year, month, day, hour, minute, second, millis, .. } = Moment::of(ms);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{millis:03}")
}

/// Year, month and day of a count of days since 1970, in the Gregorian calendar; a year begins in March here, so that
/// the leap day is its last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The days from 1970 to the first of January of `year`.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    let leaps = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * (year - 1970) + leaps(past) - leaps(1969)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_taken_apart() {
        assert_eq!(log_time(0), "1970-01-01 00:00:00,000");
        assert_eq!(log_time(951_782_400_000), "2000-02-29 00:00:00,000");
        assert_eq!(log_time(4_107_542_399_999), "2100-02-28 23:59:59,999");
        assert_eq!(log_time(-1), "1969-12-31 23:59:59,999");
        let moment = Moment::of(1_700_000_000_123);
        assert_eq!((moment.weekday, moment.day_of_year), (2, 318));
        assert_eq!(Moment::of(951_782_400_000).day_of_year, 60);
    }
}
