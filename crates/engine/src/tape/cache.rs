//! What later rows see of the rows that went through a segment before: keys and values for attention; for linear
//! attention the last rows before its convolution, and its states.

use crate::kernels::attention::{AttentionShape, Mask};
use rayon::prelude::*;

/// Of one layer: keys, already rotated, and values, `(S, K * D)` each; or rows and states of linear attention,
/// whose length does not grow.
#[derive(Debug, Clone, Default)]
pub struct LayerCache {
    keys: Vec<f32>,
    values: Vec<f32>,
    n_tokens: usize,
    /// Of the tokens to come next.
    n_new: usize,
    /// Rows before the convolution `(K - 1, C)`; empty before the first token.
    rows: Vec<f32>,
    /// States `(value_heads, Dk, Dv)`; empty before the first token.
    states: Vec<f32>,
}

impl LayerCache {
    /// An empty cache that is next given `n_new` tokens.
    pub(crate) fn expect(&mut self, n_new: usize) {
        self.n_new = n_new;
    }

    /// Tokens held.
    pub(crate) fn n_tokens(&self) -> usize {
        self.n_tokens
    }

    /// Adds the tokens' keys and values.
    pub(crate) fn append(&mut self, keys: &[f32], values: &[f32]) {
        self.keys.extend_from_slice(keys);
        self.values.extend_from_slice(values);
        self.n_tokens += self.n_new;
    }

    /// The `len` values of the rows before those that come, zeros before the first.
    pub(crate) fn rows_before(&mut self, len: usize) -> &[f32] {
        self.rows.resize(len, 0.0);
        &self.rows
    }

    /// Keeps the last `len` values of the rows before and of `rows`, which followed them.
    pub(crate) fn keep_rows(&mut self, rows: &[f32], len: usize) {
        let fresh = rows.get(rows.len().saturating_sub(len)..).unwrap_or(rows);
        self.rows.drain(..fresh.len().min(self.rows.len()));
        self.rows.extend_from_slice(fresh);
    }

    /// The states of `len` values, zeros before the first token. [`LayerCache::put_states`] brings them back.
    pub(crate) fn take_states(&mut self, len: usize) -> Vec<f32> {
        let mut states = std::mem::take(&mut self.states);
        states.resize(len, 0.0);
        states
    }

    /// Puts the states after the newest token.
    pub(crate) fn put_states(&mut self, states: Vec<f32>) {
        self.states = states;
    }

    /// Causal attention of the newest tokens, whose keys are already here: `out` and `queries` are
    /// `(n_new, H * D)`.
    pub(crate) fn attend(&self, out: &mut [f32], queries: &[f32], shape: &AttentionShape) {
        let (head_dim, group) = (shape.head_dim, shape.n_heads / shape.n_kv_heads);
        let width = shape.n_kv_heads * head_dim;
        let first = self.n_tokens - self.n_new;
        out.par_chunks_mut(head_dim)
            .zip(queries.par_chunks(head_dim))
            .enumerate()
            .for_each(|(index, (out, query))| {
                let (row, head) = (index / shape.n_heads, index % shape.n_heads);
                let offset = head / group * head_dim;
                let of_head = |all: &[f32], token: usize| -> std::ops::Range<usize> {
                    let start = token * width + offset;
                    debug_assert!(start + head_dim <= all.len(), "the token is held");
                    start..start + head_dim
                };
                let last = first + row;
                let seen = match shape.mask {
                    Mask::Sliding { window } => (last + 1).saturating_sub(window)..=last,
                    Mask::Near { reach } => last.saturating_sub(reach)..=last,
                    Mask::Causal | Mask::Bidirectional => 0..=last,
                };
                let mut scores: Vec<f32> = seen
                    .clone()
                    .map(|token| {
                        let key = &self.keys[of_head(&self.keys, token)];
                        shape.scale * query.iter().zip(key).map(|(q, k)| q * k).sum::<f32>()
                    })
                    .collect();
                let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                for score in &mut scores {
                    *score = (*score - highest).exp();
                }
                let sum: f32 = scores.iter().sum();
                out.fill(0.0);
                for (token, score) in seen.zip(&scores) {
                    let value = &self.values[of_head(&self.values, token)];
                    let share = score / sum;
                    for (out, value) in out.iter_mut().zip(value) {
                        *out += share * value;
                    }
                }
            });
    }
}
