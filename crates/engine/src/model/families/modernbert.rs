//! `ModernBERT`: looks both ways, norms before attention and hidden layer (but none before the first
//! attention), a gated hidden layer, no biases, rotary angles of two bases, blocks that see a window and
//! blocks that see everything in turn, a head with a norm over the first token or the mean of all.

use super::encoders::{LABELS_BY_NAME, ONE_LABEL, TIED, classes, refuse_sorted_tokens};
use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::model::ends::{Inner, InnerActivation};
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts, Sorted};
use crate::model::fields::{Fields, limits, whole_heads};
use crate::model::mixer::{OutputGate, SelfAttention};
use crate::model::network::{Block, ClassHead, Embedding, End, Finder, Mlp, Norm};
use crate::model::specs::{INIT_STD, WeightSpec, residual_std};
use crate::model::strict::{Known, May};
use crate::model::{Attention, Encoder, ModelConfig, RopeScaling, Sliding};
use crate::weights::Layout;
use serde_json::{Value, json};

/// `ModernBertForSequenceClassification`.
pub(super) struct ModernBert;

/// What stands before a block's number.
const BLOCKS: &str = "model.layers";
const SLIDING: &str = "sliding_attention";
const FULL: &str = "full_attention";
/// GELU as it is defined.
const GELU: gelu::Kind = gelu::Kind::Erf;
/// transformers' own values of what a `config.json` may leave out.
const WINDOW: usize = 128;
const EVERY: usize = 3;
const POSITIONS: usize = 8192;
const THETA: f64 = 160_000.0;
const LOCAL_THETA: f64 = 10_000.0;

impl Family for ModernBert {
    fn model_type(&self) -> &'static str {
        "modernbert"
    }

    fn class(&self) -> &'static str {
        "ModernBertForSequenceClassification"
    }

    fn facts(&self) -> Facts {
        Facts {
            norms: NormPlacement::Before,
            activation: Activation::GeGlu,
            positions: Positions::Rotated,
            mask: Mask::Bidirectional,
            predicts: Predicts::Class,
            matrices: Layout::Plain,
            qkv_biases: false,
            head_norms: false,
        }
    }

    fn block_path(&self) -> &'static str {
        BLOCKS
    }

    fn embedding(&self) -> &'static str {
        "model.embeddings.tok_embeddings.weight"
    }

    fn prefix(&self) -> &'static str {
        "model."
    }

    fn indifferent(&self) -> &'static [Known] {
        &[
            LABELS_BY_NAME,
            ONE_LABEL,
            TIED,
            ("initializer_cutoff_factor", May::BeAnything),
            // Of the head of the first training.
            ("decoder_bias", May::BeAnything),
            ("sparse_prediction", May::BeAnything),
            ("sparse_pred_ignore_index", May::BeAnything),
            ("repad_logits_with_grad", May::BeAnything),
            // How transformers computes.
            ("deterministic_flash_attn", May::BeAnything),
            ("reference_compile", May::BeAnything),
            // Left over in the first release's files from BERT's; transformers reads neither.
            ("layer_norm_eps", May::BeAnything),
            ("position_embedding_type", May::Say("absolute")),
        ]
    }

    /// The head of the first training, of which `head` is part.
    fn unused_weights(&self) -> &'static [&'static str] {
        &["decoder.*"]
    }

    /// Reads the fields of `ModernBertConfig`. Biases, which it can ask for, are refused as fields that nothing
    /// reads.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        refuse_sorted_tokens(fields)?;
        fields.must_be("hidden_activation", "gelu")?;
        fields.must_be("classifier_activation", "gelu")?;
        let hidden_size = fields.count("hidden_size", limits::WIDTH)?;
        let n_heads = fields.count("num_attention_heads", limits::HEADS)?;
        let n_blocks = fields.count("num_hidden_layers", limits::BLOCKS)?;
        let (n_labels, labels) = classes(fields)?;
        let [theta, local_theta] = thetas(fields)?;
        let window = fields.optional_count("local_attention", limits::POSITIONS)?;
        Ok(ModelConfig {
            architecture: Architecture::ModernBert,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size,
            intermediate_size: fields.count("intermediate_size", limits::HIDDEN_LAYER)?,
            num_hidden_layers: n_blocks,
            num_attention_heads: n_heads,
            num_key_value_heads: n_heads,
            head_dim: whole_heads("hidden_size", hidden_size, n_heads)?,
            max_position_embeddings: fields
                .optional_count("max_position_embeddings", limits::POSITIONS)?
                .unwrap_or(POSITIONS),
            norm_eps: fields.number("norm_eps", limits::NORM_EPS)?.unwrap_or(1e-5),
            rope_theta: theta,
            attention: Attention {
                sliding: Some(Sliding {
                    window: window.unwrap_or(WINDOW),
                    blocks: sliding_blocks(fields, n_blocks)?,
                    rope_theta: Some(local_theta),
                }),
                ..Attention::default()
            },
            mlp_biases: false,
            tie_word_embeddings: false,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            encoder: Encoder {
                first_position: 0,
                sorted: pooled(fields)?,
            },
            type_vocab_size: 0,
            n_labels,
            labels,
        })
    }

    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value {
        let sliding = config.attention.sliding.as_ref();
        let slides = |block| sliding.and_then(|sliding| sliding.blocks.get(block)) == Some(&true);
        let kinds =
            (0..config.num_hidden_layers).map(|block| if slides(block) { SLIDING } else { FULL });
        let local_theta = sliding.and_then(|sliding| sliding.rope_theta);
        let local_theta = local_theta.unwrap_or(LOCAL_THETA);
        let angles = |theta: f64| json!({ "rope_type": "default", "rope_theta": theta });
        let mut fields = json!({
            "model_type": self.model_type(),
            "vocab_size": config.vocab_size,
            "hidden_size": config.hidden_size,
            "intermediate_size": config.intermediate_size,
            "num_hidden_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "max_position_embeddings": config.max_position_embeddings,
            "local_attention": sliding.map(|sliding| sliding.window),
            "layer_types": kinds.collect::<Vec<_>>(),
            "norm_eps": config.norm_eps,
            "global_rope_theta": config.rope_theta,
            "local_rope_theta": local_theta,
            "rope_parameters": { FULL: angles(config.rope_theta), SLIDING: angles(local_theta) },
            "classifier_pooling": match config.encoder.sorted {
                Sorted::Mean => "mean",
                Sorted::First | Sorted::Each => "cls",
            },
            "hidden_activation": "gelu",
            "classifier_activation": "gelu",
            "norm_bias": false,
            "attention_bias": false,
            "mlp_bias": false,
            "classifier_bias": false,
            "attention_dropout": 0.0,
            "embedding_dropout": 0.0,
            "mlp_dropout": 0.0,
            "classifier_dropout": 0.0,
            "initializer_range": 0.02,
            "dtype": "float32",
            "torch_dtype": "float32",
            "pad_token_id": special.pad,
        });
        if let Some(fields) = fields.as_object_mut() {
            fields.extend(config.classes_json());
        }
        fields
    }

    fn weights(&self, config: &ModelConfig) -> Vec<WeightSpec> {
        let (d, ff) = (config.hidden_size, config.intermediate_size);
        let small = residual_std(config);
        let classes =
            WeightSpec::affine("classifier", [config.n_labels, d], INIT_STD, Layout::Plain);
        let mut all = vec![
            WeightSpec::table("model.embeddings.tok_embeddings", config.vocab_size, d),
            WeightSpec::ones("model.embeddings.norm", d),
            WeightSpec::ones("model.final_norm", d),
            // A model without a head of its own has neither.
            WeightSpec::table("head.dense", d, d).or_drawn(),
            WeightSpec::ones("head.norm", d).or_drawn(),
        ];
        all.extend(classes.map(WeightSpec::of_classes));
        for layer in 0..config.num_hidden_layers {
            let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
            if layer > 0 {
                all.push(WeightSpec::ones(&at("attn_norm"), d));
            }
            all.extend([
                WeightSpec::table(&at("attn.Wqkv"), 3 * d, d),
                WeightSpec::matrix(&at("attn.Wo"), [d, d], small),
                WeightSpec::ones(&at("mlp_norm"), d),
                WeightSpec::table(&at("mlp.Wi"), 2 * ff, d),
                WeightSpec::matrix(&at("mlp.Wo"), [d, ff], small),
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
        let (d, ff) = (config.hidden_size, config.intermediate_size);
        let (qkv, inner) = (at("attn.Wqkv"), at("mlp.Wi"));
        let attention = SelfAttention {
            q: find.part(&qkv, 0..d)?,
            k: find.part(&qkv, d..2 * d)?,
            v: find.part(&qkv, 2 * d..3 * d)?,
            head_norms: None,
            gate: OutputGate::None,
        };
        Ok(Block {
            mixer: attention.into(),
            o: find.linear(&at("attn.Wo"))?,
            norms_behind: None,
            mlp: Mlp::GeGlu {
                gate: find.part(&inner, 0..ff)?,
                up: find.part(&inner, ff..2 * ff)?,
                down: find.linear(&at("mlp.Wo"))?,
                kind: GELU,
            },
            attention_norm: match layer {
                0 => Norm::Absent,
                _ => find.layer_without_bias(&at("attn_norm"))?,
            },
            mlp_norm: find.layer_without_bias(&at("mlp_norm"))?,
        })
    }

    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let embedding = Embedding {
            norm: Some(find.layer_without_bias("model.embeddings.norm")?),
            ..Embedding::plain(find.weight("model.embeddings.tok_embeddings")?)
        };
        let head = ClassHead {
            norm: Some(find.layer_without_bias("model.final_norm")?),
            sorted: config.encoder.sorted,
            inner: Some(Inner {
                map: find.linear("head.dense")?,
                activation: InnerActivation::Gelu(GELU),
                norm: Some(find.layer_without_bias("head.norm")?),
            }),
            classifier: find.linear("classifier")?,
        };
        Ok((embedding, End::Classes(Box::new(head))))
    }
}

/// What of a text is sorted, as `classifier_pooling` says.
fn pooled(fields: &Fields<'_>) -> Result<Sorted, String> {
    match fields.text("classifier_pooling")? {
        None | Some("cls") => Ok(Sorted::First),
        Some("mean") => Ok(Sorted::Mean),
        Some(other) => Err(format!(
            "`classifier_pooling` is `{other}`, not `cls` or `mean`"
        )),
    }
}

/// Bases of the angles of whole sight and of a window. transformers 5 keeps them by kind of block in
/// `rope_parameters`, transformers 4 in two fields.
fn thetas(fields: &Fields<'_>) -> Result<[f64; 2], String> {
    let nested = fields.object("rope_parameters")?;
    let flat = RopeScaling::None;
    if let Some(rope) = fields.object("rope_scaling")?
        && RopeScaling::of(&rope)? != flat
    {
        return Err("scaled rotary angles (`rope_scaling`) are not supported".to_owned());
    }
    let of = |kind: &str, field: &str, usual: f64| {
        let own = match &nested {
            Some(rope) => rope.object(kind)?,
            None => None,
        };
        let named = match &own {
            Some(rope) if RopeScaling::of(rope)? != flat => {
                return Err(format!(
                    "scaled rotary angles of `{kind}` are not supported"
                ));
            }
            Some(rope) => rope.number("rope_theta", limits::ROPE_THETA)?,
            None => None,
        };
        let flat = fields.number(field, limits::ROPE_THETA)?;
        Ok(named.or(flat).unwrap_or(usual))
    };
    Ok([
        of(FULL, "global_rope_theta", THETA)?,
        of(SLIDING, "local_rope_theta", LOCAL_THETA)?,
    ])
}

/// Of each block, whether it sees a window alone: as `layer_types` says, else all but the first of every
/// third.
fn sliding_blocks(fields: &Fields<'_>, n_blocks: usize) -> Result<Vec<bool>, String> {
    let every = fields.optional_count("global_attn_every_n_layers", limits::BLOCKS)?;
    let Some(kinds) = fields.texts("layer_types")? else {
        let every = every.unwrap_or(EVERY);
        return Ok((0..n_blocks).map(|block| block % every != 0).collect());
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
