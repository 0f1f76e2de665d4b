//! Text to tokens and back. Our own tokenizer is a byte-level BPE, trained on the run's own text, and saved
//! as the `tokenizer.json` that transformers loads; any such file is read.

mod bpe;
pub mod chat;
pub mod chat_template;
mod gguf;

use crate::EngineError;
use crate::files;
use crate::gguf::{Gguf, Metadata};
use serde_json::json;
use std::path::Path;
use tokenizers::{ModelWrapper, TruncationParams};

/// Stands before every document.
pub const BOS: &str = "<|bos|>";
/// Ends a document in conversations; reserved.
pub const EOS: &str = "<|eos|>";
/// Fills up batches; reserved.
pub const PAD: &str = "<|pad|>";

/// Bytes, special tokens and one merge: the smallest vocabulary.
pub const MIN_VOCAB_SIZE: usize = *amoozgar_types::limits::VOCAB_SIZE.start();

/// Text to tokens and back.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    bos: u32,
    vocab_size: usize,
    cut_texts: bool,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, ours or another's, or the tokenizer in a GGUF file.
    ///
    /// # Errors
    /// Where the file is missing or is no tokenizer.
    pub fn load(path: &Path, bos: Option<u32>) -> Result<Self, EngineError> {
        let invalid = |detail: String| EngineError::InvalidModel {
            path: path.to_path_buf(),
            detail,
        };
        let inner = if crate::gguf::is_gguf(path)? {
            let file = Gguf::open(path)?;
            gguf::read(file.metadata()).map_err(invalid)?
        } else {
            let bytes = files::read(path)?;
            tokenizers::Tokenizer::from_bytes(&bytes)
                .map_err(|source| invalid(source.to_string()))?
        };
        let bos = inner.token_to_id(BOS).or(bos).unwrap_or(0);
        Self::wrap(inner, bos)
    }

    fn wrap(mut inner: tokenizers::Tokenizer, bos: u32) -> Result<Self, EngineError> {
        // A special token's name that stands in a text is text: it must not end a document.
        inner.set_encode_special_tokens(true);
        // What the last caller cut texts to and filled them up with is in the file as well, and so is the
        // share of merges that a training once left out by chance.
        let mut cut_texts = inner.get_truncation().is_some() || inner.get_padding().is_some();
        inner.with_padding(None);
        inner
            .with_truncation(None)
            .map_err(|source| EngineError::tokenizer(&source))?;
        if let ModelWrapper::BPE(bpe) = inner.get_model()
            && bpe.dropout.is_some_and(|share| share > 0.0)
        {
            let mut whole = bpe.clone();
            whole.dropout = None;
            inner.with_model(whole);
            cut_texts = true;
        }
        let ids = inner.get_vocab(true).into_values().chain([bos]);
        let vocab_size = ids.max().map_or(0, |id| id as usize + 1);
        Ok(Self {
            inner,
            bos,
            vocab_size,
            cut_texts,
        })
    }

    /// Whether the file asks to cut texts, to fill them up or to leave out merges, which is never done.
    pub(crate) fn cut_texts(&self) -> bool {
        self.cut_texts
    }

    /// The `tokenizer.json`.
    ///
    /// # Errors
    /// Where the library refuses.
    pub fn to_json(&self) -> Result<String, EngineError> {
        self.inner
            .to_string(true)
            .map_err(|source| EngineError::tokenizer(&source))
    }

    /// The settings of a GGUF file for a model whose embedding has `n_rows` rows.
    ///
    /// # Errors
    /// Where such files cannot hold it; the error says why.
    pub(crate) fn to_gguf(&self, n_rows: usize) -> Result<Metadata, String> {
        gguf::settings(&self.inner, n_rows)
    }

    /// The `tokenizer_config.json` that goes with it.
    pub fn config_json(context_length: usize) -> serde_json::Value {
        json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": BOS,
            "eos_token": EOS,
            "pad_token": PAD,
            "model_max_length": context_length,
            "clean_up_tokenization_spaces": false,
        })
    }

    /// The token before every document.
    pub fn bos(&self) -> u32 {
        self.bos
    }

    /// The token's own text, of a special one its name.
    pub(crate) fn name(&self, token: u32) -> Option<String> {
        self.inner.id_to_token(token)
    }

    /// The token of what no other token can say, where there is one.
    pub(crate) fn unknown(&self) -> Option<u32> {
        match self.inner.get_model() {
            ModelWrapper::BPE(bpe) => self.inner.token_to_id(bpe.get_unk_token().as_deref()?),
            _ => None,
        }
    }

    /// Whether the token ends a document.
    pub fn ends_document(&self, token: u32) -> bool {
        token == self.bos || self.inner.token_to_id(EOS) == Some(token)
    }

    /// The largest id and one: the rows that an embedding of every token has. There may be fewer tokens,
    /// since ids may leave holes.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The text's tokens, nothing added.
    ///
    /// # Errors
    /// Where the library refuses.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        let encoding = self
            .inner
            .encode_fast(text, false)
            .map_err(|source| EngineError::tokenizer(&source))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The same tokenizer for [`Tokenizer::encode_example`]: texts are cut to `context` tokens.
    ///
    /// # Errors
    /// Where the library refuses, as for a context that leaves no room for text.
    pub fn for_examples(&self, context: usize) -> Result<Self, EngineError> {
        let mut inner = self.inner.clone();
        inner
            .with_truncation(Some(TruncationParams {
                max_length: context,
                ..TruncationParams::default()
            }))
            .map_err(|source| EngineError::tokenizer(&source))?;
        Ok(Self {
            inner,
            bos: self.bos,
            vocab_size: self.vocab_size,
            cut_texts: self.cut_texts,
        })
    }

    /// The tokens of a text to be classified, with those that the tokenizer puts around it.
    ///
    /// # Errors
    /// Where the library refuses.
    pub fn encode_example(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        let encoding = self
            .inner
            .encode_fast(text, true)
            .map_err(|source| EngineError::tokenizer(&source))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The tokens' text; special tokens give none.
    ///
    /// # Errors
    /// Where the library refuses.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, EngineError> {
        self.inner
            .decode(tokens, true)
            .map_err(|source| EngineError::tokenizer(&source))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Tokenizer;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    fn load(json: &Value, bos: Option<u32>) -> Tokenizer {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, json.to_string()).unwrap();
        Tokenizer::load(&path, bos).unwrap()
    }

    #[test]
    fn a_text_is_whole_whatever_the_file_cuts_fills_up_and_leaves_out() {
        let texts = std::iter::repeat_n("the cat and the hat".to_owned(), 4);
        let trained = Tokenizer::train(texts, 300).unwrap();
        let plain: Value = serde_json::from_str(&trained.to_json().unwrap()).unwrap();
        let (mut cuts, mut pads, mut drops) = (plain.clone(), plain.clone(), plain.clone());
        cuts["truncation"] = json!({
            "direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0
        });
        pads["padding"] = json!({
            "strategy": { "Fixed": 64 }, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 2, "pad_type_id": 0, "pad_token": "<|pad|>"
        });
        drops["model"]["dropout"] = 0.9.into();
        let text = "the cat and the hat and the cat";
        let expected = trained.encode(text).unwrap();
        for (file, what) in [(cuts, "cut"), (pads, "filled up"), (drops, "left out")] {
            let tokenizer = load(&file, None);
            assert_eq!(
                tokenizer.encode(text).unwrap(),
                expected,
                "nothing is {what}"
            );
            assert!(tokenizer.cut_texts(), "the file asks for it: {what}");
        }
        assert!(!load(&plain, None).cut_texts(), "it asks for nothing");
    }

    #[test]
    fn the_vocabulary_reaches_to_the_largest_id() {
        let file = json!({
            "version": "1.0", "added_tokens": [],
            "model": { "type": "WordLevel", "vocab": { "a": 0, "b": 70_000 }, "unk_token": "a" }
        });
        assert_eq!(load(&file, None).vocab_size(), 70_001, "of two tokens");
        let beginning = load(&file, Some(80_000));
        assert_eq!(
            beginning.vocab_size(),
            80_001,
            "what parts documents counts"
        );
    }
}
