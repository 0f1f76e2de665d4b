//! BERT: looks both ways, norms after each sum, learned positions, a pooler over the first token, classes.
//! What is trained from scratch to sort texts is of this family.

use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts};
use crate::model::fields::{Fields, limits, whole_heads};
use crate::model::network::{Block, Embedding, End, Finder, Mlp};
use crate::model::specs::{INIT_STD, WeightSpec};
use crate::model::strict::{Known, May};
use crate::model::{Attention, ModelConfig};
use crate::weights::Layout;
use amoozgar_types::spec::ModelSpec;
use serde_json::{Value, json};

/// `BertForSequenceClassification`.
pub(super) struct Bert;

/// GELU as it is defined.
const GELU: gelu::Kind = gelu::Kind::Erf;
/// What stands before a block's number.
const BLOCKS: &str = "bert.encoder.layer";

impl Family for Bert {
    fn model_type(&self) -> &'static str {
        "bert"
    }

    fn class(&self) -> &'static str {
        "BertForSequenceClassification"
    }

    fn facts(&self) -> Facts {
        Facts {
            norms: NormPlacement::After,
            activation: Activation::Gelu(GELU),
            positions: Positions::Learned,
            mask: Mask::Bidirectional,
            predicts: Predicts::Class,
            matrices: Layout::Plain,
            qkv_biases: true,
            head_norms: false,
        }
    }

    fn block_path(&self) -> &'static str {
        BLOCKS
    }

    fn embedding(&self) -> &'static str {
        "bert.embeddings.word_embeddings.weight"
    }

    fn prefix(&self) -> &'static str {
        "bert."
    }

    /// The names of BERT's first release call a norm's weight and bias otherwise.
    fn names_in_files(&self, name: &str) -> Vec<String> {
        let bare = name.strip_prefix(self.prefix());
        let names = [name].into_iter().chain(bare);
        let old = |name: &str| {
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta")
        };
        let old_names = names.clone().map(old);
        names.map(str::to_owned).chain(old_names).collect()
    }

    fn indifferent(&self) -> &'static [Known] {
        &[
            ("label2id", May::BeAnything),
            ("problem_type", May::Say("single_label_classification")),
            ("tie_word_embeddings", May::BeAnything),
            ("position_embedding_type", May::Say("absolute")),
            ("directionality", May::Say("bidi")),
            // Of a pooler that TensorFlow's first release planned.
            ("pooler_fc_size", May::BeAnything),
            ("pooler_num_attention_heads", May::BeAnything),
            ("pooler_num_fc_layers", May::BeAnything),
            ("pooler_size_per_head", May::BeAnything),
            ("pooler_type", May::Say("first_token_transform")),
        ]
    }

    /// The heads of the first training, positions in a row, and in place of fresh classes the old ones.
    fn unused_weights(&self) -> &'static [&'static str] {
        &["cls.*", "*embeddings.position_ids", "qa_outputs.*"]
    }

    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        fields.must_be("hidden_act", "gelu")?;
        let hidden_size = fields.count("hidden_size", limits::WIDTH)?;
        let n_heads = fields.count("num_attention_heads", limits::HEADS)?;
        let labels = fields.labels("id2label")?;
        let n_named = fields.optional_count("num_labels", limits::LABELS)?;
        let n_labels = match (labels.len(), n_named) {
            (0, n) => n.unwrap_or(2),
            (n, Some(other)) if n != other => {
                return Err(format!("`num_labels` is {other}, `id2label` names {n}"));
            }
            (n, _) => n,
        };
        Ok(ModelConfig {
            architecture: Architecture::Bert,
            vocab_size: fields.count("vocab_size", limits::VOCABULARY)?,
            hidden_size,
            intermediate_size: fields.count("intermediate_size", limits::HIDDEN_LAYER)?,
            num_hidden_layers: fields.count("num_hidden_layers", limits::BLOCKS)?,
            num_attention_heads: n_heads,
            num_key_value_heads: n_heads,
            head_dim: whole_heads("hidden_size", hidden_size, n_heads)?,
            max_position_embeddings: fields.count("max_position_embeddings", limits::POSITIONS)?,
            norm_eps: fields
                .number("layer_norm_eps", limits::NORM_EPS)?
                .unwrap_or(1e-12),
            rope_theta: 0.0,
            attention: Attention::default(),
            mlp_biases: true,
            tie_word_embeddings: false,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            type_vocab_size: fields
                .optional_count("type_vocab_size", limits::SEGMENT_KINDS)?
                .unwrap_or(2),
            n_labels,
            labels,
        })
    }

    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value {
        let mut fields = json!({
            "model_type": self.model_type(),
            "vocab_size": config.vocab_size,
            "hidden_size": config.hidden_size,
            "intermediate_size": config.intermediate_size,
            "num_hidden_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "max_position_embeddings": config.max_position_embeddings,
            "type_vocab_size": config.type_vocab_size,
            "layer_norm_eps": config.norm_eps,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
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
        let embedding = |name: &str| format!("bert.embeddings.{name}");
        let table = |name: &str, rows| WeightSpec::table(&embedding(name), rows, d);
        let mut all = vec![
            table("word_embeddings", config.vocab_size),
            table("position_embeddings", config.max_position_embeddings),
            table("token_type_embeddings", config.type_vocab_size),
        ];
        let dense = |name: &str, shape| WeightSpec::affine(name, shape, INIT_STD, Layout::Plain);
        all.extend(WeightSpec::layer_norm(&embedding("LayerNorm"), d));
        // A model of plain text has neither.
        all.extend(dense("bert.pooler.dense", [d, d]).map(WeightSpec::or_drawn));
        all.extend(dense("classifier", [config.n_labels, d]).map(WeightSpec::of_classes));
        for layer in 0..config.num_hidden_layers {
            let at = |name: &str| format!("{BLOCKS}.{layer}.{name}");
            all.extend(dense(&at("attention.self.query"), [d, d]));
            all.extend(dense(&at("attention.self.key"), [d, d]));
            all.extend(dense(&at("attention.self.value"), [d, d]));
            all.extend(dense(&at("attention.output.dense"), [d, d]));
            all.extend(WeightSpec::layer_norm(&at("attention.output.LayerNorm"), d));
            all.extend(dense(&at("intermediate.dense"), [ff, d]));
            all.extend(dense(&at("output.dense"), [d, ff]));
            all.extend(WeightSpec::layer_norm(&at("output.LayerNorm"), d));
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
        Ok(Block {
            q: find.linear(&at("attention.self.query"))?,
            k: find.linear(&at("attention.self.key"))?,
            v: find.linear(&at("attention.self.value"))?,
            o: find.linear(&at("attention.output.dense"))?,
            head_norms: None,
            norms_behind: None,
            mlp: Mlp::Gelu {
                up: find.linear(&at("intermediate.dense"))?,
                down: find.linear(&at("output.dense"))?,
                kind: GELU,
            },
            attention_norm: find.layer(&at("attention.output.LayerNorm"))?,
            mlp_norm: find.layer(&at("output.LayerNorm"))?,
        })
    }

    fn ends(
        &self,
        _config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let at = |name: &str| find.weight(&format!("bert.embeddings.{name}"));
        let embedding = Embedding {
            tokens: at("word_embeddings")?,
            positions: Some(at("position_embeddings")?),
            kinds: Some(at("token_type_embeddings")?),
            norm: Some(find.layer("bert.embeddings.LayerNorm")?),
            scale: 1.0,
        };
        let end = End::Classes {
            pooler: find.linear("bert.pooler.dense")?,
            classifier: find.linear("classifier")?,
        };
        Ok((embedding, end))
    }
}

impl ModelConfig {
    /// The encoder of a run's specification, which sorts into `labels`.
    pub fn encoder_from_spec(spec: &ModelSpec, vocab_size: usize, labels: &[String]) -> Self {
        Self {
            architecture: Architecture::Bert,
            num_key_value_heads: spec.n_heads,
            norm_eps: 1e-12,
            tie_word_embeddings: false,
            bos_token_id: None,
            type_vocab_size: 2,
            ..Self::from_spec(spec, vocab_size, 0)
        }
        .sorting_into(labels)
    }

    /// What a classifier's `config.json` says of its classes.
    pub fn classes_json(&self) -> serde_json::Map<String, Value> {
        let ids = self.labels.iter().enumerate();
        let by_id = ids.map(|(id, label)| (id.to_string(), label.as_str().into()));
        let ids = self.labels.iter().enumerate();
        let by_label = ids.map(|(id, label)| (label.clone(), id.into()));
        let entries = [
            ("architectures", json!([Bert.class()])),
            ("id2label", Value::Object(by_id.collect())),
            ("label2id", Value::Object(by_label.collect())),
            ("problem_type", "single_label_classification".into()),
        ];
        entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}
