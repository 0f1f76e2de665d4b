//! A message of a conversation as Markdown, while it is being written too: what is open at its end counts
//! as closed there. HTML is letters, line breaks stay (a verse is lines), an address is shown beside its
//! words and leads nowhere.

use super::lines::{fence_of, heading, is_rule, is_ruler, numbered};
use crate::components::CodeBlock;
use crate::i18n::chat as words;
use yew::prelude::*;

/// How deep marks within marks are read.
const DEEPEST: u8 = 4;

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading, 1 the largest.
    Heading(u8, Vec<Span>),
    /// Lines that belong together.
    Paragraph(Vec<Span>),
    /// Lines that are another's.
    Quote(Vec<Span>),
    /// Points.
    List(Vec<Point>),
    /// Code, and its language where that is named.
    Code(String, String),
    /// Rows of cells, the first one the head.
    Table(Vec<Vec<Vec<Span>>>),
    /// A line between two parts.
    Rule,
}

/// A point of a list, with those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    number: Option<u32>,
    words: Vec<Span>,
    below: Vec<Point>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Text(String),
    /// Words that weigh more.
    Strong(Vec<Span>),
    /// Words that are stressed.
    Stressed(Vec<Span>),
    /// Code within a line.
    Code(String),
    /// Words with an address.
    Link(String, String),
}

/// The parts of a message.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(fence) = fence_of(trimmed) {
            let language = trimmed.trim_start_matches(['`', '~']).trim().to_owned();
            let indent = line.len() - line.trim_start().len();
            let mut code = Vec::new();
            for line in lines.by_ref() {
                if line.trim().starts_with(fence) {
                    break;
                }
                let own = line.len() - line.trim_start().len();
                code.push(line.get(indent.min(own)..).unwrap_or(line));
            }
            blocks.push(Block::Code(language, code.join("\n")));
        } else if let Some((level, title)) = heading(trimmed) {
            blocks.push(Block::Heading(level, spans(title)));
        } else if trimmed.starts_with('|') {
            let mut rows = vec![trimmed];
            while let Some(row) = lines.next_if(|line| line.trim().starts_with('|')) {
                rows.push(row.trim());
            }
            blocks.push(Block::Table(table(&rows)));
        } else if is_rule(trimmed) {
            blocks.push(Block::Rule);
        } else if numbered(trimmed).is_some() {
            let mut points = vec![line];
            while let Some(next) = lines.next_if(|next| belongs_to_list(next)) {
                points.push(next);
            }
            blocks.push(Block::List(list(&points)));
        } else if let Some(quoted) = quoted(trimmed) {
            let mut said = vec![quoted];
            while let Some(next) = lines.next_if(|next| self::quoted(next.trim()).is_some()) {
                said.extend(self::quoted(next.trim()));
            }
            blocks.push(Block::Quote(spans(&said.join("\n"))));
        } else if !trimmed.is_empty() {
            let mut paragraph = vec![trimmed];
            while let Some(next) = lines.next_if(|next| is_of_paragraph(next.trim())) {
                paragraph.push(next.trim());
            }
            blocks.push(Block::Paragraph(spans(&paragraph.join("\n"))));
        }
    }
    blocks
}

fn quoted(line: &str) -> Option<&str> {
    line.strip_prefix('>').map(str::trim)
}

fn is_of_paragraph(line: &str) -> bool {
    !line.is_empty()
        && fence_of(line).is_none()
        && heading(line).is_none()
        && numbered(line).is_none()
        && !line.starts_with(['|', '>'])
        && !is_rule(line)
}

/// A point, or an indented line that goes on with one.
fn belongs_to_list(line: &str) -> bool {
    let trimmed = line.trim();
    let is_indented = line.starts_with([' ', '\t']);
    numbered(trimmed).is_some() && !is_rule(trimmed) || is_indented && is_of_paragraph(trimmed)
}

/// Points by their indentation.
fn list(lines: &[&str]) -> Vec<Point> {
    let mut flat: Vec<(usize, Option<u32>, String)> = Vec::new();
    for line in lines {
        let trimmed = line.trim();
        match (numbered(trimmed), flat.last_mut()) {
            (Some((number, words)), _) => {
                let indent = line.len() - line.trim_start().len();
                flat.push((indent, number, words.to_owned()));
            }
            (None, Some((_, _, words))) => {
                words.push('\n');
                words.push_str(trimmed);
            }
            (None, None) => {}
        }
    }
    nested(&mut flat.into_iter().peekable())
}

type Flat = std::iter::Peekable<std::vec::IntoIter<(usize, Option<u32>, String)>>;

/// The points from here on that are indented as much as the first one, with what is indented more below.
fn nested(points: &mut Flat) -> Vec<Point> {
    let mut level: Vec<Point> = Vec::new();
    let Some(least) = points.peek().map(|(indent, ..)| *indent) else {
        return level;
    };
    while let Some((indent, ..)) = points.peek() {
        // A space is a slip of the finger, not a level.
        if *indent > least + 1
            && let Some(above) = level.last_mut()
        {
            above.below = nested(points);
            continue;
        }
        if indent + 1 < least {
            break;
        }
        if let Some((_, number, words)) = points.next() {
            level.push(Point {
                number,
                words: spans(&words),
                below: Vec::new(),
            });
        }
    }
    level
}

fn table(rows: &[&str]) -> Vec<Vec<Vec<Span>>> {
    let cells = |row: &str| -> Vec<Vec<Span>> {
        let row = row.trim().trim_start_matches('|').trim_end_matches('|');
        row.split('|').map(|cell| spans(cell.trim())).collect()
    };
    let rows = rows.iter().filter(|row| !is_ruler(row));
    rows.map(|row| cells(row)).collect()
}

/// The pieces of a text.
pub fn spans(text: &str) -> Vec<Span> {
    spans_within(text, DEEPEST)
}

fn spans_within(text: &str, depth: u8) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = if depth == 0 {
            None
        } else {
            marked(rest, depth)
        };
        if let Some((span, after)) = found {
            if !plain.is_empty() {
                spans.push(Span::Text(std::mem::take(&mut plain)));
            }
            spans.push(span);
            rest = after;
            continue;
        }
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        // A mark after a backslash is a letter.
        let escaped = after
            .chars()
            .next()
            .filter(|next| c == '\\' && next.is_ascii_punctuation());
        if let Some(next) = escaped {
            plain.push(next);
            rest = after.get(next.len_utf8()..).unwrap_or_default();
        } else {
            plain.push(c);
            rest = after;
        }
    }
    if !plain.is_empty() {
        spans.push(Span::Text(plain));
    }
    spans
}

/// The marked piece that `text` begins with, and what follows it.
fn marked(text: &str, depth: u8) -> Option<(Span, &str)> {
    if text.starts_with('`') {
        let n_ticks = text.len() - text.trim_start_matches('`').len();
        let (fence, inner) = text.split_at(n_ticks);
        let (code, after) = inner.split_once(fence)?;
        return Some((Span::Code(code.trim().to_owned()), after));
    }
    if text.starts_with('[') {
        let (words, after) = text.strip_prefix('[')?.split_once("](")?;
        let (address, after) = after.split_once(')')?;
        let is_one = !words.contains(['[', '\n']) && !address.contains(char::is_whitespace);
        return is_one.then(|| (Span::Link(words.to_owned(), address.to_owned()), after));
    }
    if let Some(inner) = text.strip_prefix("**") {
        let (words, after) = inner.split_once("**")?;
        return is_marked(words).then(|| (Span::Strong(spans_within(words, depth - 1)), after));
    }
    let inner = text.strip_prefix('*')?;
    let (words, after) = inner.split_once('*')?;
    is_marked(words).then(|| (Span::Stressed(spans_within(words, depth - 1)), after))
}

/// Whether what stands between two marks touches both, as in `a *b* c` and not in `2 * 3 * 4`.
fn is_marked(words: &str) -> bool {
    !words.is_empty()
        && !words.starts_with(char::is_whitespace)
        && !words.ends_with(char::is_whitespace)
}

/// A message, drawn.
pub fn view(text: &str) -> Html {
    html! {
        <div class="rich">
            { for blocks(text).iter().enumerate().map(|(key, block)| draw(key, block)) }
        </div>
    }
}

fn draw(key: usize, block: &Block) -> Html {
    match block {
        Block::Heading(level, spans) if *level <= 2 => {
            html! { <h3 {key} dir="auto">{ draw_spans(spans) }</h3> }
        }
        Block::Heading(_, spans) => html! { <h4 {key} dir="auto">{ draw_spans(spans) }</h4> },
        Block::Paragraph(spans) => {
            html! { <p {key} class="rich__lines" dir="auto">{ draw_spans(spans) }</p> }
        }
        Block::Quote(spans) => html! {
            <blockquote {key} class="rich__lines" dir="auto">{ draw_spans(spans) }</blockquote>
        },
        Block::List(points) => html! { <div {key}>{ draw_points(points) }</div> },
        Block::Code(language, code) => html! {
            <div {key} class="rich__code">
                if !language.is_empty() { <bdi class="rich__language" dir="ltr">{ language }</bdi> }
                <CodeBlock code={code.clone()} label={words::CODE} testid="message-code" />
            </div>
        },
        Block::Table(rows) => html! {
            <div {key} class="rich__table" tabindex="0" role="region" aria-label={words::TABLE}>
                <table>
                    { for rows.iter().enumerate().map(|(row, cells)| draw_row(row, cells)) }
                </table>
            </div>
        },
        Block::Rule => html! { <hr {key} /> },
    }
}

fn draw_row(row: usize, cells: &[Vec<Span>]) -> Html {
    let cells = cells.iter().map(|cell| {
        if row == 0 {
            html! { <th scope="col" dir="auto">{ draw_spans(cell) }</th> }
        } else {
            html! { <td dir="auto">{ draw_spans(cell) }</td> }
        }
    });
    html! { <tr key={row}>{ for cells }</tr> }
}

/// Points in a row of one kind are a list.
fn draw_points(points: &[Point]) -> Html {
    let runs = points.chunk_by(|a, b| a.number.is_some() == b.number.is_some());
    runs.map(|run| {
        let items = run.iter().map(|point| {
            let value = point.number.map(|number| number.to_string());
            html! {
                <li class="rich__lines" dir="auto" {value}>
                    { draw_spans(&point.words) }
                    if !point.below.is_empty() { { draw_points(&point.below) } }
                </li>
            }
        });
        if run.iter().any(|point| point.number.is_some()) {
            html! { <ol>{ for items }</ol> }
        } else {
            html! { <ul>{ for items }</ul> }
        }
    })
    .collect()
}

fn draw_spans(spans: &[Span]) -> Html {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) => html! { { text } },
            Span::Strong(inner) => html! { <strong>{ draw_spans(inner) }</strong> },
            Span::Stressed(inner) => html! { <em>{ draw_spans(inner) }</em> },
            Span::Code(text) => html! { <code dir="ltr">{ text }</code> },
            Span::Link(words, address) if words == address => {
                html! { <bdi dir="ltr">{ address }</bdi> }
            }
            Span::Link(words, address) => html! {
                <>{ words }{ " (" }<bdi dir="ltr">{ address }</bdi>{ ")" }</>
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Block, Point, Span, blocks, spans};

    fn text(words: &str) -> Vec<Span> {
        vec![Span::Text(words.into())]
    }

    fn point(number: Option<u32>, words: &str, below: Vec<Point>) -> Point {
        Point {
            number,
            words: text(words),
            below,
        }
    }

    #[test]
    fn a_message_becomes_its_parts_and_keeps_its_lines() {
        let message = "## پاسخ\nالا یا ایها الساقی\nادر کاسا و ناولها\n\n> نقل\n> قول\n---\n```rust\nfn main() {}\n    let x = \"<b>\";\n```\n| نام | عدد |\n|---|---|\n| سیب | ۲ |";
        assert_eq!(
            blocks(message),
            [
                Block::Heading(2, text("پاسخ")),
                Block::Paragraph(text("الا یا ایها الساقی\nادر کاسا و ناولها")),
                Block::Quote(text("نقل\nقول")),
                Block::Rule,
                Block::Code("rust".into(), "fn main() {}\n    let x = \"<b>\";".into()),
                Block::Table(vec![
                    vec![text("نام"), text("عدد")],
                    vec![text("سیب"), text("۲")]
                ]),
            ]
        );
    }

    #[test]
    fn points_are_nested_by_their_indentation_and_go_on_over_lines() {
        let message = "۱. یک\n   - الف\n   - ب\n     و ادامه\n۲. دو\n- سه";
        assert_eq!(
            blocks(message),
            [Block::List(vec![
                point(
                    Some(1),
                    "یک",
                    vec![
                        point(None, "الف", vec![]),
                        point(None, "ب\nو ادامه", vec![])
                    ]
                ),
                point(Some(2), "دو", vec![]),
                point(None, "سه", vec![]),
            ])]
        );
    }

    #[test]
    fn marks_within_a_line_are_read_and_letters_stay_letters() {
        let strong = |words: &str| Span::Strong(text(words));
        assert_eq!(
            spans("می\u{200C}شود **مهم** و *تأکید* و `a **b**` و 2 * 3 * 4"),
            [
                Span::Text("می\u{200C}شود ".into()),
                strong("مهم"),
                Span::Text(" و ".into()),
                Span::Stressed(text("تأکید")),
                Span::Text(" و ".into()),
                Span::Code("a **b**".into()),
                Span::Text(" و 2 * 3 * 4".into()),
            ],
            "the ZWNJ is where it was"
        );
        assert_eq!(spans(r"\*نه\* __init__"), text("*نه* __init__"));
        assert_eq!(
            spans("<script>alert(1)</script> <b>"),
            text("<script>alert(1)</script> <b>"),
            "HTML is letters"
        );
        assert_eq!(
            spans("[اینجا](javascript:alert(1))"),
            [
                Span::Link("اینجا".into(), "javascript:alert(1".into()),
                Span::Text(")".into())
            ],
            "an address is shown and never followed"
        );
        assert_eq!(
            spans("**یک `c` دو**"),
            [Span::Strong(vec![
                Span::Text("یک ".into()),
                Span::Code("c".into()),
                Span::Text(" دو".into())
            ])]
        );
    }

    #[test]
    fn what_is_still_being_written_is_shown_as_far_as_it_is() {
        assert_eq!(
            blocks("ببین:\n```python\nprint("),
            [
                Block::Paragraph(text("ببین:")),
                Block::Code("python".into(), "print(".into())
            ]
        );
        for begun in [
            "**مه", "`a", "[a](b", "- ", "۱. ", "| a", "#", ">", "```", "*", "\\",
        ] {
            let _ = blocks(begun);
        }
        assert_eq!(blocks("**مه"), [Block::Paragraph(text("**مه"))]);
        assert!(blocks(" \n\n").is_empty());
    }

    #[test]
    fn a_thousand_marks_in_a_row_end_in_time() {
        let _ = blocks(&"**`[*".repeat(2_000));
        let _ = blocks(&"> ".repeat(5_000));
    }
}
