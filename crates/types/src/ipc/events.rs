//! What the shell emits.

use super::Event;
use super::{DownloadProgress, DownloadRecord, NotificationRecord, Standing};
use crate::event::{CheckpointRecord, LoadingStage, SampleRecord};
use crate::id::{DownloadId, JobId};
use crate::job::{JobRecord, MetricPoint, ValidationPoint};
use serde::{Deserialize, Serialize};

/// A job's row changed its state, or came to be.
#[derive(Debug, Clone, Copy)]
pub struct JobChanged;
impl Event for JobChanged {
    const NAME: &'static str = "job-changed";
    type Payload = JobRecord;
}

/// A job's row is gone.
#[derive(Debug, Clone, Copy)]
pub struct JobDeleted;
impl Event for JobDeleted {
    const NAME: &'static str = "job-deleted";
    type Payload = JobId;
}

/// A download's row changed its state, or came to be.
#[derive(Debug, Clone, Copy)]
pub struct DownloadChanged;
impl Event for DownloadChanged {
    const NAME: &'static str = "download-changed";
    type Payload = DownloadRecord;
}

/// Bytes of a download came; about five times a second.
#[derive(Debug, Clone, Copy)]
pub struct DownloadProgressed;
impl Event for DownloadProgressed {
    const NAME: &'static str = "download-progress";
    type Payload = DownloadProgress;
}

/// A download's row is gone.
#[derive(Debug, Clone, Copy)]
pub struct DownloadRemoved;
impl Event for DownloadRemoved {
    const NAME: &'static str = "download-removed";
    type Payload = DownloadId;
}

/// A notification came.
#[derive(Debug, Clone, Copy)]
pub struct NotificationAdded;
impl Event for NotificationAdded {
    const NAME: &'static str = "notification-added";
    type Payload = NotificationRecord;
}

/// The session of this window was locked or ended by itself.
#[derive(Debug, Clone, Copy)]
pub struct SessionChanged;
impl Event for SessionChanged {
    const NAME: &'static str = "session-changed";
    type Payload = Standing;
}

/// The shell asks the interface to show a page (a clicked notification, the tray).
#[derive(Debug, Clone, Copy)]
pub struct OpenRoute;
impl Event for OpenRoute {
    const NAME: &'static str = "open-route";
    type Payload = String;
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
