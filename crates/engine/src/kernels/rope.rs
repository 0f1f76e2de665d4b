//! Rotary position embedding (Su et al., 2021), laid out as Llama does: a head's first half is paired
//! with its second.

use super::{CHUNK, rows_per_task};
use rayon::prelude::*;

/// Cosines and sines of every position's angles.
#[derive(Debug, Clone)]
pub struct Table {
    half: usize,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Table {
    /// Angles `position * theta^(-2 i / head_dim)`, in f32 throughout, as transformers computes them.
    pub fn new(head_dim: usize, theta: f64, n_positions: usize) -> Self {
        Self::from_frequencies(&frequencies(head_dim, theta), n_positions)
    }

    /// Angles `position * frequencies[i]` of pair `i`.
    pub fn from_frequencies(frequencies: &[f32], n_positions: usize) -> Self {
        let angles = (0..n_positions).flat_map(|position| {
            frequencies
                .iter()
                .map(move |frequency| position as f32 * frequency)
        });
        let (cos, sin) = angles.map(|angle| (angle.cos(), angle.sin())).unzip();
        Self {
            half: frequencies.len(),
            cos,
            sin,
        }
    }

    /// The same angles, what is rotated by them multiplied with `factor`.
    #[must_use]
    pub fn times(mut self, factor: f32) -> Self {
        for value in self.cos.iter_mut().chain(&mut self.sin) {
            *value *= factor;
        }
        self
    }

    /// Values of a head that are rotated.
    pub fn rotated(&self) -> usize {
        2 * self.half
    }

    /// Positions that it knows.
    pub fn n_positions(&self) -> usize {
        self.cos.len() / self.half.max(1)
    }

    /// Cosines `(P, head_dim / 2)`.
    pub fn cos(&self) -> &[f32] {
        &self.cos
    }

    /// Sines `(P, head_dim / 2)`.
    pub fn sin(&self) -> &[f32] {
        &self.sin
    }
}

/// `theta^(-2 i / head_dim)` of each pair `i`, in f32, as transformers computes it.
pub fn frequencies(head_dim: usize, theta: f64) -> Vec<f32> {
    let half = head_dim / 2;
    (0..half)
        .map(|pair| {
            let exponent = (2 * pair) as f32 / (2 * half) as f32;
            1.0 / (theta as f32).powf(exponent)
        })
        .collect()
}

/// Rotates the first values of each head of each row by its position's angles, in place: as many as the table has
/// angles for, two each. `x` is `(N, n_heads * head_dim)`, `positions` is `(N)`.
///
/// # Panics
/// Where the lengths do not fit, or a position is not in the table.
pub fn forward(x: &mut [f32], n_heads: usize, positions: &[u32], table: &Table) {
    rotate(x, n_heads, positions, table, 1.0);
}

/// The gradient of [`forward`], in place: the rotation by the opposite angles.
///
/// # Panics
/// As [`forward`].
pub fn backward(dx: &mut [f32], n_heads: usize, positions: &[u32], table: &Table) {
    rotate(dx, n_heads, positions, table, -1.0);
}

fn rotate(x: &mut [f32], n_heads: usize, positions: &[u32], table: &Table, sign: f32) {
    if x.is_empty() {
        assert!(positions.is_empty(), "rope: rows without values");
        return;
    }
    let width = x.len() / positions.len().max(1);
    assert!(
        x.len() == positions.len() * width
            && width.is_multiple_of(n_heads)
            && table.rotated() <= width / n_heads,
        "rope: {width} values of a row are no {n_heads} heads of {} rotated ones",
        table.rotated()
    );
    let rows = rows_per_task(width);
    debug_assert!(
        rows == 1 || rows * width <= CHUNK,
        "a task stays in the cache"
    );
    x.par_chunks_mut(rows * width)
        .zip(positions.par_chunks(rows))
        .for_each(|(x, positions)| rotate_rows(x, positions, n_heads, table, sign));
}

per_isa! {
    fn rotate_rows<A>(x: &mut [f32], positions: &[u32], n_heads: usize, table: &Table, sign: f32) {
        let half = table.half;
        let width = x.len() / positions.len();
        for (row, &position) in x.chunks_exact_mut(width).zip(positions) {
            let start = position as usize * half;
            let cos = &table.cos[start..start + half];
            let sin = &table.sin[start..start + half];
            for head in row.chunks_exact_mut(width / n_heads) {
                let (first, second) = head[..2 * half].split_at_mut(half);
                for ((first, second), (&cos, &sin)) in
                    first.iter_mut().zip(second).zip(cos.iter().zip(sin))
                {
                    let (a, b, sin) = (*first, *second, sign * sin);
                    *first = a * cos - b * sin;
                    *second = b * cos + a * sin;
                }
            }
        }
    }
}
