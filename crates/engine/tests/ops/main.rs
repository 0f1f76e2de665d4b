//! Every operation and the optimizers, each alone: against plain sums, its twin and finite differences.
//!
//! One executable holds them all: linking costs more than most of them take. What chooses an
//! instruction set, which a process has one of, stands apart (`instruction_sets.rs`).
#![allow(clippy::unwrap_used, missing_docs)]

mod attention;
mod candle_nn;
mod cross_entropy;
mod delta_rule;
mod elementwise;
mod graph;
mod layers;
mod matmul;
mod optimizer;
mod twins;
