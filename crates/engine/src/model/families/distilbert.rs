//! `DistilBERT`: BERT's blocks by names of its own, no kinds of segments, no pooler; a map with a rectified
//! unit stands before the classifier.

use super::encoders::{LABELS_BY_NAME, ONE_LABEL, TIED, classes, refuse_sorted_tokens};
use super::{Architecture, Family, SpecialTokens, bert};
use crate::EngineError;
use crate::kernels::gelu;
use crate::model::ends::{Inner, InnerActivation};
use crate::model::facts::Facts;
use crate::model::fields::{Fields, limits, whole_heads};
use crate::model::mixer::{OutputGate, SelfAttention};
use crate::model::network::{Block, ClassHead, Embedding, End, Finder, Mlp};
use crate::model::specs::{INIT_STD, WeightSpec};
use crate::model::strict::{Known, May};
use crate::model::{Attention, Encoder, ModelConfig};
use crate::weights::Layout;
use serde_json::{Value, json};

/// `DistilBertForSequenceClassification`.
pub(super) struct DistilBert;

/// What stands before a block's number.
const BLOCKS: &str = "distilbert.transformer.layer";
/// What its norms add under the root; no field tells it.
const NORM_EPS: f64 = 1e-12;

impl Family for DistilBert {
    fn model_type(&self) -> &'static str {
        "distilbert"
    }

    fn class(&self) -> &'static str {
        "DistilBertForSequenceClassification"
    }

    fn facts(&self) -> Facts {
        bert::FACTS
    }

    fn block_path(&self) -> &'static str {
        BLOCKS
    }

    fn embedding(&self) -> &'static str {
        "distilbert.embeddings.word_embeddings.weight"
    }

    fn prefix(&self) -> &'static str {
        "distilbert."
    }

    fn indifferent(&self) -> &'static [Known] {
        &[
            LABELS_BY_NAME,
            ONE_LABEL,
            TIED,
            ("tie_weights_", May::BeAnything),
            // How positions were first drawn; they are in the file.
            ("sinusoidal_pos_embds", May::BeAnything),
        ]
    }

    /// The head of the first training, positions in a row, and a head for finding answers.
    fn unused_weights(&self) -> &'static [&'static str] {
        &[
            "vocab_transform.*",
            "vocab_layer_norm.*",
            "vocab_projector.*",
            "*embeddings.position_ids",
            "qa_outputs.*",
        ]
    }

    /// Reads the fields of `DistilBertConfig`.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        refuse_sorted_tokens(fields)?;
        fields.must_be("activation", "gelu")?;
        let hidden_size = fields.count("dim", limits::WIDTH)?;
        let n_heads = fields.count("n_heads", limits::HEADS)?;
        let (n_labels, labels) = classes(fields)?;
        Ok(ModelConfig {
            architecture: Architecture::DistilBert,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size,
            intermediate_size: fields.count("hidden_dim", limits::HIDDEN_LAYER)?,
            num_hidden_layers: fields.count("n_layers", limits::BLOCKS)?,
            num_attention_heads: n_heads,
            num_key_value_heads: n_heads,
            head_dim: whole_heads("dim", hidden_size, n_heads)?,
            max_position_embeddings: fields.count("max_position_embeddings", limits::POSITIONS)?,
            norm_eps: NORM_EPS,
            rope_theta: 0.0,
            attention: Attention::default(),
            mlp_biases: true,
            tie_word_embeddings: false,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            encoder: Encoder::default(),
            type_vocab_size: 0,
            n_labels,
            labels,
        })
    }

    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value {
        let mut fields = json!({
            "model_type": self.model_type(),
            "vocab_size": config.vocab_size,
            "dim": config.hidden_size,
            "hidden_dim": config.intermediate_size,
            "n_layers": config.num_hidden_layers,
            "n_heads": config.num_attention_heads,
            "max_position_embeddings": config.max_position_embeddings,
            "sinusoidal_pos_embds": false,
            "activation": "gelu",
            "dropout": 0.0,
            "attention_dropout": 0.0,
            "seq_classif_dropout": 0.0,
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
        let embedding = |name: &str| format!("distilbert.embeddings.{name}");
        let table = |name: &str, rows| WeightSpec::table(&embedding(name), rows, d);
        let dense = |name: &str, shape| WeightSpec::affine(name, shape, INIT_STD, Layout::Plain);
        let mut all = vec![
            table("word_embeddings", config.vocab_size),
            table("position_embeddings", config.max_position_embeddings),
        ];
        all.extend(WeightSpec::layer_norm(&embedding("LayerNorm"), d));
        // A model of plain text has neither.
        all.extend(dense("pre_classifier", [d, d]).map(WeightSpec::or_drawn));
        all.extend(dense("classifier", [config.n_labels, d]).map(WeightSpec::of_classes));
        for layer in 0..config.num_hidden_layers {
            let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
            for name in ["q_lin", "k_lin", "v_lin", "out_lin"] {
                all.extend(dense(&at(&format!("attention.{name}")), [d, d]));
            }
            all.extend(WeightSpec::layer_norm(&at("sa_layer_norm"), d));
            all.extend(dense(&at("ffn.lin1"), [ff, d]));
            all.extend(dense(&at("ffn.lin2"), [d, ff]));
            all.extend(WeightSpec::layer_norm(&at("output_layer_norm"), d));
        }
        all
    }

    fn block(
        &self,
        _config: &ModelConfig,
        layer: usize,
        find: &Finder<'_>,
    ) -> Result<Block, EngineError> {
        let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
        let attention = SelfAttention {
            q: find.linear(&at("attention.q_lin"))?,
            k: find.linear(&at("attention.k_lin"))?,
            v: find.linear(&at("attention.v_lin"))?,
            head_norms: None,
            gate: OutputGate::None,
        };
        Ok(Block {
            mixer: attention.into(),
            o: find.linear(&at("attention.out_lin"))?,
            norms_behind: None,
            mlp: Mlp::Gelu {
                up: find.linear(&at("ffn.lin1"))?,
                down: find.linear(&at("ffn.lin2"))?,
                kind: gelu::Kind::Erf,
            },
            attention_norm: find.layer(&at("sa_layer_norm"))?,
            mlp_norm: find.layer(&at("output_layer_norm"))?,
        })
    }

    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let at = |name: &str| format!("distilbert.embeddings.{name}");
        let embedding = Embedding {
            positions: Some(find.weight(&at("position_embeddings"))?),
            norm: Some(find.layer(&at("LayerNorm"))?),
            ..Embedding::plain(find.weight(&at("word_embeddings"))?)
        };
        let head = ClassHead {
            norm: None,
            sorted: config.encoder.sorted,
            inner: Some(Inner {
                map: find.linear("pre_classifier")?,
                activation: InnerActivation::Relu,
                norm: None,
            }),
            classifier: find.linear("classifier")?,
        };
        Ok((embedding, End::Classes(Box::new(head))))
    }
}
