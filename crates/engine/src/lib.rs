//! Models, tokenizers, training, checkpoints, evaluation and generation, on kernels of our own.
//!
//! Invariants:
//! - Blocking, and knows nothing of tokio, Tauri, `SQLite` or the Hub; prints nothing.
//! - Every random choice is keyed by (seed, purpose, index): nothing is drawn from global state, so
//!   a run that was broken off goes on bit for bit.
//! - Writes nowhere but in the job's folder, and every durable file is written under a temporary
//!   name, synced and renamed.
//! - Training walks the [`tape`]; in candle's graphs only operations that carry gradients stand (see
//!   [`ops`]).
//!
//! Enter at [`train`], whose loop reads top-down; at [`Generator`] and [`evaluate`] for
//! what surrounds it.
#![deny(missing_docs)]

pub mod adapter;
mod base;
mod batches;
mod bench;
mod checkpoint;
mod classify;
mod control;
mod corpus;
mod error;
mod estimate;
mod evaluate;
mod export;
mod files;
mod footprint;
mod generate;
pub mod kernels;
mod memory;
pub mod model;
pub mod ops;
pub mod optimizer;
mod packing;
mod plan;
pub mod random;
mod safetensors_file;
mod small_text;
pub mod tape;
mod threads;
mod token_cache;
pub mod tokenizer;
mod trainer;

pub use base::base_fitness;
pub use bench::{BenchReport, Scenario, bench};
pub use classify::{ClassScore, Classification, evaluate_classes, is_classifier};
pub use control::Control;
pub use error::EngineError;
pub use estimate::{Change, RunEstimate, estimate, least_memory_bytes, make_it_fit};
pub use evaluate::{Evaluation, evaluate, logits};
pub use generate::{Generation, Generator, SamplingParams};
pub use threads::thread_environment;
pub use trainer::{End, first_batches, train};
