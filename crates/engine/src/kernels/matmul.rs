//! Products of activations with a weight of shape `(O, I)`: forward, and backward into the input, the
//! weight and the bias. The weight may be stored in f32, bf16 or ggml blocks.
//!
//! The bits do not depend on the number of threads: `gemm` cuts k by the shape and the sizes of the caches,
//! our own loops (large products in AVX2, [`Precision::Bf16`]) by the shape alone, and all add the pieces in
//! order. Between processors with
//! other caches or instructions, results in f32 differ by rounding.

use super::bf16::{self, Contiguous, Product};
use super::gemm::{Spread, View, gemm, gemm_into};
pub use super::matrix::Matrix;
use super::rows_per_task;
use super::shared::Shared;
use rayon::prelude::*;

/// Rows of a narrow weight that are widened to f32 at a time.
const TILE_ROWS: usize = 512;

/// How factors of a product are rounded before they are multiplied. Sums are f32 in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Not at all.
    #[default]
    F32,
    /// To bfloat16, where the processor multiplies that faster; as [`Precision::F32`] elsewhere.
    Bf16,
}

/// `out = beta * out + x W^T`: `x` is `(N, I)`, `weight` `(O, I)`, `out` `(N, O)`, N being `n`.
///
/// # Panics
/// If the lengths do not fit together.
pub fn forward(
    out: &mut [f32],
    x: &[f32],
    weight: Matrix<'_>,
    n: usize,
    precision: Precision,
    beta: f32,
) {
    let Some((o, i)) = weight_shape(out, x, weight.len(), n) else {
        return;
    };
    if precision == Precision::Bf16 && bf16::available() && weight.can_be_cut() {
        let product = Product {
            m: n,
            n: o,
            k: i,
            left: x,
            left_layout: Contiguous::Depth,
            right: weight,
            right_layout: Contiguous::Depth,
        };
        return product.add_to(out, beta);
    }
    let x = View::new(x, n, i);
    if let Matrix::F32(weight) = weight {
        return gemm(out, x, View::new(weight, o, i).t(), 1.0, beta, Spread::Pool);
    }
    let out = Shared::new(out);
    for_tiles(weight, o, i, |first, rows, tile| {
        let tile = View::new(tile, rows, i).t();
        // SAFETY: tiles are handled one after the other, and `out` is borrowed here alone.
        unsafe { gemm_into(out.at(first), o, x, tile, 1.0, beta, Spread::Pool) }
    });
}

/// `dx = beta * dx + dy W`: `dy` is `(N, O)`, `weight` `(O, I)`, `dx` `(N, I)`.
///
/// # Panics
/// If the lengths do not fit together.
pub fn backward_input(
    dx: &mut [f32],
    dy: &[f32],
    weight: Matrix<'_>,
    n: usize,
    precision: Precision,
    beta: f32,
) {
    let Some((o, i)) = weight_shape(dy, dx, weight.len(), n) else {
        return;
    };
    if precision == Precision::Bf16 && bf16::available() && weight.can_be_cut() {
        let product = Product {
            m: n,
            n: i,
            k: o,
            left: dy,
            left_layout: Contiguous::Depth,
            right: weight,
            right_layout: Contiguous::Outer,
        };
        return product.add_to(dx, beta);
    }
    if let Matrix::F32(weight) = weight {
        let (dy, weight) = (View::new(dy, n, o), View::new(weight, o, i));
        return gemm(dx, dy, weight, 1.0, beta, Spread::Pool);
    }
    for_tiles(weight, o, i, |first, rows, tile| {
        let beta = if first == 0 { beta } else { 1.0 };
        let strip = View::strided(&dy[first..], n, rows, o);
        gemm(dx, strip, View::new(tile, rows, i), 1.0, beta, Spread::Pool);
    });
}

/// `dw += dy^T x`: `dy` is `(N, O)`, `x` `(N, I)`, `dw` `(O, I)`.
///
/// # Panics
/// If the lengths do not fit together.
pub fn backward_weight(dw: &mut [f32], dy: &[f32], x: &[f32], n: usize, precision: Precision) {
    let Some((o, i)) = weight_shape(dy, x, dw.len(), n) else {
        return;
    };
    if precision == Precision::Bf16 && bf16::available() {
        let product = Product {
            m: o,
            n: i,
            k: n,
            left: dy,
            left_layout: Contiguous::Outer,
            right: Matrix::F32(x),
            right_layout: Contiguous::Outer,
        };
        return product.add_to(dw, 1.0);
    }
    let (dy, x) = (View::new(dy, n, o), View::new(x, n, i));
    gemm(dw, dy.t(), x, 1.0, 1.0, Spread::Pool);
}

/// `db += column sums of dy`: `dy` is `(N, O)`, `db` `(O)`.
///
/// # Panics
/// If `dy` is not whole rows.
pub fn backward_bias(db: &mut [f32], dy: &[f32]) {
    let o = db.len();
    if o == 0 || dy.is_empty() {
        return;
    }
    assert_eq!(dy.len() % o, 0, "{} in rows of {o}", dy.len());
    let rows = rows_per_task(o);
    let sums: Vec<Vec<f32>> = dy
        .par_chunks(rows * o)
        .map(|chunk| {
            let mut sum = vec![0.0; o];
            for row in chunk.chunks_exact(o) {
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            sum
        })
        .collect();
    for sum in sums {
        for (db, value) in db.iter_mut().zip(sum) {
            *db += value;
        }
    }
}

/// Adds `bias` `(O)` to each row of `out` `(N, O)`.
///
/// # Panics
/// If `out` is not whole rows.
pub fn add_bias(out: &mut [f32], bias: &[f32]) {
    let o = bias.len();
    if o == 0 || out.is_empty() {
        return;
    }
    assert_eq!(out.len() % o, 0, "{} in rows of {o}", out.len());
    out.par_chunks_mut(rows_per_task(o) * o).for_each(|chunk| {
        for row in chunk.chunks_exact_mut(o) {
            for (value, bias) in row.iter_mut().zip(bias) {
                *value += bias;
            }
        }
    });
}

/// `(O, I)` of a weight that maps `n` rows of `x` to `n` rows of `y`; nothing where one is empty.
fn weight_shape(y: &[f32], x: &[f32], n_values: usize, n: usize) -> Option<(usize, usize)> {
    if n == 0 || y.is_empty() || x.is_empty() {
        return None;
    }
    let (o, i) = (y.len() / n, x.len() / n);
    assert!(
        y.len() == n * o && x.len() == n * i && n_values == o * i,
        "{n} rows: {} to {} by {n_values}",
        x.len(),
        y.len(),
    );
    Some((o, i))
}

/// Calls `work(first row, rows, values)` for tiles of whole rows, widened to f32.
fn for_tiles(weight: Matrix<'_>, o: usize, i: usize, mut work: impl FnMut(usize, usize, &[f32])) {
    let mut scratch = vec![0.0; TILE_ROWS.min(o) * i];
    for first in (0..o).step_by(TILE_ROWS) {
        let rows = TILE_ROWS.min(o - first);
        let tile = &mut scratch[..rows * i];
        tile.par_chunks_mut(i)
            .enumerate()
            .for_each(|(row, values)| weight.widen((first + row) * i, values));
        work(first, rows, tile);
    }
}
