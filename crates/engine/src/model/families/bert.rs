//! BERT: looks both ways, norms after each sum, learned positions, a pooler over the first token, classes of
//! texts, or of each token without a pooler. What is trained from scratch to sort texts is of this family,
//! and others have its blocks under other names.

use super::encoders::{LABELS_BY_NAME, ONE_LABEL, TIED, classes, sorts_tokens};
use super::{Architecture, Family, SpecialTokens};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::model::ends::{Inner, InnerActivation};
use crate::model::facts::{Activation, Facts, NormPlacement, Positions, Predicts, Sorted};
use crate::model::fields::{Fields, limits, whole_heads};
use crate::model::mixer::{OutputGate, SelfAttention};
use crate::model::network::{Block, ClassHead, Embedding, End, Finder, Mlp};
use crate::model::specs::{INIT_STD, WeightSpec};
use crate::model::strict::{Known, May};
use crate::model::{Attention, Encoder, ModelConfig};
use crate::weights::Layout;
use serde_json::{Value, json};

/// `BertForSequenceClassification`, `BertForTokenClassification`.
pub(super) struct Bert;

/// GELU as it is defined.
const GELU: gelu::Kind = gelu::Kind::Erf;
/// What stands before the names of the encoder's weights.
const PREFIX: &str = "bert.";

/// Fields of `BertConfig` that change nothing, in whatever has its blocks.
pub(super) const INDIFFERENT: &[Known] = &[
    LABELS_BY_NAME,
    ONE_LABEL,
    TIED,
    ("position_embedding_type", May::Say("absolute")),
    ("directionality", May::Say("bidi")),
    // Of a pooler that TensorFlow's first release planned.
    ("pooler_fc_size", May::BeAnything),
    ("pooler_num_attention_heads", May::BeAnything),
    ("pooler_num_fc_layers", May::BeAnything),
    ("pooler_size_per_head", May::BeAnything),
    ("pooler_type", May::Say("first_token_transform")),
];

/// The facts of BERT and of what has its blocks.
pub(super) const FACTS: Facts = Facts {
    norms: NormPlacement::After,
    activation: Activation::Gelu(GELU),
    positions: Positions::Learned,
    mask: Mask::Bidirectional,
    predicts: Predicts::Class,
    matrices: Layout::Plain,
    qkv_biases: true,
    head_norms: false,
};

impl Family for Bert {
    fn model_type(&self) -> &'static str {
        "bert"
    }

    fn class(&self) -> &'static str {
        "BertForSequenceClassification"
    }

    fn facts(&self) -> Facts {
        FACTS
    }

    fn block_path(&self) -> &'static str {
        "bert.encoder.layer"
    }

    fn embedding(&self) -> &'static str {
        "bert.embeddings.word_embeddings.weight"
    }

    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn names_in_files(&self, name: &str) -> Vec<String> {
        names_in_files(PREFIX, name)
    }

    fn indifferent(&self) -> &'static [Known] {
        INDIFFERENT
    }

    /// The heads of the first training, positions in a row, and in place of fresh classes the old ones.
    fn unused_weights(&self) -> &'static [&'static str] {
        &["cls.*", "*embeddings.position_ids", "qa_outputs.*"]
    }

    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        let config = read(Architecture::Bert, fields)?;
        let sorted = if sorts_tokens(fields)? {
            Sorted::Each
        } else {
            Sorted::First
        };
        Ok(ModelConfig {
            encoder: Encoder {
                sorted,
                ..Encoder::default()
            },
            ..config
        })
    }

    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value {
        write(self, config, special.pad)
    }

    fn weights(&self, config: &ModelConfig) -> Vec<WeightSpec> {
        let d = config.hidden_size;
        let dense = |name: &str, shape| WeightSpec::affine(name, shape, INIT_STD, Layout::Plain);
        let mut all = weights(PREFIX, config);
        // A model of plain text has neither.
        if config.encoder.sorted != Sorted::Each {
            all.extend(dense("bert.pooler.dense", [d, d]).map(WeightSpec::or_drawn));
        }
        all.extend(dense("classifier", [config.n_labels, d]).map(WeightSpec::of_classes));
        all
    }

    fn block(
        &self,
        _config: &ModelConfig,
        layer: usize,
        find: &Finder<'_>,
    ) -> Result<Block, EngineError> {
        block(PREFIX, layer, find)
    }

    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let sorted = config.encoder.sorted;
        let inner = match sorted {
            Sorted::Each => None,
            Sorted::First | Sorted::Mean => Some(Inner {
                map: find.linear("bert.pooler.dense")?,
                activation: InnerActivation::Tanh,
                norm: None,
            }),
        };
        let head = ClassHead {
            norm: None,
            sorted,
            inner,
            classifier: find.linear("classifier")?,
        };
        Ok((
            embedding(PREFIX, config, find)?,
            End::Classes(Box::new(head)),
        ))
    }
}

/// The names of a weight in files: those of BERT's first release call a norm's weight and bias otherwise.
pub(super) fn names_in_files(prefix: &str, name: &str) -> Vec<String> {
    let bare = name.strip_prefix(prefix);
    let names = [name].into_iter().chain(bare);
    let old = |name: &str| {
        name.replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta")
    };
    let old_names = names.clone().map(old);
    names.map(str::to_owned).chain(old_names).collect()
}

/// Reads the fields of `BertConfig`.
pub(super) fn read(architecture: Architecture, fields: &Fields<'_>) -> Result<ModelConfig, String> {
    fields.must_be("hidden_act", "gelu")?;
    let hidden_size = fields.count("hidden_size", limits::WIDTH)?;
    let n_heads = fields.count("num_attention_heads", limits::HEADS)?;
    let (n_labels, labels) = classes(fields)?;
    Ok(ModelConfig {
        architecture,
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
        encoder: Encoder::default(),
        type_vocab_size: fields
            .optional_count("type_vocab_size", limits::SEGMENT_KINDS)?
            .unwrap_or(2),
        n_labels,
        labels,
    })
}

/// The fields of `BertConfig`.
pub(super) fn write(family: &dyn Family, config: &ModelConfig, pad: u32) -> Value {
    let mut fields = json!({
        "model_type": family.model_type(),
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "max_position_embeddings": config.max_position_embeddings + config.encoder.first_position,
        "type_vocab_size": config.type_vocab_size,
        "layer_norm_eps": config.norm_eps,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "initializer_range": 0.02,
        "dtype": "float32",
        "torch_dtype": "float32",
        "pad_token_id": pad,
    });
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(config.classes_json());
    }
    fields
}

/// The weights of embedding and blocks.
pub(super) fn weights(prefix: &str, config: &ModelConfig) -> Vec<WeightSpec> {
    let (d, ff) = (config.hidden_size, config.intermediate_size);
    let n_positions = config.max_position_embeddings + config.encoder.first_position;
    let embedding = |name: &str| format!("{prefix}embeddings.{name}");
    let table = |name: &str, rows| WeightSpec::table(&embedding(name), rows, d);
    let mut all = vec![
        table("word_embeddings", config.vocab_size),
        table("position_embeddings", n_positions),
        table("token_type_embeddings", config.type_vocab_size),
    ];
    let dense = |name: &str, shape| WeightSpec::affine(name, shape, INIT_STD, Layout::Plain);
    all.extend(WeightSpec::layer_norm(&embedding("LayerNorm"), d));
    for layer in 0..config.num_hidden_layers {
        let at = |name: &str| format!("{prefix}encoder.layer.{layer}.{name}");
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

/// The parts of a block.
pub(super) fn block(prefix: &str, layer: usize, find: &Finder<'_>) -> Result<Block, EngineError> {
    let at = |name: &str| format!("{prefix}encoder.layer.{layer}.{name}");
    let attention = SelfAttention {
        q: find.linear(&at("attention.self.query"))?,
        k: find.linear(&at("attention.self.key"))?,
        v: find.linear(&at("attention.self.value"))?,
        head_norms: None,
        gate: OutputGate::None,
    };
    Ok(Block {
        mixer: attention.into(),
        o: find.linear(&at("attention.output.dense"))?,
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

/// The tables that a token's vector is the sum of, and its norm.
pub(super) fn embedding(
    prefix: &str,
    config: &ModelConfig,
    find: &Finder<'_>,
) -> Result<Embedding, EngineError> {
    let at = |name: &str| format!("{prefix}embeddings.{name}");
    let table = |name: &str| find.weight(&at(name));
    Ok(Embedding {
        tokens: table("word_embeddings")?,
        positions: Some(table("position_embeddings")?),
        first_position: config.encoder.first_position as u32,
        kinds: Some(table("token_type_embeddings")?),
        norm: Some(find.layer(&at("LayerNorm"))?),
        scale: 1.0,
    })
}
