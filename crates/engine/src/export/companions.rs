//! What stands beside the weights in a model's folder: configuration, tokenizer, settings.

use crate::EngineError;
use crate::files;
use crate::model::ModelConfig;
use crate::python_json;
use crate::tokenizer::Tokenizer;
use serde_json::json;
use std::path::Path;

/// The tokens' ids follow from the order in which the tokenizer is given them.
const EOS_ID: u32 = 1;
const PAD_ID: u32 = 2;

/// What the files beside the weights say.
pub(crate) struct Companions<'a> {
    /// The model that the run goes on from: its files are copied.
    pub(crate) base: Option<&'a Path>,
    /// The trained model.
    pub(crate) config: &'a ModelConfig,
    /// Of a model that was made here.
    pub(crate) tokenizer: &'a Tokenizer,
}

impl Companions<'_> {
    /// Writes them into `folder`, each synced.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), EngineError> {
        match self.base {
            Some(base) => copy_companions(base, folder)?,
            None => write_companions(self.config, self.tokenizer, folder)?,
        }
        let config = self.config_text()?;
        files::write_synced(&folder.join("config.json"), config.as_bytes())
    }

    /// The text of the model's `config.json`.
    pub(crate) fn config_text(&self) -> Result<String, EngineError> {
        let config = match self.base {
            Some(base) => config_after(base, self.config)?,
            None => self.config.to_json(EOS_ID, PAD_ID),
        };
        Ok(format!("{config:#}\n"))
    }
}

/// Tokenizer and settings of a model that was made here.
fn write_companions(
    config: &ModelConfig,
    tokenizer: &Tokenizer,
    folder: &Path,
) -> Result<(), EngineError> {
    let put = |name: &str, bytes: &[u8]| files::write_synced(&folder.join(name), bytes);
    let put_json =
        |name: &str, value: &serde_json::Value| put(name, format!("{value:#}\n").as_bytes());
    let bos = tokenizer.bos();
    put_json(
        "tokenizer_config.json",
        &Tokenizer::config_json(config.max_position_embeddings),
    )?;
    if config.is_decoder() {
        // A document ends where the next would begin.
        put_json(
            "generation_config.json",
            &json!({ "bos_token_id": bos, "eos_token_id": [EOS_ID, bos], "pad_token_id": PAD_ID, "do_sample": true, "temperature": 0.8 }),
        )?;
    }
    put("tokenizer.json", tokenizer.to_json()?.as_bytes())
}

/// Copies what stands beside the weights of the base model: its tokenizer and its settings.
fn copy_companions(base: &Path, folder: &Path) -> Result<(), EngineError> {
    const NAMES: [&str; 8] = [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "generation_config.json",
        "chat_template.jinja",
        "vocab.json",
        "merges.txt",
    ];
    for name in NAMES {
        let from = base.join(name);
        if from.is_file() {
            files::copy_synced(&from, &folder.join(name))?;
        }
    }
    Ok(())
}

/// The base model's configuration as the trained model has it: with the data type that its weights are
/// written in, and a classifier's classes.
fn config_after(base: &Path, model: &ModelConfig) -> Result<serde_json::Value, EngineError> {
    let serde_json::Value::Object(mut config) = python_json::read(base, "config.json")? else {
        return Err(EngineError::InvalidModel {
            path: base.to_path_buf(),
            detail: "config.json: it is no object".to_owned(),
        });
    };
    for name in ["dtype", "torch_dtype"] {
        config.insert(name.to_owned(), "float32".into());
    }
    config.remove("quantization_config");
    if model.is_decoder() {
        // The weights may have had a head of their own although the base's file denies it.
        config.insert(
            "tie_word_embeddings".to_owned(),
            model.tie_word_embeddings.into(),
        );
    }
    if !model.eos_token_ids.is_empty() {
        // A checkpoint has no generation_config.json, which may have named some of them.
        config.insert(
            "eos_token_id".to_owned(),
            match model.eos_token_ids.as_slice() {
                [token] => (*token).into(),
                tokens => tokens.into(),
            },
        );
    }
    if !model.labels.is_empty() {
        config.remove("num_labels");
        config.extend(model.classes_json());
    }
    Ok(serde_json::Value::Object(config))
}
