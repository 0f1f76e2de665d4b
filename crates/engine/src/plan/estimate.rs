//! What a run will need, before it starts: memory, time, disk; and what to change where it does not fit.

use super::footprint::{config_before_start, footprint, n_trained, policy_within, told};
use super::measure::times;
use super::sampled::sampled;
use super::small_text;
use crate::EngineError;
use crate::memory;
use crate::model;
use crate::tape::Policy;
use crate::train::run_plan::{Plan, Work, n_windows, validate};
use amoozgar_types::TrainSpec;
use amoozgar_types::plan::{Change, RunEstimate};
use amoozgar_types::spec::{Dtype, Method, Objective, Task};

/// Bytes of a safetensors weight.
const WEIGHT_BYTES: u64 = 4;
/// UTF-8 bytes of Persian text in one token of our tokenizers, at a vocabulary of 4096.
const BYTES_PER_TOKEN: f64 = 5.6;
/// Bytes of a row of labelled text, about.
const EXAMPLE_BYTES: u64 = 200;
/// What the head takes with pairs, as a multiple of what it takes with text: once more forward of three passes.
const PAIRED_HEAD: f64 = 4.0 / 3.0;
/// The context below which a proposal does not go, in tokens.
const SHORTEST_CONTEXT: usize = 64;

/// Estimates a run over `train_bytes` of text, by a measurement of this machine on the run's own
/// shapes that is made once for each of them.
///
/// # Errors
/// Where the specification cannot be used or the measurement fails.
pub fn estimate(spec: &TrainSpec, train_bytes: u64) -> Result<RunEstimate, EngineError> {
    validate(spec)?;
    let config = config_before_start(spec)?;
    let n_parameters = n_trained(spec, &config);
    // Larger vocabularies have longer tokens, by about the logarithm of their size.
    let vocabulary = (config.vocab_size as f64).log2() / 12.0;
    let known = small_text::known(spec);
    let trained_share = match spec.dataset.validation {
        Some(_) => 1.0,
        None => 1.0 - spec.dataset.validation_fraction,
    };
    let sampled = match spec.task {
        Task::CausalLm => sampled(spec)?,
        Task::SequenceClassification => None,
    };
    let n_train_tokens = match (known, sampled) {
        (Some(known), _) => (known.n_tokens as f64 * trained_share) as u64,
        (None, Some(sampled)) => (sampled.n_tokens * trained_share) as u64,
        (None, None) => (train_bytes as f64 / (BYTES_PER_TOKEN * vocabulary)) as u64,
    };
    let n_tokens = usize::try_from(n_train_tokens).unwrap_or(usize::MAX);
    // Rows of documents are all but full: as many as windows of a stream, or hardly more.
    let context = spec.model.context_length;
    let n_sequences = match spec.task {
        // A text's length is not known before it is read; a classifier's are short.
        Task::SequenceClassification => {
            let n = known.map_or(train_bytes / EXAMPLE_BYTES, |known| known.n_documents);
            ((n as f64 * trained_share) as usize).max(1)
        }
        Task::CausalLm => match sampled.and_then(|sampled| sampled.n_sequences) {
            Some(n) => ((n * trained_share).ceil() as usize).max(1),
            None => n_windows(n_tokens, context),
        },
    };
    let held_out = match &spec.dataset.validation {
        Some(path) => {
            let n_bytes = std::fs::metadata(path).map_or(0, |about| about.len());
            n_bytes as f64 / train_bytes.max(1) as f64
        }
        None => (1.0 - trained_share) / trained_share,
    };
    let validation_tokens = n_train_tokens as f64 * held_out;
    let work = Work {
        train_tokens: n_train_tokens,
        validation_tokens: validation_tokens as u64,
        parameters: model::n_parameters(&config),
        trained: n_parameters,
    };
    let plan = Plan::new(spec, n_sequences).sparing(spec, &work);
    let available_bytes = memory::available_to(spec);
    let policy = policy_within(spec, &config, plan.micro_batch, available_bytes);

    let memory_bytes = footprint(spec, &config, plan.micro_batch, policy).total();
    let fits = available_bytes.is_none_or(|available| memory_bytes <= available);
    let times = fits.then(|| times(spec, &config)).transpose()?;
    let sequence = match spec.task {
        Task::SequenceClassification => context.min(n_tokens / n_sequences),
        // Rows of conversations need not be full; of a pair both answers go through the model.
        Task::CausalLm => {
            let most = context.saturating_mul(spec.sequences_at_once());
            most.min(n_tokens.div_ceil(n_sequences))
        }
    };
    let rows = (spec.optimizer.batch_size * sequence) as f64;
    let learnt_share = sampled.map_or(1.0, |sampled| sampled.learnt_share);
    // Of pairs the head is computed forward twice, and back once.
    let learnt_share = match spec.preference() {
        Some(_) => learnt_share * PAIRED_HEAD,
        None => learnt_share,
    };
    let step_s = times.map(|times| {
        rows * times.row_s(policy, config.num_hidden_layers, learnt_share)
            + n_parameters as f64 * times.weight_s
    });
    let n_validations = plan.total_steps.div_ceil(plan.evaluate_every) as f64;
    // The model as it is before training goes over all pairs once.
    let reference_tokens = match spec.preference() {
        Some(Objective::Dpo) => n_train_tokens as f64 + validation_tokens,
        _ => 0.0,
    };
    let loading_s = 1.0 + train_bytes as f64 / 2e6;
    let duration_s = times.zip(step_s).map(|(times, step_s)| {
        let validated_row_s = times.validated_row_s(config.num_hidden_layers);
        loading_s
            + plan.total_steps as f64 * step_s
            + n_validations * validation_tokens * validated_row_s
            + reference_tokens * validated_row_s
    });

    // The planned ones, the best, two that the clock asked for, and the one that is being written.
    let kept_checkpoints = spec.checkpoint.keep_last as u64 + 4;
    Ok(RunEstimate {
        n_parameters,
        memory_bytes,
        available_bytes,
        kept: told(policy),
        n_train_tokens,
        total_steps: plan.total_steps,
        step_s,
        duration_s,
        disk_bytes: WEIGHT_BYTES
            * (n_parameters * 3 * kept_checkpoints + model::n_parameters(&config))
            + n_train_tokens * 4
            + (1 << 20),
    })
}

/// What a run takes at least, where as little as possible is kept from forward passes.
///
/// # Errors
/// Where the specification cannot be used.
pub fn least_memory_bytes(spec: &TrainSpec) -> Result<u64, EngineError> {
    validate(spec)?;
    let config = config_before_start(spec)?;
    let micro_batch = spec
        .optimizer
        .micro_batch
        .unwrap_or(spec.optimizer.batch_size);
    Ok(footprint(spec, &config, micro_batch, Policy::RecomputeGroup).total())
}

/// Changes, each on top of those before, until the run takes no more than `available_bytes`: smaller
/// micro-batches, then recomputation, then a shorter context, then storage in bfloat16. None where
/// it fits as it is; all that there are where it never does.
///
/// # Errors
/// Where the specification cannot be used.
pub fn make_it_fit(spec: &TrainSpec, available_bytes: u64) -> Result<Vec<Change>, EngineError> {
    validate(spec)?;
    let config = config_before_start(spec)?;
    let mut spec = spec.clone();
    let mut policy = Policy::RecomputeCheap;
    let mut micro_batch = spec
        .optimizer
        .micro_batch
        .unwrap_or(spec.optimizer.batch_size);
    let fits = |spec: &TrainSpec, micro_batch, policy| {
        footprint(spec, &config, micro_batch, policy).total() <= available_bytes
    };
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut changes = Vec::new();
    while !fits(&spec, micro_batch, policy) {
        let smaller = (1..micro_batch)
            .rev()
            .find(|&n| n * 2 <= micro_batch && spec.optimizer.batch_size.is_multiple_of(n));
        if let Some(smaller) = smaller {
            micro_batch = smaller;
            changes.retain(|change| !matches!(change, Change::MicroBatch(_)));
            changes.push(Change::MicroBatch(small(micro_batch)));
        } else if policy < Policy::RecomputeGroup {
            policy = if policy == Policy::RecomputeCheap {
                Policy::RecomputeBlock
            } else {
                Policy::RecomputeGroup
            };
            changes.retain(|change| !matches!(change, Change::Kept(_)));
            changes.push(Change::Kept(told(policy)));
        } else if spec.model.context_length >= 2 * SHORTEST_CONTEXT {
            spec.model.context_length /= 2;
            changes.retain(|change| !matches!(change, Change::Context(_)));
            changes.push(Change::Context(small(spec.model.context_length)));
        } else if spec.method == Method::Lora && spec.dtype == Dtype::F32 {
            spec.dtype = Dtype::Bf16;
            changes.push(Change::Bf16Storage);
        } else {
            break;
        }
    }
    Ok(changes)
}
