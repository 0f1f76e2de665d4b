//! Datasets, bundled and imported.

use crate::dataset::{DatasetRecord, TextEncoding};
use crate::id::DatasetId;
use crate::ipc::RowChoices;
use crate::model_ref::ModelRef;
use serde::{Deserialize, Serialize};

/// Whether everyone on this computer may read and learn a dataset of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetShare {
    /// Which dataset.
    pub dataset_id: DatasetId,
    /// Whether they may.
    pub shared: bool,
}

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetImport {
    /// An absolute path on this computer.
    pub path: String,
    /// What people shall call it; the file's name where absent.
    pub name: Option<String>,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetImported {
    /// The dataset.
    pub dataset: DatasetRecord,
    /// How the file writes characters.
    pub encoding: TextEncoding,
}

/// Which rows to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetPreviewRequest {
    /// Which dataset.
    pub dataset_id: DatasetId,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to show, at most 100.
    pub limit: u32,
}

/// Which conversations to show, and as which model would learn them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetConversationsRequest {
    /// Which dataset.
    pub dataset_id: DatasetId,
    /// The model.
    pub base_model: ModelRef,
    /// How the rows are learnt.
    pub rows: RowChoices,
    /// Tokens in a sequence.
    pub context_length: u32,
}

/// Some rows of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetPreview {
    /// The dataset.
    pub dataset: DatasetRecord,
    /// Its rows, each cut at 2,000 characters.
    pub rows: Vec<String>,
    /// Rows skipped.
    pub offset: u64,
    /// How the file writes characters.
    pub encoding: TextEncoding,
}
