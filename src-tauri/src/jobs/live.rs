//! Which run is live, for those who ask at any time.

use amoozgar_types::id::UserId;
use amoozgar_types::job::JobRecord;
use std::sync::{Mutex, PoisonError};

/// The live run, for the tray, the battery and closing the window.
#[derive(Default)]
pub struct Live {
    job: Mutex<Option<(UserId, JobRecord)>>,
}

impl Live {
    /// The live run with its owner.
    pub fn get(&self) -> Option<(UserId, JobRecord)> {
        self.job
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How fast it is, while one runs.
    pub fn tokens_per_s(&self) -> Option<f64> {
        self.get().and_then(|(_, job)| job.tokens_per_s)
    }

    /// Says which run is live now.
    pub fn set(&self, job: Option<(UserId, JobRecord)>) {
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = job;
    }
}
