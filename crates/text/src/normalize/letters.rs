//! The rules on single characters: what is removed, what is mapped, and NFC.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{
    BOM, RLM, SOFT_HYPHEN, TATWEEL, WORD_JOINER, ZERO_WIDTH_SPACE, ZWNJ, is_invisible, slice,
};
use crate::bidi;

/// The Greek varia. NFC would turn it into a backtick and so make code out of what is none.
const VARIA: char = '\u{1FEF}';
/// The ligature of الله. Many fonts draw it without its alef, so that people type one before it.
const ALLAH: char = '\u{FDF2}';
const HAMZA_ABOVE: char = '\u{0654}';

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
    let bare = unfold(&removed, before);
    let composed = nfc(&hamza_on_yeh(&bare)).into_owned();
    let mut mapped = String::with_capacity(composed.len());
    for c in composed.chars() {
        persian(c, &mut mapped);
    }
    // Mapping ۀ inserts a mark, which may have to change places with those that follow it.
    out.push_str(&nfc(&mapped));
}

/// `part` without what shows nothing, and without the tatweel that stretches a letter.
fn remove(part: &str, before: Option<char>, after: Option<char>) -> String {
    let mut out = String::with_capacity(part.len());
    // The last character that `is_seen`.
    let mut left = before;
    let mut rest = part.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c == TATWEEL {
            if !is_letter(left) && !is_letter(seen_after(part, at, after)) {
                out.push(c);
            }
            continue;
        }
        if !is_removed_mark(c) {
            out.push(c);
            if is_seen(c) {
                left = Some(c);
            }
            continue;
        }
        let mut run = RemovedRun::default();
        run.add(c);
        while let Some((_, next)) = rest.next_if(|&(_, next)| is_removed_mark(next)) {
            run.add(next);
        }
        let previous = out.chars().next_back().or(before);
        let next = rest.peek().map(|&(_, next)| next).or(after);
        if run.was_zwnj(previous, next) {
            out.push(ZWNJ);
        }
    }
    out
}

/// The next character after `at` that `is_seen` and is no tatweel.
fn seen_after(part: &str, at: usize, after: Option<char>) -> Option<char> {
    slice(part, at..part.len())
        .chars()
        .find(|&c| c != TATWEEL && is_seen(c))
        .or(after)
}

/// Whether `c` has a place of its own in a line: it is neither invisible nor a mark on another letter.
fn is_seen(c: char) -> bool {
    !is_invisible(c) && canonical_combining_class(c) == 0
}

fn is_removed_mark(c: char) -> bool {
    matches!(c, BOM | SOFT_HYPHEN | ZERO_WIDTH_SPACE | WORD_JOINER) || bidi::is_control(c)
}

/// Marks in a row that are removed.
#[derive(Default)]
struct RemovedRun {
    has_rlm: bool,
    has_zero_width: bool,
}

impl RemovedRun {
    fn add(&mut self, c: char) {
        self.has_rlm |= c == RLM;
        self.has_zero_width |= matches!(c, ZERO_WIDTH_SPACE | WORD_JOINER);
    }

    /// Whether somebody typed it for a ZWNJ. A zero-width space between Latin letters only allows a
    /// line to break there.
    fn was_zwnj(&self, previous: Option<char>, next: Option<char>) -> bool {
        let between = |is: fn(Option<char>) -> bool| is(previous) && is(next);
        (self.has_rlm && between(is_letter)) || (self.has_zero_width && between(is_arabic_letter))
    }
}

fn is_letter(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphabetic)
}

/// A letter (or a vowel sign) of the Arabic script, presentation forms among them.
fn is_arabic_letter(c: Option<char>) -> bool {
    c.is_some_and(|c| {
        c.is_alphabetic()
            && matches!(
                c,
                '\u{0600}'..='\u{06FF}'
                    | '\u{0750}'..='\u{077F}'
                    | '\u{0870}'..='\u{08FF}'
                    | '\u{FB50}'..='\u{FDFF}'
                    | '\u{FE70}'..='\u{FEFE}'
            )
    })
}

/// Presentation forms, one glyph each, become the letters that they show. `before` is what stands
/// before `text`.
fn unfold(text: &str, before: Option<char>) -> Cow<'_, str> {
    if !text.chars().any(is_presentation_form) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ALLAH && follows_alef(&out, before) {
            out.push_str("لله");
        } else if is_presentation_form(c) {
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

/// Whether the last letter of `out`, vowel signs aside, is a bare alef.
fn follows_alef(out: &str, before: Option<char>) -> bool {
    let letter = out
        .chars()
        .rev()
        .find(|&c| canonical_combining_class(c) == 0);
    letter.or(before) == Some('ا')
}

/// A yeh without dots (ى, or ی) that carries a hamza above becomes the Arabic yeh, of which NFC makes
/// ئ. Some keyboards give the two characters for it.
fn hamza_on_yeh(text: &str) -> Cow<'_, str> {
    if !text.contains(HAMZA_ABOVE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let yeh = matches!(c, 'ى' | 'ی');
        let marks = || slice(text, at + c.len_utf8()..text.len()).chars();
        out.push(if yeh && composes_with_hamza(marks()) {
            'ي'
        } else {
            c
        });
    }
    Cow::Owned(out)
}

/// Whether NFC composes a letter with the hamza above among the `marks` that follow it: no other mark
/// of its combining class stands before it.
fn composes_with_hamza(marks: impl Iterator<Item = char>) -> bool {
    let class = canonical_combining_class(HAMZA_ABOVE);
    marks
        .take_while(|&c| canonical_combining_class(c) != 0)
        .find(|&c| canonical_combining_class(c) == class)
        == Some(HAMZA_ABOVE)
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
