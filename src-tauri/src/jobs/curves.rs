//! Curves of runs that have ended, which change no more and take longest to read of all that a run's
//! page shows.

use amoozgar_types::UtcMs;
use amoozgar_types::id::JobId;
use amoozgar_types::job::{JobRecord, Metrics};
use std::sync::{Mutex, PoisonError};

/// Runs whose curves are kept.
const MOST_KEPT: usize = 8;

/// The curves that were asked for last.
#[derive(Debug, Default)]
pub struct Curves {
    /// With the moment of their rows' last change; latest last.
    kept: Mutex<Vec<(JobId, UtcMs, Metrics)>>,
}

impl Curves {
    /// What is kept of a run as its row is now.
    pub fn of(&self, job: &JobRecord) -> Option<Metrics> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|(id, changed_ms, _)| *id == job.job_id && *changed_ms == job.updated_ms)
            .map(|(_, _, metrics)| metrics.clone())
    }

    /// Keeps a run's curves where it has ended, and lets go of the oldest.
    pub fn keep(&self, job: &JobRecord, metrics: &Metrics) {
        if !job.status.has_ended() {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(id, _, _)| *id != job.job_id);
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push((job.job_id.clone(), job.updated_ms, metrics.clone()));
    }
}
