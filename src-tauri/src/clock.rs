//! The clocks, read in one place. The wall clock says what people and other programs call now; it may be set
//! back at any time. What must not last longer for that is told by the other two, which never go back while
//! the process lives, and begin with the wall clock, so that what they tell is kept across starts.

use amoozgar_engine::LocalTime;
use amoozgar_hub::Surroundings;
use amoozgar_types::UtcMs;
use chrono::{Datelike, Timelike};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Now, in UTC milliseconds.
pub fn now_ms() -> UtcMs {
    as_ms(since_epoch())
}

/// Now, for what ends after a while (a session): at least as much time passes as was measured, and at least
/// as much as the wall clock shows, which also counts the hours that the machine slept.
pub fn steady_ms() -> UtcMs {
    static STEADY: Mutex<Option<Steady>> = Mutex::new(None);
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let (wall, at) = (since_epoch(), Instant::now());
    let told = match &mut *steady {
        Some(steady) => steady.advance(wall, at),
        None => steady.insert(Steady::new(wall, at)).told,
    };
    as_ms(told)
}

/// Now, for what has to be waited for (after a wrong password): no more time passes than was measured, however
/// the wall clock is set.
pub fn measured_ms() -> UtcMs {
    static START: OnceLock<(Duration, Instant)> = OnceLock::new();
    let (wall, at) = START.get_or_init(|| (since_epoch(), Instant::now()));
    as_ms(*wall + at.elapsed())
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn as_ms(since: Duration) -> UtcMs {
    UtcMs::try_from(since.as_millis()).unwrap_or(UtcMs::MAX)
}

/// A clock that never goes back.
struct Steady {
    told: Duration,
    wall: Duration,
    at: Instant,
}

impl Steady {
    fn new(wall: Duration, at: Instant) -> Self {
        Self {
            told: wall,
            wall,
            at,
        }
    }

    fn advance(&mut self, wall: Duration, at: Instant) -> Duration {
        let measured = at.saturating_duration_since(self.at);
        let shown = wall.saturating_sub(self.wall);
        *self = Self {
            told: self.told + measured.max(shown),
            wall,
            at: at.max(self.at),
        };
        self.told
    }
}

/// Minutes since midnight where the user is.
pub fn local_minute() -> u16 {
    let now = chrono::Local::now();
    u16::try_from(now.hour() * 60 + now.minute()).unwrap_or(0)
}

/// Date and time where the user is, as the templates of conversations write them.
pub fn local_time() -> LocalTime {
    let now = chrono::Local::now();
    let small = |part: u32| u8::try_from(part).unwrap_or(0);
    LocalTime {
        year: now.year(),
        month: small(now.month()),
        day: small(now.day()),
        hour: small(now.hour()),
        minute: small(now.minute()),
        second: small(now.second()),
    }
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

/// A seed that was not there before.
pub fn new_seed() -> u64 {
    // The lower half of such an id is random.
    u64::from(uuid::Uuid::now_v7().as_u128() as u32)
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
    use super::{Steady, utc_text};
    use std::time::{Duration, Instant};

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_clock_that_is_set_back_takes_no_time_back_and_stops_none() {
        let (wall, at) = (1000 * HOUR, Instant::now());
        let mut clock = Steady::new(wall, at);
        let told = clock.advance(976 * HOUR, at + HOUR);
        assert_eq!(told, wall + HOUR, "an hour passed, whatever the wall shows");
        let told = clock.advance(977 * HOUR, at + 2 * HOUR);
        assert_eq!(told, wall + 2 * HOUR, "and another one");
    }

    #[test]
    fn the_hours_that_a_machine_sleeps_count() {
        let (wall, at) = (1000 * HOUR, Instant::now());
        let mut clock = Steady::new(wall, at);
        let told = clock.advance(wall + 8 * HOUR, at);
        assert_eq!(told, wall + 8 * HOUR, "the wall clock went on meanwhile");
        assert_eq!(
            clock.advance(wall + 8 * HOUR, at),
            told,
            "and none of them twice"
        );
    }

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
