//! What a tape notes, and how each note is computed.

use super::{Buffer, Context, Mode, Tape, Value};
use crate::kernels::attention::{self, AttentionShape, Mask, Qkv};
use crate::kernels::matmul::{self, Matrix, Precision};
use crate::kernels::{
    dropout, elementwise, embedding, gelu, layer_norm, rms_norm, rope, swiglu, tanh,
};
use crate::weights::ParameterId;
use rayon::prelude::*;
use std::ops::Range;

/// One linear map: some rows of a weight `(O, I)`, its bias, its adapter.
#[derive(Debug, Clone)]
pub struct Linear {
    /// The matrix.
    pub weight: ParameterId,
    /// The rows of it that this map is; GPT-2 keeps queries, keys and values in one matrix.
    pub rows: Range<usize>,
    /// Width of the input.
    pub n_in: usize,
    /// A vector of which the same rows are added.
    pub bias: Option<ParameterId>,
    /// A low-rank addition.
    pub adapter: Option<Adapter>,
}

/// `scale * dropout(x) A^T B^T` (Hu et al., 2021), with `A` `(rank, I)` and `B` `(O, rank)`.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// `A`.
    pub a: ParameterId,
    /// `B`.
    pub b: ParameterId,
    /// Rows of `A`.
    pub rank: usize,
    /// `alpha / rank`, or `alpha / sqrt(rank)` (Kalajdzievski, 2023).
    pub scale: f32,
    /// Share of the input's values that is left out in training.
    pub dropout: f32,
    /// Which linear map of the model this is: it keys the dropout.
    pub site: u64,
}

/// How attention's width is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadShape {
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; divides `n_heads`.
    pub n_kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
}

impl HeadShape {
    /// The kernels' description; scores are divided by the root of a head's width.
    pub(crate) fn attention(self, mask: Mask) -> AttentionShape {
        AttentionShape {
            n_heads: self.n_heads,
            n_kv_heads: self.n_kv_heads,
            head_dim: self.head_dim,
            mask,
            scale: 1.0 / (self.head_dim as f32).sqrt(),
        }
    }
}

impl Linear {
    /// Width of the output.
    pub fn n_out(&self) -> usize {
        self.rows.len()
    }
}

/// An operation and its operands.
pub(super) enum Op<'a> {
    Embed {
        tables: Vec<(ParameterId, Vec<u32>)>,
    },
    RmsNorm {
        x: Value,
        weight: ParameterId,
        eps: f32,
    },
    LayerNorm {
        x: Value,
        weight: ParameterId,
        bias: ParameterId,
        eps: f32,
    },
    Linear {
        x: Value,
        linear: &'a Linear,
        residual: Option<Value>,
    },
    Rope {
        x: Value,
        head_dim: usize,
    },
    Attention {
        q: Value,
        k: Value,
        v: Value,
        heads: HeadShape,
        mask: Mask,
    },
    SwiGlu {
        gate: Value,
        up: Value,
    },
    Gelu {
        x: Value,
        kind: gelu::Kind,
    },
    Tanh {
        x: Value,
    },
    FirstRows {
        x: Value,
    },
}

/// A note: the operation, its result, and what it saved for going back.
pub(super) struct Node<'a> {
    pub(super) op: Op<'a>,
    pub(super) out: Value,
    /// `RmsNorm`: reciprocal deviations. `LayerNorm`: means and those. `Linear` with an adapter: its
    /// `(N, rank)` inner values, scaled. `Attention`: logarithms of the softmax's sums.
    pub(super) saved: Vec<Buffer>,
}

impl Op<'_> {
    /// Whether computing it again costs little.
    pub(super) fn is_cheap(&self) -> bool {
        match self {
            Self::RmsNorm { .. }
            | Self::LayerNorm { .. }
            | Self::Rope { .. }
            | Self::SwiGlu { .. }
            | Self::Gelu { .. } => true,
            Self::Embed { .. }
            | Self::Linear { .. }
            | Self::Attention { .. }
            | Self::Tanh { .. }
            | Self::FirstRows { .. } => false,
        }
    }

    /// The values it reads.
    pub(super) fn operands(&self) -> [Option<Value>; 3] {
        match *self {
            Self::Embed { .. } => [None; 3],
            Self::RmsNorm { x, .. }
            | Self::LayerNorm { x, .. }
            | Self::Rope { x, .. }
            | Self::Gelu { x, .. }
            | Self::Tanh { x }
            | Self::FirstRows { x } => [Some(x), None, None],
            Self::Linear { x, residual, .. } => [Some(x), residual, None],
            Self::SwiGlu { gate, up } => [Some(gate), Some(up), None],
            Self::Attention { q, k, v, .. } => [Some(q), Some(k), Some(v)],
        }
    }

    /// The weights it reads.
    pub(super) fn parameters(&self) -> Vec<ParameterId> {
        match self {
            Self::Embed { tables } => tables.iter().map(|(id, _)| *id).collect(),
            Self::RmsNorm { weight, .. } => vec![*weight],
            Self::LayerNorm { weight, bias, .. } => vec![*weight, *bias],
            Self::Linear { linear, .. } => {
                let adapter = linear
                    .adapter
                    .as_ref()
                    .map(|adapter| [adapter.a, adapter.b]);
                let all = [linear.weight].into_iter().chain(linear.bias);
                all.chain(adapter.into_iter().flatten()).collect()
            }
            Self::Rope { .. }
            | Self::Attention { .. }
            | Self::SwiGlu { .. }
            | Self::Gelu { .. }
            | Self::Tanh { .. }
            | Self::FirstRows { .. } => Vec::new(),
        }
    }
}

impl<'a> Tape<'a> {
    /// The operation's result and what going back needs beside it. A rotation takes its operand's
    /// buffer.
    pub(super) fn compute(&mut self, op: &Op<'a>) -> (Buffer, Vec<Buffer>) {
        if let Op::Rope { x, head_dim } = *op {
            return (self.rotate(x, head_dim), Vec::new());
        }
        if let Op::Attention {
            q,
            k,
            v,
            heads,
            mask,
        } = *op
        {
            return self.attend([q, k, v], heads, mask);
        }
        let Context {
            parameters, pool, ..
        } = *self.context;
        match op {
            Op::Embed { tables } => (self.look_up(tables), Vec::new()),
            &Op::RmsNorm { x, weight, eps } => {
                let (x, weight) = (self.values(x), parameters.vector(weight));
                let (mut out, mut rstd) = (pool.take(x.len()), pool.take(x.len() / weight.len()));
                rms_norm::forward(&mut out, &mut rstd, x, weight, eps);
                (out, vec![rstd])
            }
            &Op::LayerNorm {
                x,
                weight,
                bias,
                eps,
            } => {
                let x = self.values(x);
                let (weight, bias) = (parameters.vector(weight), parameters.vector(bias));
                let n = x.len() / weight.len();
                let (mut out, mut mean, mut rstd) =
                    (pool.take(x.len()), pool.take(n), pool.take(n));
                let affine = layer_norm::Affine { weight, bias };
                layer_norm::forward(&mut out, &mut mean, &mut rstd, x, affine, eps);
                (out, vec![mean, rstd])
            }
            Op::Linear {
                x,
                linear,
                residual,
            } => self.project(self.values(*x), linear, residual.map(|r| self.values(r))),
            &Op::SwiGlu { gate, up } => {
                let (gate, up) = (self.values(gate), self.values(up));
                let mut out = pool.take(gate.len());
                swiglu::forward(&mut out, gate, up);
                (out, Vec::new())
            }
            &Op::Gelu { x, kind } => {
                let x = self.values(x);
                let mut out = pool.take(x.len());
                gelu::forward(&mut out, x, kind);
                (out, Vec::new())
            }
            &Op::Tanh { x } => {
                let x = self.values(x);
                let mut out = pool.take(x.len());
                tanh::forward(&mut out, x);
                (out, Vec::new())
            }
            &Op::FirstRows { x } => {
                let (x, width) = (self.values(x), self.width(x));
                let mut out = pool.take(self.context.segments.len() * width);
                for (row, span) in out.chunks_mut(width).zip(self.context.segments.iter()) {
                    row.copy_from_slice(&x[span.start * width..(span.start + 1) * width]);
                }
                (out, Vec::new())
            }
            Op::Rope { .. } | Op::Attention { .. } => {
                unreachable!("BUG: handled above")
            }
        }
    }

    fn look_up(&self, tables: &[(ParameterId, Vec<u32>)]) -> Buffer {
        let Context {
            parameters, pool, ..
        } = *self.context;
        let mut sum = Buffer::default();
        for (index, (id, ids)) in tables.iter().enumerate() {
            let width = parameters.get(*id).shape.last().copied().unwrap_or(0);
            let mut rows = pool.take(ids.len() * width);
            match parameters.matrix(*id) {
                Matrix::F32(table) => embedding::forward(&mut rows, ids, table),
                packed => {
                    let rows = rows.par_chunks_mut(width.max(1));
                    rows.zip(ids)
                        .for_each(|(row, &id)| packed.widen(id as usize * width, row));
                }
            }
            if index == 0 {
                sum = rows;
            } else {
                elementwise::add_into(&mut sum, &rows);
                pool.give(rows);
            }
        }
        sum
    }

    fn project(
        &self,
        x: &[f32],
        linear: &Linear,
        residual: Option<&[f32]>,
    ) -> (Buffer, Vec<Buffer>) {
        let Context {
            parameters,
            pool,
            precision,
            ..
        } = *self.context;
        let n = x.len() / linear.n_in;
        let weight = parameters.rows(linear.weight, &linear.rows);
        let mut out = pool.take(n * linear.n_out());
        let beta = residual.map_or(0.0, |residual| {
            elementwise::copy(&mut out, residual);
            1.0
        });
        matmul::forward(&mut out, x, weight, n, precision, beta);
        if let Some(bias) = linear.bias {
            matmul::add_bias(&mut out, &parameters.vector(bias)[linear.rows.clone()]);
        }
        let Some(adapter) = &linear.adapter else {
            return (out, Vec::new());
        };
        // The inner values are kept already scaled: B's gradient is a product with just these.
        let dropped = self.drop_out(x, adapter);
        let mut inner = pool.take(n * adapter.rank);
        let a = parameters.matrix(adapter.a);
        let input = dropped.as_deref().unwrap_or(x);
        matmul::forward(&mut inner, input, a, n, Precision::F32, 0.0);
        elementwise::scale(&mut inner, adapter.scale);
        let b = parameters.rows(adapter.b, &linear.rows);
        matmul::forward(&mut out, &inner, b, n, Precision::F32, 1.0);
        if let Some(dropped) = dropped {
            pool.give(dropped);
        }
        (out, vec![inner])
    }

    /// The adapter's input with some values left out; `None` where nothing is.
    pub(super) fn drop_out(&self, x: &[f32], adapter: &Adapter) -> Option<Buffer> {
        let stream = self.context.dropout?;
        if adapter.dropout <= 0.0 {
            return None;
        }
        let mut out = self.context.pool.take(x.len());
        elementwise::copy(&mut out, x);
        dropout::apply(&mut out, adapter.dropout, stream.child(adapter.site));
        Some(out)
    }

    fn rotate(&mut self, x: Value, head_dim: usize) -> Buffer {
        let n_heads = self.width(x) / head_dim;
        let mut values = self.take(x);
        if let Some(table) = self.context.rotations {
            rope::forward(&mut values, n_heads, self.context.positions, table);
        }
        values
    }

    fn attend(
        &mut self,
        [q, k, v]: [Value; 3],
        heads: HeadShape,
        mask: Mask,
    ) -> (Buffer, Vec<Buffer>) {
        let Context { pool, segments, .. } = *self.context;
        let shape = heads.attention(mask);
        let n = segments.n_rows();
        let mut out = pool.take(n * self.width(q));
        let mut lse = pool.take(n * heads.n_heads);
        let before = match &self.mode {
            Mode::Continue(cache) => cache.n_tokens(),
            Mode::Record | Mode::Infer => 0,
        };
        let [queries, keys, values] =
            [q, k, v].map(|value| self.slots[value.0].buffer.as_deref().unwrap_or_default());
        if before == 0 {
            let inputs = Qkv {
                q: queries,
                k: keys,
                v: values,
            };
            attention::forward(&mut out, &mut lse, inputs, &shape, segments);
        }
        if let Mode::Continue(cache) = &mut self.mode {
            cache.append(keys, values);
            if before > 0 {
                cache.attend(&mut out, queries, &shape);
            }
        }
        (out, vec![lse])
    }
}
