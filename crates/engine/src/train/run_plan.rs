//! The numbers that follow from a specification and its text: steps, schedule, intervals.

use super::optimizer::{Decayed, OptimizerConfig};
use super::schedule::Schedule;
use crate::EngineError;
use amoozgar_types::spec::{Method, OptimizerSpec, Task};
use amoozgar_types::{TrainSpec, limits};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// The share of a run that validations and samples take at most where nothing is said of their number.
const MOST_FOR_VALIDATION: f64 = 0.1;
/// Forward passes that a token takes which goes forward and back.
const TRAINED_TOKEN: f64 = 3.0;
/// Forward passes of a token in a batch that take as long as one that is written: it reads all weights alone.
const SAMPLED_TOKEN: f64 = 20.0;

/// Refuses what cannot be trained: what is outside [`limits`], and what contradicts itself. Looks at no
/// file.
///
/// # Errors
/// [`EngineError::InvalidSpec`] with the field.
pub fn validate(spec: &TrainSpec) -> Result<(), EngineError> {
    validate_method(spec)?;
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

    /// The same with fewer validations, where nothing is said of their number: with the samples they take a
    /// tenth of the run at most, reckoned in forward passes of a token. The last step validates anyway.
    /// `n_train_tokens` go through the model in an epoch.
    pub(crate) fn sparing(
        mut self,
        spec: &TrainSpec,
        n_train_tokens: u64,
        n_val_tokens: u64,
    ) -> Self {
        if spec.evaluation.every_steps.is_some() {
            return self;
        }
        let n_sampled = match spec.task {
            Task::CausalLm => spec.evaluation.prompts.len() * spec.evaluation.sample_tokens,
            Task::SequenceClassification => 0,
        };
        let once = n_val_tokens as f64 + n_sampled as f64 * SAMPLED_TOKEN;
        let step_tokens = n_train_tokens as f64 * self.batch_size as f64 / self.n_sequences as f64;
        let all_steps = self.total_steps as f64 * step_tokens * TRAINED_TOKEN;
        let most = (MOST_FOR_VALIDATION * all_steps / once.max(1.0)).max(1.0);
        let every = (self.total_steps as f64 / most).ceil() as u64;
        self.evaluate_every = self.evaluate_every.max(every.clamp(1, self.total_steps));
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Plan, require_a_whole_batch, validate};
    use crate::EngineError;
    use amoozgar_types::TrainSpec;
    use serde_json::{Value, json};

    fn refused(more: &Value) -> Option<(&'static str, String)> {
        let mut spec = json!({ "dataset": { "train": "/t.txt" } });
        let (Value::Object(all), Value::Object(more)) = (&mut spec, more.clone()) else {
            unreachable!("both are objects");
        };
        all.extend(more);
        let spec: TrainSpec = serde_json::from_value(spec).unwrap();
        match validate(&spec) {
            Ok(()) => None,
            Err(EngineError::InvalidSpec { field, detail }) => Some((field, detail)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_number_of_heads_alone_is_enough() {
        for model in [json!({ "n_heads": 2 }), json!({ "d_model": 384 })] {
            assert_eq!(refused(&json!({ "model": model })), None, "{model}");
        }
    }

    #[test]
    fn a_batch_larger_than_all_passes_together_is_refused() {
        let spec: TrainSpec = serde_json::from_value(json!({
            "dataset": { "train": "/t.txt" },
            "optimizer": { "batch_size": 64, "epochs": 2 },
        }))
        .unwrap();
        assert!(
            require_a_whole_batch(&spec, 32).is_ok(),
            "one step, twice through"
        );
        let error = require_a_whole_batch(&spec, 31).unwrap_err().to_string();
        assert!(
            error.contains("31") && error.contains("64"),
            "what there is and what is asked for: {error}"
        );
    }

    #[test]
    fn validations_and_samples_take_a_tenth_of_a_run_at_most() {
        let plan = |more: Value, n_sequences: usize, n_val_tokens: u64| {
            let mut spec = json!({
                "dataset": { "train": "/t.txt" },
                "optimizer": { "batch_size": 8, "epochs": 1 },
            });
            spec["evaluation"] = more;
            let spec: TrainSpec = serde_json::from_value(spec).unwrap();
            let n_train_tokens = n_sequences as u64 * 256;
            Plan::new(&spec, n_sequences).sparing(&spec, n_train_tokens, n_val_tokens)
        };
        // Twelve steps of 2048 tokens, as a small text over a base model has them.
        let few = plan(json!({}), 96, 1300);
        assert_eq!(
            (few.total_steps, few.evaluate_every),
            (12, 6),
            "two, not twelve"
        );
        let large = plan(json!({}), 96, 1_000_000);
        assert_eq!(
            large.evaluate_every, 12,
            "once at the end, however long it takes"
        );
        let many = plan(json!({}), 96_000, 13_000);
        assert_eq!(many.evaluate_every, 600, "twenty in a long run, as ever");
        let asked = plan(json!({ "every_steps": 1 }), 96, 1_000_000);
        assert_eq!(asked.evaluate_every, 1, "what was asked for");
    }

    #[test]
    fn adapters_over_a_classifier_are_refused_by_name() {
        let (field, detail) = refused(&json!({
            "task": "sequence_classification", "method": "lora", "base_model": "/m",
        }))
        .unwrap();
        assert_eq!(field, "method", "what cannot be");
        assert!(detail.contains("`full`"), "what can be: `{detail}`");
    }

    #[test]
    fn what_is_outside_its_limits_is_refused_by_name() {
        for (field, more) in [
            ("optimizer.lr", json!({ "optimizer": { "lr": 0.0 } })),
            (
                "optimizer.batch_size",
                json!({ "optimizer": { "batch_size": 0 } }),
            ),
            (
                "model.context_length",
                json!({ "model": { "context_length": 1 } }),
            ),
            (
                "tokenizer.vocab_size",
                json!({ "tokenizer": { "vocab_size": 259 } }),
            ),
            (
                "lora.rank",
                json!({ "method": "lora", "lora": { "rank": 0 } }),
            ),
            (
                "lora.dropout",
                json!({ "method": "lora", "lora": { "dropout": 1.0 } }),
            ),
            (
                "model.d_model",
                json!({ "model": { "d_model": 4_000_000_000_u64 } }),
            ),
        ] {
            assert_eq!(
                refused(&more).map(|(field, _)| field),
                Some(field),
                "{more}"
            );
        }
    }
}
