//! What a run remembers of having gone back from a step that was no number: where it went back to, and at
//! which rate it goes on. It is on the disk before anything of what led there is removed, so that a run that
//! is broken off at any moment afterwards never takes up what led nowhere, nor its old rate.

use crate::EngineError;
use crate::files::{self, DurableFile};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE: &str = "rolled_back.json";

/// Where a run went back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RolledBack {
    /// The run, as its checkpoints name it.
    run: String,
    /// Steps done at the checkpoint that it went back to; 0 is the beginning.
    pub(super) to_step: u64,
    /// What the schedule's rates are multiplied by since then.
    pub(super) lr_scale: f64,
}

impl RolledBack {
    pub(super) fn new(run: &str, to_step: u64, lr_scale: f64) -> Self {
        Self {
            run: run.to_owned(),
            to_step,
            lr_scale,
        }
    }

    /// What stands in the folder of a run's checkpoints; `None` where the run never went back.
    pub(super) fn read(folder: &Path, run: &str) -> Result<Option<Self>, EngineError> {
        let path = place(folder);
        let bytes = match files::read(&path) {
            Ok(bytes) => bytes,
            Err(EngineError::FileNotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found: Self =
            serde_json::from_slice(&bytes).map_err(|error| EngineError::InvalidCheckpoint {
                path,
                detail: error.to_string(),
            })?;
        // One of other settings says nothing of this run.
        Ok((found.run == run).then_some(found))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), EngineError> {
        files::create_dir(folder)?;
        let path = place(folder);
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|source| EngineError::io(&path, source.into()))?;
        let mut file = DurableFile::create(&path)?;
        file.write(&bytes)?;
        file.finish()
    }

    /// Whether a checkpoint is of the course that was left.
    pub(super) fn left(&self, step: u64, lr_scale: f64) -> bool {
        step > self.to_step && lr_scale > self.lr_scale
    }
}

fn place(folder: &Path) -> PathBuf {
    folder.join(FILE)
}
