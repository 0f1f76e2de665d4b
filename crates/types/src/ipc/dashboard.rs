//! The machine, now and over the last hours; what runs, what takes room, and what can go.

use crate::job::{JobRecord, JobStatus};
use serde::{Deserialize, Serialize};

/// How far back to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// 1 to 24.
    pub hours: u32,
}

/// What the dashboard shows beside the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// How many of the user's runs are in each state that occurs.
    pub jobs_by_status: Vec<(JobStatus, u64)>,
    /// The user's runs that changed last, latest first.
    pub recent: Vec<JobRecord>,
}

/// A run's folder that the database does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlistedRun {
    /// The folder's name.
    pub folder: String,
}

/// What a clean-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupOutcome {
    /// Things removed.
    pub n_removed: u32,
    /// Room made.
    pub freed_bytes: u64,
    /// Things that were gone already, or are in use by now.
    pub n_skipped: u32,
}
