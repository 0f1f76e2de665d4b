//! What a training run is: the content of job.json and of the command line's SPEC.toml.
//!
//! Every field but the dataset has a default, so that a specification written by hand is short. What is
//! absent is filled in once, when it is read ([`SpecFile`]), by what [`Defaults`] say for the task and
//! the method. What a value may be stands in [`crate::limits`].

mod defaults;
mod preset;
mod written;

pub use defaults::{Defaults, PROPOSED_CONTEXT, default_alpha, default_context};
pub use preset::SizePreset;
pub use written::{SpecError, SpecFile};

use crate::dataset::{Mapping, Shape};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The seed of a run that names none, so that two of them can be compared.
pub const DEFAULT_SEED: u32 = 1405;
/// The share held out where nothing is said of it.
pub const DEFAULT_VALIDATION_FRACTION: f64 = 0.05;
/// The `beta` of `dpo` and `orpo` where nothing is said of it: trl's.
pub const DEFAULT_BETA: f64 = 0.1;

/// A training run: data, what is trained, tokenizer, model, optimizer, evaluation, checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SpecFile")]
pub struct TrainSpec {
    /// What people call the run.
    pub name: String,
    /// The text to learn.
    pub dataset: DatasetSpec,
    /// What the model learns to do.
    pub task: Task,
    /// What it learns of its text; where absent, to answer where the rows are conversations, else to
    /// continue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// How far the model may move from where it was: the `beta` of `dpo` and `orpo`, which have a value here
    /// and others none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// Which weights are trained.
    pub method: Method,
    /// Folder of the model to go on from, in the Hub's form; `full` and `lora` need it. Its tokenizer and
    /// shape take the place of `tokenizer` and of all of `model` but its context.
    pub base_model: Option<String>,
    /// The adapters of method `lora`.
    pub lora: LoraSpec,
    /// The numbers to compute with.
    pub dtype: Dtype,
    /// The tokenizer to train on it.
    pub tokenizer: TokenizerSpec,
    /// The shape of a model of fresh weights.
    pub model: ModelSpec,
    /// The optimizer and its schedule.
    pub optimizer: OptimizerSpec,
    /// When to validate, what to write, when to give up.
    pub evaluation: EvaluationSpec,
    /// When to save.
    pub checkpoint: CheckpointSpec,
    /// Seed of every random choice of the run.
    pub seed: u64,
    /// Threads of the compute pool; all cores where absent.
    pub threads: Option<usize>,
    /// The most memory to plan with; what is free where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
}

/// What a model learns to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// To continue text.
    #[default]
    CausalLm,
    /// To sort texts into classes. The data is labelled.
    SequenceClassification,
}

impl Task {
    /// Every task, in the order of forms.
    pub const ALL: &'static [Self] = &[Self::CausalLm, Self::SequenceClassification];

    /// The name that specifications and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CausalLm => "causal_lm",
            Self::SequenceClassification => "sequence_classification",
        }
    }
}

/// What a model that continues text learns of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// To answer: the tokens of answers in conversations.
    Sft,
    /// To prefer the better of two answers to the worse, held by what the model was before (Rafailov et al.,
    /// 2023).
    Dpo,
    /// To write the better of two answers and to prefer it, without a reference (Hong et al., 2024).
    Orpo,
}

impl Objective {
    /// Those that learn of pairs, in the order of forms.
    pub const PREFERENCE: &'static [Self] = &[Self::Dpo, Self::Orpo];

    /// The name that specifications use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sft => "sft",
            Self::Dpo => "dpo",
            Self::Orpo => "orpo",
        }
    }

    /// Whether pairs of a better and a worse answer are learnt.
    pub fn is_preference(self) -> bool {
        matches!(self, Self::Dpo | Self::Orpo)
    }
}

impl TrainSpec {
    /// The objective, where the run learns of pairs.
    pub fn preference(&self) -> Option<Objective> {
        self.objective.filter(|objective| objective.is_preference())
    }

    /// Token sequences that one of the batch's sequences consists of: a pair has two.
    pub fn sequences_at_once(&self) -> usize {
        1 + usize::from(self.preference().is_some())
    }
}

/// Which weights a run trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Fresh ones, with a tokenizer of their own.
    #[default]
    Scratch,
    /// Every weight of a finished model. On plain text that is continued pre-training, which older
    /// specifications call `continue`.
    #[serde(alias = "continue")]
    Full,
    /// Low-rank adapters over a finished model, which stays as it is.
    Lora,
}

impl Method {
    /// Every method, in the order of forms.
    pub const ALL: &'static [Self] = &[Self::Scratch, Self::Full, Self::Lora];

    /// The name that specifications and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scratch => "scratch",
            Self::Full => "full",
            Self::Lora => "lora",
        }
    }
}

/// Low-rank adapters, by PEFT's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoraSpec {
    /// Rank of the added matrices.
    pub rank: usize,
    /// What is added is multiplied by `alpha / rank`.
    pub alpha: f64,
    /// Share of an adapter's input that is left out in training, in [0, 1).
    pub dropout: f64,
    /// Last parts of the adapted maps' paths, as `q_proj`; empty adapts every map of the blocks.
    pub targets: Vec<String>,
    /// Multiplies by `alpha / sqrt(rank)` instead.
    pub use_rslora: bool,
    /// How the frozen weights are kept.
    pub base: BaseStorage,
}

impl Default for LoraSpec {
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: default_alpha(8.0),
            dropout: 0.0,
            targets: Vec::new(),
            use_rslora: false,
            base: BaseStorage::default(),
        }
    }
}

/// How frozen weights are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseStorage {
    /// As `dtype` says.
    #[default]
    Dtype,
    /// 8 bits and a scale for every 32 weights.
    Q8,
    /// 4 bits and a scale for every 32 weights.
    Q4,
    /// As they lie in the base model's GGUF file.
    File,
}

/// The numbers that a run computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dtype {
    /// 32 bits throughout.
    #[default]
    F32,
    /// Products of bfloat16 with sums in 32 bits, where the processor has them; frozen weights are
    /// kept in bfloat16 everywhere.
    Bf16,
}

/// Where the text is. Paths are absolute in job.json; the command line resolves them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// What people call it; its file's name where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A .txt file (documents parted by blank lines) or a .jsonl file (field `text`); of conversations a
    /// .jsonl, .json or .csv file, of pairs as well. For a classifier a .jsonl or a .csv file, fields `text` and `label`.
    pub train: String,
    /// Held-out text of the same kinds; where absent, a part of `train` is held out.
    #[serde(default)]
    pub validation: Option<String>,
    /// The share of documents held out where `validation` is absent, in (0, 0.5].
    #[serde(default = "default_validation_fraction")]
    pub validation_fraction: f64,
    /// How a decoder's documents share its sequences.
    #[serde(default)]
    pub packing: Packing,
    /// What the rows are; what they look like where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// The columns of the parts of a conversation; those that are looked for by name where absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mapping: Mapping,
    /// Which answers of a conversation are learnt.
    #[serde(default, skip_serializing_if = "is_all")]
    pub supervise: Supervise,
    /// What becomes of a model's thoughts before its answers.
    #[serde(default, skip_serializing_if = "is_learnt")]
    pub thinking: Thinking,
}

/// How documents share the sequences that a decoder is trained and measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// `documents` for .jsonl, whose lines are texts of their own; `continuous` for .txt, whose
    /// paragraphs are mostly parts of one work and help to predict each other.
    #[default]
    Auto,
    /// Documents side by side in a sequence, none of which sees another.
    Documents,
    /// One stream, cut into sequences; what came before is seen across documents.
    Continuous,
}

/// Which answers of a conversation are learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supervise {
    /// All of them.
    #[default]
    All,
    /// The last one; those before it are read only.
    Last,
}

/// What of a conversation is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Lessons {
    /// Which answers.
    pub supervise: Supervise,
    /// Whether with the thoughts before them.
    pub thinking: Thinking,
}

impl DatasetSpec {
    /// What of a conversation is learnt.
    pub fn lessons(&self) -> Lessons {
        Lessons {
            supervise: self.supervise,
            thinking: self.thinking,
        }
    }
}

/// What becomes of the thoughts that a model writes to itself before an answer (`reasoning_content`, or a
/// text in `<think>` at an answer's beginning).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// The model learns to write them.
    #[default]
    Learn,
    /// The model reads them, and learns the answer behind them.
    Read,
}

/// Byte-level BPE trained on the run's own text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenizerSpec {
    /// Size of the vocabulary, special tokens included; at least 260.
    pub vocab_size: usize,
}

/// The shape of a model of fresh weights: a Llama-style decoder, or a BERT-style encoder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelSpec {
    /// Transformer blocks.
    pub n_layers: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Query heads; `d_model` is a multiple of it, with an even quotient.
    pub n_heads: usize,
    /// Key and value heads; divides `n_heads`.
    pub n_kv_heads: usize,
    /// Width of the `SwiGLU`'s hidden layer.
    pub d_ff: usize,
    /// Tokens in one training sequence.
    pub context_length: usize,
    /// Whether the output head shares the embedding's weights.
    pub tie_embeddings: bool,
}

/// The optimizer with its schedule and global-norm clipping.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OptimizerSpec {
    /// How weights follow their gradients.
    pub kind: OptimizerKind,
    /// The learning rate's course after the warm-up.
    pub schedule: ScheduleKind,
    /// Passes over the training text.
    pub epochs: u64,
    /// Ends the run after this many optimizer steps, whatever `epochs` says.
    pub max_steps: Option<u64>,
    /// Sequences in one optimizer step; pairs where those are learnt.
    pub batch_size: usize,
    /// Sequences in one forward pass; divides `batch_size`. Gradients accumulate over the rest.
    pub micro_batch: Option<usize>,
    /// Peak learning rate.
    pub lr: f64,
    /// The schedule ends at `lr * min_lr_ratio`.
    pub min_lr_ratio: f64,
    /// Steps of linear warm-up; a twentieth of the run where absent.
    pub warmup_steps: Option<u64>,
    /// Decoupled weight decay of matrices (norms are not decayed).
    pub weight_decay: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Global gradient norm above which gradients are scaled down; 0 never clips.
    pub grad_clip: f64,
}

/// How weights follow their gradients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OptimizerKind {
    /// `AdamW` with moments in f32: 8 bytes a weight.
    #[default]
    #[serde(rename = "adamw")]
    AdamW,
    /// `AdamW` with moments in 8 bits: 2 bytes a weight.
    #[serde(rename = "adamw_8bit")]
    AdamW8bit,
    /// Adafactor, which remembers means of rows and columns only: next to nothing.
    #[serde(rename = "adafactor")]
    Adafactor,
}

/// The learning rate's course after the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// Half a cosine down to the least rate.
    #[default]
    Cosine,
    /// A line down to the least rate.
    Linear,
    /// No change.
    Constant,
}

/// Validation, samples and early stopping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationSpec {
    /// Steps between validations; a twentieth of the run where absent. The last step always validates.
    pub every_steps: Option<u64>,
    /// Prompts continued at each validation.
    pub prompts: Vec<String>,
    /// Longest continuation of a prompt.
    pub sample_tokens: usize,
    /// Sampling temperature; 0 is greedy.
    pub temperature: f64,
    /// Stops after this many validations in a row without a new best; `None` never stops early.
    pub patience: Option<u64>,
}

/// Saving on the way. It changes no number of the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckpointSpec {
    /// Steps between checkpoints; a tenth of the run where absent. The last step always saves.
    pub every_steps: Option<u64>,
    /// Minutes after the last checkpoint at which one is saved between these, so that a crash never costs
    /// more. Of such ones the two latest are kept at most.
    pub every_minutes: f64,
    /// How many of the latest are kept, beside the best.
    pub keep_last: usize,
}

impl Default for TokenizerSpec {
    fn default() -> Self {
        Self { vocab_size: 4096 }
    }
}

impl OptimizerSpec {
    /// What suits a task and a method.
    pub fn of(task: Task, method: Method) -> Self {
        Self::with(Defaults::of(task, method))
    }

    /// These defaults, and what suits every task and method.
    pub fn with(defaults: Defaults) -> Self {
        Self {
            kind: OptimizerKind::default(),
            schedule: ScheduleKind::default(),
            epochs: u64::from(defaults.epochs),
            max_steps: None,
            batch_size: defaults.batch_size as usize,
            micro_batch: None,
            lr: defaults.lr,
            min_lr_ratio: 0.1,
            warmup_steps: None,
            weight_decay: defaults.weight_decay,
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-8,
            grad_clip: 1.0,
        }
    }
}

impl Default for EvaluationSpec {
    fn default() -> Self {
        Self {
            every_steps: None,
            prompts: vec!["ای دل".to_owned(), "یکی بود یکی نبود".to_owned()],
            sample_tokens: 48,
            temperature: 0.8,
            patience: Some(4),
        }
    }
}

impl Default for CheckpointSpec {
    fn default() -> Self {
        Self {
            every_steps: None,
            every_minutes: f64::from(Defaults::CHECKPOINT_MINUTES),
            keep_last: 2,
        }
    }
}

/// A specification says only what is unusual.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_all(supervise: &Supervise) -> bool {
    *supervise == Supervise::All
}

/// A specification says only what is unusual.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_learnt(thinking: &Thinking) -> bool {
    *thinking == Thinking::Learn
}

fn default_validation_fraction() -> f64 {
    DEFAULT_VALIDATION_FRACTION
}
