//! The numbers that follow from a specification and its text: steps, schedule, intervals.

use super::optimizer::{Decayed, OptimizerConfig};
use super::schedule::Schedule;
use crate::EngineError;
use amoozgar_types::spec::{DEFAULT_BETA, Method, OptimizerSpec, Supervise, Task};
use amoozgar_types::{TrainSpec, limits};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// The share of a run that validations, samples and the checkpoints of bests take at most where nothing is
/// said of their number.
const MOST_FOR_VALIDATION: f64 = 0.06;
/// The share of a run that the other checkpoints take at most where nothing is said of theirs.
const MOST_FOR_CHECKPOINTS: f64 = 0.04;
/// Forward passes that a token takes which goes forward and back.
const TRAINED_TOKEN: f64 = 3.0;
/// The same where most weights are frozen, whose gradients nobody needs.
const ADAPTED_TOKEN: f64 = 2.0;
/// Forward passes of a token in a batch that take as long as one that is written: it reads all weights alone.
const SAMPLED_TOKEN: f64 = 20.0;
/// Floating-point operations a second of a computer at home, of which a token's forward pass takes two for
/// each weight.
const FLOPS: f64 = 1.5e11;
/// Bytes a second of its disk.
const DISK_BYTES: f64 = 1.5e8;
/// Bytes in a checkpoint for each weight that is trained: the weight and two moments.
const SAVED_BYTES: f64 = 12.0;
/// Seconds of a run that is too short for anybody to mind what its checkpoints take.
const SHORT: f64 = 60.0;

/// Refuses what cannot be trained: what is outside [`limits`], and what contradicts itself. Looks at no
/// file.
///
/// # Errors
/// [`EngineError::InvalidSpec`] with the field.
pub fn validate(spec: &TrainSpec) -> Result<(), EngineError> {
    validate_method(spec)?;
    validate_objective(spec)?;
    validate_model(spec)?;
    validate_optimizer(&spec.optimizer)?;
    let sampling = spec.evaluation.temperature;
    let held_out = spec.dataset.validation_fraction;
    within(
        "evaluation.temperature",
        sampling,
        limits::SAMPLE_TEMPERATURE,
    )?;
    within(
        "dataset.validation_fraction",
        held_out,
        limits::VALIDATION_FRACTION,
    )?;
    if let Some(patience) = spec.evaluation.patience {
        within("evaluation.patience", patience, limits::PATIENCE)?;
    }
    for (field, every) in [
        ("evaluation.every_steps", spec.evaluation.every_steps),
        ("checkpoint.every_steps", spec.checkpoint.every_steps),
    ] {
        require(field, every != Some(0), || "must be positive".to_owned())?;
    }
    within(
        "checkpoint.every_minutes",
        spec.checkpoint.every_minutes,
        limits::CHECKPOINT_MINUTES,
    )?;
    require(
        "checkpoint.keep_last",
        spec.checkpoint.keep_last > 0,
        || "must be positive".to_owned(),
    )
}

fn validate_method(spec: &TrainSpec) -> Result<(), EngineError> {
    if spec.method != Method::Lora {
        return Ok(());
    }
    require("method", spec.task == Task::CausalLm, || {
        "adapters over a classifier cannot be trained; `full` trains all of its weights".to_owned()
    })?;
    within("lora.rank", spec.lora.rank, limits::RANK)?;
    within("lora.alpha", spec.lora.alpha, limits::ALPHA)?;
    within("lora.dropout", spec.lora.dropout, limits::DROPOUT)
}

/// What learns of pairs, and what has no part in it.
fn validate_objective(spec: &TrainSpec) -> Result<(), EngineError> {
    let Some(objective) = spec.preference() else {
        return require("beta", spec.beta.is_none(), || {
            "it changes nothing but with objective `dpo` or `orpo`".to_owned()
        });
    };
    let name = objective.as_str();
    require("objective", spec.task == Task::CausalLm, || {
        format!("a classifier learns nothing by `{name}`")
    })?;
    require("method", spec.method != Method::Scratch, || {
        format!("`{name}` goes on from a finished model: `full` or `lora`")
    })?;
    require(
        "dataset.supervise",
        spec.dataset.supervise == Supervise::All,
        || "of a pair the answers after the prompt are learnt, whatever stands here".to_owned(),
    )?;
    within("beta", spec.beta.unwrap_or(DEFAULT_BETA), limits::BETA)
}

fn validate_model(spec: &TrainSpec) -> Result<(), EngineError> {
    let model = &spec.model;
    within("model.n_layers", model.n_layers, limits::N_LAYERS)?;
    within("model.d_model", model.d_model, limits::D_MODEL)?;
    within("model.d_ff", model.d_ff, limits::D_FF)?;
    within(
        "model.context_length",
        model.context_length,
        limits::CONTEXT_LENGTH,
    )?;
    within(
        "tokenizer.vocab_size",
        spec.tokenizer.vocab_size,
        limits::VOCAB_SIZE,
    )?;
    for (field, n_heads) in [
        ("model.n_heads", model.n_heads),
        ("model.n_kv_heads", model.n_kv_heads),
    ] {
        require(field, n_heads > 0, || "must be positive".to_owned())?;
    }
    require(
        "model.n_heads",
        model.n_heads <= model.d_model && model.d_model.is_multiple_of(2 * model.n_heads),
        || {
            format!(
                "{} heads do not divide the width {} evenly",
                model.n_heads, model.d_model
            )
        },
    )?;
    require(
        "model.n_kv_heads",
        model.n_heads.is_multiple_of(model.n_kv_heads),
        || "must divide `model.n_heads`".to_owned(),
    )?;
    let fresh_encoder = (spec.task, spec.method) == (Task::SequenceClassification, Method::Scratch);
    require(
        "model.n_kv_heads",
        !fresh_encoder || model.n_kv_heads == model.n_heads,
        || "an encoder has as many as `model.n_heads`".to_owned(),
    )
}

fn validate_optimizer(optimizer: &OptimizerSpec) -> Result<(), EngineError> {
    within(
        "optimizer.batch_size",
        optimizer.batch_size,
        limits::BATCH_SIZE,
    )?;
    within("optimizer.epochs", optimizer.epochs, limits::EPOCHS)?;
    for (field, value, range) in [
        ("optimizer.lr", optimizer.lr, limits::LR),
        (
            "optimizer.min_lr_ratio",
            optimizer.min_lr_ratio,
            limits::MIN_LR_RATIO,
        ),
        (
            "optimizer.weight_decay",
            optimizer.weight_decay,
            limits::WEIGHT_DECAY,
        ),
        ("optimizer.beta1", optimizer.beta1, limits::BETA1),
        ("optimizer.beta2", optimizer.beta2, limits::BETA2),
        ("optimizer.eps", optimizer.eps, limits::EPS),
        (
            "optimizer.grad_clip",
            optimizer.grad_clip,
            limits::GRAD_CLIP,
        ),
    ] {
        within(field, value, range)?;
    }
    require(
        "optimizer.max_steps",
        optimizer.max_steps != Some(0),
        || "must be positive".to_owned(),
    )?;
    require(
        "optimizer.micro_batch",
        optimizer
            .micro_batch
            .is_none_or(|micro| micro > 0 && optimizer.batch_size.is_multiple_of(micro)),
        || "must divide `optimizer.batch_size`".to_owned(),
    )
}

/// Refuses a batch larger than all passes over `n_sequences` together: its one step would go through the
/// text more often than asked for.
///
/// # Errors
/// [`EngineError::InvalidSpec`] with both numbers.
pub(crate) fn require_a_whole_batch(
    spec: &TrainSpec,
    n_sequences: usize,
) -> Result<(), EngineError> {
    let OptimizerSpec {
        batch_size, epochs, ..
    } = spec.optimizer;
    let n_wanted = epochs.saturating_mul(n_sequences as u64);
    require(
        "optimizer.batch_size",
        n_wanted >= batch_size as u64,
        || {
            format!(
                "the text has {n_sequences} sequences, so that {epochs} passes over it have {n_wanted}: \
             fewer than a batch of {batch_size}"
            )
        },
    )
}

/// NaN is within nothing.
fn within<T: PartialOrd + Display>(
    field: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), EngineError> {
    require(field, range.contains(&value), || {
        format!("{value} is outside {} to {}", range.start(), range.end())
    })
}

fn require(
    field: &'static str,
    holds: bool,
    detail: impl FnOnce() -> String,
) -> Result<(), EngineError> {
    if holds {
        Ok(())
    } else {
        Err(EngineError::InvalidSpec {
            field,
            detail: detail(),
        })
    }
}

/// How much an epoch and the model are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// Tokens that go through the model in an epoch.
    pub(crate) train_tokens: u64,
    /// Tokens that a validation measures.
    pub(crate) validation_tokens: u64,
    /// Weights of the model.
    pub(crate) parameters: u64,
    /// Weights that are trained.
    pub(crate) trained: u64,
}

/// The run in numbers.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) n_sequences: usize,
    pub(crate) steps_per_epoch: u64,
    pub(crate) total_steps: u64,
    pub(crate) micro_batch: usize,
    pub(crate) schedule: Schedule,
    pub(crate) optimizer: OptimizerConfig,
    pub(crate) evaluate_every: u64,
    pub(crate) checkpoint_every: u64,
    batch_size: u64,
}

impl Plan {
    /// The plan over so many sequences an epoch, which is at least one.
    pub(crate) fn new(spec: &TrainSpec, n_sequences: usize) -> Self {
        let batch_size = spec.optimizer.batch_size as u64;
        let n_sequences = n_sequences.max(1);
        let wanted =
            (spec.optimizer.epochs.saturating_mul(n_sequences as u64)).div_ceil(batch_size);
        let total_steps = spec
            .optimizer
            .max_steps
            .map_or(wanted, |most| most.min(wanted))
            .max(1);
        let warmup_steps = spec
            .optimizer
            .warmup_steps
            .unwrap_or((total_steps / 20).max(1))
            .min(total_steps);
        Self {
            n_sequences,
            steps_per_epoch: (n_sequences as u64).div_ceil(batch_size),
            total_steps,
            micro_batch: spec
                .optimizer
                .micro_batch
                .unwrap_or(spec.optimizer.batch_size),
            schedule: Schedule {
                kind: spec.optimizer.schedule,
                peak: spec.optimizer.lr,
                floor: spec.optimizer.lr * spec.optimizer.min_lr_ratio,
                warmup_steps,
                total_steps,
            },
            optimizer: OptimizerConfig {
                kind: spec.optimizer.kind,
                beta1: spec.optimizer.beta1,
                beta2: spec.optimizer.beta2,
                eps: spec.optimizer.eps,
                weight_decay: spec.optimizer.weight_decay,
                decayed: Decayed::Matrices,
            },
            evaluate_every: spec
                .evaluation
                .every_steps
                .unwrap_or((total_steps / 20).max(1)),
            checkpoint_every: spec
                .checkpoint
                .every_steps
                .unwrap_or((total_steps / 10).max(1)),
            batch_size,
        }
    }

    /// The same with fewer validations and checkpoints, where nothing is said of their number: with the
    /// samples they take a tenth of the run at most, reckoned in forward passes of a token. The last step
    /// validates and saves anyway.
    pub(crate) fn sparing(mut self, spec: &TrainSpec, work: &Work) -> Self {
        let n_sampled = match spec.task {
            Task::CausalLm => spec.evaluation.prompts.len() * spec.evaluation.sample_tokens,
            Task::SequenceClassification => 0,
        };
        let token = match spec.method {
            Method::Lora => ADAPTED_TOKEN,
            Method::Scratch | Method::Full => TRAINED_TOKEN,
        };
        let step_tokens =
            work.train_tokens as f64 * self.batch_size as f64 / self.n_sequences as f64;
        let all_steps = self.total_steps as f64 * step_tokens * token;
        let pass_s = 2.0 * work.parameters as f64 / FLOPS;
        let saved = if all_steps * pass_s < SHORT {
            0.0
        } else {
            SAVED_BYTES * work.trained as f64 / DISK_BYTES / pass_s
        };
        let validated = work.validation_tokens as f64 + n_sampled as f64 * SAMPLED_TOKEN + saved;
        // Steps from one to the next where each takes `once` and all of them `share` of the run.
        let apart = |once: f64, share: f64| {
            let most = (share * all_steps / once.max(1.0)).max(1.0);
            let every = (self.total_steps as f64 / most).ceil() as u64;
            every.clamp(1, self.total_steps)
        };
        let (validations, checkpoints) = (
            apart(validated, MOST_FOR_VALIDATION),
            apart(saved, MOST_FOR_CHECKPOINTS),
        );
        if spec.evaluation.every_steps.is_none() {
            self.evaluate_every = self.evaluate_every.max(validations);
        }
        if spec.checkpoint.every_steps.is_none() {
            self.checkpoint_every = self.checkpoint_every.max(checkpoints);
        }
        self
    }

    /// Epochs done after `step` steps, as a fraction.
    pub(crate) fn epoch(&self, step: u64) -> f64 {
        (step * self.batch_size) as f64 / self.n_sequences as f64
    }
}

/// Sequences in an epoch over a stream: one context less than fits, so that each epoch can start at
/// an offset of its own.
pub(crate) fn n_windows(n_tokens: usize, context: usize) -> usize {
    (n_tokens.saturating_sub(context) / context).max(1)
}

#[cfg(test)]
#[path = "run_plan_tests.rs"]
#[allow(clippy::unwrap_used)]
mod tests;
