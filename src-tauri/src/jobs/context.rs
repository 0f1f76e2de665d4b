//! What the queue and the supervisors share.

use super::{Observer, Subscriptions};
use crate::db::{Db, blocking};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::job::JobRecord;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What queue and supervisors share.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub db: Db,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// Who watches.
    pub subscriptions: Arc<Subscriptions>,
    /// The executable that `worker` is called on.
    pub program: PathBuf,
    /// How long a worker may be silent, once the program quits, before somebody is asked.
    pub patience: Duration,
    /// Where all runs lie.
    pub folder: PathBuf,
}

impl Context {
    /// Says that nothing can be started.
    pub async fn stuck(&self, failure: ApiError) {
        let observer = Arc::clone(&self.observer);
        let told = blocking(move || {
            observer.stuck(&failure);
            Ok(())
        });
        if let Err(failure) = told.await {
            tracing::error!(error = %failure, "nobody hears that nothing can be started");
        }
    }

    /// Has the owner told that a run ended; returns once the notification is kept.
    pub async fn announce(&self, owner: &UserId, job: &JobRecord) {
        let observer = Arc::clone(&self.observer);
        let (owner, job) = (owner.clone(), job.clone());
        let told = blocking(move || {
            observer.ended(&owner, &job);
            Ok(())
        });
        if let Err(failure) = told.await {
            tracing::error!(error = %failure, "an ended run could not be announced");
        }
    }
}
