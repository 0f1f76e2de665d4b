//! What a run will need, worked out before it starts.

use crate::event::KeptActivations;
use serde::{Deserialize, Serialize};

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
    /// Seconds, from a short measurement of this machine; `None` where the run does not fit into the
    /// memory, so that nothing was measured.
    pub duration_s: Option<f64>,
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
    /// Frozen weights in 16 bits.
    Bf16Storage,
}
