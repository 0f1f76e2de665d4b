//! What normalization must leave alone: URLs and code.
//!
//! Where code starts and ends depends on backticks and tildes in a row, so what stands between two
//! of them is left alone as well. Otherwise removing a character there would make a fence that was
//! none before, and a second pass would give another result than the first.

use std::collections::HashMap;
use std::ops::Range;

use super::{
    BOM, SOFT_HYPHEN, TATWEEL, WORD_JOINER, ZERO_WIDTH_JOINER, ZERO_WIDTH_SPACE, ZWNJ,
    is_invisible, slice,
};
use crate::bidi;

/// The protected byte ranges of `text`: in order, disjoint, on character boundaries, not empty.
pub(super) fn ranges(text: &str) -> Vec<Range<usize>> {
    let code = if text.contains(['`', '~']) {
        with_bridges(text, code_ranges(text))
    } else {
        Vec::new()
    };
    let mut all = Vec::with_capacity(code.len());
    let mut from = 0;
    for range in code {
        urls(text, from..range.start, &mut all);
        from = range.end;
        all.push(range);
    }
    urls(text, from..text.len(), &mut all);
    all
}

/// Fenced blocks first, then backtick spans in the paragraphs between them.
fn code_ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut fence: Option<Fence> = None;
    let mut paragraph: Vec<Backticks> = Vec::new();
    let mut at = 0;
    for line in lines(text) {
        let start = at;
        at += line.len();
        if let Some(open) = &fence {
            if let Some(end) = open.closed_by(line) {
                found.push(open.start..start + end);
                fence = None;
            }
        } else if let Some(open) = Fence::opened_by(line, start) {
            spans(&paragraph, &mut found);
            paragraph.clear();
            fence = Some(open);
        } else if line.chars().all(is_blank) {
            spans(&paragraph, &mut found);
            paragraph.clear();
        } else {
            backtick_runs(line, start, &mut paragraph);
        }
    }
    match fence {
        // A fence that nobody closed reaches to the end of the text.
        Some(open) => found.push(open.start..text.len()),
        None => spans(&paragraph, &mut found),
    }
    found
}

/// The lines of `text` with their ends: LF, or a CR that no LF follows.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest
            .char_indices()
            .find(|&(at, c)| match c {
                '\n' => true,
                '\r' => !is_part_of_lf(slice(rest, at + 1..rest.len())),
                _ => false,
            })
            .map_or(rest.len(), |(at, _)| at + 1);
        let (line, tail) = rest.split_at(end);
        rest = tail;
        (!line.is_empty()).then_some(line)
    })
}

/// Whether a CR before `rest` only begins the line end that an LF completes.
fn is_part_of_lf(rest: &str) -> bool {
    rest.chars()
        .find(|&c| c != '\r' && (c == TATWEEL || !is_ghost(c)))
        == Some('\n')
}

/// `code` and, outside it, what normalization could remove between two equal marks.
fn with_bridges(text: &str, code: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut all = Vec::with_capacity(code.len());
    let mut from = 0;
    for range in code {
        // A bridge may reach up to the mark that opens the code, and start at one that closed some.
        bridges(text, from, range.start, &mut all);
        from = range.end;
        all.push(range);
    }
    bridges(text, from, text.len(), &mut all);
    all
}

fn bridges(text: &str, from: usize, to: usize, found: &mut Vec<Range<usize>>) {
    let mut mark = slice(text, 0..from).chars().next_back();
    let mut start = from;
    let after = slice(text, to..text.len()).chars().next();
    let inside = slice(text, from..to)
        .char_indices()
        .map(|(i, c)| (from + i, c));
    for (at, c) in inside.chain(after.map(|c| (to, c))) {
        if is_ghost(c) && at < to {
            continue;
        }
        if start < at && mark == Some(c) && matches!(c, '`' | '~') {
            found.push(start..at);
        }
        mark = Some(c);
        start = at + c.len_utf8();
    }
}

/// Characters that normalization may remove, so that their neighbours meet.
fn is_ghost(c: char) -> bool {
    c == TATWEEL || (is_invisible(c) && c != ZERO_WIDTH_JOINER)
}

/// White space, or what may be removed.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_ghost(c)
}

/// The line that opened a fenced block: three or more backticks or tildes.
struct Fence {
    start: usize,
    mark: char,
    n_marks: usize,
}

impl Fence {
    /// The fence that `line` opens, which starts at byte `at` of the text.
    fn opened_by(line: &str, at: usize) -> Option<Self> {
        let marks = line.trim_start_matches(is_blank);
        let mark = marks.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let rest = marks.trim_start_matches(mark);
        let n_marks = marks.len() - rest.len();
        // ```x``` on one line is a span.
        let is_span = mark == '`' && rest.contains('`');
        (n_marks >= 3 && !is_span).then_some(Self {
            start: at + line.len() - marks.len(),
            mark,
            n_marks,
        })
    }

    /// The end of the block in `line`, if that is nothing but enough of the opening mark.
    fn closed_by(&self, line: &str) -> Option<usize> {
        let marks = line.trim_start_matches(is_blank);
        let rest = marks.trim_start_matches(self.mark);
        let n_marks = marks.len() - rest.len();
        let is_bare = rest.chars().all(is_blank);
        (n_marks >= self.n_marks && is_bare).then_some(line.len() - rest.len())
    }
}

/// Appends the code spans of one paragraph: a run of backticks up to the next run as long.
fn spans(runs: &[Backticks], found: &mut Vec<Range<usize>>) {
    let last_of: HashMap<usize, usize> = runs.iter().map(|run| run.len).zip(0..).collect();
    let mut i = 0;
    while let Some(open) = runs.get(i) {
        // Otherwise each run that nothing closes would be compared with all that follow.
        let is_last = last_of.get(&open.len) == Some(&i);
        let mut later = runs.iter().enumerate().skip(i + 1);
        let close = if is_last {
            None
        } else {
            later.find(|(_, run)| run.len == open.len)
        };
        if let Some((j, close)) = close {
            found.push(open.start..close.end);
            i = j + 1;
        } else {
            i += 1;
        }
    }
}

/// Backticks in a row: how many, and the bytes that they span.
struct Backticks {
    len: usize,
    start: usize,
    end: usize,
}

/// Appends the runs of a line that starts at byte `at` of the text.
fn backtick_runs(line: &str, at: usize, runs: &mut Vec<Backticks>) {
    let mut from = 0;
    while let Some(found) = slice(line, from..line.len()).find('`') {
        let marks = slice(line, from + found..line.len());
        let len = marks.len() - marks.trim_start_matches('`').len();
        let start = from + found;
        from = start + len;
        runs.push(Backticks {
            len,
            start: at + start,
            end: at + from,
        });
    }
}

/// Appends the URLs in `text[within]`: a scheme and `://`, or `www.`, up to what cannot be part of
/// one.
fn urls(text: &str, within: Range<usize>, found: &mut Vec<Range<usize>>) {
    let part = slice(text, within.clone());
    let mut schemes = part.match_indices("://").peekable();
    let mut bare = part.match_indices("www.").peekable();
    let mut from = 0;
    loop {
        while schemes.next_if(|&(at, _)| at < from).is_some() {}
        while bare.next_if(|&(at, _)| at < from).is_some() {}
        let next = match (schemes.peek(), bare.peek()) {
            (Some(a), Some(b)) if a.0 < b.0 => schemes.next(),
            (_, Some(_)) => bare.next(),
            (Some(_), None) => schemes.next(),
            (None, None) => return,
        };
        let Some((at, mark)) = next else { return };
        let body = at + mark.len();
        let Some(start) = url_start(part, from, at, body) else {
            continue;
        };
        let tail = slice(part, body..part.len());
        let end = tail.find(ends_url).unwrap_or(tail.len());
        // A ZWNJ at the end belongs to the sentence.
        from = body + slice(tail, 0..end).trim_end_matches(ZWNJ).len();
        found.push(within.start + start..within.start + from);
    }
}

/// Where the URL starts whose `://` or `www.` is at `at..body`, if it is one.
fn url_start(part: &str, from: usize, at: usize, body: usize) -> Option<usize> {
    let before = slice(part, from..at);
    let is_bare = slice(part, at..body) == "www.";
    if is_bare {
        let host = slice(part, body..part.len());
        return host
            .starts_with(|c: char| c.is_ascii_alphanumeric())
            .then_some(at);
    }
    before
        .ends_with(|c: char| c.is_ascii_alphanumeric())
        .then(|| from + before.trim_end_matches(is_scheme).len())
}

fn is_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

fn ends_url(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '<' | '>' | '"' | '`' | '«' | '»' | '،' | '؛' | '؟')
        || matches!(c, BOM | SOFT_HYPHEN | ZERO_WIDTH_SPACE | WORD_JOINER)
        || bidi::is_control(c)
}
