//! Models, tokenizers, training, checkpoints, evaluation and generation, on kernels of our own.
//!
//! Invariants:
//! - Blocking, and knows nothing of tokio, Tauri, `SQLite` or the Hub; prints nothing.
//! - Every random choice is keyed by (seed, purpose, index): nothing is drawn from global state, so
//!   a run that was broken off goes on bit for bit.
//! - Writes nowhere but in the job's folder and where it is told to, and every durable file is written under
//!   a temporary name, synced and renamed.
//! - Training walks the [`tape`], on the [`kernels`]. candle unpacks and packs the quantized kinds of GGUF
//!   files; its operations carry nothing but tests (see [`candle`]).
//!
//! Enter at [`train()`], whose loop reads top-down; at [`Generator`] and [`evaluate()`] for
//! what surrounds it.
#![deny(missing_docs)]

mod about;
pub mod candle;
mod check;
mod control;
mod error;
mod export;
mod files;
mod gguf;
mod infer;
pub mod kernels;
mod load;
mod memory;
pub mod model;
mod plan;
mod preview;
mod python_json;
pub mod random;
mod recipe;
mod setup;
pub mod tape;
mod threads;
pub mod tokenizer;
pub mod train;
pub mod weights;

pub use about::about;
pub use check::{check_weights, weight_bytes};
pub use control::Control;
pub use error::EngineError;
pub use export::{Exported, Form, Lossiest, Precision, export, save_adapter};
pub use export::{
    Progress as ExportProgress, Watch as ExportWatch, export_watched, remove_unfinished,
};
pub use infer::{Answer, Generation, Generator, KvCache, SamplingParams};
pub use load::{LoadOptions, Opened, chat_tokens, open, tokens};
pub use plan::{BenchReport, Scenario, base_fitness, bench, gguf_files, longest_context};
pub use plan::{estimate, least_memory_bytes, make_it_fit};
pub use preview::{PreviewRequest, preview_conversations};
pub use recipe::{RecipeRequest, write_recipe};
pub use threads::thread_environment;
pub use tokenizer::chat_template::LocalTime;
pub use train::{ClassScore, Classification, evaluate_classes, is_classifier};
pub use train::{End, first_batches, train, validate};
pub use train::{Evaluation, evaluate, logits};
