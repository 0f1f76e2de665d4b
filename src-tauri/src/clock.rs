//! The wall clock, read in one place.

use amoozgar_hub::Surroundings;
use amoozgar_types::UtcMs;
use chrono::Timelike;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in UTC milliseconds.
pub fn now_ms() -> UtcMs {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            UtcMs::try_from(since.as_millis()).unwrap_or(UtcMs::MAX)
        })
}

/// Minutes since midnight where the user is.
pub fn local_minute() -> u16 {
    let now = chrono::Local::now();
    u16::try_from(now.hour() * 60 + now.minute()).unwrap_or(0)
}

/// Time and disk as downloads take them; all of them share one clock, as they share one rate.
pub fn surroundings() -> Surroundings {
    static SHARED: OnceLock<Surroundings> = OnceLock::new();
    SHARED
        .get_or_init(|| Surroundings::system(now_ms() as u64 ^ u64::from(std::process::id())))
        .clone()
}

/// A new id: sorted by time, unique on this computer.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A moment as `2026-11-23T11:20:05Z`, for logs. Days to dates after Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub fn utc_text(moment: UtcMs) -> String {
    let seconds = moment.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::utc_text;

    #[test]
    fn moments_are_told_in_utc_across_leap_days_and_the_epoch() {
        for (moment, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_795_432_805_999, "2026-11-23T11:20:05Z"),
        ] {
            assert_eq!(utc_text(moment), text, "{moment}");
        }
    }
}
