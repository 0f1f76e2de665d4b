//! Models and whole runs: against `PyTorch`'s numbers, planned, broken off and gone on, and damaged.
//!
//! One executable holds them all: linking costs more than most of them take. What is measured
//! in a process of its own stands apart (`memory.rs`).
#![allow(clippy::unwrap_used, missing_docs)]

mod checkpoints;
mod claims;
mod classification;
mod configurations;
mod conversations;
mod earlier_release;
mod export_watch;
mod fine_tuning;
mod folders;
mod gguf;
mod gguf_adapters;
mod gguf_kinds;
mod gguf_sight;
mod optimizers_in_runs;
mod packing;
mod peft;
mod plan;
mod preference;
mod qwen3_5;
mod reference;
mod strictness;
mod tokenizer;
mod training;
