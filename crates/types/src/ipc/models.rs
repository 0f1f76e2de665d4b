//! What is on this machine: downloaded, imported and trained models, and datasets of the Hub.

use crate::ApiError;
use crate::id::JobId;
use crate::installed::InstalledModel;
use crate::library::{ModelFacts, RecipeProgram};
use crate::model_ref::ModelRef;
use crate::process::LossiestTensor;
use serde::{Deserialize, Serialize};

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelImport {
    /// An absolute path: a folder in the Hub's form, a GGUF file (of several parts any), an offline bundle
    /// (a folder or a zip file), or a cache of the Hub.
    pub path: String,
    /// What to call a GGUF file's model; by its file where absent.
    #[serde(default)]
    pub name: Option<String>,
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
    /// As what.
    pub form: ExportForm,
}

/// In which form something leaves: an offline bundle for this program elsewhere, or a model for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// A bundle as a folder.
    Folder,
    /// A bundle as one file.
    Zip,
    /// A GGUF file of 16 bits a weight, with a Modelfile beside it.
    GgufF16,
    /// A GGUF file of 8 bits a weight, with a Modelfile beside it.
    GgufQ8,
    /// A GGUF file of mostly 5 bits a weight, with a Modelfile beside it.
    GgufQ5KM,
    /// A GGUF file of mostly 4 bits a weight, with a Modelfile beside it.
    GgufQ4KM,
    /// A GGUF file of 4 bits a weight, with a Modelfile beside it.
    GgufQ4,
    /// The adapter that a run trained, as a GGUF file.
    GgufAdapter,
    /// A folder of safetensors, an adapter merged into the weights.
    Safetensors,
    /// The adapter that a run trained, as PEFT reads it.
    Peft,
}

impl ExportForm {
    /// Whether it is a GGUF file, of a model or of an adapter.
    pub fn is_gguf(self) -> bool {
        match self {
            Self::GgufF16
            | Self::GgufQ8
            | Self::GgufQ5KM
            | Self::GgufQ4KM
            | Self::GgufQ4
            | Self::GgufAdapter => true,
            Self::Folder | Self::Zip | Self::Safetensors | Self::Peft => false,
        }
    }
}

/// What came of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelExported {
    /// Where it is.
    pub path: String,
    /// Files, a bundle's manifest aside.
    pub n_files: u32,
    /// Their bytes.
    pub size_bytes: u64,
    /// Whether `models_transfer_stop` ended it, so that nothing was left.
    pub stopped: bool,
    /// The tensor that lost most by being rounded to a few bits, where some were.
    #[serde(default)]
    pub lossiest: Option<LossiestTensor>,
}

/// What the channel of `models_import`, `models_export` and `place_move` carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferProgress {
    /// The number of what is under way, by which `models_transfer_stop` knows it.
    pub transfer: u32,
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

/// What a model's page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelDetail {
    /// As lists show it.
    pub model: InstalledModel,
    /// What its files say of it.
    pub facts: Option<ModelFacts>,
    /// Why they say nothing.
    pub unread: Option<ApiError>,
    /// Bytes that its deletion frees, those on their way included.
    pub frees_bytes: u64,
}

/// For which program a run's settings are written, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeWish {
    /// The run.
    pub job_id: JobId,
    /// The program.
    pub program: RecipeProgram,
    /// An absolute path that is not there yet: the folder that is made.
    pub path: String,
}
