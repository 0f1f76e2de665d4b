//! A card's Markdown, as far as it is drawn: headings, paragraphs, lists, code, tables. Everything
//! else is text. HTML is dropped, pictures too, and a link is its words: the web view shows nothing
//! that a stranger wrote but letters.

use super::lines::{fence_of, heading, is_rule, is_ruler, point};
use yew::prelude::*;

/// The longest card that is drawn, in characters.
const LONGEST: usize = 20_000;

/// A part of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading, 1 the largest.
    Heading(u8, Vec<Span>),
    /// Lines that belong together.
    Paragraph(Vec<Span>),
    /// Points.
    List(Vec<Vec<Span>>),
    /// Text as it stands.
    Code(String),
    /// Rows of cells.
    Table(Vec<Vec<String>>),
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Text(String),
    /// Words that weigh more.
    Strong(String),
    /// Code within a line.
    Code(String),
}

/// A card, drawn; `cut` is said where it is longer than what is shown.
pub fn card_text(card: &str, cut: &'static str) -> Html {
    let (text, is_cut) = shortened(card);
    html! {
        <div class="card-text">
            { for blocks(&text).iter().map(draw) }
            if is_cut { <p class="muted">{ cut }</p> }
        </div>
    }
}

fn shortened(text: &str) -> (String, bool) {
    let mut taken: String = text.chars().take(LONGEST).collect();
    let is_cut = taken.len() < text.len();
    if is_cut {
        let at = taken.rfind('\n').unwrap_or(taken.len());
        taken.truncate(at);
    }
    (taken, is_cut)
}

/// The parts of a card.
pub fn blocks(text: &str) -> Vec<Block> {
    let text = without_comments(text);
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(fence) = fence_of(trimmed) {
            let mut code = Vec::new();
            for line in lines.by_ref() {
                if line.trim().starts_with(fence) {
                    break;
                }
                code.push(line);
            }
            blocks.push(Block::Code(code.join("\n")));
        } else if let Some((level, title)) = heading(trimmed) {
            push_spans(&mut blocks, title, |spans| Block::Heading(level, spans));
        } else if trimmed.starts_with('|') {
            let mut rows = vec![trimmed];
            while let Some(row) = lines.next_if(|line| line.trim().starts_with('|')) {
                rows.push(row.trim());
            }
            blocks.extend(table(&rows));
        } else if let Some(point) = point(trimmed) {
            let mut points = vec![spans(point)];
            while let Some(next) = lines.next_if(|line| super::lines::point(line.trim()).is_some())
            {
                points.extend(super::lines::point(next.trim()).map(spans));
            }
            points.retain(|point| !point.is_empty());
            if !points.is_empty() {
                blocks.push(Block::List(points));
            }
        } else if !trimmed.is_empty() && !is_rule(trimmed) {
            let mut paragraph = vec![trimmed];
            while let Some(next) = lines.next_if(|line| is_of_paragraph(line.trim())) {
                paragraph.push(next.trim());
            }
            push_spans(&mut blocks, &paragraph.join(" "), Block::Paragraph);
        }
    }
    blocks
}

fn push_spans(blocks: &mut Vec<Block>, text: &str, make: impl FnOnce(Vec<Span>) -> Block) {
    let spans = spans(text);
    if !spans.is_empty() {
        blocks.push(make(spans));
    }
}

fn is_of_paragraph(line: &str) -> bool {
    !line.is_empty()
        && fence_of(line).is_none()
        && heading(line).is_none()
        && point(line).is_none()
        && !line.starts_with('|')
        && !is_rule(line)
}

fn table(rows: &[&str]) -> Option<Block> {
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|')
            .split('|')
            .map(|cell| plain(cell.trim()))
            .collect()
    };
    let rows: Vec<_> = rows
        .iter()
        .filter(|row| !is_ruler(row))
        .map(|row| cells(row))
        .collect();
    (!rows.is_empty()).then_some(Block::Table(rows))
}

fn plain(text: &str) -> String {
    spans(text)
        .into_iter()
        .map(|span| match span {
            Span::Text(text) | Span::Strong(text) | Span::Code(text) => text,
        })
        .collect()
}

/// The pieces of a line: code first, since nothing within it means anything else.
fn spans(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('`') {
        let ticks = 1 + after.chars().take_while(|&c| c == '`').count();
        let fence = "`".repeat(ticks);
        let inner = after.get(ticks - 1..).unwrap_or_default();
        let Some((code, after)) = inner.split_once(fence.as_str()) else {
            break;
        };
        strong_spans(&mut spans, before);
        spans.push(Span::Code(code.trim().to_owned()));
        rest = after;
    }
    strong_spans(&mut spans, rest);
    spans.retain(|span| match span {
        Span::Text(text) | Span::Strong(text) | Span::Code(text) => !text.is_empty(),
    });
    if spans
        .iter()
        .all(|span| matches!(span, Span::Text(text) if text.trim().is_empty()))
    {
        spans.clear();
    }
    spans
}

fn strong_spans(spans: &mut Vec<Span>, text: &str) {
    let words = link_words(&without_tags(text));
    for (index, piece) in words.split("**").enumerate() {
        let piece = piece.replace("__", "");
        // Every second piece stands between two pairs of stars.
        spans.push(if index % 2 == 1 {
            Span::Strong(piece)
        } else {
            Span::Text(piece)
        });
    }
}

/// `[words](address)` is its words, `![words](address)` is nothing.
fn link_words(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once(']').and_then(|(words, after)| {
            let after = after.strip_prefix('(')?;
            after.split_once(')').map(|(_, after)| (words, after))
        });
        let Some((words, after_link)) = link else {
            shown.push_str(before);
            shown.push('[');
            rest = after;
            continue;
        };
        if let Some(before) = before.strip_suffix('!') {
            shown.push_str(before);
        } else {
            shown.push_str(before);
            shown.push_str(words);
        }
        rest = after_link;
    }
    shown.push_str(rest);
    shown
}

/// Drops what looks like a tag; a lone `<`, as in `1 < 2`, stays.
fn without_tags(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        if let Some((_, after)) = after.split_once('>').filter(|_| is_tag) {
            rest = after;
        } else {
            shown.push('<');
            rest = after;
        }
    }
    shown.push_str(rest);
    shown
}

fn without_comments(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        shown.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    shown.push_str(rest);
    shown
}

fn draw(block: &Block) -> Html {
    match block {
        Block::Heading(level, spans) => {
            // The page's own headings are above: a card's begin below them.
            if *level <= 2 {
                html! { <h3 dir="auto">{ draw_spans(spans) }</h3> }
            } else {
                html! { <h4 dir="auto">{ draw_spans(spans) }</h4> }
            }
        }
        Block::Paragraph(spans) => html! { <p dir="auto">{ draw_spans(spans) }</p> },
        Block::List(points) => html! {
            <ul>{ for points.iter().map(|point| html! { <li dir="auto">{ draw_spans(point) }</li> }) }</ul>
        },
        Block::Code(code) => html! { <pre dir="ltr" tabindex="0">{ code }</pre> },
        Block::Table(rows) => html! {
            <div class="card-text__table" tabindex="0">
                <table dir="auto"><tbody>
                    { for rows.iter().map(|row| html! {
                        <tr>{ for row.iter().map(|cell| html! { <td dir="auto">{ cell }</td> }) }</tr>
                    }) }
                </tbody></table>
            </div>
        },
    }
}

fn draw_spans(spans: &[Span]) -> Html {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) => html! { { text } },
            Span::Strong(text) => html! { <strong>{ text }</strong> },
            Span::Code(text) => html! { <code dir="ltr">{ text }</code> },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Block, LONGEST, Span, blocks, shortened};

    fn text(words: &str) -> Vec<Span> {
        vec![Span::Text(words.into())]
    }

    #[test]
    fn a_card_becomes_headings_paragraphs_lists_code_and_tables() {
        let card = "# مدل\nخط یک\nخط دو\n\n- یکم\n* دوم\n1. سوم\n\n```python\nx = \"<b>\"\n# no heading\n```\n| a | b |\n|---|:-:|\n| 1 | **2** |\n---\n";
        assert_eq!(
            blocks(card),
            [
                Block::Heading(1, text("مدل")),
                Block::Paragraph(text("خط یک خط دو")),
                Block::List(vec![text("یکم"), text("دوم"), text("سوم")]),
                Block::Code("x = \"<b>\"\n# no heading".into()),
                Block::Table(vec![
                    vec!["a".into(), "b".into()],
                    vec!["1".into(), "2".into()]
                ]),
            ]
        );
    }

    #[test]
    fn nothing_of_html_pictures_or_addresses_is_left() {
        let card = "<script>alert(1)</script> hello <img src=x onerror=y> ![logo](http://a/b.png) [site](javascript:alert(1)) 1 < 2\n<!-- hidden\nlines -->";
        let shown = format!("{:?}", blocks(card));
        for trace in ["script>", "onerror", "b.png", "javascript", "hidden"] {
            assert!(!shown.contains(trace), "`{trace}` is left in {shown}");
        }
        for kept in ["hello", "site", "1 < 2"] {
            assert!(shown.contains(kept), "`{kept}` is text: {shown}");
        }
    }

    #[test]
    fn code_within_a_line_means_nothing_else() {
        assert_eq!(
            blocks("از **مدل** و `a **b** <c>` بخوانید"),
            [Block::Paragraph(vec![
                Span::Text("از ".into()),
                Span::Strong("مدل".into()),
                Span::Text(" و ".into()),
                Span::Code("a **b** <c>".into()),
                Span::Text(" بخوانید".into()),
            ])]
        );
        assert_eq!(
            blocks("a ` b"),
            [Block::Paragraph(text("a ` b"))],
            "a lone tick is a tick"
        );
    }

    #[test]
    fn marks_without_an_end_and_empty_lines_are_no_trouble() {
        for card in [
            "", "```", "[", "![", "**", "<", "|", "#", "- ", "<!--", "``", "[a](b",
        ] {
            let _ = blocks(card);
        }
        assert!(blocks("---\n***\n\n").is_empty(), "rules are not drawn");
    }

    #[test]
    fn a_very_long_card_is_cut_at_a_line() {
        let line = "خط\n";
        let (shown, is_cut) = shortened(&line.repeat(LONGEST));
        assert!(is_cut, "it is longer");
        assert!(shown.ends_with("خط"), "at the end of a line");
        assert!(!shortened("کوتاه").1, "a short one is whole");
    }
}
