//! Keys and values of the rows that went through a segment before: what attention of later rows sees.

use crate::kernels::attention::{AttentionShape, Mask};
use rayon::prelude::*;

/// Keys and values of one layer: `(S, K * D)` each, keys already rotated.
#[derive(Debug, Clone, Default)]
pub struct LayerCache {
    keys: Vec<f32>,
    values: Vec<f32>,
    n_tokens: usize,
    /// Of the tokens to come next.
    n_new: usize,
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
