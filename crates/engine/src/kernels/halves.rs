//! The halves of rows that hold two parts of each head side by side, as Qwen3.5's queries and their gates.

use super::rows_per_task;
use rayon::prelude::*;

/// Which half of each head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The first `head_dim` values.
    First,
    /// The last `head_dim` values.
    Second,
}

impl Half {
    /// Where the half begins in its head.
    fn start(self, head_dim: usize) -> usize {
        match self {
            Self::First => 0,
            Self::Second => head_dim,
        }
    }
}

/// Copies the half of each head: `out` is `(N, H * head_dim)`, `x` is `(N, H * 2 * head_dim)`.
///
/// # Panics
/// Where the lengths do not fit.
pub fn forward(out: &mut [f32], x: &[f32], head_dim: usize, half: Half) {
    assert!(
        2 * out.len() == x.len() && out.len().is_multiple_of(head_dim),
        "halves: {} values of {}",
        out.len(),
        x.len()
    );
    let (heads, start) = (rows_per_task(2 * head_dim), half.start(head_dim));
    out.par_chunks_mut(heads * head_dim)
        .zip(x.par_chunks(heads * 2 * head_dim))
        .for_each(|(out, x)| {
            let heads = out
                .chunks_exact_mut(head_dim)
                .zip(x.chunks_exact(2 * head_dim));
            for (out, x) in heads {
                out.copy_from_slice(&x[start..start + head_dim]);
            }
        });
}

/// Adds the gradient of [`forward`] to the half's values of `dx` `(N, H * 2 * head_dim)`.
///
/// # Panics
/// Where the lengths do not fit.
pub fn backward(dx: &mut [f32], dout: &[f32], head_dim: usize, half: Half) {
    assert!(
        2 * dout.len() == dx.len() && dout.len().is_multiple_of(head_dim),
        "halves: {} gradients of {}",
        dout.len(),
        dx.len()
    );
    let (heads, start) = (rows_per_task(2 * head_dim), half.start(head_dim));
    dx.par_chunks_mut(heads * 2 * head_dim)
        .zip(dout.par_chunks(heads * head_dim))
        .for_each(|(dx, dout)| {
            let heads = dx
                .chunks_exact_mut(2 * head_dim)
                .zip(dout.chunks_exact(head_dim));
            for (dx, dout) in heads {
                let dx = &mut dx[start..start + head_dim];
                dx.iter_mut().zip(dout).for_each(|(dx, dout)| *dx += dout);
            }
        });
}
