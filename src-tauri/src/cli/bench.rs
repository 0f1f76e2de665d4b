//! `amoozgar bench`: speed and memory of the training step, in the yardstick's four shapes.

use super::{Mode, print_json, print_text};
use crate::error;
use crate::process::worker::start_again_with_environment;
use amoozgar_engine::tape::Policy;
use amoozgar_engine::{BenchReport, Scenario};
use amoozgar_types::ApiError;
use amoozgar_types::spec::Dtype;
use clap::{Args, ValueEnum};
use std::thread::available_parallelism;

#[derive(Debug, Args)]
pub struct Bench {
    /// The shape to measure.
    scenario: Shape,
    /// Threads; all cores where absent.
    #[arg(long)]
    threads: Option<usize>,
    /// Steps measured, after two that are not.
    #[arg(long, default_value_t = 8)]
    steps: usize,
    /// The numbers to compute with.
    #[arg(long, value_enum, default_value_t = Numbers::F32)]
    dtype: Numbers,
    /// What is kept from the forward pass.
    #[arg(long, value_enum, default_value_t = Kept::Costly)]
    kept: Kept,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    /// A small decoder, every weight trained.
    Scratch,
    /// Adapters over a model in SmolLM2-135M's shape.
    Lora,
    /// That model, every weight trained.
    Full,
    /// A classifier in BERT-base's shape, every weight trained.
    Classify,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Numbers {
    F32,
    Bf16,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kept {
    /// Everything.
    All,
    /// All but what costs little to compute again.
    Costly,
    /// The input of each block.
    Blocks,
    /// The input of each group of blocks.
    Groups,
}

/// Measures and tells.
pub fn run(arguments: &Bench, mode: Mode) -> Result<u8, ApiError> {
    // As a run, so that what is measured is what a run is.
    let same: Vec<_> = std::env::args_os().skip(1).collect();
    let same: Vec<_> = same.iter().map(AsRef::as_ref).collect();
    start_again_with_environment(arguments.threads, &same);
    let scenario = match arguments.scenario {
        Shape::Scratch => Scenario::Scratch,
        Shape::Lora => Scenario::Lora,
        Shape::Full => Scenario::Full,
        Shape::Classify => Scenario::Classify,
    };
    let dtype = match arguments.dtype {
        Numbers::F32 => Dtype::F32,
        Numbers::Bf16 => Dtype::Bf16,
    };
    let policy = match arguments.kept {
        Kept::All => Policy::Keep,
        Kept::Costly => Policy::RecomputeCheap,
        Kept::Blocks => Policy::RecomputeBlock,
        Kept::Groups => Policy::RecomputeGroup,
    };
    let threads = arguments
        .threads
        .filter(|&threads| threads > 0)
        .unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let report = amoozgar_engine::bench(scenario, arguments.steps, threads, dtype, policy)
        .map_err(|failure| error::of_engine(&failure))?;
    match mode {
        Mode::Json => print_json(&report)?,
        Mode::Words => print_text(&words(&report))?,
    }
    Ok(crate::exit::FINISHED)
}

fn words(report: &BenchReport) -> String {
    let memory = report
        .peak_rss_mib
        .map_or_else(|| "unknown".to_owned(), |mib| format!("{mib} MiB"));
    format!(
        "{} ({}, {} threads): {} sequences of {} tokens, {} of {} weights trained\n\
         {:.1} tokens/s, {:.3} s a step, peak memory {memory}\n\
         {:.0} of {:.0} GFLOP/s that a large product reaches\n",
        report.scenario,
        report.dtype,
        report.threads,
        report.batch,
        report.seq,
        report.trainable,
        report.parameters,
        report.tokens_per_s,
        report.step_s,
        report.gflops,
        report.peak_gflops,
    )
}
