//! What the shell emits.

use super::Standing;
use super::{EndingRun, Event};
use crate::download::{DownloadProgress, DownloadRecord};
use crate::event::{CheckpointRecord, LoadingStage, SampleRecord};
use crate::id::{DownloadId, JobId};
use crate::job::{JobRecord, MetricPoint, ValidationPoint};
use crate::notification::NotificationRecord;
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($(#[$doc:meta])* $marker:ident $name:literal -> $payload:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $marker;

            impl Event for $marker {
                const NAME: &'static str = $name;
                type Payload = $payload;
            }
        )*
    };
}

events! {
    /// A job's row changed its state, or came to be.
    JobChanged "job-changed" -> JobRecord;
    /// A job's row is gone.
    JobDeleted "job-deleted" -> JobId;
    /// A download's row changed its state, or came to be.
    DownloadChanged "download-changed" -> DownloadRecord;
    /// Bytes of a download came; about five times a second.
    DownloadProgressed "download-progress" -> DownloadProgress;
    /// A download's row is gone.
    DownloadRemoved "download-removed" -> DownloadId;
    /// A notification came.
    NotificationAdded "notification-added" -> NotificationRecord;
    /// The machine went on battery while a run went on, and its owner wants to be asked.
    WentOnBattery "went-on-battery" -> JobRecord;
    /// The program is ending and waits for a run to be saved; about once a second.
    EndingTold "ending" -> EndingRun;
    /// The session of this window was locked or ended by itself.
    SessionChanged "session-changed" -> Standing;
    /// The shell asks the interface to show a page (a clicked notification, the tray).
    OpenRoute "open-route" -> String;
}

/// What the channel of `training_subscribe` carries: what happened since the last one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobUpdate {
    /// The row as it is now.
    pub job: JobRecord,
    /// What is being done before the first step, with its share done.
    pub loading: Option<(LoadingStage, f64)>,
    /// New training points.
    pub train: Vec<MetricPoint>,
    /// New validation points.
    pub validation: Vec<ValidationPoint>,
    /// New samples.
    pub samples: Vec<SampleRecord>,
    /// New checkpoints.
    pub checkpoints: Vec<CheckpointRecord>,
}
