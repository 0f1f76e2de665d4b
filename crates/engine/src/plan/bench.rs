//! The training step measured: the four shapes of the usual yardstick (transformers and PEFT on
//! `PyTorch`), random weights and tokens, so that only speed and memory are.

use crate::kernels::matmul::{self, Matrix, Precision};
use crate::kernels::segments::Segments;
use crate::model::{Architecture, Attention, Batch, Encoder, Model, ModelConfig, StepContext};
use crate::random::Keyed;
use crate::setup::precision_of;
use crate::tape::{Gradients, Policy};
use crate::train::optimizer::{Decayed, Optimizer, OptimizerConfig, clip_factor};
use crate::weights::Storage;
use crate::weights::adapter::{LoraConfig, Scaling};
use crate::{EngineError, memory, threads};
use amoozgar_types::spec::{Dtype, OptimizerKind};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Steps before those that count: the first ones find no memory of the right size yet.
const N_WARM_UP: usize = 2;
/// How long the machine's peak is measured.
const PEAK_MEASUREMENT: Duration = Duration::from_millis(300);

/// The shape of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// A Llama-style decoder of 13.8 million weights, all trained: 16 sequences of 256 tokens.
    Scratch,
    /// Adapters of rank 8 on every map of a model in SmolLM2-135M's shape: 4 sequences of 512 tokens.
    Lora,
    /// The same model with every weight trained: 2 sequences of 512 tokens.
    Full,
    /// A classifier in BERT-base's shape, every weight trained: 16 sequences of 128 tokens.
    Classify,
}

/// What a measurement found; the names are the yardstick's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchReport {
    /// The scenario's name.
    pub scenario: String,
    /// Name and version of the engine.
    pub engine: String,
    /// `float32` or `bfloat16`.
    pub dtype: String,
    /// Threads of the pool.
    pub threads: usize,
    /// Sequences in one step.
    pub batch: usize,
    /// Tokens in one sequence.
    pub seq: usize,
    /// Weights in all.
    pub parameters: u64,
    /// Weights that are trained.
    pub trainable: u64,
    /// Median seconds of one step: forward, backward, clipping, update.
    pub step_s: f64,
    /// Tokens per second.
    pub tokens_per_s: f64,
    /// The most MiB that the process held; absent where the system does not tell.
    pub peak_rss_mib: Option<u64>,
    /// Billions of the model's operations per second, recomputation not counted.
    pub gflops: f64,
    /// The same of a large matrix product on this machine, in this precision.
    pub peak_gflops: f64,
    /// What is kept from the forward pass.
    pub policy: String,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: [Self; 4] = [Self::Scratch, Self::Lora, Self::Full, Self::Classify];

    /// The name that the yardstick knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scratch => "scratch",
            Self::Lora => "lora",
            Self::Full => "full",
            Self::Classify => "classify",
        }
    }

    /// Sequences in a step and tokens in a sequence.
    pub fn shape(self) -> (usize, usize) {
        match self {
            Self::Scratch => (16, 256),
            Self::Lora => (4, 512),
            Self::Full => (2, 512),
            Self::Classify => (16, 128),
        }
    }

    /// The model.
    pub fn config(self) -> ModelConfig {
        let decoder = ModelConfig {
            architecture: Architecture::Llama,
            vocab_size: 8192,
            hidden_size: 384,
            intermediate_size: 1024,
            num_hidden_layers: 6,
            num_attention_heads: 6,
            num_key_value_heads: 6,
            head_dim: 64,
            max_position_embeddings: 512,
            norm_eps: 1e-6,
            rope_theta: 10_000.0,
            attention: Attention::default(),
            mlp_biases: false,
            tie_word_embeddings: true,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            encoder: Encoder::default(),
            type_vocab_size: 0,
            n_labels: 0,
            labels: Vec::new(),
        };
        match self {
            Self::Scratch => decoder,
            Self::Lora | Self::Full => ModelConfig {
                vocab_size: 49_152,
                hidden_size: 576,
                intermediate_size: 1536,
                num_hidden_layers: 30,
                num_attention_heads: 9,
                num_key_value_heads: 3,
                max_position_embeddings: 2048,
                ..decoder
            },
            Self::Classify => ModelConfig {
                architecture: Architecture::Bert,
                vocab_size: 48_000,
                hidden_size: 768,
                intermediate_size: 3072,
                num_hidden_layers: 12,
                num_attention_heads: 12,
                num_key_value_heads: 12,
                norm_eps: 1e-12,
                tie_word_embeddings: false,
                type_vocab_size: 2,
                n_labels: 2,
                ..decoder
            },
        }
    }

    /// Random tokens and targets of one step.
    fn batch(self, step: u64) -> Batch {
        let ((n, len), config) = (self.shape(), self.config());
        let stream = Keyed::new(step, "bench");
        let draw = |stream: Keyed, n: usize, below: usize| -> Vec<u32> {
            (0..n as u64)
                .map(|index| stream.below(index, below as u64) as u32)
                .collect()
        };
        let (n_targets, n_kinds) = if config.is_decoder() {
            (n * len, config.vocab_size)
        } else {
            (n, config.n_labels)
        };
        Batch {
            tokens: draw(stream.child(0), n * len, config.vocab_size),
            segments: Segments::batch(n, len),
            targets: draw(stream.child(1), n_targets, n_kinds),
        }
    }
}

/// Measures `n_steps` training steps of `scenario` after two that do not count.
///
/// # Errors
/// Where the threads cannot be had.
pub fn bench(
    scenario: Scenario,
    n_steps: usize,
    n_threads: usize,
    dtype: Dtype,
    policy: Policy,
) -> Result<BenchReport, EngineError> {
    let precision = precision_of(dtype);
    threads::pool(n_threads)?.install(|| {
        let mut model = Model::init(&scenario.config(), 0)?;
        model.set_precision(precision);
        if scenario == Scenario::Lora {
            let storage = match dtype {
                Dtype::F32 => Storage::F32,
                Dtype::Bf16 => Storage::Bf16,
            };
            model.adapt(&lora(), storage, 0)?;
        }
        let step_s = median_step_s(scenario, &mut model, n_steps, policy)?;
        // Before the measurement of the peak takes memory of its own.
        let peak_rss_mib = memory::peak_resident_bytes().map(|bytes| bytes >> 20);
        let (batch, seq) = scenario.shape();
        let (trainable, parameters) = model.parameters.counts();
        let flops = model.step_flops(&scenario.batch(0)) as f64;
        Ok(BenchReport {
            scenario: scenario.name().to_owned(),
            engine: concat!("amoozgar ", env!("CARGO_PKG_VERSION")).to_owned(),
            dtype: match dtype {
                Dtype::F32 => "float32",
                Dtype::Bf16 => "bfloat16",
            }
            .to_owned(),
            threads: n_threads,
            batch,
            seq,
            parameters,
            trainable,
            step_s,
            tokens_per_s: (batch * seq) as f64 / step_s,
            peak_rss_mib,
            gflops: flops / step_s / 1e9,
            peak_gflops: peak_flops(precision) / 1e9,
            policy: format!("{policy:?}"),
        })
    })
}

/// The yardstick's adapters.
fn lora() -> LoraConfig {
    LoraConfig {
        rank: 8,
        alpha: 16.0,
        dropout: 0.0,
        targets: Vec::new(),
        scaling: Scaling::Plain,
    }
}

fn median_step_s(
    scenario: Scenario,
    model: &mut Model,
    n_steps: usize,
    policy: Policy,
) -> Result<f64, EngineError> {
    let config = OptimizerConfig {
        kind: OptimizerKind::AdamW,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weight_decay: 0.01,
        decayed: Decayed::All,
    };
    let mut optimizer = Optimizer::new(config, &model.parameters);
    let mut gradients = Gradients::new(&model.parameters);
    let mut times = Vec::with_capacity(n_steps);
    for step in 0..N_WARM_UP + n_steps.max(1) {
        let batch = scenario.batch(step as u64);
        let start = Instant::now();
        let context = StepContext {
            policy,
            scale: 1.0 / batch.n_targets() as f32,
            dropout: None,
        };
        model.gradients(&batch, &context, &mut gradients)?;
        let clip = clip_factor(gradients.norm(), 1.0);
        optimizer.step(&mut model.parameters, &gradients, 1e-4, clip);
        gradients.clear();
        if step >= N_WARM_UP {
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    Ok(if times.len().is_multiple_of(2) {
        f64::midpoint(times[middle - 1], times[middle])
    } else {
        times[middle]
    })
}

/// Operations per second of a large product: the fastest of those that fit the measurement's time.
pub(crate) fn peak_flops(precision: Precision) -> f64 {
    const N: usize = 1024;
    let (x, w) = (vec![0.5; N * N], vec![0.25; N * N]);
    let mut out = vec![0.0; N * N];
    let mut fastest = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed() < PEAK_MEASUREMENT {
        let start = Instant::now();
        matmul::forward(&mut out, &x, Matrix::F32(&w), N, precision, 0.0);
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    2.0 * (N * N * N) as f64 / fastest
}
