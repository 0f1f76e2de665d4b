//! `config.json` of a Llama-style decoder.

use crate::EngineError;
use crate::files;
use amoozgar_types::spec::ModelSpec;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// The fields of transformers' `LlamaConfig` that shape the computation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LlamaConfig {
    /// Size of the vocabulary.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the `SwiGLU`'s hidden layer.
    pub intermediate_size: usize,
    /// Transformer blocks.
    pub num_hidden_layers: usize,
    /// Query heads.
    pub num_attention_heads: usize,
    /// Key and value heads.
    pub num_key_value_heads: usize,
    /// Tokens that the model has seen at once.
    pub max_position_embeddings: usize,
    /// Added under the norms' root.
    pub rms_norm_eps: f64,
    /// Base of the rotary angles.
    pub rope_theta: f64,
    /// Whether the head is the embedding.
    pub tie_word_embeddings: bool,
    /// The token before every document.
    pub bos_token_id: Option<u32>,
}

impl LlamaConfig {
    /// The decoder of a run's specification.
    pub fn from_spec(spec: &ModelSpec, vocab_size: usize, bos: u32) -> Self {
        Self {
            vocab_size,
            hidden_size: spec.d_model,
            intermediate_size: spec.d_ff,
            num_hidden_layers: spec.n_layers,
            num_attention_heads: spec.n_heads,
            num_key_value_heads: spec.n_kv_heads,
            max_position_embeddings: spec.context_length,
            rms_norm_eps: 1e-6,
            rope_theta: 10_000.0,
            tie_word_embeddings: spec.tie_embeddings,
            bos_token_id: Some(bos),
        }
    }

    /// Reads `config.json` from a model's folder.
    ///
    /// # Errors
    /// Where it is missing, incomplete, or of another architecture.
    pub fn load(model_dir: &Path) -> Result<Self, EngineError> {
        let path = model_dir.join("config.json");
        let invalid = |detail: String| EngineError::InvalidModel {
            path: model_dir.to_path_buf(),
            detail,
        };
        let raw: serde_json::Value = serde_json::from_slice(&files::read(&path)?)
            .map_err(|source| invalid(format!("config.json: {source}")))?;
        if raw.get("model_type").and_then(serde_json::Value::as_str) != Some("llama") {
            return Err(invalid(format!(
                "the architecture `{}` is not known",
                raw.get("model_type").unwrap_or(&json!(null))
            )));
        }
        for unsupported in ["attention_bias", "mlp_bias"] {
            if raw.get(unsupported).and_then(serde_json::Value::as_bool) == Some(true) {
                return Err(invalid(format!("`{unsupported}` is not supported")));
            }
        }
        let size = |name: &str| {
            raw.get(name)
                .and_then(serde_json::Value::as_u64)
                .and_then(|value| usize::try_from(value).ok())
                .filter(|&value| value > 0)
                .ok_or_else(|| invalid(format!("config.json lacks `{name}`")))
        };
        let rope = raw
            .get("rope_parameters")
            .or_else(|| raw.get("rope_scaling"));
        let rope_type = rope
            .and_then(|rope| rope.get("rope_type"))
            .and_then(serde_json::Value::as_str);
        if rope_type.is_some_and(|name| name != "default") {
            return Err(invalid("scaled rotary angles are not supported".to_owned()));
        }
        let number = |value: Option<&serde_json::Value>| value.and_then(serde_json::Value::as_f64);
        let num_attention_heads = size("num_attention_heads")?;
        let config = Self {
            vocab_size: size("vocab_size")?,
            hidden_size: size("hidden_size")?,
            intermediate_size: size("intermediate_size")?,
            num_hidden_layers: size("num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads: size("num_key_value_heads").unwrap_or(num_attention_heads),
            max_position_embeddings: size("max_position_embeddings")?,
            rms_norm_eps: number(raw.get("rms_norm_eps")).unwrap_or(1e-6),
            rope_theta: number(rope.and_then(|rope| rope.get("rope_theta")))
                .or_else(|| number(raw.get("rope_theta")))
                .unwrap_or(10_000.0),
            tie_word_embeddings: raw
                .get("tie_word_embeddings")
                .and_then(serde_json::Value::as_bool)
                .unwrap_or(false),
            bos_token_id: raw
                .get("bos_token_id")
                .and_then(serde_json::Value::as_u64)
                .map(|id| id as u32),
        };
        let head_dim = raw.get("head_dim").and_then(serde_json::Value::as_u64);
        if head_dim
            .is_some_and(|dim| dim as usize * config.num_attention_heads != config.hidden_size)
        {
            return Err(invalid(
                "`head_dim` times the heads must be `hidden_size`".to_owned(),
            ));
        }
        if !config
            .hidden_size
            .is_multiple_of(2 * config.num_attention_heads)
            || !config
                .num_attention_heads
                .is_multiple_of(config.num_key_value_heads)
        {
            return Err(invalid("the heads do not divide the width".to_owned()));
        }
        Ok(config)
    }

    /// The `config.json` that transformers reads.
    pub fn to_json(&self, eos: u32, pad: u32) -> serde_json::Value {
        json!({
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "head_dim": self.head_dim(),
            "max_position_embeddings": self.max_position_embeddings,
            "rms_norm_eps": self.rms_norm_eps,
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

    /// Width of one head.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// Names and shapes of the weights, in transformers' words.
    pub fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        let d = self.hidden_size;
        let kv = self.num_key_value_heads * self.head_dim();
        let mut all = vec![
            (
                "model.embed_tokens.weight".to_owned(),
                vec![self.vocab_size, d],
            ),
            ("model.norm.weight".to_owned(), vec![d]),
        ];
        if !self.tie_word_embeddings {
            all.push(("lm_head.weight".to_owned(), vec![self.vocab_size, d]));
        }
        for layer in 0..self.num_hidden_layers {
            let shapes = [
                ("self_attn.q_proj", vec![d, d]),
                ("self_attn.k_proj", vec![kv, d]),
                ("self_attn.v_proj", vec![kv, d]),
                ("self_attn.o_proj", vec![d, d]),
                ("mlp.gate_proj", vec![self.intermediate_size, d]),
                ("mlp.up_proj", vec![self.intermediate_size, d]),
                ("mlp.down_proj", vec![d, self.intermediate_size]),
                ("input_layernorm", vec![d]),
                ("post_attention_layernorm", vec![d]),
            ];
            all.extend(
                shapes
                    .into_iter()
                    .map(|(name, shape)| (format!("model.layers.{layer}.{name}.weight"), shape)),
            );
        }
        all.sort();
        all
    }

    /// Weights in all.
    pub fn n_parameters(&self) -> u64 {
        self.parameters()
            .iter()
            .map(|(_, shape)| shape.iter().product::<usize>() as u64)
            .sum()
    }
}
