//! `strftime_now`: the date that some templates write at the beginning of a conversation.

use minijinja::{Error, ErrorKind, Value};
use std::fmt::Write;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A moment on the clock of this place, in the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The hour, from 0 to 23.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second.
    pub second: u8,
}

impl LocalTime {
    /// What is told while a model is trained and measured, so that a run which goes on tomorrow learns the
    /// same tokens: the date that Llama's template writes where it cannot ask.
    pub const TRAINING: Self = Self {
        year: 2024,
        month: 7,
        day: 26,
        hour: 0,
        minute: 0,
        second: 0,
    };

    /// The day of the week, from Sunday (Sakamoto's rule).
    fn weekday(self) -> usize {
        const SHIFTS: [i32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = self.year - i32::from(self.month < 3);
        let shift = SHIFTS.get(self.month0()).copied().unwrap_or(0);
        let days = year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        (days + shift + i32::from(self.day)).rem_euclid(7) as usize
    }

    fn month0(self) -> usize {
        usize::from(self.month).saturating_sub(1)
    }

    /// The day of the year, from 1.
    fn year_day(self) -> u32 {
        const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let year = self.year;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let before = BEFORE.get(self.month0()).copied().unwrap_or(0);
        before + u32::from(self.day) + u32::from(leap && self.month > 2)
    }

    /// The moment in C's format, in English; `None` where it holds a letter that is not known.
    fn format(self, format: &str) -> Option<String> {
        let mut text = String::new();
        let mut characters = format.chars();
        let hour12 = (self.hour + 11) % 12 + 1;
        let month = MONTHS.get(self.month0()).copied().unwrap_or_default();
        let weekday = WEEKDAYS.get(self.weekday()).copied().unwrap_or_default();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            let mut letter = characters.next()?;
            let unpadded = letter == '-';
            if unpadded {
                letter = characters.next()?;
            }
            let mut number = |number: u32, width: usize| {
                let width = if unpadded { 0 } else { width };
                // Writing to a string cannot fail.
                let _ = write!(text, "{number:0width$}");
            };
            match letter {
                'd' => number(self.day.into(), 2),
                'm' => number(self.month.into(), 2),
                'y' => number(self.year.rem_euclid(100) as u32, 2),
                'Y' => number(self.year.unsigned_abs(), 4),
                'H' => number(self.hour.into(), 2),
                'I' => number(hour12.into(), 2),
                'M' => number(self.minute.into(), 2),
                'S' => number(self.second.into(), 2),
                'j' => number(self.year_day(), 3),
                'p' => text.push_str(if self.hour < 12 { "AM" } else { "PM" }),
                'B' => text.push_str(month),
                'b' | 'h' => text.push_str(month.get(..3).unwrap_or_default()),
                'A' => text.push_str(weekday),
                'a' => text.push_str(weekday.get(..3).unwrap_or_default()),
                'F' => text.push_str(&self.format("%Y-%m-%d")?),
                'T' => text.push_str(&self.format("%H:%M:%S")?),
                '%' => text.push('%'),
                _ => return None,
            }
        }
        Some(text)
    }
}

/// What templates call: a format becomes `now` in it.
pub(super) fn function(now: LocalTime) -> Value {
    Value::from_function(move |format: String| {
        now.format(&format).ok_or_else(|| {
            let detail = format!("strftime_now does not know the format `{format}`");
            Error::new(ErrorKind::InvalidOperation, detail)
        })
    })
}
