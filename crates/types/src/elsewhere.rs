//! Models that other programs keep on this computer, which can be brought in.

use serde::{Deserialize, Serialize};

/// The program that keeps a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// LM Studio.
    LmStudio,
    /// Ollama.
    Ollama,
    /// The Hub's cache, which Python's programs share.
    Hub,
}

/// A model in another program's folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundModel {
    /// Whose it is.
    pub keeper: Keeper,
    /// What that program calls it.
    pub name: String,
    /// What an import takes: a file, or a folder.
    pub path: String,
    /// Bytes on the disk.
    pub size_bytes: u64,
}
