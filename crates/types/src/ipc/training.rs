//! Making and watching runs.

use crate::event::KeptActivations;
use crate::id::{DatasetId, JobId};
use crate::job::{JobRecord, JobStatus};
use crate::spec::SizePreset;
use serde::{Deserialize, Serialize};

/// What the new-run form holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// What people shall call it; 1 to 80 characters.
    pub name: String,
    /// What it learns.
    pub dataset_id: DatasetId,
    /// The decoder's shape, but for its context.
    pub preset: SizePreset,
    /// Passes over the text, 1 to 1000.
    pub epochs: u32,
    /// Sequences in one optimizer step, 1 to 512.
    pub batch_size: u32,
    /// Peak learning rate, in (0, 0.1].
    pub lr: f64,
    /// Tokens in one sequence, 16 to 2048.
    pub context_length: u32,
    /// Sequences in one forward pass, a divisor of `batch_size`; all of them where absent.
    #[serde(default)]
    pub micro_batch: Option<u32>,
}

/// What a run will need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Weights to train.
    pub n_parameters: u64,
    /// Peak memory of the worker.
    pub memory_bytes: u64,
    /// Memory free now.
    pub free_memory_bytes: u64,
    /// Tokens of training text, estimated from its bytes.
    pub n_train_tokens: u64,
    /// Optimizer steps in all.
    pub total_steps: u64,
    /// Seconds, from a short measurement of this machine.
    pub duration_s: f64,
    /// Bytes that checkpoints and the final model will take.
    pub disk_bytes: u64,
    /// Bytes free on the disk of the data folder.
    pub free_disk_bytes: u64,
    /// What will be kept from forward passes, chosen by the free memory.
    pub kept: KeptActivations,
    /// What makes the run fit into the free memory, each on top of those before; empty where it fits.
    pub to_fit: Vec<FitChange>,
}

/// A change to the form that lowers a run's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", content = "value", rename_all = "snake_case")]
pub enum FitChange {
    /// Fewer sequences at a time; gradients accumulate, the result stays.
    MicroBatch(u32),
    /// Shorter sequences.
    Context(u32),
}

/// A move within the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reorder {
    /// Which queued run.
    pub job_id: JobId,
    /// Its new place, from 0.
    pub position: u32,
}

/// Names a live subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionId(pub u32);

/// Which of the user's runs to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JobQuery {
    /// A part of the run's or its dataset's name; everything where empty.
    pub search: String,
    /// Of which states.
    pub group: JobGroup,
    /// How many of the matching runs to leave out, from the latest on.
    pub offset: u32,
    /// How many to answer at most; 1 to 200.
    pub limit: u32,
}

/// States that a list shows together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobGroup {
    /// Every state.
    #[default]
    All,
    /// Waits for its turn, or has a process.
    Active,
    /// Complete.
    Completed,
    /// Ended without being complete.
    Unfinished,
}

impl JobGroup {
    /// Every group.
    pub const ALL: &'static [Self] = &[Self::All, Self::Active, Self::Completed, Self::Unfinished];

    /// Whether a run of this state belongs to it.
    pub fn contains(self, status: JobStatus) -> bool {
        match self {
            Self::All => true,
            Self::Active => !status.has_ended(),
            Self::Completed => status == JobStatus::Completed,
            Self::Unfinished => status.has_ended() && status != JobStatus::Completed,
        }
    }
}

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct JobPage {
    /// The runs of the page, latest first.
    pub jobs: Vec<JobRecord>,
    /// How many match in all.
    pub n_matching: u32,
    /// How many runs the user has, matching or not.
    pub n_all: u32,
    /// How many of those are complete.
    pub n_completed: u32,
    /// How many runs of any user wait in the queue.
    pub n_queued: u32,
}
