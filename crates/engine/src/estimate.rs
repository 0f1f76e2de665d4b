//! What a run will need, before it starts: memory, time, disk.

use crate::EngineError;
use crate::model::ModelConfig;
use crate::plan::{Plan, validate};
use crate::threads;
use amoozgar_types::TrainSpec;
use candle_core::{Device, Tensor};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Bytes of a safetensors weight.
const WEIGHT_BYTES: u64 = 4;
/// UTF-8 bytes of Persian text in one token of our tokenizers, at a vocabulary of 4096.
const BYTES_PER_TOKEN: f64 = 5.6;
/// Share of the measured matrix product's speed that a whole training step reaches: roughly, from the
/// processor time of the default preset.
const EFFICIENCY: f64 = 0.12;
/// What the process holds before the model: code, tokenizer, pools.
const BASE_BYTES: u64 = 120 << 20;
/// How long the measurement takes.
const MEASUREMENT: Duration = Duration::from_millis(250);

/// What a run will need.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEstimate {
    /// Weights to train.
    pub n_parameters: u64,
    /// Peak memory.
    pub memory_bytes: u64,
    /// Tokens of training text.
    pub n_train_tokens: u64,
    /// Optimizer steps in all.
    pub total_steps: u64,
    /// Seconds.
    pub duration_s: f64,
    /// Bytes that checkpoints, caches and the final model take.
    pub disk_bytes: u64,
}

/// Estimates a run over `train_bytes` of text, by a measurement of this machine that is made once.
///
/// # Errors
/// Where the specification cannot be used or the measurement fails.
pub fn estimate(spec: &TrainSpec, train_bytes: u64) -> Result<RunEstimate, EngineError> {
    validate(spec)?;
    let config = ModelConfig::from_spec(&spec.model, spec.tokenizer.vocab_size, 0);
    let n_parameters = crate::model::n_parameters(&config);
    // Larger vocabularies have longer tokens, by about the logarithm of their size.
    let vocabulary = (spec.tokenizer.vocab_size as f64).log2() / 12.0;
    let n_train_tokens = (train_bytes as f64 / (BYTES_PER_TOKEN * vocabulary)) as u64;
    let plan = Plan::new(spec, usize::try_from(n_train_tokens).unwrap_or(usize::MAX));

    let step_tokens = (spec.optimizer.batch_size * spec.model.context_length) as f64;
    let micro_tokens = (plan.micro_batch * spec.model.context_length) as u64;
    // 2 FLOP forward and 4 backward per weight and token (a tied embedding works once, as the head);
    // attention's two products likewise, over half the context on average but computed in full.
    let working = n_parameters as f64
        - if config.tie_word_embeddings {
            0.0
        } else {
            (config.vocab_size * config.hidden_size) as f64
        };
    let attention =
        (2 * config.num_hidden_layers * config.hidden_size * spec.model.context_length) as f64;
    let flops_per_token = 6.0 * (working + attention);
    let flops_per_s = machine_flops(threads::count(spec.threads))? * EFFICIENCY;
    let n_validations = plan.total_steps.div_ceil(plan.evaluate_every) as f64;
    let validation_tokens = n_train_tokens as f64 * spec.dataset.validation_fraction;
    let training_s = plan.total_steps as f64 * step_tokens * flops_per_token / flops_per_s;
    let validating_s = n_validations * validation_tokens * flops_per_token / 3.0 / flops_per_s;
    let loading_s = 1.0 + train_bytes as f64 / 2e6;

    Ok(RunEstimate {
        n_parameters,
        memory_bytes: BASE_BYTES
            + n_parameters * WEIGHT_BYTES * 5
            + activation_bytes(&config, spec.model.context_length as u64, micro_tokens),
        n_train_tokens,
        total_steps: plan.total_steps,
        duration_s: loading_s + training_s + validating_s,
        disk_bytes: n_parameters * WEIGHT_BYTES * (3 * (spec.checkpoint.keep_last as u64 + 2) + 1)
            + n_train_tokens * 4
            + (1 << 20),
    })
}

/// Values kept from forward to backward, and the gradients beside them.
fn activation_bytes(config: &ModelConfig, context: u64, micro_tokens: u64) -> u64 {
    let (d, ff) = (config.hidden_size as u64, config.intermediate_size as u64);
    let per_layer = 30 * d + 6 * ff + 6 * config.num_attention_heads as u64 * context;
    let head = 6 * config.vocab_size as u64;
    micro_tokens * (config.num_hidden_layers as u64 * per_layer + head) * 4
}

/// FLOP/s of an f32 matrix product here, measured once.
fn machine_flops(threads: usize) -> Result<f64, EngineError> {
    static MEASURED: OnceLock<f64> = OnceLock::new();
    if let Some(&flops) = MEASURED.get() {
        return Ok(flops);
    }
    let flops = threads::pool(threads)?.install(|| -> Result<f64, EngineError> {
        const N: usize = 384;
        let a = Tensor::ones((N, N), candle_core::DType::F32, &Device::Cpu)?;
        let product = || a.matmul(&a).map(drop);
        product()?;
        let (start, mut n) = (Instant::now(), 0);
        while start.elapsed() < MEASUREMENT {
            product()?;
            n += 1;
        }
        Ok(2.0 * (N * N * N) as f64 * f64::from(n) / start.elapsed().as_secs_f64())
    })?;
    Ok(*MEASURED.get_or_init(|| flops))
}
