//! A repository of the Hub: what it holds, its files, and what a model in it needs of this machine.

use serde::{Deserialize, Serialize};

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepoKind {
    /// A model.
    Model,
    /// A dataset.
    Dataset,
}

impl RepoKind {
    /// The name that the database keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "dataset",
        }
    }

    /// The name in addresses of the Hub and in its cache.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
        }
    }

    /// Reads the database's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Model, Self::Dataset]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// What a model needs of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    /// The most that can be done with it here.
    pub verdict: FitVerdict,
    /// Memory to train all weights, about.
    pub full_bytes: u64,
    /// Memory to train an adapter, about.
    pub lora_bytes: u64,
    /// Memory to use it, about.
    pub use_bytes: u64,
    /// Memory of this machine.
    pub memory_bytes: u64,
}

/// The most that can be done with a model here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitVerdict {
    /// All its weights can be trained.
    Full,
    /// An adapter can be trained.
    Lora,
    /// It can be used.
    Use,
    /// It does not fit into the memory.
    TooLarge,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoFile {
    /// Its place in the repository.
    pub path: String,
    /// Its length.
    pub size_bytes: u64,
    /// Whether it is among those that come where nothing else is said.
    pub chosen: bool,
    /// Why it is, or is not.
    pub why: FileReason,
}

/// Why a file is chosen, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileReason {
    /// Chosen: the weights.
    Weights,
    /// Chosen: configuration.
    Configuration,
    /// Chosen: the tokenizer.
    Tokenizer,
    /// Chosen: card and licence.
    Words,
    /// Chosen: data of a dataset.
    Data,
    /// Not chosen: other weights of the same model.
    OtherWeights,
    /// Refused: pickle, which can run programs.
    Pickle,
    /// Not chosen: nothing here needs it.
    NotNeeded,
}
