//! The rules on single characters: what is removed, what is mapped, and NFC.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::decompose_compatible;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{BOM, RLM, TATWEEL, ZWNJ, slice};
use crate::bidi;

/// The Greek varia. NFC would turn it into a backtick and so make code out of what is none.
const VARIA: char = '\u{1FEF}';

/// Appends `text[range]` with its letters mapped.
pub(super) fn map(text: &str, range: Range<usize>, out: &mut String) {
    if range.is_empty() {
        return;
    }
    let part = slice(text, range.clone());
    if part.is_ascii() {
        out.push_str(part);
        return;
    }
    let before = slice(text, 0..range.start).chars().next_back();
    let after = slice(text, range.end..text.len()).chars().next();
    let removed = remove(part, before, after);
    let bare = unfold(&removed);
    let composed = nfc(&bare);
    let mut mapped = String::with_capacity(composed.len());
    for c in composed.chars() {
        persian(c, &mut mapped);
    }
    // Mapping ۀ inserts a mark, which may have to change places with those that follow it.
    out.push_str(&nfc(&mapped));
}

/// `part` without tatweel, byte order marks and direction controls.
fn remove(part: &str, before: Option<char>, after: Option<char>) -> String {
    let mut out = String::with_capacity(part.len());
    let mut rest = part.chars().peekable();
    while let Some(c) = rest.next() {
        if c == TATWEEL {
            continue;
        }
        if !is_removed_mark(c) {
            out.push(c);
            continue;
        }
        let mut has_rlm = c == RLM;
        while let Some(next) = rest.next_if(|&next| is_removed_mark(next)) {
            has_rlm |= next == RLM;
        }
        let previous = out.chars().next_back().or(before);
        let next = rest.peek().copied().or(after);
        if has_rlm && is_letter(previous) && is_letter(next) {
            out.push(ZWNJ);
        }
    }
    out
}

fn is_removed_mark(c: char) -> bool {
    c == BOM || bidi::is_control(c)
}

fn is_letter(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphabetic)
}

/// Presentation forms, one glyph each, become the letters that they show.
fn unfold(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_presentation_form) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_presentation_form(c) {
            // A vowel sign's isolated form decomposes to a carrier (space or tatweel) and the sign.
            decompose_compatible(c, |d| {
                if d != ' ' && d != TATWEEL {
                    out.push(d);
                }
            });
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// U+FB50-FDFF and U+FE70-FEFF, but for what is a sign of its own and not a letter's shape:
/// ﷺ and ﷻ stand for phrases, ﷼ for a currency.
fn is_presentation_form(c: char) -> bool {
    matches!(c, '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}')
        && !matches!(c, '\u{FDFA}'..='\u{FDFC}')
}

/// NFC, leaving [`VARIA`] alone. Nothing composes with it, so the parts around it are independent.
fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(VARIA) {
        match part.strip_suffix(VARIA) {
            Some(before) => {
                out.extend(before.nfc());
                out.push(VARIA);
            }
            None => out.extend(part.nfc()),
        }
    }
    Cow::Owned(out)
}

/// Arabic code points become those of Persian.
fn persian(c: char, out: &mut String) {
    match c {
        'ي' | 'ى' => out.push('ی'),
        'ك' => out.push('ک'),
        // NFC does not compose ه and U+0654; U+06C0 would decompose to U+06D5, another letter.
        '\u{06C0}' => out.push_str("ه\u{0654}"),
        '٠' => out.push('۰'),
        '١' => out.push('۱'),
        '٢' => out.push('۲'),
        '٣' => out.push('۳'),
        '٤' => out.push('۴'),
        '٥' => out.push('۵'),
        '٦' => out.push('۶'),
        '٧' => out.push('۷'),
        '٨' => out.push('۸'),
        '٩' => out.push('۹'),
        other => out.push(other),
    }
}
