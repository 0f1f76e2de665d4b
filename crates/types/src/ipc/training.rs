//! Making and watching runs.

use crate::dataset::{Mapping, Shape};
use crate::id::{DatasetId, JobId};
use crate::model_ref::ModelRef;
use crate::spec::{
    DEFAULT_SEED, DEFAULT_VALIDATION_FRACTION, Defaults, Dtype, EvaluationSpec, LoraSpec, Method,
    Objective, OptimizerKind, OptimizerSpec, Packing, ScheduleKind, SizePreset, Supervise, Task,
    Thinking,
};
use serde::{Deserialize, Serialize};

/// What the new-run form holds. The ranges of its fields stand in [`crate::limits::form`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// What people shall call it.
    pub name: String,
    /// What it learns.
    pub dataset_id: DatasetId,
    /// The decoder's shape, but for its context; a base model has its own.
    pub preset: SizePreset,
    /// Passes over the text.
    pub epochs: u32,
    /// Sequences in one optimizer step.
    pub batch_size: u32,
    /// Peak learning rate.
    pub lr: f64,
    /// Tokens in one sequence.
    pub context_length: u32,
    /// Sequences in one forward pass, a divisor of `batch_size`; all of them where absent.
    #[serde(default)]
    pub micro_batch: Option<u32>,
    /// What the model learns to do.
    #[serde(default)]
    pub task: Task,
    /// Which weights are trained.
    #[serde(default)]
    pub method: Method,
    /// The model to go on from, which every method but [`Method::Scratch`] needs.
    #[serde(default)]
    pub base_model: Option<ModelRef>,
    /// The adapters of [`Method::Lora`].
    #[serde(default)]
    pub lora: LoraSpec,
    /// What its rows are, where they are conversations or pairs.
    #[serde(default)]
    pub rows: RowChoices,
    /// The `beta` of `dpo` and `orpo`; the default where absent.
    #[serde(default)]
    pub beta: Option<f64>,
    /// What most people leave as it is.
    #[serde(default)]
    pub advanced: AdvancedSettings,
}

/// How a dataset's rows are learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowChoices {
    /// What they are; what they look like where absent.
    pub shape: Option<Shape>,
    /// The columns of their parts, where they were chosen by hand.
    pub mapping: Mapping,
    /// Which answers are learnt.
    pub supervise: Supervise,
    /// What is learnt of them, where they are pairs.
    pub objective: Option<Objective>,
    /// What becomes of the thoughts before them.
    pub thinking: Thinking,
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
    /// Steps of warm-up; a twentieth of the run where absent.
    pub warmup_steps: Option<u32>,
    /// Decay of matrices.
    pub weight_decay: f64,
    /// Seed of every random choice.
    pub seed: u32,
    /// How documents share sequences.
    pub packing: Packing,
    /// The share held out where a dataset has no held-out text of its own.
    pub validation_fraction: f64,
    /// Validations in a row without a new best after which the run ends; never where absent.
    pub patience: Option<u32>,
    /// Steps between checkpoints; a tenth of the run where absent.
    pub checkpoint_every: Option<u32>,
    /// Minutes after which one is saved between these.
    pub checkpoint_minutes: u32,
    /// Prompts that the model continues at each validation.
    pub prompts: Vec<String>,
}

/// What suits a model of fresh weights.
impl Default for AdvancedSettings {
    fn default() -> Self {
        let optimizer = OptimizerSpec::of(Task::default(), Method::default());
        let evaluation = EvaluationSpec::default();
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
            checkpoint_minutes: Defaults::CHECKPOINT_MINUTES,
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
