//! The rules on what stands between letters: spaces, ZWNJ, line ends.

use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;

use super::{ZWNJ, slice};

/// Collapses runs of spaces and of ZWNJ and turns CRLF and CR into LF outside the `kept` ranges.
pub(super) fn collapse(text: &str, kept: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for range in kept {
        collapse_part(text, from..range.start, &mut out);
        out.push_str(slice(text, range.clone()));
        from = range.end;
    }
    collapse_part(text, from..text.len(), &mut out);
    out
}

fn collapse_part(text: &str, range: Range<usize>, out: &mut String) {
    let after = slice(text, range.end..text.len()).chars().next();
    let mut rest = slice(text, range).chars().peekable();
    while let Some(c) = rest.next() {
        if is_space(c) || c == ZWNJ {
            let mut run = Run::default();
            run.add(c);
            while let Some(next) = rest.next_if(|&next| is_space(next) || next == ZWNJ) {
                run.add(next);
            }
            let previous = out.chars().next_back();
            let next = rest.peek().copied().or(after);
            out.extend(run.result(previous, next));
        } else if c == '\r' {
            // Of CRLF only the LF stays, also where more than one CR stands before it.
            let next = rest.clone().find(|&next| next != '\r' && next != ZWNJ);
            if next.or(after) != Some('\n') {
                out.push('\n');
            }
        } else {
            out.push(c);
        }
    }
}

/// A run of spaces and ZWNJ, mixed.
#[derive(Default)]
struct Run {
    n_spaces: usize,
    space: Option<char>,
}

impl Run {
    fn add(&mut self, c: char) {
        if c != ZWNJ {
            self.n_spaces += 1;
            self.space = Some(c);
        }
    }

    /// What the run becomes between `previous` and `next`.
    fn result(&self, previous: Option<char>, next: Option<char>) -> Option<char> {
        match self.n_spaces {
            // Without it a mark would compose with what stands before.
            0 if is_mark(next) => previous.filter(|c| !c.is_whitespace()).map(|_| ZWNJ),
            0 => (joins(previous) && joins(next)).then_some(ZWNJ),
            // A single no-break space stays what it is.
            1 => self.space,
            _ => Some(' '),
        }
    }
}

/// Whether a ZWNJ may stand beside `c`: not at an edge, not beside white space or punctuation. Code
/// may carry an ending, as in «`Vec`~ها».
fn joins(c: Option<char>) -> bool {
    c.is_some_and(|c| c == '`' || !(c.is_whitespace() || is_punctuation(c)))
}

/// Whether `c` is drawn on the character before it.
fn is_mark(c: Option<char>) -> bool {
    c.is_some_and(|c| canonical_combining_class(c) != 0)
}

/// ASCII's punctuation, that of Persian, and Unicode's block of general punctuation.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '«' | '»' | '،' | '؛' | '؟' | '٪' | '٫' | '٬' | '۔')
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}')
}

/// Spaces proper: the ASCII one and Unicode's space separators, but no tabs and no line ends.
fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{00A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}
