//! What is on this machine: downloaded, imported and trained models, and datasets of the Hub.

use crate::UtcMs;
use crate::model_ref::ModelRef;
use crate::repo::RepoKind;
use serde::{Deserialize, Serialize};

/// A model or a dataset of the Hub that is here as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstalledModel {
    /// What it is.
    pub model: ModelRef,
    /// What people call it.
    pub name: String,
    /// Model or dataset.
    pub kind: RepoKind,
    /// The model's family, where its configuration names one.
    pub architecture: Option<String>,
    /// The revision, of a repository.
    pub revision: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
    /// The folder with its files.
    pub path: String,
    /// Bytes on the disk, each content once.
    pub size_bytes: u64,
    /// Bytes of further files that are on their way.
    pub partial_bytes: u64,
    /// Files.
    pub n_files: u32,
    /// Whether it came in a bundle or from another cache, whose word alone says that it is this commit
    /// of this repository: the Hub has not confirmed it.
    #[serde(default)]
    pub is_unverified: bool,
    /// Whether it has an adapter that can be taken along alone.
    #[serde(default)]
    pub has_adapter: bool,
    /// When it came or was made.
    pub created_ms: UtcMs,
    /// Whether who asks may remove it: models are shared by all profiles, so only who brought one and
    /// administrators may. What a run left goes with the run.
    pub may_delete: bool,
}

/// A file of something that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledFile {
    /// Its place, with `/` between the parts.
    pub path: String,
    /// Where it is on this computer.
    pub absolute: String,
    /// Its length.
    pub size_bytes: u64,
}

/// A model on this machine, as something to go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaseModel {
    /// Which.
    pub model: ModelRef,
    /// What people call it.
    pub name: String,
    /// The model's family, where its configuration names one.
    pub architecture: Option<String>,
    /// Its folder.
    pub path: String,
    /// Bytes on the disk.
    pub size_bytes: u64,
    /// Whether a run can go on from it.
    pub fitness: BaseFitness,
}

/// Whether a run can go on from a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fitness", rename_all = "snake_case")]
pub enum BaseFitness {
    /// It can.
    Fit {
        /// Tokens that the model sees at once.
        context_length: u32,
        /// Its weights.
        n_parameters: u64,
        /// Last parts of the paths of the maps that adapters can be given to.
        targets: Vec<String>,
    },
    /// Its configuration is missing, or of an architecture that is not known.
    UnknownArchitecture,
    /// Its configuration says what is not understood and may change what it computes.
    NotUnderstood {
        /// What it says, by the name of the field.
        detail: String,
    },
    /// It sorts texts instead of continuing them.
    NotADecoder,
    /// It has no `tokenizer.json`.
    NoTokenizer,
    /// Its weights are in another form than safetensors.
    NoSafetensors,
}
