//! Dates as Iranians write them: the Jalali calendar, Persian names, Persian digits.
//!
//! Nothing here reads a clock or a time zone: the instant is UTC milliseconds since the Unix epoch,
//! the offset minutes east of UTC, both passed in.

use icu_calendar::Date;
use icu_calendar::cal::Persian;
use icu_calendar::types::RataDie;

use crate::number::digits;

const MS_PER_MINUTE: i64 = 60_000;
const MINUTES_PER_DAY: i64 = 24 * 60;
/// 1970-01-01 in days since the day before 0001-01-01 (Reingold and Dershowitz, "Calendrical
/// Calculations").
const UNIX_EPOCH: i64 = 719_163;
/// What `Date` in a browser can hold: 100 million days about the epoch (ECMA-262, 21.4.1.1).
const MAX_MS: i64 = 8_640_000_000_000_000;

const MONTHS: [&str; 12] = [
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
];

const WEEKDAYS: [&str; 7] = [
    "شنبه",
    "یکشنبه",
    "دوشنبه",
    "سه\u{200C}شنبه",
    "چهارشنبه",
    "پنجشنبه",
    "جمعه",
];

/// A date and a time of day in the Jalali calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jalali {
    /// The year, such as 1405.
    pub year: i32,
    /// The month, 1 (Farvardin) to 12 (Esfand).
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The day of the week, 0 (Saturday) to 6 (Friday).
    pub weekday: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
}

impl Jalali {
    /// The date at `utc_ms` where clocks are `offset_minutes` ahead of UTC (Tehran: 210).
    ///
    /// An instant outside what a browser's `Date` can hold counts as the nearest that it can.
    pub fn from_utc_ms(utc_ms: i64, offset_minutes: i32) -> Self {
        let minutes =
            utc_ms.clamp(-MAX_MS, MAX_MS).div_euclid(MS_PER_MINUTE) + i64::from(offset_minutes);
        let days = minutes.div_euclid(MINUTES_PER_DAY);
        let minute_of_day = minutes.rem_euclid(MINUTES_PER_DAY);
        let date = Date::from_rata_die(RataDie::new(UNIX_EPOCH + days), Persian);
        Self {
            year: date.year().extended_year(),
            month: date.month().ordinal,
            day: date.day_of_month().0,
            // The epoch was a Thursday, the sixth day of the Persian week.
            weekday: (days + 5).rem_euclid(7) as u8,
            hour: (minute_of_day / 60) as u8,
            minute: (minute_of_day % 60) as u8,
        }
    }

    /// «دوشنبه ۲ آذر ۱۴۰۵، ساعت ۰۴:۴۰»
    pub fn long(&self) -> String {
        let day = digits(&self.day.to_string());
        let year = digits(&self.year.to_string());
        let (weekday, month) = (weekday_name(self.weekday), month_name(self.month));
        format!("{weekday} {day} {month} {year}، ساعت {}", self.time())
    }

    /// «۱۴۰۵/۰۹/۰۲»
    pub fn short(&self) -> String {
        digits(&format!("{}/{:02}/{:02}", self.year, self.month, self.day))
    }

    /// «۰۴:۴۰»
    pub fn time(&self) -> String {
        digits(&format!("{:02}:{:02}", self.hour, self.minute))
    }
}

/// [`Jalali::long`] of an instant.
pub fn long(utc_ms: i64, offset_minutes: i32) -> String {
    Jalali::from_utc_ms(utc_ms, offset_minutes).long()
}

/// [`Jalali::short`] of an instant.
pub fn short(utc_ms: i64, offset_minutes: i32) -> String {
    Jalali::from_utc_ms(utc_ms, offset_minutes).short()
}

/// The name of a month, 1 to 12; empty for any other number.
pub fn month_name(month: u8) -> &'static str {
    usize::from(month)
        .checked_sub(1)
        .and_then(|i| MONTHS.get(i))
        .copied()
        .unwrap_or_default()
}

/// The name of a weekday, 0 (Saturday) to 6 (Friday); empty for any other number.
pub fn weekday_name(weekday: u8) -> &'static str {
    WEEKDAYS
        .get(usize::from(weekday))
        .copied()
        .unwrap_or_default()
}

/// How long before `now_ms` (or after it) `then_ms` was: «۵ دقیقه پیش», «۲ روز دیگر».
pub fn relative(now_ms: i64, then_ms: i64) -> String {
    const SECOND: u64 = 1000;
    const DAY: u64 = 86_400 * SECOND;
    const UNITS: [(u64, &str); 6] = [
        (365 * DAY, "سال"),
        (30 * DAY, "ماه"),
        (DAY, "روز"),
        (3600 * SECOND, "ساعت"),
        (60 * SECOND, "دقیقه"),
        (SECOND, "ثانیه"),
    ];
    let distance_ms = now_ms.abs_diff(then_ms);
    let unit = UNITS.into_iter().find(|&(ms, _)| ms <= distance_ms);
    let Some((unit_ms, unit)) = unit.filter(|_| distance_ms >= 10 * SECOND) else {
        return "همین حالا".to_owned();
    };
    let n = digits(&(distance_ms / unit_ms).to_string());
    let side = if then_ms <= now_ms {
        "پیش"
    } else {
        "دیگر"
    };
    format!("{n} {unit} {side}")
}
