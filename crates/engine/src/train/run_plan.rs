//! The numbers that follow from a specification and its text: steps, schedule, intervals.

use super::optimizer::{Decayed, OptimizerConfig};
use super::schedule::Schedule;
use crate::EngineError;
use crate::tokenizer::MIN_VOCAB_SIZE;
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::Method;

/// Refuses what cannot be trained.
pub(crate) fn validate(spec: &TrainSpec) -> Result<(), EngineError> {
    let (model, optimizer) = (&spec.model, &spec.optimizer);
    let positive = [
        ("model.n_layers", model.n_layers),
        ("model.d_model", model.d_model),
        ("model.n_heads", model.n_heads),
        ("model.n_kv_heads", model.n_kv_heads),
        ("model.d_ff", model.d_ff),
        ("optimizer.batch_size", optimizer.batch_size),
    ];
    for (field, value) in positive {
        require(field, value > 0, || "must be positive".to_owned())?;
    }
    require("model.context_length", model.context_length >= 2, || {
        "must be at least 2".to_owned()
    })?;
    require(
        "model.n_heads",
        model.d_model.is_multiple_of(2 * model.n_heads),
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
    require(
        "model.n_kv_heads",
        spec.method != Method::Classify
            || spec.base_model.is_some()
            || model.n_kv_heads == model.n_heads,
        || "an encoder has as many as `model.n_heads`".to_owned(),
    )?;
    require(
        "tokenizer.vocab_size",
        spec.tokenizer.vocab_size >= MIN_VOCAB_SIZE,
        || format!("must be at least {MIN_VOCAB_SIZE}"),
    )?;
    require("optimizer.epochs", optimizer.epochs > 0, || {
        "must be positive".to_owned()
    })?;
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
    )?;
    let ranges = [
        ("optimizer.lr", optimizer.lr, f64::MIN_POSITIVE, f64::MAX),
        ("optimizer.min_lr_ratio", optimizer.min_lr_ratio, 0.0, 1.0),
        ("optimizer.weight_decay", optimizer.weight_decay, 0.0, 100.0),
        ("optimizer.beta1", optimizer.beta1, 0.0, 0.999_999),
        ("optimizer.beta2", optimizer.beta2, 0.0, 0.999_999_9),
        ("optimizer.eps", optimizer.eps, f64::MIN_POSITIVE, 1.0),
        ("optimizer.grad_clip", optimizer.grad_clip, 0.0, f64::MAX),
        (
            "evaluation.temperature",
            spec.evaluation.temperature,
            0.0,
            100.0,
        ),
        (
            "dataset.validation_fraction",
            spec.dataset.validation_fraction,
            f64::MIN_POSITIVE,
            0.5,
        ),
    ];
    for (field, value, low, high) in ranges {
        require(
            field,
            value.is_finite() && (low..=high).contains(&value),
            || format!("{value} is outside {low} to {high}"),
        )?;
    }
    require(
        "evaluation.every_steps",
        spec.evaluation.every_steps != Some(0),
        || "must be positive".to_owned(),
    )?;
    require(
        "evaluation.patience",
        spec.evaluation.patience != Some(0),
        || "must be positive".to_owned(),
    )?;
    require(
        "checkpoint.every_steps",
        spec.checkpoint.every_steps != Some(0),
        || "must be positive".to_owned(),
    )?;
    require(
        "checkpoint.keep_last",
        spec.checkpoint.keep_last > 0,
        || "must be positive".to_owned(),
    )
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
