//! Llama, and what differs from it in facts alone, in GGUF files.

use super::sight::every;
use super::{LlamaLike, Rows, SightOf};
use crate::gguf::Value as Setting;
use crate::model::fields::limits;
use crate::model::in_gguf::{InGguf, Order, Settings, rope_settings};
use crate::model::{Attention, Encoder, ModelConfig};

impl InGguf for LlamaLike {
    fn architecture(&self) -> &'static str {
        self.in_gguf
    }

    fn read(&self, settings: &Settings<'_>) -> Result<ModelConfig, String> {
        let hidden_size = settings.count("embedding_length", limits::WIDTH)?;
        let n_heads = settings.count("attention.head_count", limits::HEADS)?;
        let head_dim = settings
            .optional_count("attention.key_length", limits::HEAD_WIDTH)?
            .unwrap_or(hidden_size / n_heads);
        settings.must_equal("attention.value_length", head_dim)?;
        settings.must_equal("rope.dimension_count", head_dim)?;
        let theta = settings.number("rope.freq_base", limits::ROPE_THETA)?;
        let theta = theta.unwrap_or(10_000.0);
        let n_blocks = settings.count("block_count", limits::BLOCKS)?;
        Ok(ModelConfig {
            architecture: self.architecture,
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
                // Biases of queries, keys and values alone make another family.
                biases: !self.facts.qkv_biases && settings.has_tensor("blk.0.attn_q.bias"),
                rope_scaling: settings.rope_scaling(head_dim, theta)?,
                unrotated: self.unrotated_in_gguf(n_blocks),
                ..Attention::default()
            },
            mlp_biases: settings.has_tensor("blk.0.ffn_gate.bias"),
            tie_word_embeddings: false,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            encoder: Encoder::default(),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        })
    }

    fn write(&self, config: &ModelConfig) -> Result<Vec<(&'static str, Setting)>, String> {
        let n_blocks = config.num_hidden_layers;
        if let Some(sliding) = &config.attention.sliding
            && sliding.window < config.max_position_embeddings
        {
            return Err(format!(
                "`sliding_window` is {}, and the architecture `{}` of GGUF knows no windows",
                sliding.window, self.in_gguf
            ));
        }
        if config.attention.unrotated != self.unrotated_in_gguf(n_blocks) {
            return Err(format!(
                "`no_rope_layers` names other blocks than the architecture `{}` of GGUF means",
                self.in_gguf
            ));
        }
        let mut all = vec![
            ("block_count", n_blocks.into()),
            ("context_length", config.max_position_embeddings.into()),
            ("embedding_length", config.hidden_size.into()),
            ("feed_forward_length", config.intermediate_size.into()),
            ("attention.head_count", config.num_attention_heads.into()),
            ("attention.head_count_kv", config.num_key_value_heads.into()),
            ("attention.key_length", config.head_dim.into()),
            ("attention.value_length", config.head_dim.into()),
            ("attention.layer_norm_rms_epsilon", config.norm_eps.into()),
            ("rope.dimension_count", config.head_dim.into()),
            ("rope.freq_base", config.rope_theta.into()),
        ];
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
            "post_attention_layernorm" => Some("ffn_norm"),
            _ => None,
        })
    }

    fn order(&self, config: &ModelConfig, name: &str) -> Order {
        let of = |map: &str| name.contains(map) && self.rows == Rows::Pairs;
        if of("self_attn.q_proj.") {
            Order::Pairs {
                n_heads: config.num_attention_heads,
            }
        } else if of("self_attn.k_proj.") {
            Order::Pairs {
                n_heads: config.num_key_value_heads,
            }
        } else {
            Order::Plain
        }
    }
}

impl LlamaLike {
    /// Of each block, whether it rotates nothing, which files do not say.
    fn unrotated_in_gguf(&self, n_blocks: usize) -> Vec<bool> {
        match self.sight {
            SightOf::UnrotatedEvery(n) => every(n, n_blocks),
            SightOf::Whole | SightOf::Window(_) => Vec::new(),
        }
    }
}

/// GGUF's path of a part that Llama and Gemma call alike.
pub(in crate::model::families) fn part_in_gguf(path: &str) -> Option<&'static str> {
    Some(match path {
        "self_attn.q_proj" => "attn_q",
        "self_attn.k_proj" => "attn_k",
        "self_attn.v_proj" => "attn_v",
        "self_attn.o_proj" => "attn_output",
        "self_attn.q_norm" => "attn_q_norm",
        "self_attn.k_norm" => "attn_k_norm",
        "mlp.gate_proj" => "ffn_gate",
        "mlp.up_proj" => "ffn_up",
        "mlp.down_proj" => "ffn_down",
        _ => return None,
    })
}
