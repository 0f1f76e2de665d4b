//! The default normalization profile: what every text goes through before a tokenizer is trained
//! on it. It changes how text is encoded, never how it is spelt, so it is safe for language models.
//!
//! The rules, in the order in which they are applied outside URLs and code:
//! 1. tatweel, byte order marks and direction controls are removed, but a right-to-left mark
//!    between two letters, which old editors wrote for it, becomes a ZWNJ;
//! 2. Arabic presentation forms become letters;
//! 3. NFC; ي ى -> ی, ك -> ک, ۀ -> هٔ, Arabic-Indic digits -> Persian digits;
//! 4. runs of spaces and of ZWNJ are collapsed, a ZWNJ at an edge or beside white space is dropped,
//!    and CRLF becomes LF.
//!
//! Kept: ZWNJ, آ أ ؤ ئ ء هٔ, ASCII digits, Latin text, diacritics, line breaks.
//!
//! The result is a fixed point: `normalize(normalize(x)) == normalize(x)` for every `x`.

mod letters;
mod protect;
mod spacing;

use std::ops::Range;

/// The zero-width non-joiner, Persian's nim-fasele.
pub(crate) const ZWNJ: char = '\u{200C}';
/// The right-to-left mark.
pub(crate) const RLM: char = '\u{200F}';
/// The byte order mark.
pub(crate) const BOM: char = '\u{FEFF}';
/// The kashida, which stretches a word and means nothing.
pub(crate) const TATWEEL: char = '\u{0640}';

/// `text` in the default profile.
///
/// URLs and code (backtick spans, fenced blocks) come back byte for byte.
pub fn normalize(text: &str) -> String {
    let kept = protect::ranges(text);
    let (lettered, kept) = map_between(text, &kept);
    spacing::collapse(&lettered, &kept)
}

/// Applies the letter rules between the protected ranges. Returns the new text and where the
/// protected ranges lie in it.
fn map_between(text: &str, kept: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let mut out = String::with_capacity(text.len());
    let mut moved = Vec::with_capacity(kept.len());
    let mut from = 0;
    for range in kept {
        letters::map(text, from..range.start, &mut out);
        let start = out.len();
        out.push_str(slice(text, range.clone()));
        moved.push(start..out.len());
        from = range.end;
    }
    letters::map(text, from..text.len(), &mut out);
    (out, moved)
}

/// `text[range]` for a range that lies on character boundaries, as all of this module's do.
fn slice(text: &str, range: Range<usize>) -> &str {
    text.get(range)
        .expect("BUG: a range that does not lie on character boundaries")
}
