//! The time of a run's parts, measured on this machine with a model of one block of each kind in the run's shapes.

use crate::kernels::cross_entropy::IGNORE;
use crate::kernels::segments::Segments;
use crate::model::{Batch, Model, ModelConfig, PartTimes, StepContext};
use crate::random::Keyed;
use crate::setup::{lora_of, precision_of, storage_of};
use crate::tape::{Gradients, Policy};
use crate::train::optimizer::{Optimizer, clip_factor};
use crate::train::run_plan::Plan;
use crate::{EngineError, threads};
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::Method;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Rows of the measured step: enough for the products to reach their speed.
const MEASURED_ROWS: usize = 1024;
/// Rows with a target in it: the end's time is measured on these and grows with their number.
const MEASURED_TARGETS: usize = 64;
/// Steps measured, of which the fastest counts; the first one finds no memory yet.
const N_MEASURED: usize = 3;
/// Seconds after which no further step is measured: of one that long, the first is as good as any.
const MEASURED_S: f64 = 5.0;
/// Rows of the measured embedding and head at the most. Those of a large vocabulary take gigabytes with
/// their gradients and moments, and what the head takes grows with their number.
const MEASURED_VOCAB: usize = 8192;

/// Seconds of the parts of a step, each for one row (a token) or one trained weight.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "the unit stands in every name")]
pub(super) struct Times {
    block_forward_s: f64,
    block_backward_s: f64,
    /// Embedding, last norm, head and loss, forward and back.
    ends_s: f64,
    /// Clearing, norm and update.
    pub(super) weight_s: f64,
}

impl Times {
    /// A row's forward and backward pass, where this share of the rows has a target.
    pub(super) fn row_s(&self, policy: Policy, n_blocks: usize, learnt_share: f64) -> f64 {
        let again = match policy {
            Policy::Keep | Policy::RecomputeCheap => 0.0,
            Policy::RecomputeBlock => 1.0,
            Policy::RecomputeGroup => 2.0,
        };
        let block = (1.0 + again) * self.block_forward_s + self.block_backward_s;
        n_blocks as f64 * block + self.ends_s * learnt_share
    }

    /// A row's forward pass and loss; a third of the ends' work is forward.
    pub(super) fn validated_row_s(&self, n_blocks: usize) -> f64 {
        n_blocks as f64 * self.block_forward_s + self.ends_s / 3.0
    }
}

/// Measures a model of one block of each kind in the run's shapes, or recalls that.
pub(super) fn times(spec: &TrainSpec, config: &ModelConfig) -> Result<Times, EngineError> {
    static MEASURED: Mutex<Option<HashMap<String, Times>>> = Mutex::new(None);
    let n_threads = threads::count(spec.threads);
    let context = spec.model.context_length;
    let (one_of_each, counts) = config.of_each_kind();
    let shape = ModelConfig {
        vocab_size: config.vocab_size.min(MEASURED_VOCAB),
        ..one_of_each
    };
    // Each row of the head is one product more for each row of the step.
    let head_share = if config.is_decoder() {
        config.vocab_size as f64 / shape.vocab_size as f64
    } else {
        1.0
    };
    let adapters = (spec.method == Method::Lora).then_some(&spec.lora);
    let key = format!(
        "{shape:?} {counts:?} {head_share} {context} {n_threads} {:?} {adapters:?}",
        spec.dtype
    );
    let recalled = |key: &str| {
        let known = MEASURED.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().and_then(|known| known.get(key).copied())
    };
    if let Some(times) = recalled(&key) {
        return Ok(times);
    }
    let times = threads::pool(n_threads)?.install(|| measure(spec, &shape, &counts, head_share))?;
    let mut known = MEASURED.lock().unwrap_or_else(PoisonError::into_inner);
    known.get_or_insert_default().insert(key, times);
    Ok(times)
}

/// `counts` is how often the run's model has each block; `head_share` is how many times as many rows the run's own head has.
fn measure(
    spec: &TrainSpec,
    config: &ModelConfig,
    counts: &[usize],
    head_share: f64,
) -> Result<Times, EngineError> {
    let context = spec.model.context_length;
    let mut model = Model::init(config, 0)?;
    model.set_precision(precision_of(spec.dtype));
    if spec.method == Method::Lora {
        model.adapt(&lora_of(spec), storage_of(spec), 0)?;
    }
    let n_sequences = (MEASURED_ROWS / context).max(1);
    let batch = measured_batch(config, n_sequences, context);
    let plan = Plan::new(spec, usize::MAX / 2);
    let mut gradients = Gradients::new(&model.parameters);
    let mut optimizer = Optimizer::new(plan.optimizer, &model.parameters);
    let step = StepContext {
        policy: Policy::RecomputeCheap,
        scale: 1.0 / batch.n_targets() as f32,
        dropout: None,
    };
    let mut fastest = PartTimes::slowest();
    let mut update_s = f64::INFINITY;
    let began = Instant::now();
    for n_measured in 0..N_MEASURED {
        if n_measured > 0 && began.elapsed().as_secs_f64() > MEASURED_S {
            break;
        }
        fastest = fastest.least(model.timed(&batch, &step, &mut gradients, counts)?);
        let start = Instant::now();
        let clip = clip_factor(gradients.norm(), 1.0);
        optimizer.step(&mut model.parameters, &gradients, 0.0, clip);
        gradients.clear();
        update_s = update_s.min(start.elapsed().as_secs_f64());
    }
    let n_rows = (n_sequences * context) as f64;
    // A decoder's end is as much work as it has targets, an encoder's as it has sequences.
    let n_ended = if config.is_decoder() {
        batch.n_targets() as f64
    } else {
        n_rows
    };
    Ok(Times {
        block_forward_s: fastest.forward_s / n_rows,
        block_backward_s: fastest.backward_s / n_rows,
        ends_s: fastest.embedding_s / n_rows + head_share * fastest.end_s / n_ended,
        weight_s: update_s / model.parameters.counts().0.max(1) as f64,
    })
}

/// Random tokens, a few of which have a target.
fn measured_batch(config: &ModelConfig, n_sequences: usize, context: usize) -> Batch {
    let n_rows = n_sequences * context;
    let stream = Keyed::new(0, "measurement");
    let token = |index: usize| stream.below(index as u64, config.vocab_size as u64) as u32;
    let every = (n_rows / MEASURED_TARGETS).max(1);
    let targets = if config.is_decoder() {
        let target = |row: usize| {
            let counts = row.is_multiple_of(every);
            if counts { token(n_rows + row) } else { IGNORE }
        };
        (0..n_rows).map(target).collect()
    } else {
        vec![0; n_sequences]
    };
    Batch {
        tokens: (0..n_rows).map(token).collect(),
        segments: Segments::batch(n_sequences, context),
        targets,
    }
}
