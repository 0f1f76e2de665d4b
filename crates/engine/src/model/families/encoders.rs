//! What the families of encoders share: their classes as `config.json` tells them, and the parts that are
//! built alike. It knows no family.

use super::Family;
use crate::model::ModelConfig;
use crate::model::facts::Sorted;
use crate::model::fields::{Fields, limits};
use crate::model::strict::{Known, May};
use amoozgar_types::spec::ModelSpec;
use serde_json::{Map, Value, json};

/// Fields of every encoder: the ids of its classes by name, which are those of `id2label`; that a text has
/// one class, since several or a number make another loss; and a head over the vocabulary, which it lacks.
pub(super) const LABELS_BY_NAME: Known = ("label2id", May::BeAnything);
pub(super) const ONE_LABEL: Known = ("problem_type", May::Say("single_label_classification"));
pub(super) const TIED: Known = ("tie_word_embeddings", May::BeAnything);

/// What transformers calls a model that sorts texts, and one that sorts each of their tokens.
const OF_TEXTS: &str = "ForSequenceClassification";
const OF_TOKENS: &str = "ForTokenClassification";

/// The number of a model's classes, and their names where they have some.
pub(super) fn classes(fields: &Fields<'_>) -> Result<(usize, Vec<String>), String> {
    let labels = fields.labels("id2label")?;
    let n_named = fields.optional_count("num_labels", limits::LABELS)?;
    let n_labels = match (labels.len(), n_named) {
        (0, n) => n.unwrap_or(2),
        (n, Some(other)) if n != other => {
            return Err(format!("`num_labels` is {other}, `id2label` names {n}"));
        }
        (n, _) => n,
    };
    Ok((n_labels, labels))
}

/// Whether the model sorts each token, by the class that transformers has for it.
pub(super) fn sorts_tokens(fields: &Fields<'_>) -> Result<bool, String> {
    let classes = fields.texts("architectures")?.unwrap_or_default();
    Ok(classes.iter().any(|class| class.ends_with(OF_TOKENS)))
}

/// Refuses a model that sorts each token.
pub(super) fn refuse_sorted_tokens(fields: &Fields<'_>) -> Result<(), String> {
    if sorts_tokens(fields)? {
        return Err(format!(
            "`architectures` names a model of the kind `{OF_TOKENS}`: classes of tokens are supported for BERT alone"
        ));
    }
    Ok(())
}

impl ModelConfig {
    /// The encoder of a run's specification, which sorts into `labels`.
    pub fn encoder_from_spec(spec: &ModelSpec, vocab_size: usize, labels: &[String]) -> Self {
        Self {
            architecture: super::Architecture::Bert,
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
    pub fn classes_json(&self) -> Map<String, Value> {
        let ids = self.labels.iter().enumerate();
        let by_id = ids.map(|(id, label)| (id.to_string(), label.as_str().into()));
        let ids = self.labels.iter().enumerate();
        let by_label = ids.map(|(id, label)| (label.clone(), id.into()));
        let mut entries = Map::new();
        let mut say = |name: &str, value| entries.insert(name.to_owned(), value);
        say("architectures", json!([class(self)]));
        say("id2label", Value::Object(by_id.collect()));
        say("label2id", Value::Object(by_label.collect()));
        if self.encoder.sorted != Sorted::Each {
            say("problem_type", "single_label_classification".into());
        }
        entries
    }
}

/// transformers' class of a model that sorts.
fn class(config: &ModelConfig) -> String {
    let family: &dyn Family = config.architecture.family();
    match config.encoder.sorted {
        Sorted::Each => family.class().replace(OF_TEXTS, OF_TOKENS),
        Sorted::First | Sorted::Mean => family.class().to_owned(),
    }
}
