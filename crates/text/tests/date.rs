//! Jalali dates.
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_text::date::{Jalali, long, month_name, relative, short, weekday_name};
use proptest::prelude::*;

const DAY_MS: i64 = 86_400_000;
/// 2025-03-20T00:00:00Z
const MARCH_20_2025: i64 = 1_742_428_800_000;
/// 2026-11-23T01:10:00Z
const NOV_23_2026: i64 = 1_795_396_200_000;
const TEHRAN: i32 = 210;

#[test]
fn the_agreed_dates_hold() {
    assert_eq!(
        short(MARCH_20_2025, 0),
        "۱۴۰۳/۱۲/۳۰",
        "the last day of a leap year"
    );
    assert_eq!(
        short(MARCH_20_2025 + DAY_MS, 0),
        "۱۴۰۴/۰۱/۰۱",
        "new year's day"
    );
    assert_eq!(
        long(NOV_23_2026, TEHRAN),
        "دوشنبه ۲ آذر ۱۴۰۵، ساعت ۰۴:۴۰",
        "the agreed long form"
    );
}

#[test]
fn leap_years_are_those_of_the_official_calendar() {
    let mut leap = Vec::new();
    // From 2016-01-01 on, day by day over twenty years.
    for day in 0..20 * 366 {
        let date = Jalali::from_utc_ms(1_451_606_400_000 + day * DAY_MS, 0);
        if (date.month, date.day) == (12, 30) && date.year < 1413 {
            leap.push(date.year);
        }
    }
    assert_eq!(
        leap,
        [1395, 1399, 1403, 1408, 1412],
        "years with a 30 Esfand"
    );
}

#[test]
fn the_offset_moves_the_day() {
    let date = Jalali::from_utc_ms(MARCH_20_2025 + DAY_MS - 60_000, TEHRAN);
    assert_eq!(
        (date.year, date.month, date.day, date.hour, date.minute),
        (1404, 1, 1, 3, 29),
        "one minute before midnight UTC is already the new year in Tehran"
    );
    assert_eq!(
        Jalali::from_utc_ms(-1, 0).short(),
        "۱۳۴۸/۱۰/۱۰",
        "instants before the epoch round down"
    );
    assert_eq!(
        weekday_name(Jalali::from_utc_ms(0, 0).weekday),
        "پنجشنبه",
        "the epoch's weekday"
    );
}

#[test]
fn distances_are_said_in_the_largest_unit() {
    let minute = 60_000;
    assert_eq!(relative(5 * minute, 0), "۵ دقیقه پیش", "the agreed form");
    assert_eq!(relative(9_999, 0), "همین حالا", "below ten seconds");
    assert_eq!(relative(10_000, 0), "۱۰ ثانیه پیش", "seconds");
    assert_eq!(relative(3 * 60 * minute, 0), "۳ ساعت پیش", "hours");
    assert_eq!(relative(0, 2 * DAY_MS), "۲ روز دیگر", "the future");
    assert_eq!(relative(65 * DAY_MS, 0), "۲ ماه پیش", "months");
    assert_eq!(relative(800 * DAY_MS, 0), "۲ سال پیش", "years");
}

#[test]
fn names_outside_the_calendar_are_empty() {
    assert_eq!(
        (month_name(9), month_name(0), month_name(13)),
        ("آذر", "", ""),
        "1 to 12"
    );
    assert_eq!((weekday_name(0), weekday_name(7)), ("شنبه", ""), "0 to 6");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_instant_makes_a_panic_or_a_nameless_day(ms in any::<i64>(), now in any::<i64>(), offset in any::<i32>()) {
        let date = Jalali::from_utc_ms(ms, offset);
        prop_assert!(!month_name(date.month).is_empty() && !weekday_name(date.weekday).is_empty());
        prop_assert!((1..=31).contains(&date.day) && date.hour < 24 && date.minute < 60);
        let _ = (date.long(), relative(now, ms));
    }
}
