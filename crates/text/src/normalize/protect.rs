//! What normalization must leave alone: URLs and code.
//!
//! Where code starts and ends depends on backticks and tildes in a row, so what stands between two
//! of them is left alone as well. Otherwise removing a character there would make a fence that was
//! none before, and a second pass would give another result than the first.

use std::ops::Range;

use super::{
    BOM, SOFT_HYPHEN, TATWEEL, WORD_JOINER, ZERO_WIDTH_JOINER, ZERO_WIDTH_SPACE, ZWNJ,
    is_invisible, slice,
};
use crate::bidi;

/// A character and where it starts.
type Seen = (usize, char);

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
    let mut paragraph: Vec<Seen> = Vec::new();
    let mut at = 0;
    for line in lines(text) {
        let seen: Vec<Seen> = line.char_indices().map(|(i, c)| (at + i, c)).collect();
        at += line.len();
        if let Some(open) = &fence {
            if let Some(end) = open.closed_by(&seen) {
                found.push(open.start..end);
                fence = None;
            }
        } else if let Some(open) = Fence::opened_by(&seen) {
            spans(&paragraph, &mut found);
            paragraph.clear();
            fence = Some(open);
        } else if line.chars().all(is_blank) {
            spans(&paragraph, &mut found);
            paragraph.clear();
        } else {
            paragraph.extend(seen);
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
    fn opened_by(line: &[Seen]) -> Option<Self> {
        let line = trim_start(line);
        let &(start, mark) = line.first()?;
        if !matches!(mark, '`' | '~') {
            return None;
        }
        let n_marks = line.iter().take_while(|&&(_, c)| c == mark).count();
        // ```x``` on one line is a span.
        let is_span = mark == '`' && line.iter().skip(n_marks).any(|&(_, c)| c == '`');
        (n_marks >= 3 && !is_span).then_some(Self {
            start,
            mark,
            n_marks,
        })
    }

    /// The end of the block, if `line` is nothing but enough of the opening mark.
    fn closed_by(&self, line: &[Seen]) -> Option<usize> {
        let line = trim_start(line);
        let n_marks = line.iter().take_while(|&&(_, c)| c == self.mark).count();
        let is_bare = line.iter().skip(n_marks).all(|&(_, c)| is_blank(c));
        let &(last, mark) = line.get(n_marks.checked_sub(1)?)?;
        (n_marks >= self.n_marks && is_bare).then_some(last + mark.len_utf8())
    }
}

fn trim_start(line: &[Seen]) -> &[Seen] {
    let n_blank = line.iter().take_while(|&&(_, c)| is_blank(c)).count();
    line.get(n_blank..).unwrap_or_default()
}

/// Appends the code spans of one paragraph: a run of backticks up to the next run as long.
fn spans(paragraph: &[Seen], found: &mut Vec<Range<usize>>) {
    let runs = backtick_runs(paragraph);
    let mut i = 0;
    while let Some(open) = runs.get(i) {
        let close = runs
            .iter()
            .enumerate()
            .skip(i + 1)
            .find(|(_, run)| run.len == open.len);
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

fn backtick_runs(paragraph: &[Seen]) -> Vec<Backticks> {
    let mut runs: Vec<Backticks> = Vec::new();
    let mut in_run = false;
    for &(at, c) in paragraph {
        if c != '`' {
            in_run = false;
            continue;
        }
        match runs.last_mut() {
            Some(run) if in_run => {
                run.len += 1;
                run.end = at + 1;
            }
            _ => runs.push(Backticks {
                len: 1,
                start: at,
                end: at + 1,
            }),
        }
        in_run = true;
    }
    runs
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
