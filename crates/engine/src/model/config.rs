//! `config.json`, as transformers writes it, of every family that the engine knows.

use super::facts::{Facts, Predicts, Sorted};
use super::families::{Architecture, SpecialTokens};
use super::fields::{Fields, limits};
use super::sight::Attention;
use super::specs::n_parameters;
use crate::EngineError;
use crate::python_json;
use crate::tape::HeadShape;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Settings of generation, which a folder may lack.
const GENERATION: &str = "generation_config.json";

/// Where a model that reads more than text keeps the configuration of what reads and writes text.
pub(crate) const TEXT_PART: &str = "text_config";

/// The fields that shape the computation, by the names of transformers' `LlamaConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// The family.
    pub architecture: Architecture,
    /// Size of the vocabulary.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the hidden layer between two residuals.
    pub intermediate_size: usize,
    /// Transformer blocks.
    pub num_hidden_layers: usize,
    /// Query heads.
    pub num_attention_heads: usize,
    /// Key and value heads.
    pub num_key_value_heads: usize,
    /// Width of one head.
    pub head_dim: usize,
    /// Tokens that the model can see at once.
    pub max_position_embeddings: usize,
    /// Added under the norms' root.
    pub norm_eps: f64,
    /// Base of the rotary angles.
    pub rope_theta: f64,
    /// What attention is beyond heads and angles.
    pub attention: Attention,
    /// Whether the maps of the hidden layer have biases.
    pub mlp_biases: bool,
    /// Whether the head is the embedding.
    pub tie_word_embeddings: bool,
    /// The token before every document.
    pub bos_token_id: Option<u32>,
    /// The tokens after which a model says no more.
    pub eos_token_ids: Vec<u32>,
    /// What an encoder is beyond its blocks.
    pub encoder: Encoder,
    /// Kinds of segments that an encoder tells apart.
    pub type_vocab_size: usize,
    /// Classes that an encoder sorts into.
    pub n_labels: usize,
    /// The classes' names by their ids; empty where they have none.
    pub labels: Vec<String>,
}

/// What an encoder is beyond its blocks. By itself: as BERT.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoder {
    /// Rows of the table of positions before that of a first token, which stand for nothing.
    pub first_position: usize,
    /// What it sorts.
    pub sorted: Sorted,
}

impl ModelConfig {
    /// Whether it sorts texts (and not each of their tokens) into just these classes.
    pub fn sorts_into(&self, labels: &[String]) -> bool {
        self.labels == labels && self.encoder.sorted != Sorted::Each
    }

    /// The same model sorting texts into other classes.
    #[must_use]
    pub fn sorting_into(self, labels: &[String]) -> Self {
        let sorted = match self.encoder.sorted {
            Sorted::Each => Sorted::First,
            sorted => sorted,
        };
        Self {
            encoder: Encoder {
                sorted,
                ..self.encoder
            },
            n_labels: labels.len(),
            labels: labels.to_vec(),
            ..self
        }
    }

    /// Reads `config.json` from a model's folder, and from `generation_config.json` the tokens that end a
    /// text: either file may name the one that ends a turn. Of a GGUF file, or a folder that holds one and
    /// no `config.json`, the file's settings.
    ///
    /// # Errors
    /// Where it is missing, incomplete, of an architecture that is not known, or claims what no model
    /// has.
    pub fn load(model_dir: &Path) -> Result<Self, EngineError> {
        if let Some(file) = in_gguf(model_dir)? {
            return super::gguf::load(&file);
        }
        let raw = python_json::read(model_dir, "config.json")?;
        let invalid = |detail: String| EngineError::InvalidModel {
            path: model_dir.to_path_buf(),
            detail,
        };
        let mut config = Self::from_json(&raw).map_err(invalid)?;
        if config.is_decoder() && model_dir.join(GENERATION).is_file() {
            let settings = python_json::read(model_dir, GENERATION)?;
            let ends = Fields::new(&settings).tokens("eos_token_id");
            for token in ends.map_err(|detail| invalid(format!("{GENERATION}: {detail}")))? {
                if !config.eos_token_ids.contains(&token) {
                    config.eos_token_ids.push(token);
                }
            }
        }
        Ok(config)
    }

    /// Whether the folder's `config.json` names a family that is known, whatever else it says.
    pub(crate) fn names_a_family(model_dir: &Path) -> bool {
        python_json::read(model_dir, "config.json").is_ok_and(|raw| {
            let named = raw.get("model_type").and_then(Value::as_str);
            named.and_then(Architecture::of_model_type).is_some()
        })
    }

    /// Reads the content of a `config.json`; the error says what is wrong with it.
    fn from_json(raw: &Value) -> Result<Self, String> {
        let fields = Fields::new(raw);
        let architecture = fields
            .text("model_type")?
            .and_then(Architecture::of_model_type)
            .ok_or_else(|| {
                let named = raw.get("model_type").unwrap_or(&Value::Null);
                format!("the architecture `{named}` is not known")
            })?;
        let family = architecture.family();
        let is_whole = fields.text("model_type")? == family.whole_model_type();
        let config = if is_whole {
            let text = fields.object(TEXT_PART)?;
            let text = text.ok_or_else(|| format!("config.json lacks `{TEXT_PART}`"))?;
            let config = family.read(&text)?;
            // Some versions of transformers write it beside the part and not within.
            let tied = fields.flag("tie_word_embeddings")?;
            Self {
                tie_word_embeddings: config.tie_word_embeddings || tied == Some(true),
                ..config
            }
        } else {
            family.read(&fields)?
        };
        fields.must_be_understood(family.indifferent())?;
        config.check()?;
        Ok(config)
    }

    /// Refuses sizes that no model has and such as contradict each other; the error names what is
    /// wrong, its value and the limit.
    pub(crate) fn check(&self) -> Result<(), String> {
        let counts = [
            ("vocab_size", self.vocab_size, limits::VOCABULARY),
            ("hidden_size", self.hidden_size, limits::WIDTH),
            (
                "intermediate_size",
                self.intermediate_size,
                limits::HIDDEN_LAYER,
            ),
            ("num_hidden_layers", self.num_hidden_layers, limits::BLOCKS),
            (
                "num_attention_heads",
                self.num_attention_heads,
                limits::HEADS,
            ),
            (
                "num_key_value_heads",
                self.num_key_value_heads,
                limits::HEADS,
            ),
            ("head_dim", self.head_dim, limits::HEAD_WIDTH),
            (
                "max_position_embeddings",
                self.max_position_embeddings,
                limits::POSITIONS,
            ),
        ];
        for (name, value, most) in counts {
            if !(1..=most).contains(&value) {
                return Err(format!("`{name}` is {value}, outside 1 to {most}"));
            }
        }
        let whole_groups = self
            .num_attention_heads
            .is_multiple_of(self.num_key_value_heads);
        if !(whole_groups && self.head_dim.is_multiple_of(2)) {
            return Err("the heads do not divide the width".to_owned());
        }
        let (n, most) = (self.n_angles(), limits::ANGLES);
        if n > most {
            return Err(format!(
                "`max_position_embeddings` is {}, which makes {n} angles, more than {most}",
                self.max_position_embeddings
            ));
        }
        let (n, most) = (n_parameters(self), limits::WEIGHTS);
        if n > most {
            return Err(format!("the sizes make {n} weights, more than {most}"));
        }
        Ok(())
    }

    /// What tells the model's computation from that of other families.
    pub fn facts(&self) -> Facts {
        self.architecture.family().facts()
    }

    /// transformers' class.
    pub(crate) fn class(&self) -> &'static str {
        self.architecture.family().class()
    }

    /// Whether it continues text (and does not sort it into classes).
    pub fn is_decoder(&self) -> bool {
        self.facts().predicts == Predicts::NextToken
    }

    /// How attention's width is divided.
    pub fn heads(&self) -> HeadShape {
        HeadShape {
            n_heads: self.num_attention_heads,
            n_kv_heads: self.num_key_value_heads,
            head_dim: self.head_dim,
        }
    }

    /// The `config.json` of a model that was made here, as transformers reads it.
    pub fn to_json(&self, eos: u32, pad: u32) -> Value {
        self.architecture
            .family()
            .write(self, SpecialTokens { eos, pad })
    }
}

/// The GGUF file that `model` is, or holds where it has no `config.json`.
pub(crate) fn in_gguf(model: &Path) -> Result<Option<PathBuf>, EngineError> {
    if model.join("config.json").is_file() {
        return Ok(None);
    }
    crate::gguf::find(model)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::ModelConfig;
    use serde_json::{Value, json};

    fn llama() -> Value {
        json!({
            "model_type": "llama", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
            "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64
        })
    }

    fn gpt2() -> Value {
        json!({
            "model_type": "gpt2", "vocab_size": 100, "n_embd": 32, "n_layer": 2, "n_head": 2,
            "n_positions": 64
        })
    }

    fn bert() -> Value {
        json!({
            "model_type": "bert", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
            "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64
        })
    }

    /// What is said of `config` with `field` as `value`.
    fn refusal(mut config: Value, field: &str, value: Value) -> String {
        ModelConfig::from_json(&config).unwrap();
        config[field] = value;
        ModelConfig::from_json(&config).unwrap_err()
    }

    #[test]
    fn what_no_model_has_is_refused_by_field_value_and_limit() {
        let billions = json!(4_000_000_000u64);
        let cases = [
            (llama(), "num_hidden_layers", "1024"),
            (llama(), "hidden_size", "65536"),
            (llama(), "intermediate_size", "1048576"),
            (llama(), "vocab_size", "4194304"),
            (llama(), "num_attention_heads", "1024"),
            (llama(), "num_key_value_heads", "1024"),
            (llama(), "head_dim", "4096"),
            (llama(), "max_position_embeddings", "1048576"),
            (gpt2(), "n_layer", "1024"),
            (gpt2(), "n_embd", "65536"),
            (gpt2(), "n_head", "1024"),
            (gpt2(), "n_inner", "1048576"),
            (gpt2(), "n_positions", "1048576"),
            (bert(), "num_hidden_layers", "1024"),
            (bert(), "type_vocab_size", "1024"),
            (bert(), "num_labels", "65536"),
        ];
        for (config, field, most) in cases {
            let said = refusal(config, field, billions.clone());
            assert_eq!(
                said,
                format!("`{field}` is 4000000000, outside 1 to {most}"),
                "field, value and limit"
            );
        }
    }

    #[test]
    fn numbers_that_are_none_and_sizes_that_do_not_fit_are_refused() {
        assert_eq!(
            refusal(llama(), "num_hidden_layers", json!(-2)),
            "`num_hidden_layers` is -2, outside 1 to 1024",
            "less than one block"
        );
        assert_eq!(
            refusal(llama(), "hidden_size", json!("wide")),
            "`hidden_size` is no number from 1 to 65536",
            "a word"
        );
        assert_eq!(
            refusal(llama(), "rope_theta", json!(0)),
            "`rope_theta` is 0, outside 1 to 1000000000000000",
            "no base of angles"
        );
        assert_eq!(
            refusal(gpt2(), "n_embd", json!(33)),
            "`n_embd` is 33, which 2 heads do not divide",
            "half a value left"
        );
        assert!(
            refusal(llama(), "num_key_value_heads", json!(1024)).contains("heads"),
            "more heads of keys than of queries"
        );
    }

    #[test]
    fn sizes_that_are_too_large_together_are_refused() {
        let mut config = llama();
        for (field, value) in [
            ("hidden_size", 65536),
            ("intermediate_size", 1_048_576),
            ("num_hidden_layers", 1024),
        ] {
            config[field] = json!(value);
        }
        config["head_dim"] = json!(64);
        let said = ModelConfig::from_json(&config).unwrap_err();
        assert!(
            said.contains("weights, more than 1099511627776"),
            "each is allowed, their product is not: {said}"
        );
        let mut config = llama();
        config["max_position_embeddings"] = json!(1_048_576);
        config["head_dim"] = json!(512);
        let said = ModelConfig::from_json(&config).unwrap_err();
        assert!(
            said.contains("536870912 angles, more than 268435456"),
            "the table of angles is made when a model is opened: {said}"
        );
    }
}
