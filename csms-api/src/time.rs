//! The dates on the wire: of signatures, of expiry, of answers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: i64 = 24 * 60 * 60;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The time as `X-Sdk-Date` has it: `20261125T034723Z`.
pub(crate) fn sdk_date(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = calendar(time);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// `20261125T034723Z`, the reverse of [`sdk_date`].
#[cfg(feature = "mock-service")]
pub(crate) fn parse_sdk_date(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (year, month_day) = date.split_at_checked(4)?;
    let (month, day) = month_day.split_at_checked(2)?;
    let (hour, minute_second) = time.split_at_checked(2)?;
    let (minute, second) = minute_second.split_at_checked(2)?;
    if (day.len(), second.len()) != (2, 2) {
        return None;
    }
    let days = days_to(number(year)?, number(month)?, number(day)?)?;
    at(days * DAY + second_of_day(&format!("{hour}:{minute}:{second}"))?)
}

/// The time as `Date` has it: `Wed, 25 Nov 2026 03:47:23 GMT`.
#[cfg(feature = "mock-service")]
pub(crate) fn http_date(time: SystemTime) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let [year, month, day, hour, minute, second] = calendar(time);
    let name = |names: &[&'static str], index: i64| {
        let index = usize::try_from(index).unwrap_or_default();
        names.get(index).copied().unwrap_or_default()
    };
    let weekday = name(&WEEKDAYS, unix_seconds(time).div_euclid(DAY).rem_euclid(7));
    let month = name(&MONTHS, month - 1);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// The time in ISO 8601, to the second: `2026-11-25T03:47:23Z`.
#[cfg(feature = "mock-service")]
pub(crate) fn iso8601(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = calendar(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month, day, hour, minute and second in UTC.
fn calendar(time: SystemTime) -> [i64; 6] {
    let seconds = unix_seconds(time);
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    [
        year,
        month,
        day,
        second / 3600,
        second / 60 % 60,
        second % 60,
    ]
}

/// A time in milliseconds since 1970, as people read it: `2026-11-25 03:47:23`.
#[cfg(feature = "cli")]
pub fn utc(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1000);
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// `2026-11-25T03:47:23.000000Z`, with or without a fraction, in UTC or with an offset.
pub(crate) fn parse_iso8601(text: &str) -> Option<SystemTime> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = fields(date.split('-'))?;
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (time, zone) = time.split_at_checked(time.find(['Z', 'z', '+', '-'])?)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let days = days_to(number(year)?, number(month)?, number(day)?)?;
    let seconds = days * DAY + second_of_day(time)? - offset(zone)?;
    at(seconds)?.checked_add(nanoseconds(fraction)?)
}

/// The three forms that HTTP has for a date: `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
pub(crate) fn parse_http_date(text: &str) -> Option<SystemTime> {
    let words = text.split([' ', ',', '-']).filter(|word| !word.is_empty());
    let words: Vec<_> = words.collect();
    let (day, month, year, time) = match words.as_slice() {
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let month = (1..).zip(MONTHS).find(|(_, name)| name == month)?.0;
    let year = match (year.len(), number(year)?) {
        (4, year) => year,
        (2, year @ 70..) => 1900 + year,
        (2, year) => 2000 + year,
        _ => return None,
    };
    at(days_to(year, month, number(day)?)? * DAY + second_of_day(time)?)
}

/// Whole seconds since 1970, rounded down.
fn unix_seconds(time: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(error) => {
            let before = error.duration();
            -seconds(before) - i64::from(before.subsec_nanos() > 0)
        }
    }
}

fn at(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

/// Days from 1970 to a date, none if there is no such date.
///
/// A year that starts in March ends with the leap day, and 400 years always have as many days.
fn days_to(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leap_days + day_of_year - 719_468)
}

/// The date so many days from 1970, the reverse of [`days_to`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = (march_month + 2) % 12 + 1;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// `08:49:37` in seconds; a leap second counts as the one that follows.
fn second_of_day(time: &str) -> Option<i64> {
    let [hour, minute, second] = fields(time.split(':'))?;
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `Z`, `+08:00` or `+0800` in seconds.
fn offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone {
        "Z" | "z" => return Some(0),
        _ => zone.split_at_checked(1)?,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    if minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
    Some(if sign == "-" { -seconds } else { seconds })
}

fn nanoseconds(fraction: &str) -> Option<Duration> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.chars().filter_map(|digit| digit.to_digit(10));
    let nine_digits = digits.chain(std::iter::repeat(0)).take(9);
    let nanoseconds = nine_digits.fold(0, |number, digit| number * 10 + u64::from(digit));
    Some(Duration::from_nanos(nanoseconds))
}

fn fields<'a>(mut parts: impl Iterator<Item = &'a str>) -> Option<[&'a str; 3]> {
    let fields = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(fields)
}

/// One to four digits; `parse` alone would take a sign, too.
fn number(digits: &str) -> Option<i64> {
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    (are_digits && digits.len() <= 4)
        .then(|| digits.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::{at, date_of, days_to, parse_http_date, parse_iso8601, sdk_date};

    fn time(seconds: i64) -> SystemTime {
        at(seconds).unwrap()
    }

    #[test]
    fn sdk_dates_are_right_around_leap_days_and_before_1970() {
        for (seconds, date) in [
            (0, "19700101T000000Z"),
            (-1, "19691231T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_799, "20000229T235959Z"),
            (951_868_800, "20000301T000000Z"),
            (1_709_164_800, "20240229T000000Z"),
            (1_795_578_443, "20261125T034723Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
            (-2_203_977_600, "19000228T000000Z"),
            (-2_203_891_200, "19000301T000000Z"),
            (253_402_300_799, "99991231T235959Z"),
        ] {
            assert_eq!(sdk_date(time(seconds)), date);
        }
        let just_before = UNIX_EPOCH - Duration::from_nanos(1);
        assert_eq!(sdk_date(just_before), "19691231T235959Z");
    }

    #[test]
    fn the_ends_of_time_are_dates_too() {
        for exponent in 0..64 {
            let far = Duration::from_secs(1 << exponent);
            let times = [UNIX_EPOCH.checked_add(far), UNIX_EPOCH.checked_sub(far)];
            for time in times.into_iter().flatten() {
                assert!(sdk_date(time).ends_with('Z'));
            }
        }
    }

    #[test]
    fn days_and_dates_are_each_other_s_reverse() {
        let mut expected = days_to(0, 1, 1).unwrap();
        for year in 0..=2400 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let Some(days) = days_to(year, month, day) else {
                        continue;
                    };
                    assert_eq!(days, expected);
                    assert_eq!(date_of(days), (year, month, day));
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn iso_8601_is_read_with_and_without_fraction_and_offset() {
        let expected = time(1_795_578_443);
        for text in [
            "2026-11-25T03:47:23.000000Z",
            "2026-11-25T03:47:23Z",
            "2026-11-25t03:47:23z",
            "2026-11-25 03:47:23Z",
            "2026-11-25T11:47:23+08:00",
            "2026-11-25T11:47:23.0+0800",
            "2026-11-24T22:17:23-05:30",
        ] {
            assert_eq!(parse_iso8601(text), Some(expected), "{text}");
        }
        let half = expected + Duration::from_millis(500);
        assert_eq!(parse_iso8601("2026-11-25T03:47:23.5Z"), Some(half));
        let fine = expected + Duration::from_nanos(123_456_789);
        let text = "2026-11-25T03:47:23.123456789999999999999999Z";
        assert_eq!(parse_iso8601(text), Some(fine));
        let before_1970 = UNIX_EPOCH - Duration::from_millis(500);
        let text = "1969-12-31T23:59:59.5Z";
        assert_eq!(parse_iso8601(text), Some(before_1970));
    }

    #[test]
    fn http_dates_are_read_in_all_three_forms() {
        let expected = Some(time(784_111_777));
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse_http_date(text), expected, "{text}");
        }
        let leap_day = Some(time(1_709_164_800));
        assert_eq!(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT"), leap_day);
        assert_eq!(
            parse_http_date("Thursday, 29-Feb-24 00:00:00 GMT"),
            leap_day
        );
    }

    #[test]
    fn a_leap_second_is_the_second_that_follows() {
        let expected = Some(time(1_483_228_800));
        assert_eq!(parse_iso8601("2016-12-31T23:59:60Z"), expected);
        assert_eq!(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT"), expected);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "T",
            "Z",
            "GMT",
            "0",
            "2026-11-25",
            "2026-11-25T03:47:23",
            "2026-11-25T03:47Z",
            "2026-11-25T03:47:23.Z",
            "2026-11-25T03:47:23.5xZ",
            "2026-11-25T03:47:23ZZ",
            "2026-11-25T03:47:23+8:00",
            "2026-11-25T03:47:23+08:0",
            "2026-11-25T03:47:23+24:00",
            "2026-11-25T24:00:00Z",
            "2026-11-25T03:60:00Z",
            "2026-11-25T03:47:61Z",
            "2026-13-25T03:47:23Z",
            "2026-00-25T03:47:23Z",
            "2026-02-29T03:47:23Z",
            "1900-02-29T03:47:23Z",
            "2026-11-31T03:47:23Z",
            "2026-11-00T03:47:23Z",
            "+026-11-25T03:47:23Z",
            "20266-11-25T03:47:23Z",
            "2026-1-25T03:47:23Z",
            "2026-11-25-01T03:47:23Z",
            "2026-11-25T03:47:23é",
            "2026-11-25T03:47:23+é0:00",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 194 08:49:37 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
        ] {
            assert_eq!(parse_iso8601(text), None, "{text}");
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }

    #[cfg(feature = "mock-service")]
    #[test]
    fn dates_of_signatures_are_read_back() {
        use super::parse_sdk_date;

        for seconds in [0, -1, 951_868_799, 1_795_578_443, 4_107_542_400] {
            let text = sdk_date(time(seconds));
            assert_eq!(parse_sdk_date(&text), Some(time(seconds)), "{text}");
        }
        for text in [
            "",
            "Z",
            "20261125T034723",
            "20261125 034723Z",
            "20261325T034723Z",
            "20261125T244723Z",
            "2026112T034723Z",
            "202611255T034723Z",
            "20261125T03472Z",
            "20261125T0347233Z",
            "2026-1-5T034723Z",
            "+0261125T034723Z",
            "é261125T034723Z",
        ] {
            assert_eq!(parse_sdk_date(text), None, "{text}");
        }
    }

    #[cfg(feature = "mock-service")]
    #[test]
    fn dates_are_written_as_http_and_iso_8601_have_them() {
        use super::{http_date, iso8601};

        for (seconds, http, iso) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z"),
            (
                784_111_777,
                "Sun, 06 Nov 1994 08:49:37 GMT",
                "1994-11-06T08:49:37Z",
            ),
            (
                1_795_578_443,
                "Wed, 25 Nov 2026 03:47:23 GMT",
                "2026-11-25T03:47:23Z",
            ),
        ] {
            assert_eq!(http_date(time(seconds)), http);
            assert_eq!(iso8601(time(seconds)), iso);
            assert_eq!(parse_http_date(http), Some(time(seconds)));
            assert_eq!(parse_iso8601(iso), Some(time(seconds)));
        }
    }
}
