//! Making and watching runs.

use crate::id::{DatasetId, JobId};
use crate::model_ref::ModelRef;
use crate::spec::{
    DEFAULT_SEED, DEFAULT_VALIDATION_FRACTION, Dtype, EvaluationSpec, LoraSpec, Method,
    OptimizerKind, OptimizerSpec, Packing, ScheduleKind, SizePreset,
};
use serde::{Deserialize, Serialize};

/// The most steps that a setting can name; no run of this program reaches it.
pub const MOST_STEPS: u32 = 1_000_000;

/// The most prompts that a run continues at each validation.
pub const MAX_PROMPTS: usize = 8;

/// The longest of them.
pub const MAX_PROMPT_CHARS: usize = 500;

/// What the new-run form holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// What people shall call it; 1 to 80 characters.
    pub name: String,
    /// What it learns.
    pub dataset_id: DatasetId,
    /// The decoder's shape, but for its context; a base model has its own.
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
    /// What is trained.
    #[serde(default)]
    pub method: Method,
    /// The model to go on from, which every method but [`Method::Scratch`] needs.
    #[serde(default)]
    pub base_model: Option<ModelRef>,
    /// The adapters of [`Method::Lora`].
    #[serde(default)]
    pub lora: LoraSpec,
    /// What most people leave as it is.
    #[serde(default)]
    pub advanced: AdvancedSettings,
}

/// Settings of a run that most people leave as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdvancedSettings {
    /// The numbers to compute with.
    pub dtype: Dtype,
    /// How weights follow their gradients.
    pub optimizer: OptimizerKind,
    /// The learning rate's course after the warm-up.
    pub schedule: ScheduleKind,
    /// Steps of warm-up, at most 1,000,000; a twentieth of the run where absent.
    pub warmup_steps: Option<u32>,
    /// Decay of matrices, 0 to 1.
    pub weight_decay: f64,
    /// Seed of every random choice.
    pub seed: u32,
    /// How documents share sequences.
    pub packing: Packing,
    /// The share held out where a dataset has no held-out text of its own, 0.005 to 0.5.
    pub validation_fraction: f64,
    /// Validations in a row without a new best after which the run ends, 1 to 1000; never where absent.
    pub patience: Option<u32>,
    /// Steps between checkpoints, 1 to 1,000,000; a tenth of the run where absent.
    pub checkpoint_every: Option<u32>,
    /// Prompts that the model continues at each validation: at most 8, of 1 to 500 characters each.
    pub prompts: Vec<String>,
}

impl Default for AdvancedSettings {
    fn default() -> Self {
        let (optimizer, evaluation) = (OptimizerSpec::default(), EvaluationSpec::default());
        Self {
            dtype: Dtype::default(),
            optimizer: optimizer.kind,
            schedule: optimizer.schedule,
            warmup_steps: None,
            weight_decay: optimizer.weight_decay,
            seed: DEFAULT_SEED,
            packing: Packing::default(),
            validation_fraction: DEFAULT_VALIDATION_FRACTION,
            patience: evaluation.patience.and_then(|n| u32::try_from(n).ok()),
            checkpoint_every: None,
            prompts: evaluation.prompts,
        }
    }
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
