//! Where a model's folder keeps its template and the special tokens that it names.

use super::{ChatTemplate, SpecialTokens};
use crate::EngineError;
use crate::files;
use crate::python_json;
use serde_json::Value;
use std::path::Path;

/// The template's own file.
pub(crate) const TEMPLATE_FILE: &str = "chat_template.jinja";
/// The template's file of some years ago, `{"chat_template": "..."}`.
pub(crate) const TEMPLATE_JSON: &str = "chat_template.json";
/// Names the special tokens, and may hold the template as well.
pub(crate) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
/// Bytes of a template that no real one reaches.
const LONGEST_TEMPLATE: u64 = 1 << 20;

impl ChatTemplate {
    /// The template in a model's folder; `None` where it has none. `known` are special tokens for a folder
    /// that names none.
    ///
    /// # Errors
    /// Where a file cannot be read, or its template is none.
    pub fn of_folder(folder: &Path, known: &SpecialTokens) -> Result<Option<Self>, EngineError> {
        let Some(source) = template_of(folder)? else {
            return Ok(None);
        };
        let special = SpecialTokens::of_folder(folder)?;
        let special = special.unwrap_or_else(|| known.clone());
        let template = Self::new(&source, special);
        let template = template.map_err(|error| EngineError::InvalidModel {
            path: folder.to_path_buf(),
            detail: error.to_string(),
        })?;
        Ok(Some(template))
    }
}

impl SpecialTokens {
    /// What the folder's `tokenizer_config.json` names, else `special_tokens_map.json`; `None` where it has
    /// neither.
    ///
    /// # Errors
    /// Where a file is no JSON.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, EngineError> {
        for name in [TOKENIZER_CONFIG, "special_tokens_map.json"] {
            if folder.join(name).is_file() {
                return Ok(Some(Self::of_json(&python_json::read(folder, name)?)));
            }
        }
        Ok(None)
    }

    /// Fields whose names end in `_token`: a text, or an object with the text in `content`.
    fn of_json(value: &Value) -> Self {
        let fields = value.as_object().into_iter().flatten();
        let named = fields.filter_map(|(name, value)| {
            let text = value.as_str();
            let text = text.or_else(|| value.get("content").and_then(Value::as_str))?;
            name.ends_with("_token")
                .then(|| (name.clone(), text.to_owned()))
        });
        Self(named.collect())
    }
}

/// The template's text, from the first place that has one, in transformers' order.
///
/// # Errors
/// Where a file cannot be read.
pub(crate) fn template_of(folder: &Path) -> Result<Option<String>, EngineError> {
    let own = folder.join(TEMPLATE_FILE);
    if own.is_file() {
        let bytes = files::read_at_most(&own, LONGEST_TEMPLATE)?;
        let text = String::from_utf8(bytes).map_err(|_| EngineError::InvalidModel {
            path: folder.to_path_buf(),
            detail: format!("{TEMPLATE_FILE} is not UTF-8"),
        })?;
        return Ok(Some(text));
    }
    for name in [TEMPLATE_JSON, TOKENIZER_CONFIG] {
        if folder.join(name).is_file() {
            let settings = python_json::read(folder, name)?;
            if let Some(found) = settings.get("chat_template").and_then(named) {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// A template, or of several the one called `default`, else the first.
fn named(value: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let Some(several) = value.as_array() else {
        return text(value);
    };
    let is_default = |one: &&Value| one.get("name").and_then(Value::as_str) == Some("default");
    let chosen = several.iter().find(is_default).or(several.first())?;
    chosen.get("template").and_then(text)
}
