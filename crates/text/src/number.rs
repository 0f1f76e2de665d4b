//! Numbers as Persian readers write them, and reading them back from any keyboard.
//!
//! A learning rate such as `2e-5` is not formatted here: it stays Latin and left-to-right.
//!
//! Whoever prefers Latin digits says so once with [`show_in`]; every function that formats follows. The
//! choice belongs to the thread, so that one test or task does not change another's numbers.

use std::cell::Cell;

const GROUP: char = '٬';
const DECIMAL: char = '٫';

/// Which digits and separators numbers are shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Digits {
    /// «۱٬۲۳۴٫۵٪»
    #[default]
    Persian,
    /// «1,234.5%»
    Latin,
}

impl Digits {
    /// Between thousands.
    fn group(self) -> char {
        match self {
            Self::Persian => GROUP,
            Self::Latin => ',',
        }
    }

    /// Before decimals.
    fn decimal(self) -> char {
        match self {
            Self::Persian => DECIMAL,
            Self::Latin => '.',
        }
    }

    /// After a percentage.
    fn percent(self) -> char {
        match self {
            Self::Persian => '٪',
            Self::Latin => '%',
        }
    }
}

thread_local! {
    static SHOWN: Cell<Digits> = const { Cell::new(Digits::Persian) };
}

/// Shows numbers of this thread in `digits` from here on.
pub fn show_in(digits: Digits) {
    SHOWN.set(digits);
}

/// `text` with its digits as numbers are shown. Nothing else changes.
pub fn digits(text: &str) -> String {
    match SHOWN.get() {
        Digits::Persian => to_persian_digits(text),
        Digits::Latin => to_latin_digits(text),
    }
}

/// A minus sign that stays on the left of its number inside right-to-left text (CLDR, locale fa).
const MINUS: &str = "\u{200E}−";
const AND: &str = " و ";

/// `text` with ASCII and Arabic-Indic digits turned into Persian ones. Nothing else changes.
pub fn to_persian_digits(text: &str) -> String {
    text.chars().map(persian_digit).collect()
}

/// `text` with Persian and Arabic-Indic digits turned into ASCII ones. Nothing else changes.
pub fn to_latin_digits(text: &str) -> String {
    text.chars()
        .map(|c| digit_value(c).map_or(c, |d| char::from(b'0' + d)))
        .collect()
}

/// A plain number such as `0.5` as one would type it: digits and decimal mark as numbers are shown.
pub fn as_typed(plain: &str) -> String {
    let mark = SHOWN.get().decimal().to_string();
    digits(&plain.replace('.', &mark))
}

/// «۱٬۲۳۴»
pub fn format_integer(value: i64) -> String {
    let sign = if value < 0 { MINUS } else { "" };
    format!("{sign}{}", grouped(&value.unsigned_abs().to_string()))
}

/// «۳٫۱۴»: `value` rounded to `digits` decimals. Infinity is «∞», what is not a number «ناعدد».
pub fn format_decimal(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "ناعدد".to_owned();
    }
    let is_zero_when_rounded = |text: &str| text.chars().all(|c| matches!(c, '0' | '.'));
    if value.is_infinite() {
        return format!("{}∞", if value < 0.0 { MINUS } else { "" });
    }
    let text = format!("{:.digits$}", value.abs());
    let sign = if value < 0.0 && !is_zero_when_rounded(&text) {
        MINUS
    } else {
        ""
    };
    match text.split_once('.') {
        Some((whole, fraction)) => {
            let (fraction, mark) = (self::digits(fraction), SHOWN.get().decimal());
            format!("{sign}{}{mark}{fraction}", grouped(whole))
        }
        None => format!("{sign}{}", grouped(&text)),
    }
}

/// «۴۲٫۵٪»: `value` is already in percent, 0 to 100, and rounded to `digits` decimals.
pub fn percent(value: f64, digits: usize) -> String {
    format!("{}{}", format_decimal(value, digits), SHOWN.get().percent())
}

/// «۱٫۲ مگابایت»: a size in units of 1024, with one decimal below ten.
pub fn bytes(n_bytes: u64) -> String {
    const UNITS: [&str; 5] = ["بایت", "کیلوبایت", "مگابایت", "گیگابایت", "ترابایت"];
    let mut value = n_bytes as f64;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    // 1023.5 would be shown as 1024 of the smaller unit.
    while value >= 1023.5 {
        let Some(larger) = units.next() else { break };
        value /= 1024.0;
        unit = larger;
    }
    let is_whole = (value - value.round()).abs() < 0.05;
    let digits = usize::from(value < 9.95 && !is_whole);
    format!("{} {unit}", format_decimal(value, digits))
}

/// «۲ دقیقه و ۵ ثانیه»: the two largest units of a time span. Below a second it is «کمتر از ۱ ثانیه»;
/// a span that is not finite is «نامعلوم».
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "نامعلوم".to_owned();
    }
    let total = seconds.max(0.0).round() as u64;
    let parts = [
        (total / 86_400, "روز"),
        (total / 3600 % 24, "ساعت"),
        (total / 60 % 60, "دقیقه"),
        (total % 60, "ثانیه"),
    ];
    let shown: Vec<String> = parts
        .into_iter()
        .skip_while(|&(n, _)| n == 0)
        .take(2)
        .filter(|&(n, _)| n > 0)
        .map(|(n, unit)| format!("{} {unit}", grouped(&n.to_string())))
        .collect();
    if shown.is_empty() {
        return format!("کمتر از {} ثانیه", digits("1"));
    }
    shown.join(AND)
}

/// Reads what a person typed into a number field: digits of any of the three kinds, `٫` or `.`
/// before decimals, `٬` or `,` between thousands, a sign, an exponent (`2e-5`).
///
/// A single `,` that cannot part thousands is read as a decimal mark: `۰,۵` is a half. `None` for
/// everything that is not a finite number.
pub fn parse_number(text: &str) -> Option<f64> {
    let plain: String = text
        .chars()
        .filter(|&c| !crate::bidi::is_control(c))
        .map(|c| match c {
            DECIMAL => '.',
            GROUP => ',',
            '−' | '–' => '-',
            other => digit_value(other).map_or(other, |d| char::from(b'0' + d)),
        })
        .collect();
    let plain = plain.trim();
    let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (plain, None),
    };
    let exponent = match exponent {
        Some(digits) if is_integer(digits) => format!("e{digits}"),
        Some(_) => return None,
        None => String::new(),
    };
    let (sign, unsigned) = match mantissa.strip_prefix(['-', '+']) {
        Some(rest) if mantissa.starts_with('-') => ("-", rest),
        Some(rest) => ("", rest),
        None => ("", mantissa),
    };
    let unsigned = ungroup(unsigned)?;
    let is_plain = unsigned.chars().all(|c| c.is_ascii_digit() || c == '.')
        && unsigned.chars().any(|c| c.is_ascii_digit());
    if !is_plain {
        return None;
    }
    let value: f64 = format!("{sign}{unsigned}{exponent}").parse().ok()?;
    value.is_finite().then_some(value)
}

/// `text` without its thousands separators, or `None` if they part no thousands.
fn ungroup(text: &str) -> Option<String> {
    if !text.contains(',') {
        return Some(text.to_owned());
    }
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let groups: Vec<&str> = whole.split(',').collect();
    let (first, others) = groups.split_first()?;
    let parts_thousands = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && others.iter().all(|group| group.len() == 3);
    if parts_thousands {
        let joined = groups.concat();
        return Some(match fraction {
            Some(fraction) if fraction.contains(',') => return None,
            Some(fraction) => format!("{joined}.{fraction}"),
            None => joined,
        });
    }
    (groups.len() == 2 && fraction.is_none()).then(|| text.replace(',', "."))
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// ASCII digits as they are shown, parted by thousands.
fn grouped(plain: &str) -> String {
    let n = plain.chars().count();
    let mut out = String::with_capacity(3 * plain.len());
    for (i, c) in plain.chars().enumerate() {
        if i > 0 && (n - i).is_multiple_of(3) {
            out.push(SHOWN.get().group());
        }
        out.push(c);
    }
    digits(&out)
}

fn persian_digit(c: char) -> char {
    digit_value(c)
        .and_then(|d| char::from_u32(u32::from('۰') + u32::from(d)))
        .unwrap_or(c)
}

/// The value of an ASCII, Persian or Arabic-Indic digit.
fn digit_value(c: char) -> Option<u8> {
    let zero = match c {
        '0'..='9' => '0',
        '۰'..='۹' => '۰',
        '٠'..='٩' => '٠',
        _ => return None,
    };
    u8::try_from(u32::from(c) - u32::from(zero)).ok()
}
