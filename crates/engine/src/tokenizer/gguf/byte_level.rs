//! A byte-level BPE of a GGUF file.

use super::Tokens;
use super::splits::Splitting;
use crate::gguf::Metadata;
use tokenizers::Tokenizer;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

/// The tokenizer, without its added tokens, and whether a text begins with a token of its own where the file
/// does not say.
pub(super) fn read(metadata: &Metadata, tokens: &Tokens<'_>) -> Result<(Tokenizer, bool), String> {
    const MERGES: &str = "tokenizer.ggml.merges";
    let splitting = Splitting::of(metadata.text("tokenizer.ggml.pre")?)?;
    let merges = metadata.texts(MERGES)?;
    let merges = merges.ok_or_else(|| format!("the file lacks `{MERGES}`"))?;
    let merges = merges
        .iter()
        .map(|merge| pair(merge, tokens))
        .collect::<Result<Vec<_>, _>>()?;
    let model = BPE::builder()
        .vocab_and_merges(tokens.vocabulary(), merges)
        .ignore_merges(splitting.ignores_merges)
        .build()
        .map_err(|failure| failure.to_string())?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_pre_tokenizer(Some(splitting.pre_tokenizer()?));
    tokenizer.with_decoder(Some(ByteLevel::new(false, false, false)));
    Ok((tokenizer, splitting.adds_bos))
}

/// The two tokens of a merge, whose sum must be one as well.
fn pair(merge: &str, tokens: &Tokens<'_>) -> Result<(String, String), String> {
    // A token may begin with a space: the one that parts the two stands behind the first character.
    let first = merge.chars().next().map_or(0, char::len_utf8);
    let rest = merge.get(first..).unwrap_or_default();
    let (left, right) = rest
        .find(' ')
        .map(|at| merge.split_at(first + at))
        .ok_or_else(|| format!("the merge `{merge}` has no two parts"))?;
    let right = right.get(1..).unwrap_or_default();
    for token in [left, right, &format!("{left}{right}")] {
        if !tokens.ids.contains_key(token) {
            return Err(format!(
                "the merge `{merge}` needs `{token}`, which is no token"
            ));
        }
    }
    Ok((left.to_owned(), right.to_owned()))
}
