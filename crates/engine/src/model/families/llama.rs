//! Llama: rotated positions, RMS norms before each part, `SwiGLU`, groups of query heads that share keys and
//! values. What is trained from scratch to continue text is of this family.

mod gguf;
mod sight;

use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts};
use crate::model::fields::{Fields, limits};
use crate::model::in_gguf::InGguf;
use crate::model::mixer::{OutputGate, SelfAttention};
use crate::model::network::{Block, Embedding, End, Finder, Mlp};
use crate::model::specs::{WeightSpec, residual_std};
use crate::model::strict::{Known, May};
use crate::model::{Attention, Encoder, ModelConfig, RopeScaling};
use crate::weights::Layout;
use amoozgar_types::spec::ModelSpec;
use serde_json::{Value, json};

pub(super) use gguf::part_in_gguf;
pub(super) use sight::SightOf;

/// Llama, or a family that differs from it in facts alone.
pub(super) struct LlamaLike {
    pub(super) architecture: Architecture,
    pub(super) model_type: &'static str,
    pub(super) class: &'static str,
    pub(super) facts: Facts,
    /// The biases that its `config.json` can ask for.
    pub(super) biases: &'static [&'static str],
    /// Fields of its `config.json` that change nothing.
    pub(super) indifferent: &'static [Known],
    /// What its `config.json` may leave out.
    pub(super) left_out: LeftOut,
    /// What its blocks see and rotate.
    pub(super) sight: SightOf,
    /// Its architecture in GGUF files.
    pub(super) in_gguf: &'static str,
    /// How such files keep the rows of queries and keys.
    pub(super) rows: Rows,
}

/// transformers' values of what a `config.json` may leave out.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeftOut {
    /// Heads of keys and values; as many as of queries where it is `None`, and where the field is null.
    pub(super) n_kv_heads: Option<usize>,
    /// Width of a head; what heads divide the width into where it is `None`, and where the field is null.
    pub(super) head_dim: Option<usize>,
    /// Base of the rotary angles.
    pub(super) theta: f64,
    /// Whether the head is the embedding.
    pub(super) tied: bool,
}

/// How a GGUF file keeps the rows of a head's rotated pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Half a head apart, as in memory.
    Halves,
    /// Beside each other.
    Pairs,
}

/// Biases of queries, keys, values and what is mixed of them.
pub(super) const ATTENTION_BIAS: &str = "attention_bias";
/// Biases of the hidden layer's maps.
const MLP_BIAS: &str = "mlp_bias";

/// `LlamaForCausalLM`.
pub(super) const LLAMA: LlamaLike = LlamaLike {
    architecture: Architecture::Llama,
    model_type: "llama",
    class: "LlamaForCausalLM",
    facts: Facts {
        norms: NormPlacement::Before,
        activation: Activation::SwiGlu,
        positions: Positions::Rotated,
        mask: Mask::Causal,
        predicts: Predicts::NextToken,
        matrices: Layout::Plain,
        qkv_biases: false,
        head_norms: false,
    },
    biases: &[ATTENTION_BIAS, MLP_BIAS],
    indifferent: &[
        // Products in parts, of which the sum is the same.
        ("pretraining_tp", May::BeAnything),
        ("max_sequence_length", May::BeAnything),
        ("is_llama_config", May::BeAnything),
    ],
    left_out: LeftOut {
        n_kv_heads: None,
        head_dim: None,
        theta: 10_000.0,
        tied: false,
    },
    sight: SightOf::Whole,
    in_gguf: "llama",
    rows: Rows::Pairs,
};

/// Frequencies of rotary angles, which follow from the configuration.
pub(super) const UNUSED: &[&str] = &["*rotary_emb.inv_freq"];

/// What stands before a block's number.
const BLOCKS: &str = "model.layers";

impl Family for LlamaLike {
    fn model_type(&self) -> &'static str {
        self.model_type
    }

    fn class(&self) -> &'static str {
        self.class
    }

    fn facts(&self) -> Facts {
        self.facts
    }

    fn block_path(&self) -> &'static str {
        BLOCKS
    }

    fn embedding(&self) -> &'static str {
        "model.embed_tokens.weight"
    }

    fn prefix(&self) -> &'static str {
        "model."
    }

    fn in_gguf(&self) -> Option<&dyn InGguf> {
        Some(self)
    }

    fn indifferent(&self) -> &'static [Known] {
        self.indifferent
    }

    fn unused_weights(&self) -> &'static [&'static str] {
        UNUSED
    }

    /// Reads the fields of `LlamaConfig`.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        fields.must_be("hidden_act", "silu")?;
        let biases = |name| {
            if self.biases.contains(&name) {
                Ok(fields.flag(name)?.unwrap_or(false))
            } else {
                Ok::<_, String>(false)
            }
        };
        let num_attention_heads = fields.count("num_attention_heads", limits::HEADS)?;
        let hidden_size = fields.count("hidden_size", limits::WIDTH)?;
        let n_blocks = fields.count("num_hidden_layers", limits::BLOCKS)?;
        let left_out = self.left_out;
        // A field that is null says otherwise than one that is not there.
        let unless_null =
            |name: &str, by_itself: Option<usize>| by_itself.filter(|_| fields.is_absent(name));
        Ok(ModelConfig {
            architecture: self.architecture,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size,
            intermediate_size: fields.count("intermediate_size", limits::HIDDEN_LAYER)?,
            num_hidden_layers: n_blocks,
            num_attention_heads,
            num_key_value_heads: fields
                .optional_count("num_key_value_heads", limits::HEADS)?
                .or(unless_null("num_key_value_heads", left_out.n_kv_heads))
                .unwrap_or(num_attention_heads),
            head_dim: fields
                .optional_count("head_dim", limits::HEAD_WIDTH)?
                .or(unless_null("head_dim", left_out.head_dim))
                .unwrap_or(hidden_size / num_attention_heads),
            max_position_embeddings: fields.count("max_position_embeddings", limits::POSITIONS)?,
            norm_eps: fields
                .number("rms_norm_eps", limits::NORM_EPS)?
                .unwrap_or(1e-6),
            rope_theta: fields.rope_theta()?.unwrap_or(left_out.theta),
            attention: Attention {
                biases: biases(ATTENTION_BIAS)?,
                rope_scaling: RopeScaling::read(fields)?,
                ..self.sight.read(fields, n_blocks)?
            },
            mlp_biases: biases(MLP_BIAS)?,
            tie_word_embeddings: fields.flag("tie_word_embeddings")?.unwrap_or(left_out.tied),
            bos_token_id: fields.token("bos_token_id")?,
            eos_token_ids: fields.tokens("eos_token_id")?,
            encoder: Encoder::default(),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        })
    }

    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value {
        let scaling = config.attention.rope_scaling;
        let [rope, old_rope] = scaling.both_spellings(config.rope_theta);
        let mut fields = json!({
            "architectures": [self.class],
            "model_type": self.model_type,
            "vocab_size": config.vocab_size,
            "hidden_size": config.hidden_size,
            "intermediate_size": config.intermediate_size,
            "num_hidden_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "num_key_value_heads": config.num_key_value_heads,
            "head_dim": config.head_dim,
            "max_position_embeddings": config.max_position_embeddings,
            "rms_norm_eps": config.norm_eps,
            "rope_theta": config.rope_theta,
            "rope_parameters": rope,
            "rope_scaling": old_rope,
            "tie_word_embeddings": config.tie_word_embeddings,
            "hidden_act": "silu",
            "attention_bias": config.attention.biases,
            "mlp_bias": config.mlp_biases,
            "attention_dropout": 0.0,
            "initializer_range": 0.02,
            "use_cache": true,
            "dtype": "float32",
            "torch_dtype": "float32",
            "bos_token_id": config.bos_token_id,
            "eos_token_id": special.eos,
            "pad_token_id": special.pad,
        });
        for (name, value) in self.sight.write(config) {
            fields[name] = value;
        }
        fields
    }

    fn weights(&self, config: &ModelConfig) -> Vec<WeightSpec> {
        let (d, ff, head) = (
            config.hidden_size,
            config.intermediate_size,
            config.head_dim,
        );
        let q = config.num_attention_heads * head;
        let kv = config.num_key_value_heads * head;
        let small = residual_std(config);
        let mut all = vec![
            WeightSpec::table("model.embed_tokens", config.vocab_size, d),
            WeightSpec::ones("model.norm", d),
        ];
        if !config.tie_word_embeddings {
            all.push(WeightSpec::table("lm_head", config.vocab_size, d));
        }
        for layer in 0..config.num_hidden_layers {
            let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
            all.extend([
                WeightSpec::table(&at("self_attn.q_proj"), q, d),
                WeightSpec::table(&at("self_attn.k_proj"), kv, d),
                WeightSpec::table(&at("self_attn.v_proj"), kv, d),
                WeightSpec::matrix(&at("self_attn.o_proj"), [d, q], small),
                WeightSpec::table(&at("mlp.gate_proj"), ff, d),
                WeightSpec::table(&at("mlp.up_proj"), ff, d),
                WeightSpec::matrix(&at("mlp.down_proj"), [d, ff], small),
                WeightSpec::ones(&at("input_layernorm"), d),
                WeightSpec::ones(&at("post_attention_layernorm"), d),
            ]);
            let bias = |(name, width): (&str, usize)| WeightSpec::bias(&at(name), width);
            if self.facts.qkv_biases || config.attention.biases {
                let qkv = [("q_proj", q), ("k_proj", kv), ("v_proj", kv)];
                all.extend(qkv.map(|(name, width)| bias((&format!("self_attn.{name}"), width))));
            }
            if config.attention.biases {
                all.push(bias(("self_attn.o_proj", d)));
            }
            if config.mlp_biases {
                let mlp = [("mlp.gate_proj", ff), ("mlp.up_proj", ff)];
                all.extend(mlp.into_iter().chain([("mlp.down_proj", d)]).map(bias));
            }
            if self.facts.head_norms {
                all.push(WeightSpec::ones(&at("self_attn.q_norm"), head));
                all.push(WeightSpec::ones(&at("self_attn.k_norm"), head));
            }
        }
        all
    }

    fn block(
        &self,
        _: &ModelConfig,
        layer: usize,
        find: &Finder<'_>,
    ) -> Result<Block, EngineError> {
        let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
        let head_norms = if self.facts.head_norms {
            Some([
                find.rms(&at("self_attn.q_norm"))?,
                find.rms(&at("self_attn.k_norm"))?,
            ])
        } else {
            None
        };
        let attention = SelfAttention {
            q: find.linear(&at("self_attn.q_proj"))?,
            k: find.linear(&at("self_attn.k_proj"))?,
            v: find.linear(&at("self_attn.v_proj"))?,
            head_norms,
            gate: OutputGate::None,
        };
        Ok(Block {
            mixer: attention.into(),
            o: find.linear(&at("self_attn.o_proj"))?,
            mlp: Mlp::SwiGlu {
                gate: find.linear(&at("mlp.gate_proj"))?,
                up: find.linear(&at("mlp.up_proj"))?,
                down: find.linear(&at("mlp.down_proj"))?,
            },
            attention_norm: find.rms(&at("input_layernorm"))?,
            mlp_norm: find.rms(&at("post_attention_layernorm"))?,
            norms_behind: None,
        })
    }

    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let tokens = find.weight("model.embed_tokens")?;
        let end = End::Tokens {
            norm: find.rms("model.norm")?,
            head: find.head(config, tokens)?,
        };
        Ok((Embedding::plain(tokens), end))
    }
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
            attention: Attention::default(),
            mlp_biases: false,
            tie_word_embeddings: spec.tie_embeddings,
            bos_token_id: Some(bos),
            eos_token_ids: Vec::new(),
            encoder: Encoder::default(),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        }
    }
}
