//! Gemma 3's text model in GGUF files. They leave out what llama.cpp knows by itself: that every sixth block
//! sees everything, the base of the windows' angles, and what scores are divided by.

use super::super::Architecture;
use super::super::llama::part_in_gguf;
use super::{LOCAL_THETA, PATTERN, THETA};
use crate::gguf::{List, Value};
use crate::model::fields::limits;
use crate::model::in_gguf::{InGguf, Order, Settings, rope_settings};
use crate::model::{Attention, Encoder, ModelConfig, Sliding};

/// `gemma3`.
pub(super) struct InFiles;

pub(super) const IN_GGUF: InFiles = InFiles;

const PATTERN_SETTING: &str = "attention.sliding_window_pattern";
const LOCAL_THETA_SETTING: &str = "rope.freq_base_swa";
/// Blocks of the 27B model, whose scores are divided as no other's are.
const LARGEST_BLOCKS: usize = 62;

impl InGguf for InFiles {
    fn architecture(&self) -> &'static str {
        "gemma3"
    }

    fn read(&self, settings: &Settings<'_>) -> Result<ModelConfig, String> {
        let hidden_size = settings.count("embedding_length", limits::WIDTH)?;
        let n_heads = settings.count("attention.head_count", limits::HEADS)?;
        let n_blocks = settings.count("block_count", limits::BLOCKS)?;
        let head_dim = settings.count("attention.key_length", limits::HEAD_WIDTH)?;
        settings.must_equal("attention.value_length", head_dim)?;
        settings.must_equal("rope.dimension_count", head_dim)?;
        let theta = settings.number("rope.freq_base", limits::ROPE_THETA)?;
        let theta = theta.unwrap_or(THETA);
        let local = settings.number(LOCAL_THETA_SETTING, limits::ROPE_THETA)?;
        Ok(ModelConfig {
            architecture: Architecture::Gemma3,
            vocab_size: settings.vocab_size,
            hidden_size,
            intermediate_size: settings.count("feed_forward_length", limits::HIDDEN_LAYER)?,
            num_hidden_layers: n_blocks,
            num_attention_heads: n_heads,
            num_key_value_heads: settings
                .optional_count("attention.head_count_kv", limits::HEADS)?
                .unwrap_or(n_heads),
            head_dim,
            max_position_embeddings: settings.count("context_length", limits::POSITIONS)?,
            norm_eps: settings
                .number("attention.layer_norm_rms_epsilon", limits::NORM_EPS)?
                .unwrap_or(1e-6),
            rope_theta: theta,
            attention: Attention {
                biases: false,
                rope_scaling: settings.rope_scaling(head_dim, theta)?,
                query_scalar: Some(scalar(n_blocks, hidden_size, n_heads, head_dim)),
                sliding: Some(Sliding {
                    window: settings.count("attention.sliding_window", limits::POSITIONS)?,
                    blocks: blocks(settings, n_blocks)?,
                    rope_theta: Some(local.unwrap_or(LOCAL_THETA)),
                }),
                ..Attention::default()
            },
            mlp_biases: false,
            tie_word_embeddings: false,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            encoder: Encoder::default(),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        })
    }

    fn write(&self, config: &ModelConfig) -> Result<Vec<(&'static str, Value)>, String> {
        let (n_blocks, n_heads) = (config.num_hidden_layers, config.num_attention_heads);
        let known = scalar(n_blocks, config.hidden_size, n_heads, config.head_dim);
        if let Some(other) = config
            .attention
            .query_scalar
            .filter(|other| other.to_bits() != known.to_bits())
        {
            return Err(format!(
                "`query_pre_attn_scalar` is {other}, GGUF means {known} for a model of this size"
            ));
        }
        let sliding = config.attention.sliding.as_ref();
        let sliding = sliding.ok_or("it has no blocks that see a window")?;
        let mut all = vec![
            ("block_count", n_blocks.into()),
            ("context_length", config.max_position_embeddings.into()),
            ("embedding_length", config.hidden_size.into()),
            ("feed_forward_length", config.intermediate_size.into()),
            ("attention.head_count", n_heads.into()),
            ("attention.head_count_kv", config.num_key_value_heads.into()),
            ("attention.key_length", config.head_dim.into()),
            ("attention.value_length", config.head_dim.into()),
            ("attention.layer_norm_rms_epsilon", config.norm_eps.into()),
            ("attention.sliding_window", sliding.window.into()),
            ("rope.freq_base", config.rope_theta.into()),
        ];
        if let Some(own) = sliding.rope_theta
            && own.to_bits() != LOCAL_THETA.to_bits()
        {
            all.push((LOCAL_THETA_SETTING, own.into()));
        }
        if sliding.blocks != every(PATTERN, n_blocks) {
            let blocks = List::Bools(sliding.blocks.clone());
            all.push((PATTERN_SETTING, Value::List(blocks)));
        }
        all.extend(rope_settings(config.attention.rope_scaling)?);
        Ok(all)
    }

    fn end(&self, path: &str) -> Option<&'static str> {
        Some(match path {
            "model.embed_tokens" => "token_embd",
            "model.norm" => "output_norm",
            "lm_head" => "output",
            _ => return None,
        })
    }

    fn part(&self, path: &str) -> Option<&'static str> {
        part_in_gguf(path).or(match path {
            "input_layernorm" => Some("attn_norm"),
            "post_attention_layernorm" => Some("post_attention_norm"),
            "pre_feedforward_layernorm" => Some("ffn_norm"),
            "post_feedforward_layernorm" => Some("post_ffw_norm"),
            _ => None,
        })
    }

    fn order(&self, _: &ModelConfig, name: &str) -> Order {
        if name.ends_with("norm.weight") {
            Order::PlusOne
        } else {
            Order::Plain
        }
    }
}

/// What scores are divided by the root of (`config.py` of `gemma_pytorch`).
fn scalar(n_blocks: usize, hidden_size: usize, n_heads: usize, head_dim: usize) -> f64 {
    match n_blocks {
        LARGEST_BLOCKS => (hidden_size / n_heads) as f64,
        _ => head_dim as f64,
    }
}

/// Of each block, whether it sees a window alone: all but every `n`th.
fn every(n: usize, n_blocks: usize) -> Vec<bool> {
    (1..=n_blocks).map(|block| block % n != 0).collect()
}

fn blocks(settings: &Settings<'_>, n_blocks: usize) -> Result<Vec<bool>, String> {
    match settings.value(PATTERN_SETTING) {
        None => Ok(every(PATTERN, n_blocks)),
        Some(Value::Unsigned(n)) if *n > 0 => {
            Ok(every(usize::try_from(*n).unwrap_or(usize::MAX), n_blocks))
        }
        Some(Value::List(List::Bools(blocks))) if blocks.len() == n_blocks => Ok(blocks.clone()),
        Some(other) => Err(format!(
            "`gemma3.{PATTERN_SETTING}` is {}, which is not understood",
            other.shown()
        )),
    }
}
