//! Dates as the machine's clock and zone tell them, in words.

use amoozgar_text::date;
use amoozgar_types::UtcMs;

/// «دوشنبه ۲ آذر ۱۴۰۵، ساعت ۰۴:۴۰»
pub fn long(at_ms: UtcMs) -> String {
    date::long(at_ms, offset_minutes(at_ms))
}

/// «۱۴۰۵/۰۹/۰۲»
pub fn short(at_ms: UtcMs) -> String {
    date::short(at_ms, offset_minutes(at_ms))
}

/// «۰۴:۴۰»
pub fn clock(at_ms: UtcMs) -> String {
    date::Jalali::from_utc_ms(at_ms, offset_minutes(at_ms)).time()
}

/// «امروز», «دیروز», or «دوشنبه ۲ آذر ۱۴۰۵».
pub fn day(at_ms: UtcMs) -> String {
    const DAY_MS: UtcMs = 86_400_000;
    let day = short(at_ms);
    let now = now_ms();
    if day == short(now) {
        return "امروز".to_owned();
    }
    if day == short(now - DAY_MS) {
        return "دیروز".to_owned();
    }
    let long = long(at_ms);
    long.split_once('،')
        .map_or_else(|| long.clone(), |(date, _)| date.to_owned())
}

/// «۵ دقیقه پیش»
pub fn ago(at_ms: UtcMs) -> String {
    date::relative(now_ms(), at_ms)
}

/// The present.
pub fn now_ms() -> UtcMs {
    js_sys::Date::now() as UtcMs
}

/// How far this machine's clock is ahead of UTC now.
pub fn offset_now() -> i16 {
    i16::try_from(offset_minutes(now_ms())).unwrap_or_default()
}

/// How far this machine's zone was ahead of UTC at that time.
fn offset_minutes(at_ms: UtcMs) -> i32 {
    let at = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at_ms as f64));
    -(at.get_timezone_offset() as i32)
}
