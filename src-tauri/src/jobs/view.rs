//! What a run's page shows.

use super::Curves;
use crate::db::Db;
use crate::paths::LOG_FILE;
use crate::{error, files};
use amoozgar_types::ApiError;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::JobUpdate;
use amoozgar_types::job::{JobDetail, Metrics};
use std::path::PathBuf;

/// Samples that a run's page shows.
const MAX_SAMPLES: u32 = 200;
/// Points of the training curve that a run's page is given: enough to zoom in, few enough to cross the
/// bridge at once.
const MAX_POINTS: usize = 2_400;
/// Lines of the log that a run's page shows.
const MAX_LOG_LINES: usize = 500;

/// One run with what its page shows beside the curves. Blocks.
pub fn detail(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<JobDetail, ApiError> {
    db.now(|store| {
        let Some(job) = store.job(user_id, job_id)? else {
            return Ok(None);
        };
        Ok(Some(JobDetail {
            checkpoints: store.checkpoints(job_id)?,
            samples: store.samples(job_id, MAX_SAMPLES)?,
            job: job.record,
            spec: job.spec,
        }))
    })?
    .ok_or_else(error::not_found)
}

/// The curves so far. Blocks.
pub fn metrics(
    db: &Db,
    curves: &Curves,
    user_id: &UserId,
    job_id: &JobId,
) -> Result<Metrics, ApiError> {
    db.now(|store| {
        let Some(job) = store.job(user_id, job_id)? else {
            return Ok(None);
        };
        let job = job.record;
        if let Some(known) = curves.of(&job) {
            return Ok(Some(known));
        }
        let metrics = store.thinned_metrics(job_id, MAX_POINTS)?;
        curves.keep(&job, &metrics);
        Ok(Some(metrics))
    })?
    .ok_or_else(error::not_found)
}

/// The last lines of the run's log. Blocks.
pub fn log(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<Vec<String>, ApiError> {
    let job = db
        .now(|store| store.job(user_id, job_id))?
        .ok_or_else(error::not_found)?;
    files::tail(&PathBuf::from(job.job_dir).join(LOG_FILE), MAX_LOG_LINES)
}

/// The row as it is now, which comes before live updates. Blocks.
pub fn first_update(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<JobUpdate, ApiError> {
    let job = db
        .now(|store| store.job(user_id, job_id))?
        .ok_or_else(error::not_found)?;
    Ok(JobUpdate {
        job: job.record,
        loading: None,
        train: Vec::new(),
        validation: Vec::new(),
        samples: Vec::new(),
        checkpoints: Vec::new(),
    })
}
