//! The arithmetic of training on slices of f32: every operation forward and backward, without tensors,
//! graphs or allocation of results.
//!
//! Conventions, kept by every kernel:
//! - Activations are row-major `(N, D)` with `N` all tokens of a micro-batch; a weight is `(O, I)`.
//! - Results go into slices of the caller's. Gradients of activations are written (or added, where
//!   [`Store`] says so); gradients of parameters are always added.
//! - Work is split into pieces that depend on the shape alone, for the current rayon pool, and sums over
//!   pieces are taken in the pieces' order: the bits do not depend on the number of threads.
//! - A kernel panics where the lengths of its slices do not fit each other. Callers check shapes.
//!
//! `unsafe` stands here and nowhere else in the engine: at the calls of functions compiled for more than
//! the baseline's instructions (see [`simd`]).

#![allow(
    clippy::inline_always,
    clippy::extra_unused_type_parameters,
    reason = "`per_isa!` has one body compiled into several functions, with or without arithmetic of its own"
)]
#![allow(
    clippy::too_many_arguments,
    reason = "an operation has as many operands as it has"
)]

#[macro_use]
pub mod simd;

pub mod adafactor;
pub mod adamw;
pub mod adamw8;
pub mod attention;
mod bf16;
pub mod cross_entropy;
pub mod delta_rule;
pub mod dropout;
pub mod elementwise;
pub mod embedding;
mod gated;
pub mod geglu;
pub mod gelu;
pub mod gemm;
pub mod halves;
pub mod layer_norm;
pub mod matmul;
mod matrix;
pub mod quantized;
pub mod relu;
pub mod rms_norm;
pub mod rope;
pub mod segments;
mod shared;
pub mod short_conv;
pub mod sigmoid_gate;
mod softmax;
pub mod swiglu;
pub mod tanh;

use std::ops::Range;

/// Values that one task handles: small enough to stay in a first-level cache with its operands, large
/// enough that rayon's cost per task does not show.
pub(crate) const CHUNK: usize = 16 * 1024;

/// What becomes of the values that a result's slice holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// They are replaced.
    Write,
    /// The result is added to them.
    Add,
}

/// `range` in pieces of `step`, the last one shorter.
pub(crate) fn cut(range: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range
        .step_by(step.max(1))
        .map(move |start| start..(start + step).min(end))
}

/// Rows of width `d` that one task handles; depends on nothing but the shape.
pub(crate) fn rows_per_task(d: usize) -> usize {
    (CHUNK / d.max(1)).max(1)
}
