//! What a run will need, worked out before it starts.

use crate::event::KeptActivations;
use serde::{Deserialize, Serialize};

/// What a run will need of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEstimate {
    /// Weights to train.
    pub n_parameters: u64,
    /// Peak memory.
    pub memory_bytes: u64,
    /// Memory that is free now; `None` where the system does not tell.
    pub available_bytes: Option<u64>,
    /// What is kept from forward passes, chosen by the free memory.
    pub kept: KeptActivations,
    /// Tokens of training text, estimated from its bytes.
    pub n_train_tokens: u64,
    /// Optimizer steps in all.
    pub total_steps: u64,
    /// Seconds of one optimizer step, from a short measurement of this machine; `None` where the run does
    /// not fit into the memory, so that nothing was measured.
    pub step_s: Option<f64>,
    /// Seconds; `None` as `step_s`.
    pub duration_s: Option<f64>,
    /// Bytes that checkpoints, caches and the final model take.
    pub disk_bytes: u64,
}

/// What a run will need, beside what there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// What it needs.
    #[serde(flatten)]
    pub run: RunEstimate,
    /// Memory that it may take.
    pub free_memory_bytes: u64,
    /// Bytes free on the disk of the data folder.
    pub free_disk_bytes: u64,
    /// What makes the run fit into the free memory, each on top of those before; empty where it fits.
    pub to_fit: Vec<Change>,
}

/// A change that lowers a run's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", content = "value", rename_all = "snake_case")]
pub enum Change {
    /// Fewer sequences at a time; gradients accumulate, the result stays.
    MicroBatch(u32),
    /// Less is kept from forward passes, which every run chooses for itself.
    Kept(KeptActivations),
    /// Shorter sequences.
    Context(u32),
    /// Frozen weights in 16 bits.
    Bf16Storage,
}
