//! Scaled dot-product attention in tiles (Dao et al., `FlashAttention`, 2022): forward keeps one
//! log-sum-exp per row and head, backward computes the probabilities anew, tile by tile. Keys and
//! values of a group are never repeated, and no matrix of sequence by sequence is kept.

mod backward;

use super::gemm::{Spread, View, gemm};
use super::segments::Segments;
use super::shared::Shared;
use super::softmax;
pub use backward::backward;
use rayon::prelude::*;
use std::ops::Range;

/// Query rows (tokens times heads of a group) that a task handles at a time.
const QUERY_ROWS: usize = 128;

/// Tokens of a tile at most where not all keys are seen: what is beyond is scored for nothing.
const CAUSAL_TOKENS: usize = 64;

/// Keys that a task scores at a time: with the query rows' scores they stay in the second-level cache.
const KEYS: usize = 512;

/// Which keys a query may look at, within its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// Those at its own and earlier positions.
    Causal,
    /// Those at its own position and at the `window - 1` before it; `window` is positive.
    Sliding {
        /// Keys seen, the query's own included.
        window: usize,
    },
    /// Those at most `reach` positions before or behind its own.
    Near {
        /// The farthest.
        reach: usize,
    },
    /// All.
    Bidirectional,
}

/// Heads, and what is asked of them. Query head `h` looks at key head `h / (n_heads / n_kv_heads)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionShape {
    /// Query heads H.
    pub n_heads: usize,
    /// Key and value heads K; divides H.
    pub n_kv_heads: usize,
    /// Values in a head, D.
    pub head_dim: usize,
    /// Which keys a query may look at.
    pub mask: Mask,
    /// Factor of the scores, usually `1 / sqrt(D)`.
    pub scale: f32,
}

/// The inputs: queries `(N, H*D)`, keys and values `(N, K*D)`.
#[derive(Debug, Clone, Copy)]
pub struct Qkv<'a> {
    /// Queries `(N, H*D)`.
    pub q: &'a [f32],
    /// Keys `(N, K*D)`.
    pub k: &'a [f32],
    /// Values `(N, K*D)`.
    pub v: &'a [f32],
}

/// Where the inputs' gradients are written, shaped as the inputs.
#[derive(Debug)]
pub struct QkvMut<'a> {
    /// Gradient of the queries `(N, H*D)`.
    pub dq: &'a mut [f32],
    /// Gradient of the keys `(N, K*D)`.
    pub dk: &'a mut [f32],
    /// Gradient of the values `(N, K*D)`.
    pub dv: &'a mut [f32],
}

/// Writes `out` `(N, H*D)` and the log-sum-exp of each row's scores `lse` `(N, H)`; zeros where a row
/// is in no segment.
///
/// # Panics
/// If the lengths do not fit the shape and the segments.
pub fn forward(
    out: &mut [f32],
    lse: &mut [f32],
    inputs: Qkv<'_>,
    shape: &AttentionShape,
    segments: &Segments,
) {
    shape.check(inputs, out, lse, segments);
    for gap in segments.padding() {
        let width = shape.query_width();
        out[gap.start * width..gap.end * width].fill(0.0);
        lse[gap.start * shape.n_heads..gap.end * shape.n_heads].fill(0.0);
    }
    let tokens = shape.tile_tokens();
    let tasks: Vec<Tile> = segments
        .iter()
        .flat_map(|rows| {
            (0..shape.n_kv_heads).flat_map(move |kv_head| {
                let end = rows.end;
                let segment = rows.clone();
                rows.clone().step_by(tokens).map(move |start| Tile {
                    segment: segment.clone(),
                    queries: start..(start + tokens).min(end),
                    kv_head,
                })
            })
        })
        .collect();
    let (out, lse) = (Shared::new(out), Shared::new(lse));
    tasks
        .par_iter()
        .for_each_init(Scratch::default, |scratch, tile| {
            forward_tile(out, lse, inputs, shape, tile, scratch);
        });
}

impl AttentionShape {
    /// Query heads that share a key head.
    fn group(&self) -> usize {
        self.n_heads / self.n_kv_heads
    }

    fn query_width(&self) -> usize {
        self.n_heads * self.head_dim
    }

    fn key_width(&self) -> usize {
        self.n_kv_heads * self.head_dim
    }

    /// Tokens whose queries make a tile.
    fn tile_tokens(&self) -> usize {
        let tokens = (QUERY_ROWS / self.group()).max(1);
        match self.mask {
            Mask::Causal | Mask::Sliding { .. } | Mask::Near { .. } => tokens.min(CAUSAL_TOKENS),
            Mask::Bidirectional => tokens,
        }
    }

    /// The first key that the queries from `query_start` on look at.
    fn key_start(&self, segment: &Range<usize>, query_start: usize) -> usize {
        match self.mask {
            Mask::Sliding { window } => (query_start + 1).saturating_sub(window).max(segment.start),
            Mask::Near { reach } => query_start.saturating_sub(reach).max(segment.start),
            Mask::Causal | Mask::Bidirectional => segment.start,
        }
    }

    /// One past the last key that the queries up to `query_end` look at.
    fn key_end(&self, segment: &Range<usize>, query_end: usize) -> usize {
        match self.mask {
            Mask::Causal | Mask::Sliding { .. } => query_end,
            Mask::Near { reach } => query_end.saturating_add(reach).min(segment.end),
            Mask::Bidirectional => segment.end,
        }
    }

    fn check(&self, inputs: Qkv<'_>, out: &[f32], lse: &[f32], segments: &Segments) {
        let n = segments.n_rows();
        assert!(
            self.n_kv_heads > 0 && self.n_heads.is_multiple_of(self.n_kv_heads),
            "{} heads in groups of {}",
            self.n_heads,
            self.n_kv_heads
        );
        assert!(
            inputs.q.len() == n * self.query_width()
                && out.len() == inputs.q.len()
                && inputs.k.len() == n * self.key_width()
                && inputs.v.len() == inputs.k.len()
                && lse.len() == n * self.n_heads,
            "{n} rows of {self:?}"
        );
    }
}

/// The queries of one task.
struct Tile {
    segment: Range<usize>,
    queries: Range<usize>,
    kv_head: usize,
}

/// A task's buffers, kept from tile to tile.
#[derive(Default)]
struct Scratch {
    queries: Vec<f32>,
    scores: Vec<f32>,
    slopes: Vec<f32>,
    out: Vec<f32>,
    dout: Vec<f32>,
    max: Vec<f32>,
    sum: Vec<f32>,
}

/// Copies the group's heads of `rows` of `source` `(N, H*D)` as rows `(tokens * group, D)`, times
/// `factor`.
fn gather(
    into: &mut Vec<f32>,
    source: &[f32],
    shape: &AttentionShape,
    rows: Range<usize>,
    kv_head: usize,
    factor: f32,
) {
    let (width, strip) = (shape.query_width(), shape.group() * shape.head_dim);
    into.clear();
    for row in rows {
        let start = row * width + kv_head * strip;
        into.extend(
            source[start..start + strip]
                .iter()
                .map(|value| value * factor),
        );
    }
}

/// The keys or values `rows` of one head as a view `(rows, D)`.
fn head_view<'a>(
    source: &'a [f32],
    shape: &AttentionShape,
    rows: Range<usize>,
    kv_head: usize,
) -> View<'a> {
    let start = rows.start * shape.key_width() + kv_head * shape.head_dim;
    View::strided(
        &source[start..],
        rows.len(),
        shape.head_dim,
        shape.key_width(),
    )
}

/// Which of the block `keys`, counted from its start, row `row` of a tile sees.
fn seen(
    shape: &AttentionShape,
    tile_start: usize,
    row: usize,
    keys: &Range<usize>,
) -> Range<usize> {
    let behind = tile_start + row / shape.group() + 1;
    let within = |key: usize| key.saturating_sub(keys.start).min(keys.len());
    match shape.mask {
        Mask::Causal => 0..within(behind),
        Mask::Sliding { window } => within(behind.saturating_sub(window))..within(behind),
        Mask::Near { reach } => {
            let own = behind - 1;
            within(own.saturating_sub(reach))..within(behind.saturating_add(reach))
        }
        Mask::Bidirectional => 0..keys.len(),
    }
}

/// The scores that are seen; the others are zero from here on.
fn only<'a>(scores: &'a mut [f32], seen: &Range<usize>) -> &'a mut [f32] {
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    &mut scores[seen.clone()]
}

fn forward_tile(
    out: Shared<'_, f32>,
    lse: Shared<'_, f32>,
    inputs: Qkv<'_>,
    shape: &AttentionShape,
    tile: &Tile,
    scratch: &mut Scratch,
) {
    let (d, group) = (shape.head_dim, shape.group());
    let rows = tile.queries.len() * group;
    gather(
        &mut scratch.queries,
        inputs.q,
        shape,
        tile.queries.clone(),
        tile.kv_head,
        shape.scale,
    );
    scratch.max.clear();
    scratch.max.resize(rows, f32::NEG_INFINITY);
    scratch.sum.clear();
    scratch.sum.resize(rows, 0.0);
    scratch.out.clear();
    scratch.out.resize(rows * d, 0.0);
    let first = shape.key_start(&tile.segment, tile.queries.start);
    let end = shape.key_end(&tile.segment, tile.queries.end);
    for start in (first..end).step_by(KEYS) {
        let keys = start..(start + KEYS).min(end);
        let n_keys = keys.len();
        scratch.scores.resize(rows * n_keys, 0.0);
        let queries = View::new(&scratch.queries, rows, d);
        let k = head_view(inputs.k, shape, keys.clone(), tile.kv_head);
        gemm(
            &mut scratch.scores,
            queries,
            k.t(),
            1.0,
            0.0,
            Spread::ThisThread,
        );
        for (row, scores) in scratch.scores.chunks_exact_mut(n_keys).enumerate() {
            let scores = only(scores, &seen(shape, tile.queries.start, row, &keys));
            let before = scratch.max[row];
            let max = before.max(softmax::largest(scores));
            let sum = softmax::exp_minus(scores, max);
            // Where the largest stays, the sums so far stay, too: also in a first block's minus infinity.
            let factor = if max > before {
                (before - max).exp()
            } else {
                1.0
            };
            scratch.max[row] = max;
            scratch.sum[row] = scratch.sum[row] * factor + sum;
            if max > before && start > first {
                softmax::scale(&mut scratch.out[row * d..(row + 1) * d], factor);
            }
        }
        let v = head_view(inputs.v, shape, keys, tile.kv_head);
        let scores = View::new(&scratch.scores, rows, n_keys);
        gemm(&mut scratch.out, scores, v, 1.0, 1.0, Spread::ThisThread);
    }
    for (row, values) in scratch.out.chunks_exact(d).enumerate() {
        let (token, head) = (
            tile.queries.start + row / group,
            tile.kv_head * group + row % group,
        );
        let inverse = 1.0 / scratch.sum[row];
        // SAFETY: each task has its own tokens and heads.
        let (to, lse) = unsafe {
            (
                out.slice(token * shape.query_width() + head * d, d),
                lse.slice(token * shape.n_heads + head, 1),
            )
        };
        for (to, value) in to.iter_mut().zip(values) {
            *to = value * inverse;
        }
        lse[0] = scratch.max[row] + scratch.sum[row].ln();
    }
}
