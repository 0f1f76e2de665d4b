//! The text of a continuation while its tokens come: whole characters only. What a decoder makes of a token
//! depends on those before it, so new tokens are decoded with the last ones whose text was whole.

use crate::EngineError;
use crate::tokenizer::Tokenizer;

/// Stands in a decoder's text for bytes that are no character.
const BROKEN: char = '\u{fffd}';

/// Holds back a character whose bytes have not all come; it never becomes U+FFFD.
pub(super) struct Continuation<'a> {
    tokenizer: &'a Tokenizer,
    /// The tokens of the border, whose text is whole and said, and those after them.
    window: Vec<u32>,
    n_border: usize,
    /// What was said of the window's text, as the decoder gives it.
    said: String,
}

impl<'a> Continuation<'a> {
    /// Goes on after the tokens of `before`.
    ///
    /// # Errors
    /// Where the library refuses.
    pub(super) fn new(tokenizer: &'a Tokenizer, before: &[u32]) -> Result<Self, EngineError> {
        Ok(Self {
            tokenizer,
            window: before.to_vec(),
            n_border: before.len(),
            said: tokenizer.decode(before)?,
        })
    }

    /// Takes the next token; answers with the text that is whole by now.
    ///
    /// # Errors
    /// Where the library refuses.
    pub(super) fn push(&mut self, token: u32) -> Result<Option<String>, EngineError> {
        self.window.push(token);
        let decoded = self.tokenizer.decode(&self.window)?;
        let is_whole = !decoded.ends_with(BROKEN);
        let piece = match decoded.strip_prefix(&self.said) {
            Some(fresh) => fresh.trim_end_matches(BROKEN).to_owned(),
            // A decoder with byte fallback gives up all bytes in a row where one of them is broken.
            None if is_whole => {
                let fresh = self.window.get(self.n_border..).unwrap_or_default();
                self.tokenizer.decode(fresh)?
            }
            None => return Ok(None),
        };
        if piece.is_empty() {
            return Ok(None);
        }
        if is_whole {
            self.window.drain(..self.n_border);
            self.n_border = self.window.len();
            self.said = self.tokenizer.decode(&self.window)?;
        } else {
            self.said.push_str(&piece);
        }
        let piece = piece.replace(BROKEN, "");
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Continuation;
    use crate::tokenizer::Tokenizer;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    fn tokenizer(decoders: &Value, words: &[&str]) -> Tokenizer {
        let vocab: serde_json::Map<String, Value> = words
            .iter()
            .zip(0..)
            .map(|(word, id)| ((*word).to_owned(), id.into()))
            .collect();
        let json = json!({
            "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
            "post_processor": null, "decoder": { "type": "Sequence", "decoders": decoders },
            "model": { "type": "WordLevel", "vocab": vocab, "unk_token": words[0] },
        });
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, json.to_string()).unwrap();
        Tokenizer::load(&path, None).unwrap()
    }

    /// The pieces that are said after `before`, and the whole text.
    fn said(tokenizer: &Tokenizer, before: &[u32], tokens: &[u32]) -> (Vec<String>, String) {
        let mut continuation = Continuation::new(tokenizer, before).unwrap();
        let pieces: Vec<String> = tokens
            .iter()
            .filter_map(|&token| continuation.push(token).unwrap())
            .collect();
        let text = pieces.concat();
        (pieces, text)
    }

    #[test]
    fn a_letter_cut_in_two_is_held_back_to_the_end() {
        let bytes = Tokenizer::train(std::iter::once(String::new()), 259).unwrap();
        let fallback = tokenizer(
            &json!([{ "type": "ByteFallback" }, { "type": "Fuse" }]),
            &["a", "<0xD8>", "<0xB3>", "<0xD9>", "<0x84>"],
        );
        for (tokenizer, prompt, letters) in [
            (
                &bytes,
                bytes.encode("a").unwrap(),
                bytes.encode("سل").unwrap(),
            ),
            (&fallback, vec![0], vec![1, 2, 3, 4]),
        ] {
            for (n, expected) in ["", "", "س", "س", "سل"].into_iter().enumerate() {
                let (_, text) = said(tokenizer, &prompt, &letters[..n]);
                assert_eq!(text, expected, "after {n} bytes");
            }
            let broken = [letters[0], prompt[0]];
            let (_, text) = said(tokenizer, &prompt, &broken);
            assert_eq!(text, "a", "half a letter before a whole one is no text");
        }
    }

    #[test]
    fn prompt_and_text_read_as_the_text_that_they_are_together() {
        // The decoder that Llama 2 and TinyLlama ship: it takes the first space away.
        let llama = tokenizer(
            &json!([
                { "type": "Replace", "pattern": { "String": "▁" }, "content": " " },
                { "type": "ByteFallback" },
                { "type": "Fuse" },
                { "type": "Strip", "content": " ", "start": 1, "stop": 0 },
            ]),
            &["<unk>", "▁سلام", "▁دنیا", "▁", "▁خوب"],
        );
        let (pieces, text) = said(&llama, &[1], &[2, 3, 4, 3, 1]);
        assert_eq!(text, " دنیا  خوب  سلام", "every space is there");
        assert_eq!(pieces.first().map(String::as_str), Some(" دنیا"));
        let (_, text) = said(&llama, &[], &[2, 4]);
        assert_eq!(text, "دنیا خوب", "nothing stands before the first word");
    }
}
