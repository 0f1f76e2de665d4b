//! What a tape notes, and how each note is computed.

use super::parts::{DeltaRule, Factors, Linear, RmsNorm, ShortConv};
use super::{Buffer, Context, Mode, Tape, Value};
use crate::kernels::attention::{self, AttentionShape, Qkv};
use crate::kernels::halves::{self, Half};
use crate::kernels::matmul::Matrix;
use crate::kernels::{
    elementwise, embedding, geglu, gelu, layer_norm, relu, rms_norm, rope, sigmoid_gate, swiglu,
    tanh,
};
use crate::weights::ParameterId;
use rayon::prelude::*;
use std::borrow::Cow;

/// An operation and its operands.
pub(super) enum Op<'a> {
    Embed {
        tables: Vec<(ParameterId, Vec<u32>)>,
        scale: f32,
    },
    RmsNorm {
        x: Value,
        norm: RmsNorm,
        residual: Option<Value>,
    },
    LayerNorm {
        x: Value,
        weight: ParameterId,
        bias: Option<ParameterId>,
        eps: f32,
    },
    Linear {
        x: Value,
        linear: &'a Linear,
        residual: Option<Value>,
    },
    Rope {
        x: Value,
        table: usize,
        head_dim: usize,
    },
    Attention {
        q: Value,
        k: Value,
        v: Value,
        shape: AttentionShape,
    },
    SwiGlu {
        gate: Value,
        up: Value,
    },
    GeGlu {
        gate: Value,
        up: Value,
        kind: gelu::Kind,
    },
    Gelu {
        x: Value,
        kind: gelu::Kind,
    },
    Tanh {
        x: Value,
    },
    Relu {
        x: Value,
    },
    FirstRows {
        x: Value,
    },
    MeanRows {
        x: Value,
    },
    HeadHalf {
        x: Value,
        head_dim: usize,
        half: Half,
    },
    SigmoidGate {
        gate: Value,
        x: Value,
    },
    ShortConv {
        x: Value,
        conv: ShortConv,
    },
    DeltaRule {
        qkv: Value,
        a: Value,
        b: Value,
        rule: DeltaRule,
    },
}

/// A note: the operation, its result, and what it saved for going back.
pub(super) struct Node<'a> {
    pub(super) op: Op<'a>,
    pub(super) out: Value,
    /// `RmsNorm`: reciprocal deviations. `LayerNorm`: means and those. `Linear` with an adapter: its
    /// `(N, rank)` inner values, scaled. `Attention`: logarithms of the softmax's sums. `DeltaRule`: states.
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
            | Self::GeGlu { .. }
            | Self::Gelu { .. }
            | Self::HeadHalf { .. }
            | Self::SigmoidGate { .. }
            | Self::ShortConv { .. } => true,
            Self::Embed { .. }
            | Self::Linear { .. }
            | Self::Attention { .. }
            | Self::Tanh { .. }
            | Self::Relu { .. }
            | Self::FirstRows { .. }
            | Self::MeanRows { .. }
            | Self::DeltaRule { .. } => false,
        }
    }

    /// The values it reads.
    pub(super) fn operands(&self) -> [Option<Value>; 3] {
        match *self {
            Self::Embed { .. } => [None; 3],
            Self::LayerNorm { x, .. }
            | Self::Rope { x, .. }
            | Self::Gelu { x, .. }
            | Self::Tanh { x }
            | Self::Relu { x }
            | Self::FirstRows { x }
            | Self::MeanRows { x }
            | Self::HeadHalf { x, .. }
            | Self::ShortConv { x, .. } => [Some(x), None, None],
            Self::RmsNorm { x, residual, .. } | Self::Linear { x, residual, .. } => {
                [Some(x), residual, None]
            }
            Self::SwiGlu { gate, up } | Self::GeGlu { gate, up, .. } => {
                [Some(gate), Some(up), None]
            }
            Self::SigmoidGate { gate, x } => [Some(gate), Some(x), None],
            Self::Attention { q, k, v, .. } => [Some(q), Some(k), Some(v)],
            Self::DeltaRule { qkv, a, b, .. } => [Some(qkv), Some(a), Some(b)],
        }
    }

    /// The weights it reads.
    pub(super) fn parameters(&self) -> Vec<ParameterId> {
        match self {
            Self::Embed { tables, .. } => tables.iter().map(|(id, _)| *id).collect(),
            Self::RmsNorm { norm, .. } => vec![norm.weight],
            Self::LayerNorm { weight, bias, .. } => [*weight].into_iter().chain(*bias).collect(),
            Self::Linear { linear, .. } => {
                let adapter = linear
                    .adapter
                    .as_ref()
                    .map(|adapter| [adapter.a, adapter.b]);
                let all = [linear.weight].into_iter().chain(linear.bias);
                all.chain(adapter.into_iter().flatten()).collect()
            }
            Self::ShortConv { conv, .. } => vec![conv.weight],
            Self::DeltaRule { rule, .. } => vec![rule.a_log, rule.dt_bias],
            Self::Rope { .. }
            | Self::Attention { .. }
            | Self::SwiGlu { .. }
            | Self::GeGlu { .. }
            | Self::Gelu { .. }
            | Self::Tanh { .. }
            | Self::Relu { .. }
            | Self::FirstRows { .. }
            | Self::MeanRows { .. }
            | Self::HeadHalf { .. }
            | Self::SigmoidGate { .. } => Vec::new(),
        }
    }
}

impl<'a> Tape<'a> {
    /// The operation's result and what going back needs beside it. A rotation takes its operand's
    /// buffer.
    pub(super) fn compute(&mut self, op: &Op<'a>) -> (Buffer, Vec<Buffer>) {
        if let Op::Rope { x, table, head_dim } = *op {
            return (self.rotate(x, table, head_dim), Vec::new());
        }
        if let Op::Attention { q, k, v, shape } = *op {
            return self.attend([q, k, v], shape);
        }
        if let Op::ShortConv { x, conv } = *op {
            return (self.convolve(x, conv), Vec::new());
        }
        if let Op::DeltaRule { qkv, a, b, rule } = *op {
            return self.learn([qkv, a, b], rule);
        }
        let Context {
            parameters, pool, ..
        } = *self.context;
        match op {
            Op::Embed { tables, scale } => (self.look_up(tables, *scale), Vec::new()),
            &Op::RmsNorm { x, norm, residual } => {
                let (x, weight) = (self.values(x), self.factors(norm));
                let (mut out, mut rstd) = (pool.take(x.len()), pool.take(x.len() / weight.len()));
                rms_norm::forward(&mut out, &mut rstd, x, &weight, norm.eps);
                if let Some(residual) = residual {
                    elementwise::add_into(&mut out, self.values(residual));
                }
                (out, vec![rstd])
            }
            &Op::LayerNorm {
                x,
                weight,
                bias,
                eps,
            } => {
                let (x, weight) = (self.values(x), parameters.vector(weight));
                let bias = bias.map_or_else(
                    || Cow::Owned(vec![0.0; weight.len()]),
                    |bias| Cow::Borrowed(parameters.vector(bias)),
                );
                let n = x.len() / weight.len();
                let (mut out, mut mean, mut rstd) =
                    (pool.take(x.len()), pool.take(n), pool.take(n));
                let bias = bias.as_ref();
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
            &Op::GeGlu { gate, up, kind } => {
                let (gate, up) = (self.values(gate), self.values(up));
                let mut out = pool.take(gate.len());
                geglu::forward(&mut out, gate, up, kind);
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
            &Op::Relu { x } => {
                let x = self.values(x);
                let mut out = pool.take(x.len());
                relu::forward(&mut out, x);
                (out, Vec::new())
            }
            &Op::MeanRows { x } => (self.mean(x), Vec::new()),
            &Op::FirstRows { x } => {
                let (x, width) = (self.values(x), self.width(x));
                let mut out = pool.take(self.context.segments.len() * width);
                for (row, span) in out.chunks_mut(width).zip(self.context.segments.iter()) {
                    row.copy_from_slice(&x[span.start * width..(span.start + 1) * width]);
                }
                (out, Vec::new())
            }
            &Op::HeadHalf { x, head_dim, half } => {
                let x = self.values(x);
                let mut out = pool.take(x.len() / 2);
                halves::forward(&mut out, x, head_dim, half);
                (out, Vec::new())
            }
            &Op::SigmoidGate { gate, x } => {
                let (gate, x) = (self.values(gate), self.values(x));
                let mut out = pool.take(gate.len());
                sigmoid_gate::forward(&mut out, gate, x);
                (out, Vec::new())
            }
            Op::Rope { .. }
            | Op::Attention { .. }
            | Op::ShortConv { .. }
            | Op::DeltaRule { .. } => {
                unreachable!("BUG: handled above")
            }
        }
    }

    /// What a norm multiplies by.
    pub(super) fn factors(&self, norm: RmsNorm) -> Cow<'a, [f32]> {
        let weight = self.context.parameters.vector(norm.weight);
        match norm.factors {
            Factors::Weight => Cow::Borrowed(weight),
            Factors::OnePlusWeight => weight.iter().map(|weight| 1.0 + weight).collect(),
        }
    }

    /// The mean of each sequence's rows.
    fn mean(&self, x: Value) -> Buffer {
        let Context { pool, segments, .. } = *self.context;
        let (x, width) = (self.values(x), self.width(x));
        let mut out = pool.take(segments.len() * width);
        for (mean, span) in out.chunks_mut(width).zip(segments.iter()) {
            let share = 1.0 / span.len() as f32;
            mean.fill(0.0);
            for row in x[span.start * width..span.end * width].chunks(width) {
                elementwise::add_scaled(mean, row, share);
            }
        }
        out
    }

    fn look_up(&self, tables: &[(ParameterId, Vec<u32>)], scale: f32) -> Buffer {
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
        if scale.to_bits() != 1.0_f32.to_bits() {
            elementwise::scale(&mut sum, scale);
        }
        sum
    }

    fn rotate(&mut self, x: Value, table: usize, head_dim: usize) -> Buffer {
        let n_heads = self.width(x) / head_dim;
        let mut values = self.take(x);
        if let Some(table) = self.context.rotations.get(table) {
            rope::forward(&mut values, n_heads, self.context.positions, table);
        }
        values
    }

    fn attend(&mut self, [q, k, v]: [Value; 3], shape: AttentionShape) -> (Buffer, Vec<Buffer>) {
        let Context { pool, segments, .. } = *self.context;
        let n = segments.n_rows();
        let mut out = pool.take(n * self.width(q));
        let mut lse = pool.take(n * shape.n_heads);
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
