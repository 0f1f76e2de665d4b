//! What stands beside the weights in a model's folder: configuration, tokenizer, settings.

use super::CARD;
use crate::EngineError;
use crate::files;
use crate::gguf::{self, Gguf};
use crate::load::Place;
use crate::model::{ModelConfig, TEXT_PART, in_gguf};
use crate::python_json;
use crate::tokenizer::chat::Chat;
use crate::tokenizer::chat_template::{
    ChatTemplate, TEMPLATE_FILE, TEMPLATE_JSON, TOKENIZER_CONFIG,
};
use crate::tokenizer::{BOS, Tokenizer};
use serde_json::json;
use std::path::Path;

/// The tokens' ids follow from the order in which the tokenizer is given them.
const EOS_ID: u32 = 1;
const PAD_ID: u32 = 2;
/// Bytes of a settings file that no real one reaches.
const LONGEST_SETTINGS: u64 = 16 << 20;

/// What the files beside the weights say.
pub(crate) struct Companions<'a> {
    /// The folder or GGUF file of the model that this one comes from: what stands beside its weights is
    /// taken over.
    pub(crate) base: Option<&'a Path>,
    /// The trained model.
    pub(crate) config: &'a ModelConfig,
    /// Of a model that was made here.
    pub(crate) tokenizer: &'a Tokenizer,
    /// The form of the conversations that it learnt, where it learnt some.
    pub(crate) chat: Option<&'a Chat>,
}

impl Companions<'_> {
    /// Writes them into `folder`, each synced.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), EngineError> {
        match self.base {
            Some(base) => match in_gguf(base)? {
                Some(file) => out_of_gguf(&file, self.config, self.tokenizer, folder)?,
                None => copy_companions(base, folder)?,
            },
            None => write_companions(self.config, self.tokenizer, folder)?,
        }
        if let Some(template) = self.own_template()? {
            files::write_synced(&folder.join(TEMPLATE_FILE), template.as_bytes())?;
        }
        if self.chat.is_some() {
            self.end_answers(folder)?;
        }
        let config = self.config_text()?;
        files::write_synced(&folder.join("config.json"), config.as_bytes())
    }

    /// What else belongs beside a checkpoint's weights, by its name: the base model's form of conversations
    /// and its special tokens, without which the folder would be read in another form.
    pub(crate) fn texts(&self) -> Result<Vec<(&'static str, String)>, EngineError> {
        let mut texts = Vec::new();
        if let Some(base) = self.base {
            for name in [TEMPLATE_FILE, TEMPLATE_JSON, TOKENIZER_CONFIG] {
                if base.join(name).is_file() {
                    let bytes = files::read_at_most(&base.join(name), LONGEST_SETTINGS)?;
                    let text = String::from_utf8(bytes).map_err(|_| EngineError::InvalidModel {
                        path: base.to_path_buf(),
                        detail: format!("{name} is not UTF-8"),
                    })?;
                    texts.push((name, text));
                }
            }
        }
        if let Some(template) = self.own_template()? {
            texts.push((TEMPLATE_FILE, template));
        }
        Ok(texts)
    }

    /// The template that the model learnt in and that no file of the base's holds.
    fn own_template(&self) -> Result<Option<String>, EngineError> {
        let (Some(base), Some(chat)) = (self.base, self.chat) else {
            return Ok(None);
        };
        let known = chat.template().special();
        let theirs = ChatTemplate::of_folder(base, known)?;
        Ok(match theirs {
            Some(_) => None,
            None => Some(chat.template().source().to_owned()),
        })
    }

    /// The tokens that end what the model writes.
    fn ends(&self) -> Vec<u32> {
        let mut ends = self.config.eos_token_ids.clone();
        let turn_end = self.chat.and_then(Chat::turn_end);
        ends.extend(turn_end.filter(|end| !self.config.eos_token_ids.contains(end)));
        ends
    }

    /// Other programs stop at the tokens of `generation_config.json`: the one that ends an answer is added.
    fn end_answers(&self, folder: &Path) -> Result<(), EngineError> {
        let name = "generation_config.json";
        let mut settings = if folder.join(name).is_file() {
            python_json::read(folder, name)?
        } else {
            json!({})
        };
        if let Some(settings) = settings.as_object_mut() {
            settings.insert("eos_token_id".to_owned(), ids(&self.ends()));
        }
        files::write_synced(&folder.join(name), format!("{settings:#}\n").as_bytes())
    }

    /// The text of the model's `config.json`.
    pub(crate) fn config_text(&self) -> Result<String, EngineError> {
        let config = match self.base {
            Some(base) => match in_gguf(base)? {
                Some(_) => config_of_gguf(self.config, &self.ends()),
                None => config_after(base, self.config, &self.ends())?,
            },
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

/// Writes what a GGUF file holds beside its weights as files of their own.
fn out_of_gguf(
    file: &Path,
    config: &ModelConfig,
    tokenizer: &Tokenizer,
    folder: &Path,
) -> Result<(), EngineError> {
    let put = |name: &str, bytes: &[u8]| files::write_synced(&folder.join(name), bytes);
    let gguf = Gguf::open(file)?;
    let metadata = gguf.metadata();
    let invalid = |detail| gguf.invalid(detail);
    let template = metadata.text(gguf::CHAT_TEMPLATE).map_err(invalid)?;
    if let Some(template) = template {
        put(TEMPLATE_FILE, template.as_bytes())?;
    }
    let token = |name: &str| metadata.token(&format!("tokenizer.ggml.{name}_token_id"));
    let padding = token("padding").map_err(invalid)?;
    let unknown = token("unknown").map_err(invalid)?.or(tokenizer.unknown());
    let name = |id: Option<u32>| id.and_then(|id| tokenizer.name(id));
    let mut settings = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": config.max_position_embeddings,
        "clean_up_tokenization_spaces": false,
    });
    let named = [
        ("bos_token", name(config.bos_token_id)),
        ("eos_token", name(config.eos_token_ids.first().copied())),
        ("pad_token", name(padding)),
        ("unk_token", name(unknown)),
        ("chat_template", template.map(str::to_owned)),
    ];
    for (name, text) in named {
        if let Some(text) = text {
            settings[name] = text.into();
        }
    }
    put(
        "tokenizer_config.json",
        format!("{settings:#}\n").as_bytes(),
    )?;
    let mut generation = json!({ "eos_token_id": config.eos_token_ids });
    for (name, id) in [
        ("bos_token_id", config.bos_token_id),
        ("pad_token_id", padding),
    ] {
        if let Some(id) = id {
            generation[name] = id.into();
        }
    }
    put(
        "generation_config.json",
        format!("{generation:#}\n").as_bytes(),
    )?;
    put("tokenizer.json", tokenizer.to_json()?.as_bytes())
}

/// The `config.json` of a model that came from a GGUF file.
fn config_of_gguf(model: &ModelConfig, ends: &[u32]) -> serde_json::Value {
    let eos = ends.first().copied().unwrap_or(0);
    let mut config = model.to_json(eos, eos);
    config["eos_token_id"] = match ends {
        [] => serde_json::Value::Null,
        ends => ids(ends),
    };
    config["pad_token_id"] = serde_json::Value::Null;
    config
}

/// What the files beside a model's weights come from: the folder of the weights, or the GGUF file; `None`
/// where neither has any.
pub(super) fn source_of(place: &Place) -> Option<&Path> {
    let weights = place.weights.as_path();
    let is_there = weights.is_file() || weights.join("config.json").is_file();
    is_there.then_some(weights).or_else(|| {
        let in_file = matches!(in_gguf(weights), Ok(Some(_)));
        in_file.then_some(weights)
    })
}

/// Adds to an exported folder what its source kept elsewhere, as a checkpoint does: the tokenizer and its
/// settings.
pub(super) fn complete(
    place: &Place,
    tokenizer: &Tokenizer,
    folder: &Path,
) -> Result<(), EngineError> {
    // The base's card does not speak of a model that has an adapter merged.
    let card = place.weights.join(CARD);
    if place.adapter.is_none() && card.is_file() {
        files::copy_synced(&card, &folder.join(CARD))?;
    }
    let own = folder.join("tokenizer.json");
    if !own.is_file() {
        files::write_synced(&own, tokenizer.to_json()?.as_bytes())?;
    }
    let settings = folder.join("tokenizer_config.json");
    if !settings.is_file() && tokenizer.name(tokenizer.bos()).as_deref() == Some(BOS) {
        let json = Tokenizer::config_json(place.config.max_position_embeddings);
        files::write_synced(&settings, format!("{json:#}\n").as_bytes())?;
    }
    Ok(())
}

/// Copies what stands beside the weights of the base model: its tokenizer and its settings.
fn copy_companions(base: &Path, folder: &Path) -> Result<(), EngineError> {
    const NAMES: [&str; 9] = [
        "tokenizer.json",
        TOKENIZER_CONFIG,
        "special_tokens_map.json",
        "added_tokens.json",
        "generation_config.json",
        TEMPLATE_FILE,
        TEMPLATE_JSON,
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

/// Token ids as transformers writes them.
fn ids(tokens: &[u32]) -> serde_json::Value {
    match tokens {
        [token] => (*token).into(),
        tokens => tokens.into(),
    }
}

/// The base model's configuration as the trained model has it: with the data type that its weights are
/// written in, and a classifier's classes.
fn config_after(
    base: &Path,
    model: &ModelConfig,
    ends: &[u32],
) -> Result<serde_json::Value, EngineError> {
    let serde_json::Value::Object(mut config) = python_json::read(base, "config.json")? else {
        return Err(EngineError::InvalidModel {
            path: base.to_path_buf(),
            detail: "config.json: it is no object".to_owned(),
        });
    };
    // Of a model that reads more than text, what reads and writes text was trained.
    if let Some(serde_json::Value::Object(text)) = config.remove(TEXT_PART) {
        config = text;
        config.insert("architectures".to_owned(), json!([model.class()]));
    }
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
    if !ends.is_empty() {
        // A checkpoint has no generation_config.json, which may have named some of them.
        config.insert("eos_token_id".to_owned(), ids(ends));
    }
    if !model.labels.is_empty() {
        config.remove("num_labels");
        config.extend(model.classes_json());
    }
    Ok(serde_json::Value::Object(config))
}
