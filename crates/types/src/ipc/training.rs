//! Making and watching runs.

use crate::event::KeptActivations;
use crate::id::{DatasetId, JobId};
use crate::ipc::ModelRef;
use crate::job::{JobRecord, JobStatus};
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

/// A model on this machine, as something to go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaseModel {
    /// Which.
    pub model: ModelRef,
    /// What people call it.
    pub name: String,
    /// The model's family, where its configuration names one.
    pub architecture: Option<String>,
    /// Its folder.
    pub path: String,
    /// Bytes on the disk.
    pub size_bytes: u64,
    /// Whether a run can go on from it.
    pub fitness: BaseFitness,
}

/// Whether a run can go on from a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fitness", rename_all = "snake_case")]
pub enum BaseFitness {
    /// It can.
    Fit {
        /// Tokens that the model sees at once.
        context_length: u32,
        /// Its weights.
        n_parameters: u64,
        /// Last parts of the paths of the maps that adapters can be given to.
        targets: Vec<String>,
    },
    /// Its configuration is missing, or of an architecture that is not known.
    UnknownArchitecture,
    /// It sorts texts instead of continuing them.
    NotADecoder,
    /// It has no `tokenizer.json`.
    NoTokenizer,
    /// Its weights are in another form than safetensors.
    NoSafetensors,
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
    /// Frozen weights in 16 bits.
    Bf16Storage,
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
