//! Datasets, bundled and imported.

use crate::UtcMs;
use crate::id::DatasetId;
use serde::{Deserialize, Serialize};

/// One dataset as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// Its id; a bundled one's is fixed (`hafez`, `stories`).
    pub dataset_id: DatasetId,
    /// What people call it.
    pub name: String,
    /// Where it came from.
    pub source: DatasetSource,
    /// The shape of its file.
    pub format: DatasetFormat,
    /// Size of its files.
    pub size_bytes: u64,
    /// Documents in the training part (blank-line parted, or lines of JSON).
    pub n_rows: u64,
    /// Documents in a validation part of its own; 0 where a share is held out at training.
    pub n_validation_rows: u64,
    /// When it was made.
    pub created_ms: UtcMs,
    /// Who else may use it, from the asking user's side.
    #[serde(default)]
    pub sharing: Sharing,
}

/// Who may use a dataset, from the asking user's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Sharing {
    /// It ships with the program.
    #[default]
    Everyones,
    /// The asking user's alone.
    Private,
    /// The asking user's, and everyone on this computer may read and learn it.
    SharedByMe,
    /// Another user's, who lets everyone read and learn it.
    SharedWithMe {
        /// Whose.
        owner_name: String,
    },
}

/// Where a dataset came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetSource {
    /// Ships with the program; cannot be deleted.
    Bundled,
    /// Imported by the user.
    Imported,
}

/// How a file writes characters. The names are those of the Encoding Standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextEncoding {
    /// What nearly all files are written in.
    #[serde(rename = "utf-8")]
    Utf8,
    /// "Unicode" in Notepad.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// The same with its bytes the other way round.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// The code page of Persian and Arabic before Unicode.
    #[serde(rename = "windows-1256")]
    Windows1256,
}

impl TextEncoding {
    /// As it is written for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1256 => "windows-1256",
        }
    }
}

/// The shape of a dataset's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetFormat {
    /// Plain text, documents parted by blank lines.
    Txt,
    /// One JSON object a line, with `text`.
    Jsonl,
}
