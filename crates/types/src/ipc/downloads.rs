//! The queue of downloads.

use crate::download::PartialBytes;
use crate::id::DownloadId;
use crate::repo::RepoKind;
use serde::{Deserialize, Serialize};

/// What to download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDownload {
    /// `owner/name`.
    pub repo: String,
    /// Model or dataset.
    pub kind: RepoKind,
    /// A branch, a tag or a commit; `main` where absent.
    pub revision: Option<String>,
    /// Files by name or pattern (`*` any text, `?` any character); what is needed where absent.
    pub files: Option<Vec<String>>,
}

/// How to give a download up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadCancel {
    /// Which.
    pub download_id: DownloadId,
    /// What happens to bytes of files that are not whole.
    pub partial: PartialBytes,
}

/// A move within the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadReorder {
    /// Which download in line.
    pub download_id: DownloadId,
    /// Its new place, from 0.
    pub position: u32,
}
