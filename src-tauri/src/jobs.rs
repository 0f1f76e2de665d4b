//! Training runs: the queue, one supervisor per worker process. Knows nothing of Tauri: what
//! happens is told to an [`Observer`].
//!
//! Invariants:
//! - A status changes only through `JobStatus::may_become`.
//! - While a job is live, its supervisor alone writes its row; otherwise the queue does.
//! - No process starts before its row says so: a database that cannot be written starts none.
//! - No worker outlives the program for long: its standard input closes, it saves and ends; what is
//!   left of it is ended at the next start.

pub mod adopt;
pub mod compare;
pub mod new_run;
pub mod recipe;
pub mod view;
pub mod writing;

mod backoff;
mod context;
mod curves;
mod live;
mod plan;
mod progress;
mod queue;
mod record;
mod subscriptions;
mod supervisor;

#[cfg(all(test, unix))]
mod queue_tests;

pub use curves::Curves;
pub use live::Live;
pub use queue::Jobs;
pub use record::{fall_in_words, pairs_in_words, read_in_words, scores_in_words};
pub use subscriptions::{Sink, Subscriptions};

use amoozgar_types::ApiError;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::EndingRun;
use amoozgar_types::job::JobRecord;

/// Who is told what happens to jobs.
pub trait Observer: Send + Sync + 'static {
    /// A row changed its state or came to be.
    fn changed(&self, owner: &UserId, job: &JobRecord);
    /// A row is gone.
    fn deleted(&self, owner: &UserId, job_id: &JobId);
    /// A live job got further; `None` once nothing runs.
    fn progressed(&self, live: Option<(&UserId, &JobRecord)>);
    /// What waits cannot be started, since the database fails. Said once until it works again. May block.
    fn stuck(&self, failure: &ApiError);
    /// The program quits and waits for this run; about once a second. Its name is for `owner` alone.
    fn ending(&self, owner: &UserId, run: &EndingRun);
    /// A run ended, and its owner has not seen to it themselves. May block.
    fn ended(&self, owner: &UserId, job: &JobRecord);
}
