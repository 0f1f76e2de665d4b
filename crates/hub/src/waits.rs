//! How long a host asks to be left alone.

use crate::http::text_of;
use reqwest::header::{self, HeaderMap, HeaderName};
use std::time::Duration;

/// How long an answer asks to wait: `Retry-After` in seconds or as a date, else the reset of its
/// `RateLimit`.
pub(crate) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = text_of(headers, &header::RETRY_AFTER);
    let until = |text: &str| {
        // Held against the host's own clock, for ours may be wrong.
        let now = text_of(headers, &header::DATE).and_then(|date| seconds_of_date(&date))?;
        Some(seconds_of_date(text)?.saturating_sub(now))
    };
    text.and_then(|text| text.trim().parse().ok().or_else(|| until(&text)))
        .map(Duration::from_secs)
        .or_else(|| rate_limit(headers).map(|(_, reset)| reset))
}

/// How long to wait since nothing is left of what a host allows.
pub(crate) fn exhausted(headers: &HeaderMap) -> Option<Duration> {
    rate_limit(headers)
        .filter(|(left, _)| *left == 0)
        .map(|(_, reset)| reset)
}

/// `RateLimit: "api";r=12;t=34`: requests left, and the time until there are more.
fn rate_limit(headers: &HeaderMap) -> Option<(u64, Duration)> {
    let text = text_of(headers, &HeaderName::from_static("ratelimit"))?;
    let number = |name: &str| {
        text.split(';')
            .find_map(|part| {
                part.trim()
                    .strip_prefix(name)?
                    .trim_start()
                    .strip_prefix('=')
            })
            .and_then(|value| value.trim().parse::<u64>().ok())
    };
    Some((number("r")?, Duration::from_secs(number("t")?)))
}

/// Seconds since 1970 of a date as HTTP sends it, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7);
/// the two older forms are no longer sent by anyone. Days from dates after Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn seconds_of_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, date) = text.trim().split_once(", ")?;
    let mut parts = date.split(' ');
    let mut next = || parts.next();
    let day: i64 = next()?.parse().ok()?;
    let name = next()?;
    let month = 1 + i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()?;
    let year: i64 = next()?.parse().ok()?;
    let mut clock = next()?.split(':').map(|number| number.parse::<i64>().ok());
    let mut number = || clock.next().flatten();
    let (hour, minute, second) = (number()?, number()?, number()?);
    let in_range = (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range || next()? != "GMT" {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    u64::try_from(((days * 24 + hour) * 60 + minute) * 60 + second).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{asked, exhausted, seconds_of_date};
    use reqwest::header::{HeaderMap, HeaderName};
    use std::time::Duration;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn dates_of_http_are_read_to_the_second() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400)),
            ("Mon, 23 Nov 2026 11:20:05 GMT", Some(1_795_432_805)),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 06 Now 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 25:49:37 GMT", None),
            ("soon", None),
        ] {
            assert_eq!(seconds_of_date(text), seconds, "`{text}`");
        }
    }

    #[test]
    fn a_host_may_ask_to_wait_in_seconds_until_a_date_or_by_its_limit() {
        let date = ("date", "Mon, 23 Nov 2026 11:20:05 GMT");
        let until = ("retry-after", "Mon, 23 Nov 2026 11:21:35 GMT");
        let past = ("retry-after", "Mon, 23 Nov 2026 11:20:00 GMT");
        let limit = ("ratelimit", "\"api\";r=0;t=34");
        for (pairs, wait) in [
            (vec![("retry-after", "7")], Some(7)),
            (vec![date, until], Some(90)),
            (vec![date, past], Some(0)),
            (vec![until], None),
            (vec![until, limit], Some(34)),
            (vec![limit], Some(34)),
            (vec![("retry-after", "7"), limit], Some(7)),
            (vec![date], None),
            (vec![("retry-after", "soon")], None),
        ] {
            let wait = wait.map(Duration::from_secs);
            assert_eq!(asked(&headers(&pairs)), wait, "{pairs:?}");
        }
        assert_eq!(
            exhausted(&headers(&[("ratelimit", "\"api\"; r=0; t=34")])),
            Some(Duration::from_secs(34)),
            "with spaces as well"
        );
        assert_eq!(
            exhausted(&headers(&[limit])),
            Some(Duration::from_secs(34)),
            "nothing is left"
        );
        assert_eq!(
            exhausted(&headers(&[("ratelimit", "\"api\";r=3;t=34")])),
            None,
            "something is"
        );
    }
}
