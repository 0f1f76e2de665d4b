//! `config.json`, as transformers writes it, of every architecture that the engine knows.

use crate::EngineError;
use crate::files;
use crate::tape::HeadShape;
use amoozgar_types::spec::ModelSpec;
use serde_json::{Value, json};
use std::path::Path;

/// Which of transformers' families a model belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// `LlamaForCausalLM`.
    Llama,
    /// `Qwen2ForCausalLM`: biases of queries, keys and values.
    Qwen2,
    /// `Qwen3ForCausalLM`: norms of each head's queries and keys.
    Qwen3,
    /// `GPT2LMHeadModel`: learned positions, `LayerNorm`, GELU, transposed matrices.
    Gpt2,
    /// `BertForSequenceClassification`: looks both ways, norms after each sum, a pooler, classes.
    Bert,
}

impl Architecture {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Llama, "llama", "LlamaForCausalLM"),
        (Self::Qwen2, "qwen2", "Qwen2ForCausalLM"),
        (Self::Qwen3, "qwen3", "Qwen3ForCausalLM"),
        (Self::Gpt2, "gpt2", "GPT2LMHeadModel"),
        (Self::Bert, "bert", "BertForSequenceClassification"),
    ];

    /// transformers' `model_type` and class.
    fn names(self) -> (&'static str, &'static str) {
        Self::ALL
            .into_iter()
            .find(|(known, ..)| *known == self)
            .map_or(("", ""), |(_, model_type, class)| (model_type, class))
    }

    /// Whether it continues text (and does not sort it into classes).
    pub fn is_decoder(self) -> bool {
        self != Self::Bert
    }

    /// Whether positions are rotations (and not learned vectors).
    pub fn rotates(self) -> bool {
        matches!(self, Self::Llama | Self::Qwen2 | Self::Qwen3)
    }
}

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
    /// Whether the head is the embedding.
    pub tie_word_embeddings: bool,
    /// The token before every document.
    pub bos_token_id: Option<u32>,
    /// The tokens after which a model says no more.
    pub eos_token_ids: Vec<u32>,
    /// Kinds of segments that an encoder tells apart.
    pub type_vocab_size: usize,
    /// Classes that an encoder sorts into.
    pub n_labels: usize,
    /// The classes' names by their ids; empty where they have none.
    pub labels: Vec<String>,
}

impl ModelConfig {
    /// The decoder of a run's specification.
    pub fn from_spec(spec: &ModelSpec, vocab_size: usize, bos: u32) -> Self {
        Self {
            architecture: Architecture::Llama,
            vocab_size,
            hidden_size: spec.d_model,
            intermediate_size: spec.d_ff,
            num_hidden_layers: spec.n_layers,
            num_attention_heads: spec.n_heads,
            num_key_value_heads: spec.n_kv_heads,
            head_dim: spec.d_model / spec.n_heads.max(1),
            max_position_embeddings: spec.context_length,
            norm_eps: 1e-6,
            rope_theta: 10_000.0,
            tie_word_embeddings: spec.tie_embeddings,
            bos_token_id: Some(bos),
            eos_token_ids: Vec::new(),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        }
    }

    /// The encoder of a run's specification, which sorts into `labels`.
    pub fn encoder_from_spec(spec: &ModelSpec, vocab_size: usize, labels: &[String]) -> Self {
        Self {
            architecture: Architecture::Bert,
            num_key_value_heads: spec.n_heads,
            norm_eps: 1e-12,
            tie_word_embeddings: false,
            bos_token_id: None,
            type_vocab_size: 2,
            ..Self::from_spec(spec, vocab_size, 0)
        }
        .sorting_into(labels)
    }

    /// The same model with other classes.
    #[must_use]
    pub fn sorting_into(self, labels: &[String]) -> Self {
        Self {
            n_labels: labels.len(),
            labels: labels.to_vec(),
            ..self
        }
    }

    /// Reads `config.json` from a model's folder.
    ///
    /// # Errors
    /// Where it is missing, incomplete, or of an architecture that is not known.
    pub fn load(model_dir: &Path) -> Result<Self, EngineError> {
        let path = model_dir.join("config.json");
        let bytes = files::read(&path)?;
        let read = || -> Result<Self, String> {
            let raw: Value = serde_json::from_slice(&bytes)
                .map_err(|source| format!("config.json: {source}"))?;
            Self::from_json(&raw)
        };
        read().map_err(|detail| EngineError::InvalidModel {
            path: model_dir.to_path_buf(),
            detail,
        })
    }

    /// Reads the content of a `config.json`; the error says what is wrong with it.
    fn from_json(raw: &Value) -> Result<Self, String> {
        let model_type = raw.get("model_type").and_then(Value::as_str);
        let architecture = Architecture::ALL
            .into_iter()
            .find(|(_, name, _)| Some(*name) == model_type)
            .map(|(architecture, ..)| architecture)
            .ok_or_else(|| {
                let named = raw.get("model_type").unwrap_or(&Value::Null);
                format!("the architecture `{named}` is not known")
            })?;
        refuse_unsupported(raw, architecture)?;
        let fields = Fields(raw);
        let config = match architecture {
            Architecture::Gpt2 => fields.gpt2()?,
            Architecture::Bert => fields.bert()?,
            Architecture::Llama | Architecture::Qwen2 | Architecture::Qwen3 => {
                fields.rotating(architecture)?
            }
        };
        config.check_heads()?;
        Ok(config)
    }

    fn check_heads(&self) -> Result<(), String> {
        let whole_groups = self
            .num_attention_heads
            .is_multiple_of(self.num_key_value_heads);
        let pairs = self.head_dim.is_multiple_of(2) && self.head_dim > 0;
        if whole_groups && pairs {
            Ok(())
        } else {
            Err("the heads do not divide the width".to_owned())
        }
    }

    /// How attention's width is divided.
    pub fn heads(&self) -> HeadShape {
        HeadShape {
            n_heads: self.num_attention_heads,
            n_kv_heads: self.num_key_value_heads,
            head_dim: self.head_dim,
        }
    }

    /// What a classifier's `config.json` says of its classes.
    pub fn classes_json(&self) -> serde_json::Map<String, Value> {
        let ids = self.labels.iter().enumerate();
        let by_id = ids.map(|(id, label)| (id.to_string(), label.as_str().into()));
        let ids = self.labels.iter().enumerate();
        let by_label = ids.map(|(id, label)| (label.clone(), id.into()));
        let entries = [
            ("architectures", json!([Architecture::Bert.names().1])),
            ("id2label", Value::Object(by_id.collect())),
            ("label2id", Value::Object(by_label.collect())),
            ("problem_type", "single_label_classification".into()),
        ];
        entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The `config.json` of a model that was made here, as transformers reads it.
    pub fn to_json(&self, eos: u32, pad: u32) -> Value {
        if self.architecture == Architecture::Bert {
            return self.bert_json(pad);
        }
        let (model_type, class) = self.architecture.names();
        json!({
            "architectures": [class],
            "model_type": model_type,
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "head_dim": self.head_dim,
            "max_position_embeddings": self.max_position_embeddings,
            "rms_norm_eps": self.norm_eps,
            "rope_theta": self.rope_theta,
            "rope_parameters": { "rope_type": "default", "rope_theta": self.rope_theta },
            "tie_word_embeddings": self.tie_word_embeddings,
            "hidden_act": "silu",
            "attention_bias": false,
            "mlp_bias": false,
            "attention_dropout": 0.0,
            "initializer_range": 0.02,
            "use_cache": true,
            "dtype": "float32",
            "torch_dtype": "float32",
            "bos_token_id": self.bos_token_id,
            "eos_token_id": eos,
            "pad_token_id": pad,
        })
    }

    fn bert_json(&self, pad: u32) -> Value {
        let mut config = json!({
            "model_type": "bert",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "max_position_embeddings": self.max_position_embeddings,
            "type_vocab_size": self.type_vocab_size,
            "layer_norm_eps": self.norm_eps,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
            "initializer_range": 0.02,
            "dtype": "float32",
            "torch_dtype": "float32",
            "pad_token_id": pad,
        });
        if let Some(fields) = config.as_object_mut() {
            fields.extend(self.classes_json());
        }
        config
    }
}

/// What would change the computation and is not there yet.
fn refuse_unsupported(raw: &Value, architecture: Architecture) -> Result<(), String> {
    let flag = |name: &str| raw.get(name).and_then(Value::as_bool) == Some(true);
    for unsupported in [
        "attention_bias",
        "mlp_bias",
        "use_sliding_window",
        "add_cross_attention",
        "scale_attn_by_inverse_layer_idx",
    ] {
        if flag(unsupported) {
            return Err(format!("`{unsupported}` is not supported"));
        }
    }
    let rope = rope_of(raw);
    let kind = |name| rope.and_then(|rope| rope.get(name)).and_then(Value::as_str);
    let rope_type = kind("rope_type").or_else(|| kind("type"));
    if rope_type.is_some_and(|name| name != "default") {
        return Err("scaled rotary angles are not supported".to_owned());
    }
    let expected = match architecture {
        Architecture::Gpt2 => ("activation_function", "gelu_new"),
        Architecture::Bert => ("hidden_act", "gelu"),
        _ => ("hidden_act", "silu"),
    };
    let activation = raw.get(expected.0).and_then(Value::as_str);
    match activation {
        Some(name) if name != expected.1 => {
            Err(format!("the activation `{name}` is not supported"))
        }
        _ => Ok(()),
    }
}

fn rope_of(raw: &Value) -> Option<&Value> {
    raw.get("rope_parameters")
        .filter(|rope| rope.is_object())
        .or_else(|| raw.get("rope_scaling"))
}

/// Reads single fields.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn size(&self, name: &str) -> Result<usize, String> {
        self.optional_size(name)
            .ok_or_else(|| format!("config.json lacks `{name}`"))
    }

    fn optional_size(&self, name: &str) -> Option<usize> {
        self.0
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|value| usize::try_from(value).ok())
            .filter(|&value| value > 0)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    fn token(&self, name: &str) -> Option<u32> {
        self.0.get(name).and_then(Value::as_u64).map(|id| id as u32)
    }

    /// One token or several.
    fn tokens(&self, name: &str) -> Vec<u32> {
        match self.0.get(name) {
            Some(Value::Array(ids)) => ids
                .iter()
                .filter_map(Value::as_u64)
                .map(|id| id as u32)
                .collect(),
            _ => self.token(name).into_iter().collect(),
        }
    }

    fn tied(&self, default: bool) -> bool {
        self.0
            .get("tie_word_embeddings")
            .and_then(Value::as_bool)
            .unwrap_or(default)
    }

    fn rotating(&self, architecture: Architecture) -> Result<ModelConfig, String> {
        let num_attention_heads = self.size("num_attention_heads")?;
        let hidden_size = self.size("hidden_size")?;
        let theta = rope_of(self.0)
            .and_then(|rope| rope.get("rope_theta"))
            .and_then(Value::as_f64);
        Ok(ModelConfig {
            architecture,
            vocab_size: self.size("vocab_size")?,
            hidden_size,
            intermediate_size: self.size("intermediate_size")?,
            num_hidden_layers: self.size("num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads: self
                .optional_size("num_key_value_heads")
                .unwrap_or(num_attention_heads),
            head_dim: self
                .optional_size("head_dim")
                .unwrap_or(hidden_size / num_attention_heads),
            max_position_embeddings: self.size("max_position_embeddings")?,
            norm_eps: self.number("rms_norm_eps").unwrap_or(1e-6),
            rope_theta: theta
                .or_else(|| self.number("rope_theta"))
                .unwrap_or(10_000.0),
            tie_word_embeddings: self.tied(false),
            bos_token_id: self.token("bos_token_id"),
            eos_token_ids: self.tokens("eos_token_id"),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        })
    }

    fn gpt2(&self) -> Result<ModelConfig, String> {
        let (hidden_size, n_heads) = (self.size("n_embd")?, self.size("n_head")?);
        Ok(ModelConfig {
            architecture: Architecture::Gpt2,
            vocab_size: self.size("vocab_size")?,
            hidden_size,
            intermediate_size: self.optional_size("n_inner").unwrap_or(4 * hidden_size),
            num_hidden_layers: self.size("n_layer")?,
            num_attention_heads: n_heads,
            num_key_value_heads: n_heads,
            head_dim: hidden_size / n_heads,
            max_position_embeddings: self.size("n_positions")?,
            norm_eps: self.number("layer_norm_epsilon").unwrap_or(1e-5),
            rope_theta: 0.0,
            tie_word_embeddings: self.tied(true),
            bos_token_id: self.token("bos_token_id"),
            eos_token_ids: self.tokens("eos_token_id"),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        })
    }

    fn bert(&self) -> Result<ModelConfig, String> {
        let (hidden_size, n_heads) = (self.size("hidden_size")?, self.size("num_attention_heads")?);
        let named = self.0.get("id2label").and_then(Value::as_object);
        let mut labels: Vec<(u64, String)> = named
            .into_iter()
            .flatten()
            .filter_map(|(id, label)| Some((id.parse().ok()?, label.as_str()?.to_owned())))
            .collect();
        labels.sort();
        let labels: Vec<String> = labels.into_iter().map(|(_, label)| label).collect();
        Ok(ModelConfig {
            architecture: Architecture::Bert,
            vocab_size: self.size("vocab_size")?,
            hidden_size,
            intermediate_size: self.size("intermediate_size")?,
            num_hidden_layers: self.size("num_hidden_layers")?,
            num_attention_heads: n_heads,
            num_key_value_heads: n_heads,
            head_dim: hidden_size / n_heads,
            max_position_embeddings: self.size("max_position_embeddings")?,
            norm_eps: self.number("layer_norm_eps").unwrap_or(1e-12),
            rope_theta: 0.0,
            tie_word_embeddings: false,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            type_vocab_size: self.optional_size("type_vocab_size").unwrap_or(2),
            n_labels: Some(labels.len())
                .filter(|&n| n > 0)
                .or_else(|| self.optional_size("num_labels"))
                .unwrap_or(2),
            labels,
        })
    }
}
