//! Phi-3 in GGUF files. llama.cpp reads the window and leaves it unused; the file says it all the same.

use super::super::Architecture;
use super::{part, whole_window};
use crate::gguf::Value;
use crate::model::fields::limits;
use crate::model::in_gguf::{InGguf, Order, Settings};
use crate::model::{Attention, Encoder, ModelConfig, RopeScaling};

/// `phi3`.
pub(super) struct InFiles;

pub(super) const IN_GGUF: InFiles = InFiles;

const WINDOW: &str = "attention.sliding_window";
const ORIGINAL_CONTEXT: &str = "rope.scaling.original_context_length";

impl InGguf for InFiles {
    fn architecture(&self) -> &'static str {
        "phi3"
    }

    fn read(&self, settings: &Settings<'_>) -> Result<ModelConfig, String> {
        let hidden_size = settings.count("embedding_length", limits::WIDTH)?;
        let n_heads = settings.count("attention.head_count", limits::HEADS)?;
        let n_blocks = settings.count("block_count", limits::BLOCKS)?;
        let head_dim = settings
            .optional_count("attention.key_length", limits::HEAD_WIDTH)?
            .unwrap_or(hidden_size / n_heads);
        settings.must_equal("attention.value_length", head_dim)?;
        let rotated = settings.optional_count("rope.dimension_count", head_dim)?;
        let theta = settings.number("rope.freq_base", limits::ROPE_THETA)?;
        let theta = theta.unwrap_or(10_000.0);
        let rotated = rotated.unwrap_or(head_dim);
        if settings.rope_scaling(rotated, theta)? != RopeScaling::None {
            return Err("scaled rotary angles are not supported for this family".to_owned());
        }
        // Zero says that there is none.
        let window = match settings.value(WINDOW) {
            None | Some(Value::Unsigned(0)) => None,
            Some(_) => settings.optional_count(WINDOW, limits::POSITIONS)?,
        };
        Ok(ModelConfig {
            architecture: Architecture::Phi3,
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
                .unwrap_or(1e-5),
            rope_theta: theta,
            attention: Attention {
                sliding: window.map(|window| whole_window(window, n_blocks)),
                rotated: part(head_dim, rotated),
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
        // llama.cpp computes the width of a head from these two.
        if config.head_dim * config.num_attention_heads != config.hidden_size {
            return Err(format!(
                "`head_dim` is {}, which {} heads do not make `hidden_size` of",
                config.head_dim, config.num_attention_heads
            ));
        }
        let sliding = config.attention.sliding.as_ref();
        let window = sliding.map_or(0, |sliding| sliding.window);
        Ok(vec![
            ("block_count", config.num_hidden_layers.into()),
            ("context_length", config.max_position_embeddings.into()),
            (ORIGINAL_CONTEXT, config.max_position_embeddings.into()),
            ("embedding_length", config.hidden_size.into()),
            ("feed_forward_length", config.intermediate_size.into()),
            ("attention.head_count", config.num_attention_heads.into()),
            ("attention.head_count_kv", config.num_key_value_heads.into()),
            ("attention.layer_norm_rms_epsilon", config.norm_eps.into()),
            ("rope.dimension_count", config.rotated().into()),
            ("rope.freq_base", config.rope_theta.into()),
            (WINDOW, window.into()),
        ])
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
        Some(match path {
            "self_attn.qkv_proj" => "attn_qkv",
            "self_attn.o_proj" => "attn_output",
            "mlp.gate_up_proj" => "ffn_up",
            "mlp.down_proj" => "ffn_down",
            "input_layernorm" => "attn_norm",
            "post_attention_layernorm" => "ffn_norm",
            _ => return None,
        })
    }

    fn order(&self, _: &ModelConfig, _: &str) -> Order {
        Order::Plain
    }
}
