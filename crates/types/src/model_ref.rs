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

    /// A text without `/` that names it as a part of an address. The Hub has no names with `--` in them.
    pub fn slug(&self) -> String {
        match self {
            Self::Hub { repo, .. } => format!("hub--{}", repo.replace('/', "--")),
            Self::Imported { name } => format!("imported--{name}"),
            Self::Trained { job_id } => format!("run--{job_id}"),
        }
    }

    /// The model that [`Self::slug`] names; of the Hub a model, since datasets have pages of their own.
    pub fn from_slug(slug: &str) -> Option<Self> {
        let (source, name) = slug.split_once("--").filter(|(_, name)| !name.is_empty())?;
        Some(match source {
            "hub" => Self::Hub {
                repo: name.replacen("--", "/", 1),
                kind: RepoKind::Model,
            },
            "imported" => Self::Imported {
                name: name.to_owned(),
            },
            "run" => Self::Trained {
                job_id: JobId::new(name),
            },
            _ => return None,
        })
    }
}
