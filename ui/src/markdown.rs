//! The part of Markdown that the guide is written in, and its drawing. Pure but for [`view`].
//!
//! Headings, paragraphs, lists, quotes, blocks of code; within a line code, emphasis, links. Anything
//! else stands as it is written.

use crate::components::{CodeBlock, LinkTo};
use crate::i18n::help as words;
use crate::route::Route;
use yew::prelude::*;
use yew_router::Routable;

/// A block of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading with its level.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(String),
    /// A list, numbered or not.
    List(Numbering, Vec<String>),
    /// A quote: something worth knowing aside.
    Quote(String),
    /// Code.
    Code(String),
}

/// What stands before a list's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// A dot.
    Dots,
    /// A number.
    Numbers,
}

/// A part of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Span<'a> {
    /// As it is.
    Text(&'a str),
    /// Code.
    Code(&'a str),
    /// Strong.
    Strong(&'a str),
    /// A word of another language.
    Foreign(&'a str),
    /// Words and where they lead.
    Link(&'a str, &'a str),
}

/// Cuts a text into blocks.
pub fn parse(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_end();
        if line.starts_with("```") {
            let code: Vec<_> = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .collect();
            blocks.push(Block::Code(code.join("\n")));
        } else if let Some(heading) = heading(line) {
            blocks.push(heading);
        } else if let Some((numbering, first)) = item(line) {
            let mut items = vec![first.to_owned()];
            while let Some((_, next)) = lines.peek().and_then(|line| item(line)) {
                items.push(next.to_owned());
                lines.next();
            }
            blocks.push(Block::List(numbering, items));
        } else if let Some(quote) = line.strip_prefix("> ") {
            blocks.push(Block::Quote(quote.to_owned()));
        } else if !line.is_empty() {
            let mut paragraph = line.to_owned();
            while let Some(next) = lines.peek().filter(|next| continues(next)) {
                paragraph.push(' ');
                paragraph.push_str(next.trim());
                lines.next();
            }
            blocks.push(Block::Paragraph(paragraph));
        }
    }
    blocks
}

fn heading(line: &str) -> Option<Block> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?.strip_prefix(' ')?;
    (1..=3)
        .contains(&level)
        .then(|| Block::Heading(level as u8, title.trim().to_owned()))
}

fn item(line: &str) -> Option<(Numbering, &str)> {
    if let Some(rest) = line.strip_prefix("- ") {
        return Some((Numbering::Dots, rest.trim()));
    }
    let (number, rest) = line.split_once(". ")?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    numbered.then(|| (Numbering::Numbers, rest.trim()))
}

/// Whether a line belongs to the paragraph before it.
fn continues(line: &str) -> bool {
    !line.trim().is_empty()
        && !line.starts_with("```")
        && !line.starts_with("> ")
        && heading(line).is_none()
        && item(line).is_none()
}

/// Cuts a line into spans. What is not closed is text.
pub fn spans(line: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (before, marked) = rest.split_at(at);
        let Some((span, after)) = marked_span(marked) else {
            // A lone mark is a letter like any other; it goes with what stands before it.
            let end = at + 1;
            spans.push(Span::Text(&rest[..end]));
            rest = &rest[end..];
            continue;
        };
        if !before.is_empty() {
            spans.push(Span::Text(before));
        }
        spans.push(span);
        rest = after;
    }
    if !rest.is_empty() {
        spans.push(Span::Text(rest));
    }
    spans
}

fn marked_span(text: &str) -> Option<(Span<'_>, &str)> {
    if let Some(inner) = text.strip_prefix("**") {
        let (strong, after) = inner.split_once("**")?;
        return Some((Span::Strong(strong), after));
    }
    if let Some(inner) = text.strip_prefix('*') {
        let (foreign, after) = inner.split_once('*')?;
        return Some((Span::Foreign(foreign), after));
    }
    if let Some(inner) = text.strip_prefix('`') {
        let (code, after) = inner.split_once('`')?;
        return Some((Span::Code(code), after));
    }
    let (label, target) = text.strip_prefix('[')?.split_once("](")?;
    let (target, after) = target.split_once(')')?;
    Some((Span::Link(label, target), after))
}

/// A text without marks, for searching and for excerpts.
pub fn plain(line: &str) -> String {
    spans(line)
        .into_iter()
        .map(|span| match span {
            Span::Text(text)
            | Span::Code(text)
            | Span::Strong(text)
            | Span::Foreign(text)
            | Span::Link(text, _) => text,
        })
        .collect()
}

/// Where a link of the guide leads: `file.md` is a chapter, `/path` a page of the program.
pub fn target(link: &str) -> Option<Route> {
    match link.strip_suffix(".md") {
        Some(chapter) => Some(Route::HelpChapter {
            chapter: chapter.to_owned(),
        }),
        None => Route::recognize(link).filter(|route| *route != Route::NotFound),
    }
}

/// Draws blocks; headings of the second level get the id `section-N`, counted from 1.
pub fn view(blocks: &[Block]) -> Html {
    let mut section = 0;
    blocks
        .iter()
        .map(|block| match block {
            Block::Heading(1, title) => html! { <h2 class="prose__title">{ title }</h2> },
            Block::Heading(2, title) => {
                section += 1;
                html! { <h3 id={format!("section-{section}")} tabindex="-1">{ line(title) }</h3> }
            }
            Block::Heading(_, title) => html! { <h4>{ line(title) }</h4> },
            Block::Paragraph(text) => html! { <p>{ line(text) }</p> },
            Block::List(numbering, items) => {
                let items = items.iter().map(|item| html! { <li>{ line(item) }</li> });
                match numbering {
                    Numbering::Dots => html! { <ul>{ for items }</ul> },
                    Numbering::Numbers => html! { <ol>{ for items }</ol> },
                }
            }
            Block::Quote(text) => html! { <p class="prose__aside">{ line(text) }</p> },
            Block::Code(code) => html! { <CodeBlock code={code.clone()} label={words::CODE} /> },
        })
        .collect()
}

/// Draws a line's spans.
pub fn line(text: &str) -> Html {
    spans(text)
        .into_iter()
        .map(|span| match span {
            Span::Text(text) => html! { { text } },
            Span::Strong(text) => html! { <strong>{ text }</strong> },
            Span::Foreign(text) => html! { <bdi dir="ltr" lang="en">{ text }</bdi> },
            Span::Code(text) => html! { <code dir="ltr">{ text }</code> },
            Span::Link(text, to) => match target(to) {
                Some(to) => html! { <LinkTo {to} class="prose__link">{ text }</LinkTo> },
                None => html! { { text } },
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Block, Numbering, Span, parse, plain, spans, target};
    use crate::i18n::help::CHAPTERS;
    use std::path::Path;

    #[test]
    fn blocks_are_told_apart() {
        let text = "# عنوان\n\nیک سطر\nو دنباله\n\n- نخست\n- دوم\n\n1. یک\n2. دو\n\n> کنار\n\n```\nکد\n\nکد\n```\n";
        assert_eq!(
            parse(text),
            [
                Block::Heading(1, "عنوان".into()),
                Block::Paragraph("یک سطر و دنباله".into()),
                Block::List(Numbering::Dots, vec!["نخست".into(), "دوم".into()]),
                Block::List(Numbering::Numbers, vec!["یک".into(), "دو".into()]),
                Block::Quote("کنار".into()),
                Block::Code("کد\n\nکد".into()),
            ],
            "each kind once"
        );
    }

    #[test]
    fn a_line_is_cut_at_its_marks_and_lone_marks_stay() {
        assert_eq!(
            spans("**الف** و `ب` و [پ](/settings)"),
            [
                Span::Strong("الف"),
                Span::Text(" و "),
                Span::Code("ب"),
                Span::Text(" و "),
                Span::Link("پ", "/settings"),
            ],
            "three marks"
        );
        assert_eq!(plain("۲ * ۳ [باز"), "۲ * ۳ [باز", "nothing is lost");
    }

    fn text_lines(blocks: &[Block]) -> Vec<String> {
        let mut lines = Vec::new();
        for block in blocks {
            match block {
                Block::Heading(_, text) | Block::Paragraph(text) | Block::Quote(text) => {
                    lines.push(text.clone());
                }
                Block::List(_, items) => lines.extend(items.iter().cloned()),
                Block::Code(_) => {}
            }
        }
        lines
    }

    #[test]
    fn the_guide_is_whole_and_each_of_its_links_leads_somewhere() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide");
        for chapter in CHAPTERS {
            let file = folder.join(format!("{}.md", chapter.slug));
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let blocks = parse(&text);
            assert_eq!(
                blocks.first(),
                Some(&Block::Heading(1, chapter.title.to_owned())),
                "`{}` opens with its title",
                chapter.slug
            );
            for span in text_lines(&blocks).iter().flat_map(|line| spans(line)) {
                if let Span::Text(words) | Span::Strong(words) | Span::Link(words, _) = span {
                    let latin = words.chars().find(char::is_ascii_digit);
                    assert_eq!(latin, None, "Latin digits in `{}`: {words}", chapter.slug);
                }
            }
            for link in text.split("](").skip(1) {
                let link = link.split(')').next().unwrap_or_default();
                let known = match link.strip_suffix(".md") {
                    Some(slug) => CHAPTERS.iter().any(|chapter| chapter.slug == slug),
                    None => target(link).is_some(),
                };
                assert!(known, "`{link}` in `{}` leads nowhere", chapter.slug);
            }
        }
    }
}
