//! Qwen3.5's text model: linear attention by the gated delta rule in three blocks of four and attention in the
//! fourth, whose queries' map gives a gate of its result as well, which rotates a quarter of each head, and whose
//! norms' weights are added to one. Of a model that sees pictures too, the part that reads and writes text.

use super::llama::ATTENTION_BIAS;
use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts};
use crate::model::fields::{Fields, limits};
use crate::model::mixer::{DeltaNet, Mixer, OutputGate, SelfAttention};
use crate::model::network::{Block, Embedding, End, Finder, Mlp};
use crate::model::specs::{WeightSpec, residual_std};
use crate::model::strict::{Known, May};
use crate::model::{Attention, Encoder, LinearAttention, ModelConfig, RopeScaling};
use crate::tape::{DeltaRule, Factors, ShortConv};
use crate::weights::Layout;
use serde_json::{Value, json};

/// `Qwen3_5ForCausalLM`.
pub(super) struct Qwen3_5;

/// What stands before a block's number.
const BLOCKS: &str = "model.layers";
/// transformers' own values of what a `config.json` may leave out.
const HEAD_DIM: usize = 256;
const POSITIONS: usize = 32_768;
const THETA: f64 = 10_000.0;
const ROTATED: f64 = 0.25;

impl Family for Qwen3_5 {
    fn model_type(&self) -> &'static str {
        "qwen3_5_text"
    }

    /// A model that sees pictures too holds the text model's configuration in `text_config`.
    fn whole_model_type(&self) -> Option<&'static str> {
        Some("qwen3_5")
    }

    fn class(&self) -> &'static str {
        "Qwen3_5ForCausalLM"
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

    /// Files of a model that sees pictures too keep the text model's weights beside those that see.
    fn names_in_files(&self, name: &str) -> Vec<String> {
        let bare = name.strip_prefix(self.prefix());
        let within = bare.map(|bare| format!("model.language_model.{bare}"));
        let bare = bare.map(str::to_owned);
        [name.to_owned()]
            .into_iter()
            .chain(within)
            .chain(bare)
            .collect()
    }

    fn indifferent(&self) -> &'static [Known] {
        &[
            ("attn_output_gate", May::BeTrue),
            ("mamba_ssm_dtype", May::BeAnything),
            ("mlp_only_layers", May::BeEmpty),
            ("router_aux_loss_coef", May::BeAnything),
            // Of layers that foresee further tokens, which are not read.
            ("mtp_num_hidden_layers", May::BeAnything),
            ("mtp_use_dedicated_embeddings", May::BeAnything),
            // Of pictures.
            ("vision_config", May::BeAnything),
            ("image_token_id", May::BeAnything),
            ("video_token_id", May::BeAnything),
            ("vision_start_token_id", May::BeAnything),
            ("vision_end_token_id", May::BeAnything),
            ("language_model_only", May::BeAnything),
            // A picture's rows and columns are positions of their own, a text's are all the same.
            ("mrope_section", May::BeAnything),
            ("mrope_interleaved", May::BeAnything),
        ]
    }

    /// Layers that foresee further tokens, and what sees pictures.
    fn unused_weights(&self) -> &'static [&'static str] {
        &["mtp.*", "model.visual.*", "*rotary_emb.inv_freq"]
    }

    /// Reads the fields of `Qwen3_5TextConfig`.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        fields.must_be("hidden_act", "silu")?;
        let n_blocks = fields.count("num_hidden_layers", limits::BLOCKS)?;
        let n_heads = fields.count("num_attention_heads", limits::HEADS)?;
        let head_dim = fields
            .optional_count("head_dim", limits::HEAD_WIDTH)?
            .unwrap_or(HEAD_DIM);
        Ok(ModelConfig {
            architecture: Architecture::Qwen3_5,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size: fields.count("hidden_size", limits::WIDTH)?,
            intermediate_size: fields.count("intermediate_size", limits::HIDDEN_LAYER)?,
            num_hidden_layers: n_blocks,
            num_attention_heads: n_heads,
            num_key_value_heads: fields
                .optional_count("num_key_value_heads", limits::HEADS)?
                .unwrap_or(n_heads),
            head_dim,
            max_position_embeddings: fields
                .optional_count("max_position_embeddings", limits::POSITIONS)?
                .unwrap_or(POSITIONS),
            norm_eps: fields
                .number("rms_norm_eps", limits::NORM_EPS)?
                .unwrap_or(1e-6),
            rope_theta: fields.rope_theta()?.unwrap_or(THETA),
            attention: Attention {
                biases: fields.flag(ATTENTION_BIAS)?.unwrap_or(false),
                rope_scaling: RopeScaling::read_of_share(fields)?,
                rotated: Some(fields.rotated_of(head_dim, ROTATED)?),
                output_gate: true,
                linear: Some(LinearAttention::read(fields, n_blocks)?),
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
        let scaling = config.attention.rope_scaling;
        let [mut rope, _] = scaling.both_spellings(config.rope_theta);
        let rotated = config.attention.rotated.unwrap_or(config.head_dim);
        rope["partial_rotary_factor"] = (rotated as f64 / config.head_dim as f64).into();
        let mut all = json!({
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
            "rms_norm_eps": config.norm_eps,
            "rope_parameters": rope,
            "tie_word_embeddings": config.tie_word_embeddings,
            "hidden_act": "silu",
            "attention_bias": config.attention.biases,
            "attention_dropout": 0.0,
            "initializer_range": 0.02,
            "use_cache": true,
            "dtype": "float32",
            "bos_token_id": config.bos_token_id,
            "eos_token_id": special.eos,
            "pad_token_id": special.pad,
        });
        let linear = config.attention.linear.as_ref();
        if let (Some(all), Some(Value::Object(own))) =
            (all.as_object_mut(), linear.map(LinearAttention::to_json))
        {
            all.extend(own);
        }
        all
    }

    fn weights(&self, config: &ModelConfig) -> Vec<WeightSpec> {
        let (d, ff) = (config.hidden_size, config.intermediate_size);
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
                WeightSpec::table(&at("mlp.gate_proj"), ff, d),
                WeightSpec::table(&at("mlp.up_proj"), ff, d),
                WeightSpec::matrix(&at("mlp.down_proj"), [d, ff], small),
                WeightSpec::zeros(&at("input_layernorm"), d),
                WeightSpec::zeros(&at("post_attention_layernorm"), d),
            ]);
            all.extend(match config.linear_attention(layer) {
                Some(linear) => delta_weights(config, linear, &at),
                None => attention_weights(config, &at),
            });
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
        let norm = |name: &str| find.rms_with(&at(name), Factors::OnePlusWeight);
        let (mixer, o) = if let Some(linear) = config.linear_attention(layer) {
            (
                Mixer::DeltaNet(delta_net(linear, &at, find)?),
                "linear_attn.out_proj",
            )
        } else {
            let attention = SelfAttention {
                q: find.linear(&at("self_attn.q_proj"))?,
                k: find.linear(&at("self_attn.k_proj"))?,
                v: find.linear(&at("self_attn.v_proj"))?,
                head_norms: Some([norm("self_attn.q_norm")?, norm("self_attn.k_norm")?]),
                gate: OutputGate::OfQueries,
            };
            (attention.into(), "self_attn.o_proj")
        };
        Ok(Block {
            mixer,
            o: find.linear(&at(o))?,
            mlp: Mlp::SwiGlu {
                gate: find.linear(&at("mlp.gate_proj"))?,
                up: find.linear(&at("mlp.up_proj"))?,
                down: find.linear(&at("mlp.down_proj"))?,
            },
            attention_norm: norm("input_layernorm")?,
            mlp_norm: norm("post_attention_layernorm")?,
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
            norm: find.rms_with("model.norm", Factors::OnePlusWeight)?,
            head: find.head(config, tokens)?,
        };
        Ok((Embedding::plain(tokens), end))
    }
}

/// The parts of a block's linear attention.
fn delta_net(
    linear: &LinearAttention,
    at: &dyn Fn(&str) -> String,
    find: &Finder<'_>,
) -> Result<DeltaNet, EngineError> {
    Ok(DeltaNet {
        qkv: find.linear(&at("linear_attn.in_proj_qkv"))?,
        z: find.linear(&at("linear_attn.in_proj_z"))?,
        a: find.linear(&at("linear_attn.in_proj_a"))?,
        b: find.linear(&at("linear_attn.in_proj_b"))?,
        conv: ShortConv {
            weight: find.weight(&at("linear_attn.conv1d"))?,
            n_taps: linear.n_taps,
        },
        rule: DeltaRule {
            a_log: find.named(&at("linear_attn.A_log"))?,
            dt_bias: find.named(&at("linear_attn.dt_bias"))?,
            shape: linear.heads,
        },
        norm: find.rms(&at("linear_attn.norm"))?,
    })
}

/// The weights of a block's linear attention.
fn delta_weights(
    config: &ModelConfig,
    linear: &LinearAttention,
    at: &dyn Fn(&str) -> String,
) -> Vec<WeightSpec> {
    let (d, heads) = (config.hidden_size, linear.heads);
    let (qkv, values) = (heads.qkv_width(), heads.out_width());
    vec![
        WeightSpec::table(&at("linear_attn.in_proj_qkv"), qkv, d),
        WeightSpec::table(&at("linear_attn.in_proj_z"), values, d),
        WeightSpec::table(&at("linear_attn.in_proj_a"), heads.n_value_heads, d),
        WeightSpec::table(&at("linear_attn.in_proj_b"), heads.n_value_heads, d),
        WeightSpec::taps(&at("linear_attn.conv1d"), qkv, linear.n_taps),
        WeightSpec::log_decays(&at("linear_attn.A_log"), heads.n_value_heads),
        WeightSpec::time_steps(&at("linear_attn.dt_bias"), heads.n_value_heads),
        WeightSpec::ones(&at("linear_attn.norm"), heads.value_dim),
        WeightSpec::matrix(
            &at("linear_attn.out_proj"),
            [d, values],
            residual_std(config),
        ),
    ]
}

/// The weights of a block's attention; each head of the queries' map gives a query and a gate.
fn attention_weights(config: &ModelConfig, at: &dyn Fn(&str) -> String) -> Vec<WeightSpec> {
    let (d, head) = (config.hidden_size, config.head_dim);
    let (q, kv) = (
        config.num_attention_heads * head,
        config.num_key_value_heads * head,
    );
    let mut all = vec![
        WeightSpec::table(&at("self_attn.q_proj"), 2 * q, d),
        WeightSpec::table(&at("self_attn.k_proj"), kv, d),
        WeightSpec::table(&at("self_attn.v_proj"), kv, d),
        WeightSpec::matrix(&at("self_attn.o_proj"), [d, q], residual_std(config)),
        WeightSpec::zeros(&at("self_attn.q_norm"), head),
        WeightSpec::zeros(&at("self_attn.k_norm"), head),
    ];
    if config.attention.biases {
        let maps = [
            ("q_proj", 2 * q),
            ("k_proj", kv),
            ("v_proj", kv),
            ("o_proj", d),
        ];
        let bias = |(name, width)| WeightSpec::bias(&at(&format!("self_attn.{name}")), width);
        all.extend(maps.map(bias));
    }
    all
}
