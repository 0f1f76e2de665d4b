//! The name of a model or a dataset on this machine.

use crate::id::JobId;
use crate::repo::RepoKind;
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
