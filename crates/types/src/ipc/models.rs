//! What is on this machine: downloaded, imported and trained models, and datasets of the Hub.

use super::RepoKind;
use crate::UtcMs;
use crate::id::JobId;
use serde::{Deserialize, Serialize};

/// Names something that is on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum ModelRef {
    /// A repository in the Hub's cache.
    Hub {
        /// `owner/name`.
        repo: String,
        /// Model or dataset.
        kind: RepoKind,
    },
    /// A folder that was imported.
    Imported {
        /// Its name, unique among the imported ones.
        name: String,
    },
    /// What a run left.
    Trained {
        /// Which run.
        job_id: JobId,
    },
}

impl ModelRef {
    /// A text that names it within an address.
    pub fn key(&self) -> String {
        match self {
            Self::Hub { repo, .. } => format!("hub:{repo}"),
            Self::Imported { name } => format!("imported:{name}"),
            Self::Trained { job_id } => format!("run:{job_id}"),
        }
    }
}

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

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelImport {
    /// An absolute path: a folder in the Hub's form, an offline bundle (a folder or a zip file), or
    /// a cache of the Hub.
    pub path: String,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelImported {
    /// What is here now.
    pub models: Vec<InstalledModel>,
    /// Whether `models_transfer_stop` ended it.
    pub stopped: bool,
}

/// What to export, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelExport {
    /// Which.
    pub model: ModelRef,
    /// An absolute path that is not there yet.
    pub path: String,
    /// A folder or a zip file.
    pub form: ExportForm,
}

/// How an offline bundle lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// A folder that other programs can load as it is.
    Folder,
    /// One file.
    Zip,
}

/// What came of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelExported {
    /// Where it is.
    pub path: String,
    /// Files, the manifest aside.
    pub n_files: u32,
    /// Their bytes.
    pub size_bytes: u64,
    /// Whether `models_transfer_stop` ended it, so that nothing was left.
    pub stopped: bool,
}

/// What the channel of `models_import`, `models_export` and `place_move` carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferProgress {
    /// Bytes copied and checked.
    pub done_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// The file at hand.
    pub file: Option<String>,
    /// How long it will take still, where that can be said.
    #[serde(default)]
    pub remaining_s: Option<f64>,
}
