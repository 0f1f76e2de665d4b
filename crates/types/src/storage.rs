//! What takes room on the disk, and what can go.

use crate::id::JobId;
use serde::{Deserialize, Serialize};

/// What takes room on the disk, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskUse {
    /// Final models of the user's runs.
    pub models: u64,
    /// Checkpoints of the user's runs.
    pub checkpoints: u64,
    /// Tokenizers and tokens that the user's runs keep.
    pub caches: u64,
    /// The user's imported datasets.
    pub datasets: u64,
    /// Downloads of this computer.
    pub downloads: u64,
    /// Room that is free.
    pub free: u64,
    /// Room in all.
    pub all: u64,
}

/// Something that could be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupItem {
    /// What to name when it shall be removed.
    pub target: CleanupTarget,
    /// The run, repository or folder it belongs to, as people know it.
    pub name: String,
    /// What it takes.
    pub size_bytes: u64,
    /// Why one should think twice.
    pub caution: Option<Caution>,
}

/// What can be removed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CleanupTarget {
    /// One checkpoint of an ended run.
    Checkpoint {
        /// Which run.
        job_id: JobId,
        /// At which step.
        step: u64,
    },
    /// Tokenizer and tokens of an ended run, made again when it is resumed.
    JobCache {
        /// Which run.
        job_id: JobId,
    },
    /// The folder of a run that the database does not know. Administrators only.
    OrphanFolder {
        /// The folder's name.
        folder: String,
    },
    /// What a task that nobody goes on with left: a file or a folder that never got its name. Of one's own
    /// runs, or, for administrators, of the program.
    Leftover {
        /// Where it is.
        path: String,
    },
    /// What is there of a download that nobody goes on with. Administrators only.
    PartialDownload {
        /// The repository's folder in the cache.
        folder: String,
    },
}

/// Why one should think twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caution {
    /// The run's best checkpoint.
    BestCheckpoint,
    /// The last one: without it the run starts anew.
    LastCheckpoint,
    /// The download starts anew.
    StartsAnew,
    /// It is a whole run, which can be put on the list again: an older back-up of the database does not
    /// know it.
    UnlistedRun,
}
