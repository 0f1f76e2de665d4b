//! The bundled catalog (`data/catalog.json`): models and datasets that are of use for Persian.
//!
//! What is not surely known of an entry is absent; sizes are approximate, and what the Hub says at
//! the time of a download is shown beside them. The rule for memory is explained in `data/README.md`.

use crate::repo::RepoKind;
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogFile {
    /// The version of this form.
    pub format: u32,
    /// The entries, the most useful of each purpose first.
    pub entries: Vec<CatalogItem>,
}

/// One model or dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogItem {
    /// `owner/name` on the Hub.
    pub repo: String,
    /// Model or dataset.
    pub kind: RepoKind,
    /// Its name in Persian.
    pub title: String,
    /// What it is for, in a sentence or two.
    pub purpose: String,
    /// The task it serves.
    pub task: CatalogTask,
    /// The shape of the network; absent where the engine cannot train it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<CatalogArchitecture>,
    /// Weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_parameters: Option<u64>,
    /// About how much a download brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_bytes: Option<u64>,
    /// Memory that fine-tuning by `LoRA` takes: [`lora_memory_bytes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora_bytes: Option<u64>,
    /// Memory that training all weights takes: [`full_memory_bytes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_bytes: Option<u64>,
    /// The longest sequence that it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u32>,
    /// The licence: SPDX where it has such a name, else as the Hub calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Whether terms must be accepted at the Hub first.
    #[serde(default)]
    pub gated: bool,
    /// Languages, by their ISO 639-1 codes; `mul` for very many.
    pub languages: Vec<String>,
    /// Words to find it by, in Persian.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Patterns of the files to bring, where a dataset holds more than the Persian part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The form of a dataset's files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_format: Option<DataFormat>,
}

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogTask {
    /// Continuing text.
    Generation,
    /// Answering and following instructions.
    Chat,
    /// Sorting texts and finding names in them.
    Classification,
    /// Comparing texts by their meaning.
    Embedding,
    /// Plain text, to learn the language from.
    PlainText,
    /// Poems.
    Poetry,
    /// Instructions with their answers.
    Instructions,
    /// Opinions with their leaning.
    Sentiment,
    /// Words with what they name.
    Entities,
    /// Pairs of sentences with what the second owes to the first.
    Inference,
}

/// The shapes that the engine trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogArchitecture {
    /// Llama.
    Llama,
    /// Qwen2 and Qwen2.5.
    Qwen2,
    /// Qwen3.
    Qwen3,
    /// Mistral.
    Mistral,
    /// Phi-3 and Phi-4.
    Phi3,
    /// `SmolLM3`.
    #[serde(rename = "smollm3")]
    SmolLm3,
    /// Gemma 3.
    Gemma3,
    /// GPT-2.
    Gpt2,
    /// BERT.
    Bert,
}

impl CatalogArchitecture {
    /// Whether it continues text; adapters are trained over such models.
    pub fn is_decoder(self) -> bool {
        self != Self::Bert
    }
}

/// The form of a dataset's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataFormat {
    /// Plain text.
    Txt,
    /// One JSON object a line.
    Jsonl,
    /// Values parted by commas.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// What a run needs beside weights and what is kept for each of them: activations of one sequence of
/// 512 tokens, computed again block by block, the chunked loss, the tokenizer and the program.
const BESIDE_BYTES: u64 = 512 << 20;

/// Memory that `LoRA` takes over `n_parameters` frozen weights, in f32: 4 bytes each, 4 more while the
/// adapter is merged at the end, and a quarter byte for the adapter with gradient and moments.
pub fn lora_memory_bytes(n_parameters: u64) -> u64 {
    n_parameters * 8 + n_parameters / 4 + BESIDE_BYTES
}

/// Memory that training `n_parameters` weights takes, in f32: 4 bytes each for weight, gradient and
/// the two moments of `AdamW`.
pub fn full_memory_bytes(n_parameters: u64) -> u64 {
    n_parameters * 16 + BESIDE_BYTES
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{CatalogFile, RepoKind, full_memory_bytes, lora_memory_bytes};
    use std::collections::BTreeSet;

    fn catalog() -> CatalogFile {
        serde_json::from_str(include_str!("../../../data/catalog.json")).unwrap()
    }

    #[test]
    fn the_bundled_catalog_has_its_form_and_names_each_repository_once() {
        let catalog = catalog();
        assert_eq!(catalog.format, 1, "the form that this program reads");
        let mut seen = BTreeSet::new();
        for entry in &catalog.entries {
            let repo = entry.repo.as_str();
            assert!(
                seen.insert((entry.kind, repo)),
                "`{repo}` stands there once"
            );
            assert_eq!(repo.split('/').count(), 2, "`{repo}` is owner and name");
            for text in [&entry.title, &entry.purpose] {
                assert!(
                    text.chars().any(|c| ('\u{600}'..='\u{6ff}').contains(&c)),
                    "`{repo}` is told of in Persian: `{text}`"
                );
            }
            assert!(!entry.languages.is_empty(), "`{repo}` speaks something");
        }
        for kind in [RepoKind::Model, RepoKind::Dataset] {
            assert!(
                catalog.entries.iter().any(|entry| entry.kind == kind),
                "there are some of {kind:?}"
            );
        }
    }

    #[test]
    fn memory_is_what_the_rule_says_and_only_of_what_the_engine_trains() {
        for entry in catalog().entries {
            let repo = &entry.repo;
            let (lora, full) = match (entry.architecture, entry.n_parameters) {
                (Some(shape), Some(n)) => (
                    shape.is_decoder().then(|| lora_memory_bytes(n)),
                    Some(full_memory_bytes(n)),
                ),
                _ => (None, None),
            };
            assert_eq!(entry.lora_bytes, lora, "LoRA over `{repo}`");
            assert_eq!(entry.full_bytes, full, "all of `{repo}`");
        }
    }

    #[test]
    fn models_and_datasets_tell_only_what_belongs_to_them() {
        for entry in catalog().entries {
            let repo = &entry.repo;
            if entry.kind == RepoKind::Dataset {
                assert_eq!(entry.architecture, None, "`{repo}` is no network");
                assert_eq!(entry.n_parameters, None, "`{repo}` has no weights");
                assert!(entry.data_format.is_some(), "`{repo}` says its form");
            } else {
                assert_eq!(entry.data_format, None, "`{repo}` is no dataset");
            }
        }
    }
}
