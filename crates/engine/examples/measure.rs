//! Measures the engine for docs/benchmarks.md, with the allocator of the application.
//!
//! `measure step SCENARIO [STEPS [bf16]]`  the yardstick's step, as `amoozgar bench`
//! `measure batch`   seconds per token over the batch size
//! `measure depth`   memory between forward and backward over depth and context, recomputing
//! `measure packing` what packing saves on documents of many lengths
//! `measure plan SPEC.json JOB_DIR`        what is foreseen of a run, and what then happens

use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::model::{
    Architecture, Attention, Batch, Encoder, Model, ModelConfig, StepContext,
};
use amoozgar_engine::random::Keyed;
use amoozgar_engine::tape::{Gradients, Policy};
use amoozgar_engine::train::optimizer::{Decayed, Optimizer, OptimizerConfig};
use amoozgar_engine::{Control, Scenario, bench, estimate, train};
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::{Dtype, OptimizerKind};
use std::error::Error;
use std::io::Write;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Done = Result<(), Box<dyn Error>>;

const THREADS: usize = 2;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["step", scenario, rest @ ..] => step(scenario, rest),
        ["batch"] => in_pool(batch),
        ["depth"] => depth(),
        ["depth", layers, context] => {
            let (layers, context) = (layers.parse()?, context.parse()?);
            in_pool(move || one_depth(layers, context))
        }
        ["packing"] => in_pool(packing),
        ["plan", spec, job_dir] => plan(spec, job_dir),
        ["run", spec, job_dir] => run(spec, job_dir),
        _ => Err("usage: measure step SCENARIO | batch | depth | packing | plan".into()),
    }
}

fn say(line: &str) -> Done {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

fn in_pool(work: impl FnOnce() -> Done + Send + 'static) -> Done {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .build()?;
    // What went wrong crosses the pool's border as words.
    pool.install(|| work().map_err(|error| error.to_string()))
        .map_err(Into::into)
}

fn step(scenario: &str, rest: &[&str]) -> Done {
    let scenario = Scenario::ALL
        .into_iter()
        .find(|known| known.name() == scenario)
        .ok_or("no such scenario")?;
    let n_steps = rest.first().map_or(Ok(4), |n| n.parse())?;
    let dtype = match rest.get(1) {
        Some(&"bf16") => Dtype::Bf16,
        _ => Dtype::F32,
    };
    let report = bench(scenario, n_steps, THREADS, dtype, Policy::RecomputeCheap)?;
    say(&serde_json::to_string(&report)?)
}

fn config(n_layers: usize, context: usize) -> ModelConfig {
    ModelConfig {
        architecture: Architecture::Llama,
        vocab_size: 2048,
        hidden_size: 256,
        intermediate_size: 704,
        num_hidden_layers: n_layers,
        num_attention_heads: 4,
        num_key_value_heads: 4,
        head_dim: 64,
        max_position_embeddings: context,
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
    }
}

/// Sequences of these lengths, of random tokens.
fn sequences(lengths: &[usize], vocab_size: usize) -> Batch {
    let n: usize = lengths.iter().sum();
    let stream = Keyed::new(n as u64, "measure");
    let token = |index: usize| stream.below(index as u64, vocab_size as u64) as u32;
    Batch {
        tokens: (0..n).map(token).collect(),
        segments: Segments::packed(lengths),
        targets: (1..=n).map(token).collect(),
    }
}

struct Trainer {
    model: Model,
    gradients: Gradients,
    optimizer: Optimizer,
    policy: Policy,
}

impl Trainer {
    fn new(config: &ModelConfig, policy: Policy) -> Result<Self, Box<dyn Error>> {
        let model = Model::init(config, 0)?;
        let optimizer = OptimizerConfig {
            kind: OptimizerKind::AdamW,
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-8,
            weight_decay: 0.1,
            decayed: Decayed::Matrices,
        };
        Ok(Self {
            gradients: Gradients::new(&model.parameters),
            optimizer: Optimizer::new(optimizer, &model.parameters),
            model,
            policy,
        })
    }

    /// One step; answers with its seconds.
    fn step(&mut self, batch: &Batch) -> Result<f64, Box<dyn Error>> {
        let start = Instant::now();
        let context = StepContext {
            policy: self.policy,
            scale: 1.0 / batch.n_targets() as f32,
            dropout: None,
        };
        self.model.gradients(batch, &context, &mut self.gradients)?;
        let clip = 1.0 / self.gradients.norm().max(1.0);
        let weights = &mut self.model.parameters;
        self.optimizer.step(weights, &self.gradients, 1e-4, clip);
        self.gradients.clear();
        Ok(start.elapsed().as_secs_f64())
    }
}

/// The fastest of some steps for each batch size, the sizes in turns.
fn batch() -> Done {
    const SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];
    let context = 256;
    let mut trainer = Trainer::new(&config(6, context), Policy::RecomputeCheap)?;
    let mut fastest = [f64::INFINITY; SIZES.len()];
    for _ in 0..6 {
        for (&size, fastest) in SIZES.iter().zip(&mut fastest) {
            let batch = sequences(&vec![context; size], 2048);
            for _ in 0..(16 / size).max(2) {
                *fastest = fastest.min(trainer.step(&batch)?);
            }
        }
    }
    say("batch  tokens  step_ms  us_per_token")?;
    for (size, step_s) in SIZES.into_iter().zip(fastest) {
        let n = size * context;
        say(&format!(
            "{size:>5}  {n:>6}  {:>7.1}  {:>12.1}",
            step_s * 1e3,
            step_s * 1e6 / n as f64
        ))?;
    }
    Ok(())
}

/// The most KiB that this process held.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("no VmHWM")?.parse()?)
}

fn one_depth(n_layers: usize, context: usize) -> Done {
    let longest = context.max(4096);
    let mut trainer = Trainer::new(&config(n_layers, longest), Policy::RecomputeGroup)?;
    let batch = sequences(&[context], 2048);
    for _ in 0..3 {
        trainer.step(&batch)?;
    }
    say(&peak_kib()?.to_string())
}

/// Each measurement in a process of its own; what a step over 16 tokens takes is not counted.
fn depth() -> Done {
    let own = std::env::current_exe()?;
    let peak = |layers: usize, context: usize| -> Result<f64, Box<dyn Error>> {
        let done = std::process::Command::new(&own)
            .args(["depth", &layers.to_string(), &context.to_string()])
            .output()?;
        let kib: f64 = String::from_utf8(done.stdout)?.trim().parse()?;
        Ok(kib / 1024.0)
    };
    say("layers  context  MiB")?;
    for layers in [4, 16, 64] {
        let floor = peak(layers, 16)?;
        for context in [512, 2048] {
            let mib = peak(layers, context)? - floor;
            say(&format!("{layers:>6}  {context:>7}  {mib:>5.0}"))?;
        }
    }
    Ok(())
}

/// Documents of 16 to 255 tokens in batches of 4096: padded to the longest of 16, or packed.
fn packing() -> Done {
    let context = 256;
    let stream = Keyed::new(1, "lengths");
    let lengths: Vec<usize> = (0..128)
        .map(|index| 16 + stream.below(index, 240) as usize)
        .collect();
    let mut trainer = Trainer::new(&config(6, context), Policy::RecomputeCheap)?;
    let n_real = |lengths: &[usize]| lengths.iter().sum::<usize>() as f64;
    let mut fastest = [f64::INFINITY; 2];
    for _ in 0..4 {
        let (mut padded_s, mut packed_s) = (0.0, 0.0);
        for chunk in lengths.chunks(16) {
            let longest = chunk.iter().copied().max().unwrap_or(1);
            let mut batch = sequences(&vec![longest; chunk.len()], 2048);
            batch.segments = Segments::padded(chunk, longest);
            for (row, len) in chunk.iter().enumerate() {
                batch.targets[row * longest + len..(row + 1) * longest].fill(u32::MAX);
            }
            padded_s += trainer.step(&batch)?;
            packed_s += trainer.step(&sequences(chunk, 2048))?;
        }
        fastest[0] = fastest[0].min(padded_s);
        fastest[1] = fastest[1].min(packed_s);
    }
    for (name, seconds) in ["padded", "packed"].into_iter().zip(fastest) {
        let speed = n_real(&lengths) / seconds;
        say(&format!("{name}: {speed:.0} tokens of text a second"))?;
    }
    Ok(())
}

fn read_spec(path: &str) -> Result<TrainSpec, Box<dyn Error>> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// The estimate of a run, then the run in a process of its own.
fn plan(path: &str, job_dir: &str) -> Done {
    let spec = read_spec(path)?;
    let n_bytes = std::fs::metadata(&spec.dataset.train)?.len();
    let start = Instant::now();
    let foreseen = estimate(&spec, n_bytes)?;
    let estimating_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let done = std::process::Command::new(std::env::current_exe()?)
        .args(["run", path, job_dir])
        .output()?;
    let seconds = start.elapsed().as_secs_f64();
    if !done.status.success() {
        return Err(String::from_utf8(done.stderr)?.into());
    }
    let kib: f64 = String::from_utf8(done.stdout)?.trim().parse()?;
    let (foreseen_mib, mib) = (foreseen.memory_bytes as f64 / 1_048_576.0, kib / 1024.0);
    say(&format!("estimated in {estimating_s:.2} s"))?;
    say(&format!(
        "memory: {foreseen_mib:.0} MiB foreseen, {mib:.0} held, {:+.1} %",
        (foreseen_mib / mib - 1.0) * 100.0
    ))?;
    let duration_s = foreseen.duration_s.ok_or("it does not fit")?;
    say(&format!(
        "time: {duration_s:.1} s foreseen, {seconds:.1} taken, {:+.1} %",
        (duration_s / seconds - 1.0) * 100.0
    ))
}

/// Trains, and says the most that the process held.
fn run(path: &str, job_dir: &str) -> Done {
    let control = Control::new();
    train(&read_spec(path)?, job_dir.as_ref(), &control, &mut drop)?;
    say(&peak_kib()?.to_string())
}
