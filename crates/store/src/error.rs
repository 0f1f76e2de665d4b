//! Everything that can go wrong between the program and its database.

use amoozgar_types::download::DownloadStatus;
use amoozgar_types::job::JobStatus;
use std::path::PathBuf;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A later version of the program made the database.
    #[error("the database `{}` has version {found}; this program knows versions up to {known}", path.display())]
    Newer {
        /// The database's file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The latest version that this program knows.
        known: u32,
    },
    /// A file is no sound database of this program.
    #[error("`{}` is no sound database of this program: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The row is not there, or belongs to someone else.
    #[error("no {what} `{id}`")]
    NotFound {
        /// The kind of row.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A profile of this name exists.
    #[error("a profile named `{name}` exists")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Somebody has to look after the profiles.
    #[error("`{user_id}` is the only administrator")]
    LastAdministrator {
        /// The profile.
        user_id: String,
    },
    /// The profile has a run that has not ended.
    #[error("profile `{user_id}` has a run that has not ended")]
    UserHasLiveJob {
        /// The profile.
        user_id: String,
    },
    /// A run that has not come to its end needs it.
    #[error("{what} `{id}` is needed by the run `{run}` of `{owner}`")]
    InUse {
        /// The kind of row.
        what: &'static str,
        /// Its id.
        id: String,
        /// What people call the run.
        run: String,
        /// Whose run it is.
        owner: String,
    },
    /// The job's state does not allow the change.
    #[error("job `{job_id}` cannot go from `{}` to `{}`", from.as_str(), to.as_str())]
    InvalidTransition {
        /// The job.
        job_id: String,
        /// Its state.
        from: JobStatus,
        /// The state asked for.
        to: JobStatus,
    },
    /// Only a queued job has a place in the queue.
    #[error("job `{job_id}` is `{}`, not queued", status.as_str())]
    NotQueued {
        /// The job.
        job_id: String,
        /// Its state.
        status: JobStatus,
    },
    /// The download's state does not allow the change.
    #[error("download `{download_id}` cannot go from `{}` to `{}`", from.as_str(), to.as_str())]
    InvalidDownload {
        /// The download.
        download_id: String,
        /// Its state.
        from: DownloadStatus,
        /// The state asked for.
        to: DownloadStatus,
    },
    /// A value could not be written as JSON.
    #[error("could not encode {what}")]
    Encode {
        /// What it is.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The file system refused.
    #[error("could not {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `SQLite` refused.
    #[error("could not {action}")]
    Sqlite {
        /// What was tried.
        action: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether the disk that holds the database is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Sqlite { source, .. } => {
                source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }
}

/// Says what was being done when `SQLite` failed.
pub(crate) trait Doing<T> {
    fn doing(self, action: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, rusqlite::Error> {
    fn doing(self, action: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sqlite { action, source })
    }
}
