//! GPT-2: learned positions, `LayerNorm` before each part, GELU, one joint matrix of queries, keys and
//! values, and matrices that files keep transposed (`Conv1D`).

use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::gguf::Value as Setting;
use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts};
use crate::model::fields::{Fields, limits, whole_heads};
use crate::model::in_gguf::{InGguf, Order, Settings};
use crate::model::mixer::{OutputGate, SelfAttention};
use crate::model::network::{Block, Embedding, End, Finder, Mlp};
use crate::model::specs::{INIT_STD, WeightSpec, residual_std};
use crate::model::strict::{Known, May};
use crate::model::{Attention, Encoder, ModelConfig};
use crate::weights::Layout;
use serde_json::{Value, json};

/// `GPT2LMHeadModel`.
pub(super) struct Gpt2;

/// The approximation by `tanh` (Hendrycks and Gimpel, 2016).
const GELU: gelu::Kind = gelu::Kind::Tanh;
/// What stands before a block's number.
const BLOCKS: &str = "transformer.h";

impl Family for Gpt2 {
    fn model_type(&self) -> &'static str {
        "gpt2"
    }

    fn class(&self) -> &'static str {
        "GPT2LMHeadModel"
    }

    fn facts(&self) -> Facts {
        Facts {
            norms: NormPlacement::Before,
            activation: Activation::Gelu(GELU),
            positions: Positions::Learned,
            mask: Mask::Causal,
            predicts: Predicts::NextToken,
            matrices: Layout::Transposed,
            qkv_biases: true,
            head_norms: false,
        }
    }

    fn block_path(&self) -> &'static str {
        BLOCKS
    }

    fn embedding(&self) -> &'static str {
        "transformer.wte.weight"
    }

    fn prefix(&self) -> &'static str {
        "transformer."
    }

    fn in_gguf(&self) -> Option<&dyn InGguf> {
        Some(self)
    }

    fn indifferent(&self) -> &'static [Known] {
        &[
            ("n_ctx", May::BeAnything),
            ("scale_attn_weights", May::BeTrue),
            // The same scores, computed in another order.
            ("reorder_and_upcast_attn", May::BeAnything),
            // Of a head for choosing among answers.
            ("summary_type", May::BeAnything),
            ("summary_use_proj", May::BeAnything),
            ("summary_activation", May::BeAnything),
            ("summary_proj_to_labels", May::BeAnything),
        ]
    }

    /// Masks, which older versions stored, and the head for choosing among answers.
    fn unused_weights(&self) -> &'static [&'static str] {
        &[
            "*h.*.attn.bias",
            "*h.*.attn.masked_bias",
            "multiple_choice_head.*",
        ]
    }

    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        fields.must_be("activation_function", "gelu_new")?;
        let hidden_size = fields.count("n_embd", limits::WIDTH)?;
        let n_heads = fields.count("n_head", limits::HEADS)?;
        Ok(ModelConfig {
            architecture: Architecture::Gpt2,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size,
            intermediate_size: fields
                .optional_count("n_inner", limits::HIDDEN_LAYER)?
                .unwrap_or(4 * hidden_size),
            num_hidden_layers: fields.count("n_layer", limits::BLOCKS)?,
            num_attention_heads: n_heads,
            num_key_value_heads: n_heads,
            head_dim: whole_heads("n_embd", hidden_size, n_heads)?,
            max_position_embeddings: fields.count("n_positions", limits::POSITIONS)?,
            norm_eps: fields
                .number("layer_norm_epsilon", limits::NORM_EPS)?
                .unwrap_or(1e-5),
            rope_theta: 0.0,
            attention: Attention::default(),
            mlp_biases: true,
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
        json!({
            "architectures": [self.class()],
            "model_type": self.model_type(),
            "vocab_size": config.vocab_size,
            "n_embd": config.hidden_size,
            "n_inner": config.intermediate_size,
            "n_layer": config.num_hidden_layers,
            "n_head": config.num_attention_heads,
            "n_positions": config.max_position_embeddings,
            "layer_norm_epsilon": config.norm_eps,
            "tie_word_embeddings": config.tie_word_embeddings,
            "activation_function": "gelu_new",
            "attn_pdrop": 0.0,
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
        let mut all = vec![
            WeightSpec::table("transformer.wte", config.vocab_size, d),
            WeightSpec::table("transformer.wpe", config.max_position_embeddings, d),
        ];
        all.extend(WeightSpec::layer_norm("transformer.ln_f", d));
        if !config.tie_word_embeddings {
            all.push(WeightSpec::table("lm_head", config.vocab_size, d));
        }
        let small = residual_std(config);
        for layer in 0..config.num_hidden_layers {
            let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
            let conv = |name: &str, shape, std| {
                WeightSpec::affine(&at(name), shape, std, Layout::Transposed)
            };
            all.extend(WeightSpec::layer_norm(&at("ln_1"), d));
            all.extend(WeightSpec::layer_norm(&at("ln_2"), d));
            all.extend(conv("attn.c_attn", [3 * d, d], INIT_STD));
            all.extend(conv("attn.c_proj", [d, d], small));
            all.extend(conv("mlp.c_fc", [ff, d], INIT_STD));
            all.extend(conv("mlp.c_proj", [d, ff], small));
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
        let (d, joint) = (config.hidden_size, at("attn.c_attn"));
        let attention = SelfAttention {
            q: find.part(&joint, 0..d)?,
            k: find.part(&joint, d..2 * d)?,
            v: find.part(&joint, 2 * d..3 * d)?,
            head_norms: None,
            gate: OutputGate::None,
        };
        Ok(Block {
            mixer: attention.into(),
            o: find.linear(&at("attn.c_proj"))?,
            norms_behind: None,
            mlp: Mlp::Gelu {
                up: find.linear(&at("mlp.c_fc"))?,
                down: find.linear(&at("mlp.c_proj"))?,
                kind: GELU,
            },
            attention_norm: find.layer(&at("ln_1"))?,
            mlp_norm: find.layer(&at("ln_2"))?,
        })
    }

    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let tokens = find.weight("transformer.wte")?;
        let embedding = Embedding {
            positions: Some(find.weight("transformer.wpe")?),
            ..Embedding::plain(tokens)
        };
        let end = End::Tokens {
            norm: find.layer("transformer.ln_f")?,
            head: find.head(config, tokens)?,
        };
        Ok((embedding, end))
    }
}

impl InGguf for Gpt2 {
    fn architecture(&self) -> &'static str {
        "gpt2"
    }

    fn read(&self, settings: &Settings<'_>) -> Result<ModelConfig, String> {
        let hidden_size = settings.count("embedding_length", limits::WIDTH)?;
        let n_heads = settings.count("attention.head_count", limits::HEADS)?;
        settings.must_equal("attention.head_count_kv", n_heads)?;
        Ok(ModelConfig {
            architecture: Architecture::Gpt2,
            vocab_size: settings.vocab_size,
            hidden_size,
            intermediate_size: settings.count("feed_forward_length", limits::HIDDEN_LAYER)?,
            num_hidden_layers: settings.count("block_count", limits::BLOCKS)?,
            num_attention_heads: n_heads,
            num_key_value_heads: n_heads,
            head_dim: whole_heads("gpt2.embedding_length", hidden_size, n_heads)?,
            max_position_embeddings: settings.count("context_length", limits::POSITIONS)?,
            norm_eps: settings
                .number("attention.layer_norm_epsilon", limits::NORM_EPS)?
                .unwrap_or(1e-5),
            rope_theta: 0.0,
            attention: Attention::default(),
            mlp_biases: true,
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
        Ok(vec![
            ("block_count", config.num_hidden_layers.into()),
            ("context_length", config.max_position_embeddings.into()),
            ("embedding_length", config.hidden_size.into()),
            ("feed_forward_length", config.intermediate_size.into()),
            ("attention.head_count", config.num_attention_heads.into()),
            ("attention.layer_norm_epsilon", config.norm_eps.into()),
        ])
    }

    fn end(&self, path: &str) -> Option<&'static str> {
        Some(match path {
            "transformer.wte" => "token_embd",
            "transformer.wpe" => "position_embd",
            "transformer.ln_f" => "output_norm",
            "lm_head" => "output",
            _ => return None,
        })
    }

    fn part(&self, path: &str) -> Option<&'static str> {
        Some(match path {
            "ln_1" => "attn_norm",
            "attn.c_attn" => "attn_qkv",
            "attn.c_proj" => "attn_output",
            "ln_2" => "ffn_norm",
            "mlp.c_fc" => "ffn_up",
            "mlp.c_proj" => "ffn_down",
            _ => return None,
        })
    }

    /// GGUF files keep matrices as `(O, I)`, which is memory's order.
    fn order(&self, _: &ModelConfig, _: &str) -> Order {
        Order::Plain
    }
}
