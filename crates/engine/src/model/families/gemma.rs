//! Gemma 3's text model: blocks that see a window and blocks that see everything in turn, each kind with
//! angles of its own, norms before and after attention and hidden layer whose weights are added to one,
//! norms of each head's queries and keys, a scaled embedding.

mod gguf;

use super::llama::{ATTENTION_BIAS, UNUSED};
use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts};
use crate::model::fields::{Fields, limits};
use crate::model::in_gguf::InGguf;
use crate::model::mixer::{OutputGate, SelfAttention};
use crate::model::network::{Block, Embedding, End, Finder, Mlp};
use crate::model::specs::{WeightSpec, residual_std};
use crate::model::{Attention, Encoder, ModelConfig, RopeScaling, Sliding};
use crate::tape::Factors;
use crate::weights::Layout;
use serde_json::{Value, json};

/// `Gemma3ForCausalLM`.
pub(super) struct Gemma3;

/// What stands before a block's number.
const BLOCKS: &str = "model.layers";
const SLIDING: &str = "sliding_attention";
const FULL: &str = "full_attention";
const ACTIVATION: &str = "gelu_pytorch_tanh";
/// transformers' own values of what a `config.json` may leave out.
const WINDOW: usize = 4096;
const PATTERN: usize = 6;
const HEAD_DIM: usize = 256;
const POSITIONS: usize = 131_072;
const THETA: f64 = 1_000_000.0;
const LOCAL_THETA: f64 = 10_000.0;

impl Family for Gemma3 {
    fn model_type(&self) -> &'static str {
        "gemma3_text"
    }

    fn class(&self) -> &'static str {
        "Gemma3ForCausalLM"
    }

    fn facts(&self) -> Facts {
        Facts {
            norms: NormPlacement::Around,
            activation: Activation::GeGlu,
            positions: Positions::Rotated,
            mask: Mask::Causal,
            predicts: Predicts::NextToken,
            matrices: Layout::Plain,
            qkv_biases: false,
            head_norms: true,
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

    fn unused_weights(&self) -> &'static [&'static str] {
        UNUSED
    }

    /// Reads the fields of `Gemma3TextConfig`.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        fields.must_be("hidden_activation", ACTIVATION)?;
        fields.must_be("hidden_act", ACTIVATION)?;
        let n_blocks = fields.count("num_hidden_layers", limits::BLOCKS)?;
        let n_heads = fields.count("num_attention_heads", limits::HEADS)?;
        let angles = Angles::read(fields)?;
        let window = fields.optional_count("sliding_window", limits::POSITIONS)?;
        let head_dim = fields.optional_count("head_dim", limits::HEAD_WIDTH)?;
        let scalar = fields.number("query_pre_attn_scalar", limits::QUERY_SCALAR)?;
        Ok(ModelConfig {
            architecture: Architecture::Gemma3,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size: fields.count("hidden_size", limits::WIDTH)?,
            intermediate_size: fields.count("intermediate_size", limits::HIDDEN_LAYER)?,
            num_hidden_layers: n_blocks,
            num_attention_heads: n_heads,
            num_key_value_heads: fields
                .optional_count("num_key_value_heads", limits::HEADS)?
                .unwrap_or(n_heads),
            head_dim: head_dim.unwrap_or(HEAD_DIM),
            max_position_embeddings: fields
                .optional_count("max_position_embeddings", limits::POSITIONS)?
                .unwrap_or(POSITIONS),
            norm_eps: fields
                .number("rms_norm_eps", limits::NORM_EPS)?
                .unwrap_or(1e-6),
            rope_theta: angles.whole,
            attention: Attention {
                biases: fields.flag(ATTENTION_BIAS)?.unwrap_or(false),
                rope_scaling: angles.scaling,
                query_scalar: Some(scalar.unwrap_or(256.0)),
                sliding: Some(Sliding {
                    window: window.unwrap_or(WINDOW),
                    blocks: sliding_blocks(fields, n_blocks)?,
                    rope_theta: Some(angles.sliding),
                }),
                ..Attention::default()
            },
            mlp_biases: false,
            tie_word_embeddings: fields.flag("tie_word_embeddings")?.unwrap_or(true),
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
        let sliding = config.attention.sliding.as_ref();
        let slides = |block| sliding.and_then(|sliding| sliding.blocks.get(block)) == Some(&true);
        let kinds =
            (0..config.num_hidden_layers).map(|block| if slides(block) { SLIDING } else { FULL });
        let local_theta = sliding.and_then(|sliding| sliding.rope_theta);
        let local_theta = local_theta.unwrap_or(LOCAL_THETA);
        let [whole_angles, _] = scaling.both_spellings(config.rope_theta);
        let [window_angles, _] = RopeScaling::None.both_spellings(local_theta);
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
            "query_pre_attn_scalar": config.attention.query_scalar.map(whole),
            "max_position_embeddings": config.max_position_embeddings,
            "sliding_window": sliding.map(|sliding| sliding.window),
            "layer_types": kinds.collect::<Vec<_>>(),
            "rms_norm_eps": config.norm_eps,
            // transformers 4 reads these three, transformers 5 the fourth.
            "rope_theta": config.rope_theta,
            "rope_local_base_freq": local_theta,
            "rope_scaling": match scaling {
                RopeScaling::None => Value::Null,
                _ => scaling.to_json(),
            },
            "rope_parameters": {
                FULL: whole_angles,
                SLIDING: window_angles,
            },
            "tie_word_embeddings": config.tie_word_embeddings,
            "hidden_activation": ACTIVATION,
            "attention_bias": config.attention.biases,
            "attention_dropout": 0.0,
            "attn_logit_softcapping": null,
            "final_logit_softcapping": null,
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
            WeightSpec::zeros("model.norm", d),
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
                WeightSpec::zeros(&at("self_attn.q_norm"), head),
                WeightSpec::zeros(&at("self_attn.k_norm"), head),
            ]);
            all.extend(NORMS.map(|name| WeightSpec::zeros(&at(name), d)));
            if config.attention.biases {
                let widths = [("q_proj", q), ("k_proj", kv), ("v_proj", kv), ("o_proj", d)];
                all.extend(widths.map(|(name, width)| {
                    WeightSpec::bias(&at(&format!("self_attn.{name}")), width)
                }));
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
        let norm = |name: &str| find.rms_with(&at(name), Factors::OnePlusWeight);
        let [before_attention, behind_attention, before_mlp, behind_mlp] = NORMS;
        let attention = SelfAttention {
            q: find.linear(&at("self_attn.q_proj"))?,
            k: find.linear(&at("self_attn.k_proj"))?,
            v: find.linear(&at("self_attn.v_proj"))?,
            head_norms: Some([norm("self_attn.q_norm")?, norm("self_attn.k_norm")?]),
            gate: OutputGate::None,
        };
        Ok(Block {
            mixer: attention.into(),
            o: find.linear(&at("self_attn.o_proj"))?,
            mlp: Mlp::GeGlu {
                gate: find.linear(&at("mlp.gate_proj"))?,
                up: find.linear(&at("mlp.up_proj"))?,
                down: find.linear(&at("mlp.down_proj"))?,
                kind: gelu::Kind::Tanh,
            },
            attention_norm: norm(before_attention)?,
            mlp_norm: norm(before_mlp)?,
            norms_behind: Some([norm(behind_attention)?, norm(behind_mlp)?]),
        })
    }

    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let tokens = find.weight("model.embed_tokens")?;
        let embedding = Embedding {
            scale: (config.hidden_size as f32).sqrt(),
            ..Embedding::plain(tokens)
        };
        let end = End::Tokens {
            norm: find.rms_with("model.norm", Factors::OnePlusWeight)?,
            head: find.head(config, tokens)?,
        };
        Ok((embedding, end))
    }
}

/// The number as transformers asks for it: without a fraction where it has none.
fn whole(number: f64) -> Value {
    if number.fract() == 0.0 {
        (number as u64).into()
    } else {
        number.into()
    }
}

/// A block's norms in the order of its computation.
const NORMS: [&str; 4] = [
    "input_layernorm",
    "post_attention_layernorm",
    "pre_feedforward_layernorm",
    "post_feedforward_layernorm",
];

/// Bases of the two kinds of angles, and how those of whole sight are scaled.
struct Angles {
    whole: f64,
    sliding: f64,
    scaling: RopeScaling,
}

impl Angles {
    /// transformers 5 keeps them by kind of block in `rope_parameters`, transformers 4 in three fields.
    fn read(fields: &Fields<'_>) -> Result<Self, String> {
        let nested = fields.object("rope_parameters")?;
        let kind = |name: &str| match &nested {
            Some(rope) => rope.object(name),
            None => Ok(None),
        };
        let (full, sliding) = (kind(FULL)?, kind(SLIDING)?);
        let theta = |rope: &Option<Fields<'_>>| match rope {
            Some(rope) => rope.number("rope_theta", limits::ROPE_THETA),
            None => Ok(None),
        };
        let of = |rope: &Option<Fields<'_>>| rope.as_ref().map(RopeScaling::of).transpose();
        let flat = of(&fields.object("rope_scaling")?)?;
        let scaling = match (of(&full)?, flat) {
            (Some(one), Some(other)) if one != other => {
                return Err("`rope_scaling` and `rope_parameters` contradict each other".to_owned());
            }
            (one, other) => one.or(other).unwrap_or_default(),
        };
        if of(&sliding)?.unwrap_or_default() != RopeScaling::None {
            return Err("scaled rotary angles of a window are not supported".to_owned());
        }
        let flat_theta = fields.number("rope_theta", limits::ROPE_THETA)?;
        let flat_local = fields.number("rope_local_base_freq", limits::ROPE_THETA)?;
        Ok(Self {
            whole: theta(&full)?.or(flat_theta).unwrap_or(THETA),
            sliding: theta(&sliding)?.or(flat_local).unwrap_or(LOCAL_THETA),
            scaling,
        })
    }
}

/// Of each block, whether it sees a window alone: as `layer_types` says, else all but every sixth.
fn sliding_blocks(fields: &Fields<'_>, n_blocks: usize) -> Result<Vec<bool>, String> {
    let pattern = |name: &str| fields.optional_count(name, limits::BLOCKS);
    let (own, private) = (
        pattern("sliding_window_pattern")?,
        pattern("_sliding_window_pattern")?,
    );
    let Some(kinds) = fields.texts("layer_types")? else {
        let pattern = own.or(private).unwrap_or(PATTERN);
        return Ok((1..=n_blocks).map(|n| n % pattern != 0).collect());
    };
    if kinds.len() != n_blocks {
        let n = kinds.len();
        return Err(format!("`layer_types` names {n} blocks of {n_blocks}"));
    }
    kinds
        .into_iter()
        .map(|kind| match kind {
            SLIDING => Ok(true),
            FULL => Ok(false),
            other => Err(format!("blocks of the kind `{other}` are not supported")),
        })
        .collect()
}
