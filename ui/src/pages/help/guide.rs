//! The guide's text: fetched from beside the page, once, and searched. Pure but for [`fetch`].

use crate::i18n::help::{CHAPTERS, PARAMETERS};
use crate::i18n::parameters;
use crate::markdown::{Block, parse, plain};
use amoozgar_text::search::fold;
use amoozgar_types::{ApiError, ErrorCode};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A chapter, cut into blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct ChapterText {
    /// Its file's name.
    pub slug: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its text.
    pub blocks: Vec<Block>,
}

/// A section that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The chapter's file.
    pub slug: &'static str,
    /// The chapter's title.
    pub chapter: &'static str,
    /// The section's heading; empty before the first one.
    pub section: String,
    /// Its number within the chapter, from 1; 0 before the first one.
    pub number: usize,
    /// Words around what was found.
    pub excerpt: String,
}

/// Every chapter of the guide, and the one of parameters.
pub async fn fetch() -> Result<Vec<ChapterText>, ApiError> {
    let mut chapters = Vec::new();
    for chapter in CHAPTERS {
        let text = fetch_text(&format!("/guide/{}.md", chapter.slug))
            .await
            .map_err(|error| ApiError::detail(ErrorCode::FileNotFound, format!("{error:?}")))?;
        chapters.push(ChapterText {
            slug: chapter.slug,
            title: chapter.title,
            blocks: parse(&text),
        });
    }
    chapters.push(of_parameters());
    Ok(chapters)
}

async fn fetch_text(path: &str) -> Result<String, JsValue> {
    let window = web_sys::window().ok_or("there is no window")?;
    let response: web_sys::Response = JsFuture::from(window.fetch_with_str(path))
        .await?
        .dyn_into()?;
    if !response.ok() {
        return Err(format!("`{path}` answered {}", response.status()).into());
    }
    let text = JsFuture::from(response.text()?).await?;
    text.as_string().ok_or_else(|| "no text".into())
}

fn of_parameters() -> ChapterText {
    let mut blocks = vec![Block::Heading(1, PARAMETERS.title.to_owned())];
    for parameter in parameters::ALL {
        blocks.push(Block::Heading(2, parameter.name().to_owned()));
        blocks.push(Block::Paragraph(parameter.text().to_owned()));
    }
    ChapterText {
        slug: PARAMETERS.slug,
        title: PARAMETERS.title,
        blocks,
    }
}

/// The sections that hold every word of `query`; those whose heading does come first.
pub fn search(chapters: &[ChapterText], query: &str) -> Vec<Found> {
    let folded = fold(query);
    let wanted: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let holds = |text: &str| {
        let text = fold(text);
        wanted.iter().all(|word| text.contains(word))
    };
    let mut found: Vec<(bool, Found)> = Vec::new();
    for chapter in chapters {
        for section in sections(chapter) {
            let in_heading = holds(&section.heading);
            let body = section.lines.join(" ");
            if in_heading || holds(&format!("{} {body}", section.heading)) {
                let excerpt = section.lines.iter().rev().max_by_key(|line| {
                    let line = fold(line);
                    wanted.iter().filter(|word| line.contains(**word)).count()
                });
                let hit = Found {
                    slug: chapter.slug,
                    chapter: chapter.title,
                    section: section.heading,
                    number: section.number,
                    excerpt: excerpt.cloned().unwrap_or_default(),
                };
                found.push((in_heading, hit));
            }
        }
    }
    found.sort_by_key(|(in_heading, _)| !in_heading);
    found.into_iter().map(|(_, hit)| hit).collect()
}

struct Section {
    heading: String,
    number: usize,
    lines: Vec<String>,
}

fn sections(chapter: &ChapterText) -> Vec<Section> {
    let mut sections = vec![Section {
        heading: String::new(),
        number: 0,
        lines: Vec::new(),
    }];
    for block in &chapter.blocks {
        let lines: Vec<String> = match block {
            Block::Heading(2, title) => {
                sections.push(Section {
                    heading: title.clone(),
                    number: sections.len(),
                    lines: Vec::new(),
                });
                continue;
            }
            Block::Heading(_, text) | Block::Paragraph(text) | Block::Quote(text) => {
                vec![plain(text)]
            }
            Block::List(_, items) => items.iter().map(|item| plain(item)).collect(),
            Block::Code(_) => continue,
        };
        if let Some(section) = sections.last_mut() {
            section.lines.extend(lines);
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::{ChapterText, of_parameters, search};
    use crate::markdown::parse;

    fn guide() -> Vec<ChapterText> {
        let text = "# نمودارها\n\nآغاز.\n\n## بیش‌برازش\n\nمدل متن را از بر می‌کند.\n\n## نرخ\n\nنرخ یادگیری زیاد، بیش‌برازش نیست.\n";
        let chapter = ChapterText {
            slug: "curves",
            title: "نمودارها",
            blocks: parse(text),
        };
        vec![chapter, of_parameters()]
    }

    #[test]
    fn a_heading_comes_before_a_mention() {
        let found = search(&guide(), "بیش برازش");
        let first = found.first().map(|hit| (hit.slug, hit.number));
        assert_eq!(first, Some(("curves", 1)), "the section of that name");
        assert!(
            found
                .iter()
                .any(|hit| hit.number == 2 && hit.slug == "curves"),
            "then where it is mentioned"
        );
    }

    #[test]
    fn all_words_must_be_there_and_parameters_are_found() {
        let guide = guide();
        assert!(
            search(&guide, "بیش‌برازش زرافه").is_empty(),
            "no such section"
        );
        assert!(search(&guide, "  ").is_empty(), "nothing typed");
        let found = search(&guide, "گرم سازی");
        assert_eq!(
            found.first().map(|hit| hit.slug),
            Some("parameters"),
            "the chapter that is made here"
        );
    }
}
