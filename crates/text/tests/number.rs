//! Numbers shown and read.
#![allow(
    clippy::approx_constant,
    clippy::unwrap_used,
    clippy::float_cmp,
    missing_docs
)]

use amoozgar_text::number::{
    self, bytes, duration, format_decimal, format_integer, parse_number, percent, to_latin_digits,
    to_persian_digits,
};
use proptest::prelude::*;

#[test]
fn integers_have_persian_digits_and_parted_thousands() {
    assert_eq!(format_integer(0), "۰", "zero");
    assert_eq!(format_integer(999), "۹۹۹", "no separator below a thousand");
    assert_eq!(format_integer(1234), "۱٬۲۳۴", "one separator");
    assert_eq!(format_integer(1_234_567), "۱٬۲۳۴٬۵۶۷", "two separators");
    assert_eq!(
        format_integer(-1234),
        "\u{200E}−۱٬۲۳۴",
        "the sign stays on the left"
    );
    assert_eq!(
        format_integer(i64::MIN),
        "\u{200E}−۹٬۲۲۳٬۳۷۲٬۰۳۶٬۸۵۴٬۷۷۵٬۸۰۸",
        "the smallest does not overflow"
    );
}

#[test]
fn decimals_use_the_persian_mark() {
    assert_eq!(format_decimal(3.14159, 2), "۳٫۱۴", "rounded");
    assert_eq!(
        format_decimal(1_234_567.89, 2),
        "۱٬۲۳۴٬۵۶۷٫۸۹",
        "the agreed form"
    );
    assert_eq!(format_decimal(2.0, 0), "۲", "no mark without decimals");
    assert_eq!(format_decimal(-0.001, 2), "۰٫۰۰", "no minus before a zero");
    assert_eq!(format_decimal(f64::NAN, 2), "ناعدد", "not a number says so");
    assert_eq!(
        format_decimal(f64::NEG_INFINITY, 2),
        "\u{200E}−∞",
        "infinity"
    );
    assert_eq!(percent(42.5, 1), "۴۲٫۵٪", "the agreed form");
}

#[test]
fn sizes_and_spans_are_said_in_words() {
    assert_eq!(bytes(0), "۰ بایت", "nothing");
    assert_eq!(bytes(1023), "۱٬۰۲۳ بایت", "below a kibibyte");
    assert_eq!(bytes(1024), "۱ کیلوبایت", "whole units have no decimal");
    assert_eq!(bytes(1_258_291), "۱٫۲ مگابایت", "one decimal below ten");
    assert_eq!(
        bytes(1_048_575),
        "۱ مگابایت",
        "never 1024 of a smaller unit"
    );
    assert_eq!(bytes(52_428_800), "۵۰ مگابایت", "no decimal from ten on");
    assert_eq!(bytes(u64::MAX), "۱۶٬۷۷۷٬۲۱۶ ترابایت", "the largest");
    assert_eq!(duration(125.0), "۲ دقیقه و ۵ ثانیه", "the agreed form");
    assert_eq!(duration(3600.0), "۱ ساعت", "a zero part is left out");
    assert_eq!(duration(90_061.0), "۱ روز و ۱ ساعت", "two units at most");
    assert_eq!(duration(0.2), "کمتر از ۱ ثانیه", "below a second");
    assert_eq!(duration(f64::INFINITY), "نامعلوم", "not finite");
}

#[test]
fn every_keyboards_numbers_are_read() {
    for (text, value) in [
        ("۱۲۳", 123.0),
        ("١٢٣", 123.0),
        ("123", 123.0),
        ("۳٫۱۴", 3.14),
        ("۳.۱۴", 3.14),
        ("۱٬۲۳۴٬۵۶۷٫۸۹", 1_234_567.89),
        ("1,234", 1234.0),
        ("1,234.5", 1234.5),
        ("۰,۵", 0.5),
        ("1,5", 1.5),
        ("2e-5", 2e-5),
        ("۲e-۵", 2e-5),
        ("۲٫۵E+۳", 2500.0),
        (" −۵ ", -5.0),
        ("\u{200E}−۵", -5.0),
        ("+7", 7.0),
        (".5", 0.5),
    ] {
        assert_eq!(parse_number(text), Some(value), "{text:?} is a number");
    }
    for text in [
        "",
        " ",
        "-",
        ".",
        "e5",
        "2e",
        "1.2.3",
        "1,23,4",
        "12a",
        "۱۲ تومان",
        "inf",
        "NaN",
        "1e999",
        "--1",
        "1.5,000",
        ",",
    ] {
        assert_eq!(parse_number(text), None, "{text:?} is no number");
    }
}

#[test]
fn digits_change_and_nothing_else_does() {
    assert_eq!(to_persian_digits("a1٢۳ب"), "a۱۲۳ب", "to Persian");
    assert_eq!(to_latin_digits("a1٢۳ب"), "a123ب", "to ASCII");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_can_be_typed_back(value in -1_000_000_000_000i64..1_000_000_000_000) {
        prop_assert_eq!(parse_number(&format_integer(value)), Some(value as f64));
        let hundredths = value as f64 / 100.0;
        let read = parse_number(&format_decimal(hundredths, 2)).unwrap();
        prop_assert!((read - hundredths).abs() < 1e-6 * hundredths.abs().max(1.0), "{read} is {hundredths}");
    }

    #[test]
    fn no_text_and_no_value_makes_a_panic(text in any::<String>(), value in any::<f64>(), n in any::<u64>()) {
        let _ = parse_number(&text);
        let _ = (format_decimal(value, 3), percent(value, 1), duration(value), bytes(n));
    }
}

#[test]
fn who_prefers_latin_digits_gets_them_everywhere_with_their_separators() {
    // A thread of its own, since the choice belongs to the thread.
    let shown = std::thread::spawn(|| {
        number::show_in(number::Digits::Latin);
        [
            number::format_integer(1_234_567),
            number::format_decimal(1234.5, 2),
            number::percent(42.5, 1),
            number::bytes(1536),
            number::duration(125.0),
            number::digits("۱۴۰۵"),
            number::as_typed("0.5"),
            amoozgar_text::date::short(1_795_432_805_000, 210),
        ]
    })
    .join()
    .unwrap();
    assert_eq!(
        shown,
        [
            "1,234,567",
            "1,234.50",
            "42.5%",
            "1.5 کیلوبایت",
            "2 دقیقه و 5 ثانیه",
            "1405",
            "0.5",
            "1405/09/02",
        ],
        "digits, separators and dates"
    );
    assert_eq!(
        number::format_integer(1234),
        "۱٬۲۳۴",
        "other threads are as they were"
    );
}
