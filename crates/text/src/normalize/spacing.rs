//! The rules on what stands between letters: spaces, ZWNJ, line ends.

use std::ops::Range;

use super::{ZWNJ, slice};

/// Collapses runs of spaces and of ZWNJ and turns CRLF into LF outside the `kept` ranges.
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
    let floor = out.len();
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
        } else {
            if c == '\n' {
                while out.len() > floor && out.ends_with('\r') {
                    out.pop();
                }
            }
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
            0 => (joins(previous) && joins(next)).then_some(ZWNJ),
            // A single no-break space stays what it is.
            1 => self.space,
            _ => Some(' '),
        }
    }
}

/// Whether a ZWNJ may stand beside `c`: not at an edge, not beside white space.
fn joins(c: Option<char>) -> bool {
    c.is_some_and(|c| !c.is_whitespace())
}

/// Spaces proper: the ASCII one and Unicode's space separators, but no tabs and no line ends.
fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{00A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}
