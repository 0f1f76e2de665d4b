//! The notification list.

use crate::download::{DownloadRecord, DownloadStatus};
use crate::id::{DownloadId, JobId, NotificationId};
use crate::job::JobRecord;
use crate::repo::RepoKind;
use crate::{ApiError, Loss, UtcMs};
use serde::{Deserialize, Serialize};

/// One notification. The words are made by whoever shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationRecord {
    /// Its id.
    pub notification_id: NotificationId,
    /// What happened.
    pub content: NotificationContent,
    /// Whether it was read.
    pub read: bool,
    /// When it happened.
    pub created_ms: UtcMs,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotificationContent {
    /// A run is complete.
    TrainingCompleted {
        /// Which.
        job_id: JobId,
        /// Its name.
        job_name: String,
        /// Its lowest validation loss.
        val_loss: Option<Loss>,
    },
    /// A run failed.
    TrainingFailed {
        /// Which.
        job_id: JobId,
        /// Its name.
        job_name: String,
        /// Why.
        error: ApiError,
    },
    /// A run's process died.
    TrainingInterrupted {
        /// Which.
        job_id: JobId,
        /// Its name.
        job_name: String,
    },
    /// A download is complete and verified.
    DownloadCompleted {
        /// Which.
        download_id: DownloadId,
        /// `owner/name`.
        repo: String,
        /// Model or dataset.
        kind: RepoKind,
        /// Bytes in all.
        total_bytes: u64,
    },
    /// A download cannot go on by itself.
    DownloadFailed {
        /// Which.
        download_id: DownloadId,
        /// `owner/name`.
        repo: String,
        /// Why.
        error: ApiError,
    },
}

/// What a notification is about: what lists filter by and settings name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A run is complete.
    Completed,
    /// A run failed.
    Failed,
    /// A run's process died.
    Interrupted,
    /// A download ended, well or not.
    Download,
}

impl NotificationKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Completed,
        Self::Failed,
        Self::Interrupted,
        Self::Download,
    ];
}

impl NotificationContent {
    /// What it is about.
    pub fn kind(&self) -> NotificationKind {
        match self {
            Self::TrainingCompleted { .. } => NotificationKind::Completed,
            Self::TrainingFailed { .. } => NotificationKind::Failed,
            Self::TrainingInterrupted { .. } => NotificationKind::Interrupted,
            Self::DownloadCompleted { .. } | Self::DownloadFailed { .. } => {
                NotificationKind::Download
            }
        }
    }

    /// What an ended job has to say; `None` for a state that needs no notification.
    pub fn of_job(job: &JobRecord) -> Option<Self> {
        use crate::job::JobStatus;
        let (job_id, job_name) = (job.job_id.clone(), job.name.clone());
        match job.status {
            JobStatus::Completed => Some(Self::TrainingCompleted {
                job_id,
                job_name,
                val_loss: job.val_loss,
            }),
            JobStatus::Failed => Some(Self::TrainingFailed {
                job_id,
                job_name,
                error: job
                    .error
                    .clone()
                    .unwrap_or(ApiError::new(crate::ErrorCode::Internal)),
            }),
            JobStatus::Interrupted => Some(Self::TrainingInterrupted { job_id, job_name }),
            _ => None,
        }
    }

    /// What an ended download has to say; `None` for a state that needs no notification.
    pub fn of_download(download: &DownloadRecord) -> Option<Self> {
        let (download_id, repo) = (download.download_id.clone(), download.repo.clone());
        match download.status {
            DownloadStatus::Installed => Some(Self::DownloadCompleted {
                download_id,
                repo,
                kind: download.kind,
                total_bytes: download.total_bytes,
            }),
            DownloadStatus::Failed => Some(Self::DownloadFailed {
                download_id,
                repo,
                error: download
                    .error
                    .clone()
                    .unwrap_or(ApiError::new(crate::ErrorCode::Internal)),
            }),
            _ => None,
        }
    }

    /// The page that a click opens.
    pub fn route(&self) -> String {
        match self {
            Self::TrainingCompleted { job_id, .. }
            | Self::TrainingFailed { job_id, .. }
            | Self::TrainingInterrupted { job_id, .. } => format!("/training/jobs/{job_id}"),
            Self::DownloadCompleted { .. } | Self::DownloadFailed { .. } => "/models".to_owned(),
        }
    }
}
