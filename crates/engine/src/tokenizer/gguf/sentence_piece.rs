//! `SentencePiece`'s BPE of a GGUF file: of all neighbours the pair becomes one that makes the token of the
//! highest score, and what is no token becomes bytes.

use super::{Kind, Tokens};
use crate::gguf::Metadata;
use tokenizers::Tokenizer;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence as Decoders;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::normalizers::prepend::Prepend;
use tokenizers::normalizers::replace::Replace;
use tokenizers::normalizers::utils::Sequence as Normalizers;

/// Stands for a space.
pub(super) const SPACE: &str = "\u{2581}";
/// Bytes of the longest token whose parts are looked for.
const LONGEST: usize = 512;

/// The tokenizer, without its added tokens, and whether a text begins with a token of its own where the file
/// does not say.
pub(super) fn read(metadata: &Metadata, tokens: &Tokens<'_>) -> Result<(Tokenizer, bool), String> {
    const SCORES: &str = "tokenizer.ggml.scores";
    if metadata.flag("tokenizer.ggml.remove_extra_whitespaces")? == Some(true) {
        return Err("`tokenizer.ggml.remove_extra_whitespaces` is not supported".to_owned());
    }
    let scores = metadata.floats(SCORES)?;
    let scores = scores.ok_or_else(|| format!("the file lacks `{SCORES}`"))?;
    let n = tokens.texts.len();
    if scores.len() != n {
        return Err(format!(
            "`{SCORES}` has {} entries for {n} tokens",
            scores.len()
        ));
    }
    if let Some(score) = scores.iter().find(|score| !score.is_finite()) {
        return Err(format!("`{SCORES}` holds {score}"));
    }
    let bytes = (0..=u8::MAX).map(|byte| format!("<0x{byte:02X}>"));
    let has_bytes = bytes
        .into_iter()
        .all(|byte| tokens.ids.contains_key(byte.as_str()));
    if !has_bytes {
        return Err("it has no tokens for single bytes".to_owned());
    }
    let model = BPE::builder()
        .vocab_and_merges(tokens.vocabulary(), merges(tokens, scores))
        .byte_fallback(true)
        .build()
        .map_err(|failure| failure.to_string())?;
    let prefixes = metadata
        .flag("tokenizer.ggml.add_space_prefix")?
        .unwrap_or(true);
    Ok((with_spaces(model, prefixes)?, true))
}

/// The model with spaces as `SentencePiece` writes them; `prefixes` puts one before a text.
fn with_spaces(model: BPE, prefixes: bool) -> Result<Tokenizer, String> {
    let fail = |failure: tokenizers::Error| failure.to_string();
    let replace = |from: &str, to: &str| Replace::new(from, to).map_err(fail);
    let mut tokenizer = Tokenizer::new(model);
    let spaces = NormalizerWrapper::Replace(replace(" ", SPACE)?);
    let normalizer = if prefixes {
        let prefix = NormalizerWrapper::Prepend(Prepend::new(SPACE.to_owned()));
        NormalizerWrapper::Sequence(Normalizers::new(vec![prefix, spaces]))
    } else {
        spaces
    };
    tokenizer.with_normalizer(Some(normalizer)).map_err(fail)?;
    let mut decoders = vec![
        DecoderWrapper::Replace(replace(SPACE, " ")?),
        DecoderWrapper::ByteFallback(ByteFallback::new()),
        DecoderWrapper::Fuse(Fuse::new()),
    ];
    if prefixes {
        decoders.push(DecoderWrapper::Strip(Strip::new(' ', 1, 0)));
    }
    tokenizer.with_decoder(Some(Decoders::new(decoders)));
    Ok(tokenizer)
}

/// Every pair of tokens that makes a token, the highest score first.
fn merges(tokens: &Tokens<'_>, scores: &[f32]) -> Vec<(String, String)> {
    let mut found: Vec<(f32, &str, usize)> = Vec::new();
    for ((text, kind), &score) in tokens.iter().zip(scores) {
        let is_made = matches!(kind, Kind::Normal | Kind::Unused | Kind::UserDefined);
        if !is_made || text.len() > LONGEST {
            continue;
        }
        let ends = text.char_indices().skip(1);
        found.extend(ends.filter_map(|(at, _)| {
            let (left, right) = text.split_at(at);
            let both = tokens.ids.contains_key(left) && tokens.ids.contains_key(right);
            both.then_some((score, text, at))
        }));
    }
    // Stable: of one score the token of the lower id comes first, of one token the shorter left part.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
        .into_iter()
        .map(|(_, text, at)| {
            let (left, right) = text.split_at(at);
            (left.to_owned(), right.to_owned())
        })
        .collect()
}
