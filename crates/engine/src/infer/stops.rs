//! Texts at which a continuation ends. One may come in several pieces, so what may be its beginning is held
//! back until it is known.

/// Looks out for the texts at which a continuation ends.
pub(super) struct Stops<'a> {
    texts: &'a [String],
    held: String,
}

/// What may be said after a piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// This, and the continuation goes on.
    On(String),
    /// This, and no more: one of the texts came.
    Ended(String),
}

impl<'a> Stops<'a> {
    /// One that ends at each of `texts`; empty ones end nothing.
    pub(super) fn new(texts: &'a [String]) -> Self {
        Self {
            texts,
            held: String::new(),
        }
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, piece: &str) -> Heard {
        self.held.push_str(piece);
        let texts = || self.texts.iter().filter(|text| !text.is_empty());
        if let Some(at) = texts()
            .filter_map(|text| self.held.find(text.as_str()))
            .min()
        {
            self.held.truncate(at);
            return Heard::Ended(std::mem::take(&mut self.held));
        }
        let n_back = texts()
            .map(|text| begun(&self.held, text))
            .max()
            .unwrap_or(0);
        let kept = self.held.split_off(self.held.len() - n_back);
        Heard::On(std::mem::replace(&mut self.held, kept))
    }

    /// What was held back when the continuation ended otherwise.
    pub(super) fn rest(self) -> String {
        self.held
    }
}

/// Bytes at the end of `held` with which `text` begins.
fn begun(held: &str, text: &str) -> usize {
    text.char_indices()
        .map(|(at, _)| at)
        .filter(|&at| at > 0)
        .filter(|&at| text.get(..at).is_some_and(|begin| held.ends_with(begin)))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Heard, Stops};

    fn said(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let stops: Vec<String> = stops.iter().map(|text| (*text).to_owned()).collect();
        let mut heard = Stops::new(&stops);
        let mut text = String::new();
        for piece in pieces {
            match heard.push(piece) {
                Heard::On(piece) => text.push_str(&piece),
                Heard::Ended(piece) => return (text + &piece, true),
            }
        }
        (text + &heard.rest(), false)
    }

    #[test]
    fn a_text_ends_the_continuation_wherever_its_pieces_are_cut() {
        for pieces in [
            &["سلام\nپرسش: نه"][..],
            &["سلام", "\n", "پر", "سش:", " نه"],
            &["سلا", "م\nپرسش", ": نه"],
        ] {
            let (text, ended) = said(&["\nپرسش:", "###"], pieces);
            assert_eq!((text.as_str(), ended), ("سلام", true), "{pieces:?}");
        }
    }

    #[test]
    fn what_only_began_like_one_is_said_after_all() {
        let (text, ended) = said(&["###"], &["# یک\n", "## دو\n", "##"]);
        assert_eq!((text.as_str(), ended), ("# یک\n## دو\n##", false));
        let (text, ended) = said(&["aab"], &["a", "a", "a", "b", "c"]);
        assert_eq!(
            (text.as_str(), ended),
            ("a", true),
            "one that begins in another"
        );
        let (text, ended) = said(&["", "ب"], &["ا", "ل"]);
        assert_eq!(
            (text.as_str(), ended),
            ("ال", false),
            "an empty one ends nothing"
        );
    }
}
