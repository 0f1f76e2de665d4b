//! Training a byte-level BPE on the run's own text. Any text comes back exactly from its tokens.

use super::{BOS, EOS, PAD, Tokenizer};
use crate::EngineError;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior};

/// Words with their leading space, where ZWNJ and diacritics belong to the word (`می‌` and `‌ها` stay
/// whole); numbers; signs; white space. GPT-2's own expression isolates ZWNJ and diacritics.
const WORDS: &str =
    " ?[\\p{L}\\p{M}\u{200c}]+| ?\\p{N}+| ?[^\\s\\p{L}\\p{M}\\p{N}\u{200c}]+|\\s+(?!\\S)|\\s+";

impl Tokenizer {
    /// Trains on `documents`.
    ///
    /// # Errors
    /// Where the library refuses.
    pub fn train<I>(documents: I, vocab_size: usize) -> Result<Self, EngineError>
    where
        I: Iterator<Item = String> + Send,
    {
        let fail = |source: tokenizers::Error| EngineError::tokenizer(&source);
        let special = |text: &str| AddedToken::from(text, true).normalized(false);
        let mut trainer = TrainerWrapper::from(
            BpeTrainerBuilder::new()
                .show_progress(false)
                .vocab_size(vocab_size)
                .min_frequency(2)
                .special_tokens(vec![special(BOS), special(EOS), special(PAD)])
                .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
                .build(),
        );
        let split = Split::new(
            SplitPattern::Regex(WORDS.to_owned()),
            SplitDelimiterBehavior::Isolated,
            false,
        )
        .map_err(fail)?;
        let bytes = ByteLevel::new(false, false, false);
        let mut inner = tokenizers::Tokenizer::new(BPE::default());
        inner.with_pre_tokenizer(Some(Sequence::new(vec![
            PreTokenizerWrapper::Split(split),
            PreTokenizerWrapper::ByteLevel(bytes),
        ])));
        inner.with_decoder(Some(bytes));
        inner.train(&mut trainer, documents).map_err(fail)?;
        let bos = inner
            .token_to_id(BOS)
            .ok_or_else(|| EngineError::tokenizer(&"no token for the beginning"))?;
        let template = TemplateProcessing::builder()
            .try_single(format!("{BOS} $A"))
            .map_err(|source| EngineError::tokenizer(&source))?
            .try_pair(format!("{BOS} $A $B:1"))
            .map_err(|source| EngineError::tokenizer(&source))?
            .special_tokens(vec![(BOS, bos)])
            .build()
            .map_err(|source| EngineError::tokenizer(&source))?;
        inner.with_post_processor(Some(template));
        Self::wrap(inner, bos)
    }
}
