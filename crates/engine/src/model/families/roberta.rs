//! `RoBERTa`: BERT's blocks, positions counted from behind the padding token's id, one kind of segments, and
//! a head of its own over the first token.

use super::encoders::refuse_sorted_tokens;
use super::{Architecture, Family, SpecialTokens, bert};
use crate::EngineError;
use crate::model::ends::{Inner, InnerActivation};
use crate::model::facts::{Facts, Sorted};
use crate::model::fields::Fields;
use crate::model::network::{Block, ClassHead, Embedding, End, Finder};
use crate::model::specs::{INIT_STD, WeightSpec};
use crate::model::strict::Known;
use crate::model::{Encoder, ModelConfig};
use crate::weights::Layout;
use serde_json::Value;

/// `RoBERTa`, or a family that differs from it in name.
pub(super) struct RobertaLike {
    pub(super) architecture: Architecture,
    pub(super) model_type: &'static str,
    pub(super) class: &'static str,
}

/// `RobertaForSequenceClassification`.
pub(super) const ROBERTA: RobertaLike = RobertaLike {
    architecture: Architecture::Roberta,
    model_type: "roberta",
    class: "RobertaForSequenceClassification",
};

/// What stands before the names of the encoder's weights.
const PREFIX: &str = "roberta.";
/// transformers' id of the padding token where `config.json` names none.
const PAD: u32 = 1;

impl Family for RobertaLike {
    fn model_type(&self) -> &'static str {
        self.model_type
    }

    fn class(&self) -> &'static str {
        self.class
    }

    fn facts(&self) -> Facts {
        bert::FACTS
    }

    fn block_path(&self) -> &'static str {
        "roberta.encoder.layer"
    }

    fn embedding(&self) -> &'static str {
        "roberta.embeddings.word_embeddings.weight"
    }

    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn names_in_files(&self, name: &str) -> Vec<String> {
        bert::names_in_files(PREFIX, name)
    }

    fn indifferent(&self) -> &'static [Known] {
        bert::INDIFFERENT
    }

    /// The head of the first training, a pooler that no head here asks for, positions in a row.
    fn unused_weights(&self) -> &'static [&'static str] {
        &[
            "lm_head.*",
            "roberta.pooler.dense.*",
            "pooler.dense.*",
            "*embeddings.position_ids",
            "qa_outputs.*",
        ]
    }

    /// Reads the fields of `RobertaConfig`. Its table of positions has rows that no token of a text gets: the
    /// first one's is the one behind the padding token's id.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String> {
        refuse_sorted_tokens(fields)?;
        let config = bert::read(self.architecture, fields)?;
        let pad = fields.token("pad_token_id")?.unwrap_or(PAD);
        let (first, n_rows) = (pad as usize + 1, config.max_position_embeddings);
        if n_rows <= first {
            return Err(format!(
                "`max_position_embeddings` is {n_rows}, which leaves no position behind the padding token {pad}"
            ));
        }
        Ok(ModelConfig {
            max_position_embeddings: n_rows - first,
            encoder: Encoder {
                first_position: first,
                sorted: Sorted::First,
            },
            ..config
        })
    }

    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value {
        // Where positions begin is told by the padding token alone.
        let pad = config.encoder.first_position.checked_sub(1);
        bert::write(self, config, pad.map_or(special.pad, |pad| pad as u32))
    }

    fn weights(&self, config: &ModelConfig) -> Vec<WeightSpec> {
        let d = config.hidden_size;
        let dense = |name: &str, shape| WeightSpec::affine(name, shape, INIT_STD, Layout::Plain);
        let classes = dense("classifier.out_proj", [config.n_labels, d]);
        let mut all = bert::weights(PREFIX, config);
        // A model of plain text has neither.
        all.extend(dense("classifier.dense", [d, d]).map(WeightSpec::or_drawn));
        all.extend(classes.map(WeightSpec::of_classes));
        all
    }

    fn block(
        &self,
        _config: &ModelConfig,
        layer: usize,
        find: &Finder<'_>,
    ) -> Result<Block, EngineError> {
        bert::block(PREFIX, layer, find)
    }

    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError> {
        let head = ClassHead {
            norm: None,
            sorted: config.encoder.sorted,
            inner: Some(Inner {
                map: find.linear("classifier.dense")?,
                activation: InnerActivation::Tanh,
                norm: None,
            }),
            classifier: find.linear("classifier.out_proj")?,
        };
        Ok((
            bert::embedding(PREFIX, config, find)?,
            End::Classes(Box::new(head)),
        ))
    }
}
