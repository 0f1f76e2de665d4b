//! A tokenizer as the settings of a GGUF file. What llama.cpp would split otherwise is refused by name.

use super::Kind;
use super::sentence_piece::SPACE;
use super::splits::Splitting;
use crate::gguf::{List, Metadata, Value as Setting};
use serde_json::Value;
use std::collections::HashMap;
use tokenizers::Tokenizer;

/// The settings of `tokenizer`, whose model has an embedding of `n_rows` rows: rows without a token get
/// names that no text has. The error names what GGUF cannot say.
pub(crate) fn settings(tokenizer: &Tokenizer, n_rows: usize) -> Result<Metadata, String> {
    let text = tokenizer
        .to_string(false)
        .map_err(|failure| failure.to_string())?;
    let json: Value = serde_json::from_str(&text).map_err(|failure| failure.to_string())?;
    let model = &json["model"];
    let flag = |name: &str| model[name].as_bool().unwrap_or(false);
    if model["type"].as_str() != Some("BPE") {
        let kind = model["type"].as_str().unwrap_or("?");
        return Err(format!(
            "a tokenizer of the kind `{kind}` has no form in GGUF"
        ));
    }
    let merges = merges(model)?;
    let mut settings = Metadata::default();
    if flag("byte_fallback") {
        sentence_piece(&json, &mut settings)?;
    } else {
        byte_level(&json, flag("ignore_merges"), &merges, &mut settings)?;
    }
    let is_sentence_piece = flag("byte_fallback");
    let tokens = tokens(tokenizer, n_rows);
    if is_sentence_piece {
        let scores = scores(&tokens, &merges);
        put(&mut settings, "scores", Setting::List(List::Floats(scores)));
    }
    let kinds = tokens.iter().map(|(_, kind)| kind.number()).collect();
    put(
        &mut settings,
        "token_type",
        Setting::List(List::Integers(kinds)),
    );
    let texts = tokens.into_iter().map(|(text, _)| text).collect();
    put(&mut settings, "tokens", Setting::List(List::Texts(texts)));
    around(&json, &mut settings)?;
    Ok(settings)
}

fn put(settings: &mut Metadata, name: &str, value: Setting) {
    settings.insert(&format!("tokenizer.ggml.{name}"), value);
}

/// The two parts of every merge, as either version of the library writes them.
fn merges(model: &Value) -> Result<Vec<(&str, &str)>, String> {
    let list = model["merges"].as_array().map(Vec::as_slice);
    list.unwrap_or_default()
        .iter()
        .map(|merge| match merge {
            Value::String(text) => text.split_once(' '),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(a), Value::String(b)] => Some((a.as_str(), b.as_str())),
                _ => None,
            },
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(|| "the tokenizer's merges are no pairs".to_owned())
}

/// Every row's token and its kind.
fn tokens(tokenizer: &Tokenizer, n_rows: usize) -> Vec<(String, Kind)> {
    let added = tokenizer.get_added_tokens_decoder();
    let unknown = match tokenizer.get_model() {
        tokenizers::ModelWrapper::BPE(bpe) => bpe.get_unk_token().clone(),
        _ => None,
    };
    (0..n_rows)
        .map(|row| {
            let id = u32::try_from(row).unwrap_or(u32::MAX);
            match (added.get(&id), tokenizer.id_to_token(id)) {
                (_, None) => (format!("[PAD{row}]"), Kind::Unused),
                (_, Some(text)) if Some(&text) == unknown.as_ref() => (text, Kind::Unknown),
                (Some(token), Some(text)) if token.special => (text, Kind::Control),
                (Some(_), Some(text)) => (text, Kind::UserDefined),
                (None, Some(text)) if is_byte(&text) => (text, Kind::Byte),
                (None, Some(text)) => (text, Kind::Normal),
            }
        })
        .collect()
}

/// Whether the token's text is that of a byte, `<0x0A>`.
fn is_byte(text: &str) -> bool {
    let digits = text
        .strip_prefix("<0x")
        .and_then(|rest| rest.strip_suffix('>'));
    digits.is_some_and(|digits| {
        digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn byte_level(
    json: &Value,
    ignores_merges: bool,
    merges: &[(&str, &str)],
    settings: &mut Metadata,
) -> Result<(), String> {
    let normalizer = &json["normalizer"];
    // llama.cpp has no composed form; texts are composed before they come here.
    if !(normalizer.is_null() || normalizer["type"] == "NFC") {
        return Err(format!("its normalizer has no form in GGUF: {normalizer}"));
    }
    let splitting = Splitting::of_json(&json["pre_tokenizer"], ignores_merges);
    let splitting = splitting.ok_or(
        "its way of splitting texts has no name in GGUF: llama.cpp would make other tokens. Export it as safetensors",
    )?;
    put(settings, "model", "gpt2".into());
    put(settings, "pre", splitting.name().into());
    let merges = merges.iter().map(|(a, b)| format!("{a} {b}")).collect();
    put(settings, "merges", Setting::List(List::Texts(merges)));
    Ok(())
}

fn sentence_piece(json: &Value, settings: &mut Metadata) -> Result<(), String> {
    let is_spaces = |part: &Value| {
        part["type"] == "Replace" && part["pattern"]["String"] == " " && part["content"] == SPACE
    };
    let is_prefix = |part: &Value| part["type"] == "Prepend" && part["prepend"] == SPACE;
    let normalizer = &json["normalizer"];
    let parts = normalizer["normalizers"].as_array().map(Vec::as_slice);
    let prefixes = match parts {
        None if is_spaces(normalizer) => false,
        Some([spaces]) if is_spaces(spaces) => false,
        Some([prefix, spaces]) if is_prefix(prefix) && is_spaces(spaces) => true,
        _ => return Err(format!("its normalizer has no form in GGUF: {normalizer}")),
    };
    // Behind the normalizer there are no spaces left to split at.
    let split = &json["pre_tokenizer"];
    let splits_nothing =
        split.is_null() || (split["type"] == "Split" && split["pattern"]["String"] == " ");
    if !splits_nothing {
        return Err(format!(
            "its way of splitting texts has no form in GGUF: {split}"
        ));
    }
    put(settings, "model", "llama".into());
    put(settings, "pre", "default".into());
    put(settings, "add_space_prefix", prefixes.into());
    Ok(())
}

/// Scores that lead to the same merges: the earlier a token is made, the higher.
fn scores(tokens: &[(String, Kind)], merges: &[(&str, &str)]) -> Vec<f32> {
    let mut ranks: HashMap<String, usize> = HashMap::new();
    for (rank, (left, right)) in merges.iter().enumerate() {
        ranks.entry(format!("{left}{right}")).or_insert(rank);
    }
    let last = ranks.len();
    // Numbered without holes, so that f32 tells them apart.
    let mut order: Vec<(usize, &str)> = ranks
        .iter()
        .map(|(text, &rank)| (rank, text.as_str()))
        .collect();
    order.sort_unstable();
    let places: HashMap<&str, usize> = order.into_iter().map(|(_, text)| text).zip(0..).collect();
    tokens
        .iter()
        .map(|(text, _)| -(places.get(text.as_str()).copied().unwrap_or(last) as f32))
        .collect()
}

/// What is put before and behind a text.
fn around(json: &Value, settings: &mut Metadata) -> Result<(), String> {
    let processor = &json["post_processor"];
    let mut parts = vec![processor];
    if let Some(inner) = processor["processors"].as_array() {
        parts = inner.iter().collect();
    }
    let template = parts
        .into_iter()
        .find(|part| part["type"] == "TemplateProcessing");
    let pieces = template.and_then(|template| template["single"].as_array());
    let pieces = pieces.map(Vec::as_slice).unwrap_or_default();
    let is_text = |piece: &Value| piece.get("Sequence").is_some();
    let text = pieces.iter().position(is_text).unwrap_or(0);
    let behind = pieces.len().saturating_sub(text + 1);
    if text > 1 || behind > 1 {
        return Err("it puts several tokens around a text, which has no form in GGUF".to_owned());
    }
    put(settings, "add_bos_token", (text == 1).into());
    put(settings, "add_eos_token", (behind == 1).into());
    Ok(())
}
