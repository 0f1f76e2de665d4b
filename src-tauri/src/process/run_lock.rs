//! One process per run: whoever trains in a run's folder holds a lock on a file in it. Two would write the
//! same checkpoints and the same cache.

use crate::error::io_error;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::fs::{File, TryLockError};
use std::path::Path;

/// The file that is locked. It stays when the run ends: one that was removed could be locked by a second
/// process while a third makes it anew.
const FILE: &str = "run.lock";

/// The run's folder is this process's until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
#[must_use]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the run in `job_dir`, a folder that is there.
    ///
    /// # Errors
    /// `RunAtWork` where another process has it.
    pub fn take(job_dir: &Path) -> Result<Self, ApiError> {
        let path = job_dir.join(FILE);
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|failure| io_error(&path, &failure))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ApiError::with(
                    ErrorCode::RunAtWork,
                    ErrorParams {
                        path: Some(job_dir.display().to_string()),
                        ..ErrorParams::default()
                    },
                ));
            }
            Err(TryLockError::Error(failure)) => {
                // Some network file systems know no locks; better unguarded than not at all.
                tracing::warn!(%failure, path = %path.display(), "the run's folder cannot be locked");
            }
        }
        Ok(Self { _file: file })
    }

    /// Whether a process has the run in `job_dir` now. Makes nothing.
    pub fn is_taken(job_dir: &Path) -> bool {
        File::options()
            .write(true)
            .open(job_dir.join(FILE))
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}
