//! The default normalization profile: what every text goes through before a tokenizer is trained
//! on it. It changes how text is encoded, never how it is spelt, so it is safe for language models.
//!
//! The rules, in the order in which they are applied outside URLs and code:
//! 1. tatweel that touches a letter, byte order marks, soft hyphens and direction controls are
//!    removed; a right-to-left mark, a zero-width space or a word joiner between two letters was
//!    typed for the ZWNJ and becomes one, elsewhere it is removed;
//! 2. Arabic presentation forms become letters; U+FDF2 (الله) brings no alef where one stands before
//!    it, since many fonts draw it without;
//! 3. NFC, also of a yeh without dots and a hamza above (ئ); ي ى -> ی, ك -> ک, ۀ -> هٔ, Arabic-Indic
//!    digits -> Persian digits;
//! 4. runs of spaces and of ZWNJ are collapsed, a ZWNJ at an edge, beside white space or beside
//!    punctuation is dropped, and CRLF and CR become LF.
//!
//! Kept: ZWNJ, آ أ ؤ ئ ء هٔ, ASCII digits, Latin text, diacritics, line breaks, and a tatweel that
//! touches no letter: between numbers or spaces it is typed for a dash.
//!
//! The result is a fixed point: `normalize(normalize(x)) == normalize(x)` for every `x`.

mod letters;
mod protect;
mod spacing;

use std::ops::Range;

use crate::bidi;

/// The zero-width non-joiner, Persian's nim-fasele.
pub(crate) const ZWNJ: char = '\u{200C}';
/// The zero-width joiner, which emoji and some abbreviations need.
pub(crate) const ZERO_WIDTH_JOINER: char = '\u{200D}';
/// The right-to-left mark.
pub(crate) const RLM: char = '\u{200F}';
/// The byte order mark.
pub(crate) const BOM: char = '\u{FEFF}';
/// The kashida, which stretches a word and means nothing.
pub(crate) const TATWEEL: char = '\u{0640}';
/// The soft hyphen: where a word may be broken at a line's end. It shows nowhere else.
pub(crate) const SOFT_HYPHEN: char = '\u{00AD}';
/// The zero-width space, which some keyboards give in place of the ZWNJ.
pub(crate) const ZERO_WIDTH_SPACE: char = '\u{200B}';
/// The word joiner, likewise.
pub(crate) const WORD_JOINER: char = '\u{2060}';

/// Whether `text` shows nothing: it is empty, or all of it is white space and characters without a
/// shape (zero-width spaces and joiners, soft hyphens, byte order marks, direction controls).
pub fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || is_invisible(c) || c.is_control())
}

/// Characters without a shape of their own that normalization removes or moves.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        ZWNJ | ZERO_WIDTH_JOINER | BOM | SOFT_HYPHEN | ZERO_WIDTH_SPACE | WORD_JOINER
    ) || bidi::is_control(c)
}

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
