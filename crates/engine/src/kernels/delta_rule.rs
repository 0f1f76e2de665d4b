//! The gated delta rule (Yang et al., Gated Delta Networks, 2024): attention whose memory is one matrix a head,
//! whatever the length. With keys and queries of unit length, for each token of a segment
//!
//! ```text
//! S = e^g S            g = -e^(a_log) * softplus(a + dt_bias)
//! S = S + k d^T        d = sigmoid(b) * (v - S^T k)
//! out = S^T q / sqrt(Dk)
//! ```
//!
//! Forward goes token by token and keeps `S` at the beginning of every [`KEPT_EVERY`] tokens but the first;
//! backward computes those between again, so that memory grows with the length over 64. Every segment begins
//! with `S = 0`.

mod backward;

use super::segments::Segments;
use super::shared::Shared;
use super::simd;
pub use backward::{Gradients, backward};
use rayon::prelude::*;
use std::ops::Range;

/// Tokens between two states that are kept.
pub const KEPT_EVERY: usize = 64;

/// Added to the squared length of a key or query, as flash-linear-attention does.
const EPS: f32 = 1e-6;

/// Heads and their widths. Value head `h` uses key head `h / (n_value_heads / n_key_heads)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeltaShape {
    /// Heads of queries and keys.
    pub n_key_heads: usize,
    /// Heads of values, states and results; a multiple of `n_key_heads`.
    pub n_value_heads: usize,
    /// Values in a query or key, Dk.
    pub key_dim: usize,
    /// Values in a value, Dv.
    pub value_dim: usize,
}

/// What the rule is computed of.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Queries, keys and values of each row `(N, 2 * key_heads * Dk + value_heads * Dv)`.
    pub qkv: &'a [f32],
    /// What the decay depends on `(N, value_heads)`.
    pub a: &'a [f32],
    /// What the rate of learning depends on `(N, value_heads)`.
    pub b: &'a [f32],
    /// Logarithm of each head's decay `(value_heads)`.
    pub a_log: &'a [f32],
    /// Added to `a` `(value_heads)`.
    pub dt_bias: &'a [f32],
}

/// Where states come from and go to.
#[derive(Debug)]
pub enum States<'a> {
    /// Segments begin with nothing, and their ends are not asked for.
    Fresh,
    /// As before, and those of [`DeltaShape::n_kept`] are written here.
    Kept(&'a mut [f32]),
    /// The one segment goes on from these `(value_heads, Dk, Dv)`, which become those after its last token.
    Continued(&'a mut [f32]),
}

impl DeltaShape {
    /// Values of a row of queries, keys and values.
    pub fn qkv_width(&self) -> usize {
        2 * self.n_key_heads * self.key_dim + self.n_value_heads * self.value_dim
    }

    /// Values of a row of results.
    pub fn out_width(&self) -> usize {
        self.n_value_heads * self.value_dim
    }

    /// Values of all heads' states.
    pub fn state_len(&self) -> usize {
        self.n_value_heads * self.head_state()
    }

    /// Values of the states that are kept of `segments` for the way back.
    pub fn n_kept(&self, segments: &Segments) -> usize {
        let n: usize = segments.iter().map(|span| n_kept_of(span.len())).sum();
        n * self.state_len()
    }

    /// Values of one head's state.
    fn head_state(&self) -> usize {
        self.key_dim * self.value_dim
    }

    /// Value heads that share a key head.
    fn group(&self) -> usize {
        self.n_value_heads / self.n_key_heads
    }

    /// Where the query of key head `head` lies in a row.
    fn query(&self, head: usize) -> Range<usize> {
        head * self.key_dim..(head + 1) * self.key_dim
    }

    /// Where the key of key head `head` lies in a row.
    fn key(&self, head: usize) -> Range<usize> {
        self.query(self.n_key_heads + head)
    }

    /// Where the value of value head `head` lies in a row.
    fn value(&self, head: usize) -> Range<usize> {
        let start = 2 * self.n_key_heads * self.key_dim + head * self.value_dim;
        start..start + self.value_dim
    }

    fn check(&self, inputs: Inputs<'_>, n_out: usize, segments: &Segments) {
        let n = segments.n_rows();
        assert!(
            self.n_key_heads > 0 && self.n_value_heads.is_multiple_of(self.n_key_heads),
            "delta_rule: {} value heads for {} key heads",
            self.n_value_heads,
            self.n_key_heads
        );
        assert!(
            self.key_dim > 0 && self.value_dim > 0,
            "delta_rule: empty heads"
        );
        let heads = self.n_value_heads;
        assert!(
            inputs.qkv.len() == n * self.qkv_width()
                && inputs.a.len() == n * heads
                && inputs.b.len() == n * heads
                && inputs.a_log.len() == heads
                && inputs.dt_bias.len() == heads
                && n_out == n * self.out_width(),
            "delta_rule: the lengths of {n} rows"
        );
    }
}

/// States that are kept of a segment of `len` tokens.
fn n_kept_of(len: usize) -> usize {
    len.saturating_sub(1) / KEPT_EVERY
}

/// The segments' rows, each with the number of its first state that is kept.
fn numbered(segments: &Segments) -> Vec<(Range<usize>, usize)> {
    let mut first = 0;
    segments
        .iter()
        .map(|span| {
            first += n_kept_of(span.len());
            (span.clone(), first - n_kept_of(span.len()))
        })
        .collect()
}

/// Writes `out` `(N, value_heads * Dv)`; zeros where a row is in no segment.
///
/// # Panics
/// Where the lengths do not fit, or states go on over more than one segment.
pub fn forward(
    out: &mut [f32],
    states: States<'_>,
    inputs: Inputs<'_>,
    shape: &DeltaShape,
    segments: &Segments,
) {
    shape.check(inputs, out.len(), segments);
    let width = shape.out_width();
    for gap in segments.padding() {
        out[gap.start * width..gap.end * width].fill(0.0);
    }
    let (kept, continued) = match states {
        States::Fresh => (None, None),
        States::Kept(kept) => {
            assert_eq!(
                kept.len(),
                shape.n_kept(segments),
                "delta_rule: kept states"
            );
            (Some(Shared::new(kept)), None)
        }
        States::Continued(all) => {
            assert!(
                all.len() == shape.state_len() && segments.len() <= 1,
                "delta_rule: the states of a single segment"
            );
            (None, Some(Shared::new(all)))
        }
    };
    let out = Shared::new(out);
    let tasks: Vec<(Range<usize>, usize, usize)> = numbered(segments)
        .into_iter()
        .flat_map(|(rows, first)| {
            (0..shape.n_value_heads).map(move |head| (rows.clone(), first, head))
        })
        .collect();
    tasks.par_iter().for_each(|(rows, first, head)| {
        let size = shape.head_state();
        // SAFETY: no other task has the states of this head of this segment.
        let kept = |nth: usize| {
            kept.map(|kept| unsafe {
                kept.slice(((first + nth) * shape.n_value_heads + head) * size, size)
            })
        };
        // SAFETY: as above; states go on over one segment alone.
        let continued = continued.map(|all| unsafe { all.slice(head * size, size) });
        let mut own = Vec::new();
        let state = continued.unwrap_or_else(|| {
            own.resize(size, 0.0);
            &mut own
        });
        forward_head(out, state, &kept, inputs, shape, rows.clone(), *head);
    });
}

/// One head of one segment.
fn forward_head<'a>(
    out: Shared<'_, f32>,
    state: &mut [f32],
    kept: &dyn Fn(usize) -> Option<&'a mut [f32]>,
    inputs: Inputs<'_>,
    shape: &DeltaShape,
    rows: Range<usize>,
    head: usize,
) {
    let mut scratch = Token::new(shape);
    let mut change = vec![0.0; shape.value_dim];
    let start = rows.start;
    for row in rows {
        let place = row - start;
        if place > 0
            && place.is_multiple_of(KEPT_EVERY)
            && let Some(kept) = kept(place / KEPT_EVERY - 1)
        {
            kept.copy_from_slice(state);
        }
        let gates = scratch.load(inputs, shape, row, head);
        let at = row * shape.out_width() + head * shape.value_dim;
        // SAFETY: no other task has this head of this row.
        let out = unsafe { out.slice(at, shape.value_dim) };
        let Token { q, k, .. } = &scratch;
        let v = &inputs.qkv[row * shape.qkv_width()..][shape.value(head)];
        step(state, q, k, v, gates, out, &mut change);
    }
}

/// A token's query and key of one head, of unit length, the query divided by the root of its width.
struct Token {
    q: Vec<f32>,
    k: Vec<f32>,
}

/// What a token does to the state of one head.
#[derive(Debug, Clone, Copy)]
struct Gates {
    /// What is left of the state.
    decay: f32,
    /// How much of the change is learnt.
    beta: f32,
}

impl Token {
    fn new(shape: &DeltaShape) -> Self {
        Self {
            q: vec![0.0; shape.key_dim],
            k: vec![0.0; shape.key_dim],
        }
    }

    fn load(&mut self, inputs: Inputs<'_>, shape: &DeltaShape, row: usize, head: usize) -> Gates {
        let qkv = &inputs.qkv[row * shape.qkv_width()..][..shape.qkv_width()];
        let key_head = head / shape.group();
        let query = &qkv[shape.query(key_head)];
        scaled(&mut self.q, query, query_scale(shape) * unit(query));
        let key = &qkv[shape.key(key_head)];
        scaled(&mut self.k, key, unit(key));
        gates(inputs, shape, row, head)
    }
}

/// What scores of unit queries and keys are multiplied by.
fn query_scale(shape: &DeltaShape) -> f32 {
    1.0 / (shape.key_dim as f32).sqrt()
}

/// The reciprocal of a vector's length.
fn unit(x: &[f32]) -> f32 {
    1.0 / (dot(x, x) + EPS).sqrt()
}

fn gates(inputs: Inputs<'_>, shape: &DeltaShape, row: usize, head: usize) -> Gates {
    let at = row * shape.n_value_heads + head;
    Gates {
        decay: log_decay(inputs, head, inputs.a[at]).exp(),
        beta: sigmoid(inputs.b[at]),
    }
}

/// `g` of a head.
fn log_decay(inputs: Inputs<'_>, head: usize, a: f32) -> f32 {
    -inputs.a_log[head].exp() * softplus(a + inputs.dt_bias[head])
}

/// `ln(1 + e^x)`; `x` itself above 20, as `PyTorch` has it.
fn softplus(x: f32) -> f32 {
    if x > 20.0 { x } else { x.exp().ln_1p() }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn scaled(out: &mut [f32], x: &[f32], factor: f32) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out = factor * x);
}

per_isa! {
    fn dot<A>(a: &[f32], b: &[f32]) -> f32 {
        inner::<A>(a, b)
    }
}

/// Sum of `a * b`.
#[inline(always)]
fn inner<A: simd::Arithmetic>(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; simd::LANES];
    let (a, a_rest) = a.as_chunks::<{ simd::LANES }>();
    let (b, b_rest) = b.as_chunks::<{ simd::LANES }>();
    for (a, b) in a.iter().zip(b) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane = A::mul_add(a, b, *lane);
        }
    }
    for ((lane, &a), &b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane = A::mul_add(a, b, *lane);
    }
    simd::sum_lanes(lanes)
}

per_isa! {
    /// One token: the state goes on, `out` is what the query reads of it. `change` is overwritten.
    fn step<A>(
        state: &mut [f32],
        q: &[f32],
        k: &[f32],
        v: &[f32],
        gates: Gates,
        out: &mut [f32],
        change: &mut [f32],
    ) {
        let Gates { decay, beta } = gates;
        let width = v.len();
        recall::<A>(change, state, k);
        for (change, &v) in change.iter_mut().zip(v) {
            *change = beta * A::mul_add(-decay, *change, v);
        }
        out.fill(0.0);
        for ((row, &k), &q) in state.chunks_exact_mut(width).zip(k).zip(q) {
            for ((state, &change), out) in row.iter_mut().zip(change.iter()).zip(out.iter_mut()) {
                *state = A::mul_add(k, change, decay * *state);
                *out = A::mul_add(q, *state, *out);
            }
        }
    }
}

/// `out = S^T k`.
#[inline(always)]
fn recall<A: simd::Arithmetic>(out: &mut [f32], state: &[f32], k: &[f32]) {
    out.fill(0.0);
    for (row, &k) in state.chunks_exact(out.len()).zip(k) {
        for (out, &state) in out.iter_mut().zip(row) {
            *out = A::mul_add(k, state, *out);
        }
    }
}
