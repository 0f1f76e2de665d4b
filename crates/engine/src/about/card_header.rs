//! What the header of a model's card (`README.md`) says: the licence, and the model that it was made from.
//! Of YAML only these two keys are read, as the Hub writes them: a word, or a list of words. What is written
//! in another form says nothing, so that nothing is guessed.

use crate::EngineError;
use crate::files;
use std::path::Path;

/// Bytes of a card that is read; real ones have some ten thousand.
const LONGEST_CARD: u64 = 4 << 20;
/// Characters of a licence's or a repository's name.
const LONGEST_NAME: usize = 200;

/// The two things that are read off a card's header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CardHeader {
    /// The licence's short name; of `other` the name that stands beside it.
    pub(crate) licence: Option<String>,
    /// The first repository of `base_model`.
    pub(crate) base: Option<String>,
}

impl CardHeader {
    /// That of the card in a model's folder, or beside a GGUF file; empty where there is none.
    ///
    /// # Errors
    /// Where the card is there and cannot be read.
    pub(crate) fn of_model(model: &Path) -> Result<Self, EngineError> {
        let folder = if model.is_file() {
            model.parent().unwrap_or(model)
        } else {
            model
        };
        let card = folder.join("README.md");
        if !card.is_file()
            || card
                .metadata()
                .is_ok_and(|about| about.len() > LONGEST_CARD)
        {
            return Ok(Self::default());
        }
        let bytes = files::read_at_most(&card, LONGEST_CARD)?;
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Reads a card's text.
    pub(crate) fn parse(card: &str) -> Self {
        let card = card.trim_start_matches('\u{feff}');
        let mut lines = card.lines();
        if lines.next().map(str::trim_end) != Some("---") {
            return Self::default();
        }
        let header: Vec<&str> = lines.take_while(|line| line.trim_end() != "---").collect();
        let licence = word(&header, "license").filter(|name| !name.eq_ignore_ascii_case("unknown"));
        Self {
            licence: match licence.as_deref() {
                Some("other") => word(&header, "license_name").or(licence),
                _ => licence,
            },
            base: word(&header, "base_model"),
        }
    }
}

/// The word of a key at the left margin, or the first of its list.
fn word(header: &[&str], key: &str) -> Option<String> {
    let at = header.iter().position(|line| {
        line.strip_prefix(key)
            .is_some_and(|rest| rest.starts_with(':'))
    })?;
    let rest = header.get(at)?.get(key.len() + 1..)?.trim();
    if rest.is_empty() {
        let first = header.get(at + 1)?.trim().strip_prefix("- ")?;
        return plain(first);
    }
    match rest.strip_prefix('[') {
        Some(list) => plain(list.trim_end_matches(']').split(',').next()?),
        None => plain(rest),
    }
}

/// A word without its quotes and its comment; `None` where it is none.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    let quoted = |quote: char| text.strip_prefix(quote)?.split(quote).next();
    let word = match quoted('"').or_else(|| quoted('\'')) {
        Some(word) => word,
        None => text.split(" #").next().unwrap_or(text).trim(),
    };
    let is_word = !word.is_empty()
        && word.chars().count() <= LONGEST_NAME
        && !word.contains(char::is_control)
        && !["~", "null", "|", ">", "{", "&"].contains(&word);
    is_word.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::CardHeader;

    fn read(header: &str) -> (Option<String>, Option<String>) {
        let found = CardHeader::parse(&format!("---\n{header}\n---\n# A\nlicense: no\n"));
        (found.licence, found.base)
    }

    #[test]
    fn a_header_s_two_words_are_read_and_nothing_is_guessed() {
        let some = |word: &str| Some(word.to_owned());
        for (header, licence, base) in [
            ("license: apache-2.0", some("apache-2.0"), None),
            (
                "license: \"mit\" # free\nbase_model: a/b",
                some("mit"),
                some("a/b"),
            ),
            (
                "license: other\nlicense_name: gemma\nbase_model:\n- a/b\n- c/d",
                some("gemma"),
                some("a/b"),
            ),
            ("license: [mit, gpl]\n", some("mit"), None),
            ("license: unknown", None, None),
            ("license:\nlanguage: fa", None, None),
            ("model:\n  license: mit", None, None),
            ("license_link: x", None, None),
        ] {
            assert_eq!(read(header), (licence, base), "`{header}`");
        }
        assert_eq!(
            CardHeader::parse("# A\nlicense: mit\n"),
            CardHeader::default(),
            "there is no header"
        );
    }
}
