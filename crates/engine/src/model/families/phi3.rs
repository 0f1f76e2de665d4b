//! Phi-3 and Phi-4: Llama with one joint matrix of queries, keys and values and one of the gate and what it
//! gates, a window or none, and rotation of a part of each head. The joint matrices stay joint in memory: names
//! and adapters are then those of transformers, PEFT and llama.cpp.

mod gguf;

use super::llama::UNUSED;
use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts};
use crate::model::fields::{Fields, limits};
use crate::model::in_gguf::InGguf;
use crate::model::mixer::{OutputGate, SelfAttention};
use crate::model::network::{Block, Embedding, End, Finder, Mlp};
use crate::model::scaling::{is_one, kind_of};
use crate::model::specs::{WeightSpec, residual_std};
use crate::model::strict::{Known, May};
use crate::model::{Attention, Encoder, ModelConfig, RopeScaling, Sliding};
use crate::weights::Layout;
use serde_json::{Value, json};

/// `Phi3ForCausalLM`.
pub(super) struct Phi3;

/// What stands before a block's number.
const BLOCKS: &str = "model.layers";
/// Where transformers keeps what it knows of rotary angles.
const ANGLES: [&str; 2] = ["rope_parameters", "rope_scaling"];
const SHARE: &str = "partial_rotary_factor";

impl Family for Phi3 {
    fn model_type(&self) -> &'static str {
        "phi3"
    }

    fn class(&self) -> &'static str {
        "Phi3ForCausalLM"
    }

    fn facts(&self) -> Facts {
        Facts {
            norms: NormPlacement::Before,
            activation: Activation::SwiGlu,
            positions: Positions::Rotated,
            mask: Mask::Causal,
            predicts: Predicts::NextToken,
            matrices: Layout::Plain,
            qkv_biases: false,
            head_norms: false,
        }
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
        Some(&gguf::IN_GGUF)
    }

    fn indifferent(&self) -> &'static [Known] {
        // Asked for by scaled angles alone, which are refused.
        &[("original_max_position_embeddings", May::BeAnything)]
    }

    fn unused_weights(&self) -> &'static [&'static str] {
        UNUSED
    }

    /// Reads the fields of `Phi3Config`.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        fields.must_be("hidden_act", "silu")?;
        let n_heads = fields.count("num_attention_heads", limits::HEADS)?;
        let hidden_size = fields.count("hidden_size", limits::WIDTH)?;
        let n_blocks = fields.count("num_hidden_layers", limits::BLOCKS)?;
        let head_dim = fields.optional_count("head_dim", limits::HEAD_WIDTH)?;
        let head_dim = head_dim.unwrap_or(hidden_size / n_heads);
        let window = fields.optional_count("sliding_window", limits::POSITIONS)?;
        refuse_scaled(fields)?;
        Ok(ModelConfig {
            architecture: Architecture::Phi3,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size,
            intermediate_size: fields.count("intermediate_size", limits::HIDDEN_LAYER)?,
            num_hidden_layers: n_blocks,
            num_attention_heads: n_heads,
            num_key_value_heads: fields
                .optional_count("num_key_value_heads", limits::HEADS)?
                .unwrap_or(n_heads),
            head_dim,
            max_position_embeddings: fields.count("max_position_embeddings", limits::POSITIONS)?,
            norm_eps: fields
                .number("rms_norm_eps", limits::NORM_EPS)?
                .unwrap_or(1e-5),
            rope_theta: fields.rope_theta()?.unwrap_or(10_000.0),
            attention: Attention {
                sliding: window.map(|window| whole_window(window, n_blocks)),
                rotated: part(head_dim, rotated(fields, head_dim)?),
                ..Attention::default()
            },
            mlp_biases: false,
            tie_word_embeddings: fields.flag("tie_word_embeddings")?.unwrap_or(false),
            bos_token_id: fields.token("bos_token_id")?,
            eos_token_ids: fields.tokens("eos_token_id")?,
            encoder: Encoder::default(),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        })
    }

    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value {
        let [mut rope, _] = RopeScaling::None.both_spellings(config.rope_theta);
        let share = config.rotated() as f64 / config.head_dim as f64;
        rope[SHARE] = share.into();
        let window = config.attention.sliding.as_ref();
        json!({
            "architectures": [self.class()],
            "model_type": self.model_type(),
            "vocab_size": config.vocab_size,
            "hidden_size": config.hidden_size,
            "intermediate_size": config.intermediate_size,
            "num_hidden_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "num_key_value_heads": config.num_key_value_heads,
            "head_dim": config.head_dim,
            "max_position_embeddings": config.max_position_embeddings,
            "original_max_position_embeddings": config.max_position_embeddings,
            "sliding_window": window.map(|sliding| sliding.window),
            "rms_norm_eps": config.norm_eps,
            "rope_theta": config.rope_theta,
            "partial_rotary_factor": share,
            "rope_parameters": rope,
            "rope_scaling": null,
            "tie_word_embeddings": config.tie_word_embeddings,
            "hidden_act": "silu",
            "attention_dropout": 0.0,
            "embd_pdrop": 0.0,
            "resid_pdrop": 0.0,
            "initializer_range": 0.02,
            "use_cache": true,
            "dtype": "float32",
            "torch_dtype": "float32",
            "bos_token_id": config.bos_token_id,
            "eos_token_id": special.eos,
            "pad_token_id": special.pad,
        })
    }

    fn weights(&self, config: &ModelConfig) -> Vec<WeightSpec> {
        let (d, ff) = (config.hidden_size, config.intermediate_size);
        let [q, kv] = widths(config);
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
                WeightSpec::table(&at("self_attn.qkv_proj"), q + 2 * kv, d),
                WeightSpec::matrix(&at("self_attn.o_proj"), [d, q], small),
                WeightSpec::table(&at("mlp.gate_up_proj"), 2 * ff, d),
                WeightSpec::matrix(&at("mlp.down_proj"), [d, ff], small),
                WeightSpec::ones(&at("input_layernorm"), d),
                WeightSpec::ones(&at("post_attention_layernorm"), d),
            ]);
        }
        all
    }

    fn block(
        &self,
        config: &ModelConfig,
        layer: usize,
        find: &Finder<'_>,
    ) -> Result<Block, EngineError> {
        let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
        let ([q, kv], ff) = (widths(config), config.intermediate_size);
        let (joint, gated) = (at("self_attn.qkv_proj"), at("mlp.gate_up_proj"));
        let attention = SelfAttention {
            q: find.part(&joint, 0..q)?,
            k: find.part(&joint, q..q + kv)?,
            v: find.part(&joint, q + kv..q + 2 * kv)?,
            head_norms: None,
            gate: OutputGate::None,
        };
        Ok(Block {
            mixer: attention.into(),
            o: find.linear(&at("self_attn.o_proj"))?,
            mlp: Mlp::SwiGlu {
                gate: find.part(&gated, 0..ff)?,
                up: find.part(&gated, ff..2 * ff)?,
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

/// Widths of all queries, and of all keys or values.
fn widths(config: &ModelConfig) -> [usize; 2] {
    [config.num_attention_heads, config.num_key_value_heads].map(|n| n * config.head_dim)
}

/// The same window in every block.
fn whole_window(window: usize, n_blocks: usize) -> Sliding {
    Sliding {
        window,
        blocks: vec![true; n_blocks],
        rope_theta: None,
    }
}

/// Refuses scaled angles: of the two kinds that transformers knows here the other one, `longrope`, has angles
/// that depend on the whole text's length.
fn refuse_scaled(fields: &Fields<'_>) -> Result<(), String> {
    for name in ANGLES {
        if let Some(rope) = fields.object(name)?
            && let Some(kind) = kind_of(&rope)?
            && kind != "default"
        {
            return Err(format!(
                "rotary angles scaled as `{kind}` are not supported for this family: a model without `{name}` of this kind (Phi-3 of 4096 tokens) can be used"
            ));
        }
    }
    Ok(())
}

/// Values of a head that are rotated, as a share of it in whichever place the version of transformers puts it.
fn rotated(fields: &Fields<'_>, head_dim: usize) -> Result<usize, String> {
    let mut shares = vec![fields.number(SHARE, limits::ROPE_SHARE)?];
    for name in ANGLES {
        if let Some(rope) = fields.object(name)? {
            shares.push(rope.number(SHARE, limits::ROPE_SHARE)?);
        }
    }
    let mut shares = shares.into_iter().flatten();
    let share = shares.next().unwrap_or(1.0);
    if let Some(other) = shares.find(|other| !is_one(other / share)) {
        return Err(format!(
            "`{SHARE}` is {share} in one place and {other} in another"
        ));
    }
    let rotated = (head_dim as f64 * share) as usize;
    if rotated == 0 || !rotated.is_multiple_of(2) {
        return Err(format!(
            "`{SHARE}` is {share}, which makes {rotated} values of {head_dim}, no pairs"
        ));
    }
    Ok(rotated)
}

/// The values that are rotated, where they are not all.
fn part(head_dim: usize, rotated: usize) -> Option<usize> {
    (rotated != head_dim).then_some(rotated)
}
