//! One step of Adafactor (Shazeer and Stern, 2018): of a matrix's second moment only the means of its rows
//! and columns are kept.
//!
//! The rate is the schedule's own, not relative to the weights, and there is no first moment: what
//! transformers' `Adafactor` does with `scale_parameter=False, relative_step=False`. An update's root mean
//! square is then at most the rate, as with `AdamW`, so that one learning rate suits both.

use super::simd::{self, LANES};
use super::{CHUNK, elementwise, rows_per_task};
use rayon::prelude::*;

/// Added to each square (the paper's first epsilon).
const EPS: f32 = 1e-30;

/// The constants of one step for one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Decay of the second moment, see [`decay`].
    pub beta2: f32,
    /// Learning rate.
    pub lr: f32,
    /// What remains of the weight: `1 - lr * weight_decay`.
    pub keep: f32,
    /// What the gradient is multiplied by first.
    pub clip: f32,
}

/// Decay of the second moment at step `step`, counted from 1: `1 - step^-0.8`.
pub fn decay(step: u64) -> f64 {
    1.0 - (step as f64).powf(-0.8)
}

/// Updates a matrix `(O, I)` in place; `rows` `(O)` and `columns` `(I)` are the means kept.
///
/// With `V = rows columns^T / mean(rows)`, `U = clip * gradient / sqrt(V)` and
/// `rms` its root mean square, `weight = keep * weight - lr * U / max(1, rms)`.
///
/// # Panics
/// Where the lengths do not fit.
pub fn matrix(
    weight: &mut [f32],
    gradient: &[f32],
    rows: &mut [f32],
    columns: &mut [f32],
    step: &Step,
) {
    let d = columns.len();
    assert!(
        d > 0 && weight.len() == rows.len() * d && gradient.len() == weight.len(),
        "adafactor: the lengths of a matrix, its gradient and means"
    );
    update_means(gradient, rows, columns, step);
    let mean = rows.iter().map(|&row| f64::from(row)).sum::<f64>() / rows.len() as f64;
    let of_row: Vec<f32> = rows
        .iter()
        .map(|&row| (mean / f64::from(row)).sqrt() as f32 * step.clip)
        .collect();
    let of_column: Vec<f32> = columns.iter().map(|column| 1.0 / column.sqrt()).collect();

    let n = rows_per_task(d);
    let squares: Vec<f64> = gradient
        .par_chunks(n * d)
        .zip(of_row.par_chunks(n))
        .map(|(gradient, of_row)| square_rows(gradient, of_row, &of_column))
        .collect();
    let size = step_size(squares.iter().sum(), gradient.len(), step.lr);
    weight
        .par_chunks_mut(n * d)
        .zip(gradient.par_chunks(n * d))
        .zip(of_row.par_chunks(n))
        .for_each(|((weight, gradient), of_row)| {
            update_rows(weight, gradient, of_row, &of_column, step.keep, size);
        });
}

/// Updates a vector in place, whose second moment is kept whole.
///
/// # Panics
/// Where the lengths differ.
pub fn vector(weight: &mut [f32], gradient: &[f32], second: &mut [f32], step: &Step) {
    assert!(
        gradient.len() == weight.len() && second.len() == weight.len(),
        "adafactor: the lengths of a vector, its gradient and moment"
    );
    let mut update = vec![0.0; weight.len()];
    for ((update, &gradient), second) in update.iter_mut().zip(gradient).zip(second) {
        let gradient = gradient * step.clip;
        *second = step.beta2 * *second + (1.0 - step.beta2) * (gradient * gradient + EPS);
        *update = gradient / second.sqrt();
    }
    let size = step_size(elementwise::sum_of_squares(&update), update.len(), step.lr);
    for (weight, update) in weight.iter_mut().zip(&update) {
        *weight = step.keep * *weight - size * update;
    }
}

/// `lr / max(1, rms)`.
fn step_size(sum_of_squares: f64, n: usize, lr: f32) -> f32 {
    let rms = (sum_of_squares / n.max(1) as f64).sqrt();
    (f64::from(lr) / rms.max(1.0)) as f32
}

fn update_means(gradient: &[f32], rows: &mut [f32], columns: &mut [f32], step: &Step) {
    let (d, n_rows) = (columns.len(), rows.len());
    let n = rows_per_task(d);
    let mut partial = vec![0.0; n_rows.div_ceil(n) * d];
    gradient
        .par_chunks(n * d)
        .zip(rows.par_chunks_mut(n))
        .zip(partial.par_chunks_mut(d))
        .for_each(|((gradient, rows), partial)| mean_rows(gradient, rows, partial, step));
    let mut total = vec![0.0_f32; d];
    for partial in partial.chunks_exact(d) {
        total
            .iter_mut()
            .zip(partial)
            .for_each(|(total, part)| *total += part);
    }
    for (column, total) in columns.iter_mut().zip(total) {
        let mean = total / n_rows as f32;
        *column = step.beta2 * *column + (1.0 - step.beta2) * mean;
    }
}

per_isa! {
    fn mean_rows<A>(gradient: &[f32], rows: &mut [f32], partial: &mut [f32], step: &Step) {
        debug_assert!(gradient.len() <= CHUNK.max(partial.len()), "a task stays in the cache");
        let d = partial.len();
        for (gradient, row) in gradient.chunks_exact(d).zip(rows) {
            let mut sum = 0.0_f64;
            for (block, partial) in gradient.chunks(64).zip(partial.chunks_mut(64)) {
                let mut squares = [0.0_f32; 64];
                for ((square, &g), partial) in squares.iter_mut().zip(block).zip(partial) {
                    let g = g * step.clip;
                    *square = g * g + EPS;
                    *partial += *square;
                }
                sum += f64::from(squares.iter().sum::<f32>());
            }
            let mean = (sum / d as f64) as f32;
            *row = step.beta2 * *row + (1.0 - step.beta2) * mean;
        }
    }
}

per_isa! {
    fn square_rows<A>(gradient: &[f32], of_row: &[f32], of_column: &[f32]) -> f64 {
        let mut total = 0.0_f64;
        for (gradient, &of_row) in gradient.chunks_exact(of_column.len()).zip(of_row) {
            let mut lanes = [0.0_f32; LANES];
            let (blocks, rest) = gradient.as_chunks::<LANES>();
            let (factors, factors_rest) = of_column.as_chunks::<LANES>();
            for (block, factors) in blocks.iter().zip(factors) {
                for (lane, (g, factor)) in lanes.iter_mut().zip(block.iter().zip(factors)) {
                    let u: f32 = g * factor;
                    *lane = A::mul_add(u, u, *lane);
                }
            }
            for (lane, (g, factor)) in lanes.iter_mut().zip(rest.iter().zip(factors_rest)) {
                let u = g * factor;
                *lane = A::mul_add(u, u, *lane);
            }
            let sum = f64::from(simd::sum_lanes(lanes));
            total += sum * f64::from(of_row) * f64::from(of_row);
        }
        total
    }
}

per_isa! {
    fn update_rows<A>(
        weight: &mut [f32],
        gradient: &[f32],
        of_row: &[f32],
        of_column: &[f32],
        keep: f32,
        size: f32,
    ) {
        let d = of_column.len();
        let rows = weight.chunks_exact_mut(d).zip(gradient.chunks_exact(d)).zip(of_row);
        for ((weight, gradient), &of_row) in rows {
            let size = size * of_row;
            for ((weight, &g), &factor) in weight.iter_mut().zip(gradient).zip(of_column) {
                *weight = A::mul_add(-size * factor, g, keep * *weight);
            }
        }
    }
}
