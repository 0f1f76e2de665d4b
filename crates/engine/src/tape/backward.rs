//! The walk back over a tape's notes.

use super::node::Op;
use super::walk::Walk;
use super::{Buffer, Context, Gradients, Tape, Value};
use crate::kernels::attention::{self, AttentionShape, Qkv, QkvMut};
use crate::kernels::{
    Store, elementwise, embedding, geglu, gelu, halves, layer_norm, relu, rms_norm, rope,
    sigmoid_gate, swiglu, tanh,
};
use std::ops::Range;

impl Tape<'_> {
    /// Walks back from `result`, whose gradient `(N, width)` is `seed`: adds the weights' gradients to
    /// `gradients` and answers with the gradient of the segment's input, where it has one that is
    /// tracked. All buffers but the answer go back to the pool.
    pub fn backward(
        mut self,
        result: Value,
        seed: Buffer,
        gradients: &mut Gradients,
    ) -> Option<Buffer> {
        let mut walk = Walk::from(result, seed, self.slots.len());
        while let Some(node) = self.nodes.pop() {
            let out = node.out;
            if let Some(dy) = walk.take(out) {
                if self.slots[out.0].has_gradient {
                    self.step_back(&node.op, out, node.saved, dy, &mut walk, gradients);
                } else {
                    self.context.pool.give(dy);
                }
            }
            self.release(out.0);
        }
        let dx = walk.take(Value(0));
        self.dismantle(None);
        dx
    }

    /// The gradients of one note's operands and weights, from its result's gradient `dy`.
    fn step_back(
        &mut self,
        op: &Op<'_>,
        out: Value,
        saved: Vec<Buffer>,
        dy: Buffer,
        walk: &mut Walk,
        gradients: &mut Gradients,
    ) {
        let Context {
            parameters, pool, ..
        } = *self.context;
        match op {
            Op::Embed { tables, scale } => {
                let mut dy = dy;
                if scale.to_bits() != 1.0_f32.to_bits() {
                    elementwise::scale(&mut dy, *scale);
                }
                for (id, ids) in tables {
                    if let Some(gradient) = gradients.get_mut(*id) {
                        embedding::backward(gradient, ids, &dy);
                    }
                }
                pool.give(dy);
            }
            &Op::RmsNorm { x, norm, residual } => {
                self.restore(x);
                let (mut dx, store) = walk.place(self, x);
                rms_norm::backward(
                    &mut dx,
                    store,
                    gradients.get_mut(norm.weight),
                    &dy,
                    self.values(x),
                    &saved[0],
                    &self.factors(norm),
                );
                walk.put(self, x, dx);
                self.pass_on(residual, saved, dy, walk);
            }
            &Op::LayerNorm {
                x, weight, bias, ..
            } => {
                self.restore(x);
                let (mut dx, store) = walk.place(self, x);
                let (dweight, dbias) = match bias {
                    Some(bias) => gradients.pair_mut(weight, bias),
                    None => (gradients.get_mut(weight), None),
                };
                let daffine = layer_norm::AffineGradient {
                    weight: dweight,
                    bias: dbias,
                };
                layer_norm::backward(
                    &mut dx,
                    store,
                    daffine,
                    &dy,
                    self.values(x),
                    &saved[0],
                    &saved[1],
                    parameters.vector(weight),
                );
                walk.put(self, x, dx);
                self.give_all(saved, dy);
            }
            Op::Linear {
                x,
                linear,
                residual,
            } => {
                self.project_back(*x, linear, &saved, &dy, walk, gradients);
                self.pass_on(*residual, saved, dy, walk);
            }
            &Op::Rope { x, table, head_dim } => {
                let mut dx = dy;
                if let Some(table) = self.context.rotations.get(table) {
                    let n_heads = self.width(x) / head_dim;
                    rope::backward(&mut dx, n_heads, self.context.positions, table);
                }
                walk.add(self, x, dx);
            }
            &Op::Attention { q, k, v, shape } => {
                self.attend_back([q, k, v, out], &shape, saved, dy, walk);
            }
            &Op::SwiGlu { gate, up } => self.gate_back(swiglu::backward, [gate, up], dy, walk),
            &Op::GeGlu { gate, up, kind } => {
                let kernel =
                    |dgate: &mut [f32], dup: &mut [f32], dout: &[f32], gate: &[f32], up: &[f32]| {
                        geglu::backward(dgate, dup, dout, gate, up, kind);
                    };
                self.gate_back(kernel, [gate, up], dy, walk);
            }
            &Op::Gelu { x, kind } => {
                self.restore(x);
                let mut dx = pool.take(dy.len());
                gelu::backward(&mut dx, &dy, self.values(x), kind);
                walk.add(self, x, dx);
                pool.give(dy);
            }
            &Op::Tanh { x } => {
                self.restore(out);
                let mut dx = pool.take(dy.len());
                tanh::backward(&mut dx, &dy, self.values(out));
                walk.add(self, x, dx);
                pool.give(dy);
            }
            &Op::HeadHalf { x, head_dim, half } => {
                let (mut dx, store) = walk.place(self, x);
                if store == Store::Write {
                    dx.fill(0.0);
                }
                halves::backward(&mut dx, &dy, head_dim, half);
                walk.put(self, x, dx);
                pool.give(dy);
            }
            &Op::SigmoidGate { gate, x } => {
                self.gate_back(sigmoid_gate::backward, [gate, x], dy, walk);
            }
            &Op::ShortConv { x, conv } => self.convolve_back(x, conv, dy, walk, gradients),
            &Op::DeltaRule { qkv, a, b, rule } => {
                self.learn_back([qkv, a, b], rule, saved, dy, walk, gradients);
            }
            &Op::Relu { x } => {
                self.restore(x);
                let mut dx = pool.take(dy.len());
                relu::backward(&mut dx, &dy, self.values(x));
                walk.add(self, x, dx);
                pool.give(dy);
            }
            &Op::FirstRows { x } => self.spread(x, |span| span.start..span.start + 1, dy, walk),
            &Op::MeanRows { x } => self.spread(x, |span| span, dy, walk),
        }
    }

    /// A gated unit's gradients by its kernel: of gate and other part, from the result's gradient and both.
    fn gate_back(
        &mut self,
        kernel: impl Fn(&mut [f32], &mut [f32], &[f32], &[f32], &[f32]),
        [gate, up]: [Value; 2],
        dy: Buffer,
        walk: &mut Walk,
    ) {
        self.restore(gate);
        self.restore(up);
        let pool = self.context.pool;
        let (mut dgate, mut dup) = (pool.take(dy.len()), pool.take(dy.len()));
        kernel(
            &mut dgate,
            &mut dup,
            &dy,
            self.values(gate),
            self.values(up),
        );
        walk.add(self, gate, dgate);
        walk.add(self, up, dup);
        pool.give(dy);
    }

    /// Each sequence's gradient, shared evenly among the rows of it that `rows` names; the others get none.
    fn spread(
        &mut self,
        x: Value,
        rows: impl Fn(Range<usize>) -> Range<usize>,
        dy: Buffer,
        walk: &mut Walk,
    ) {
        let Context { pool, segments, .. } = *self.context;
        let width = self.width(x);
        let mut dx = pool.take(segments.n_rows() * width);
        dx.fill(0.0);
        for (gradient, span) in dy.chunks(width).zip(segments.iter()) {
            let rows = rows(span);
            let share = 1.0 / rows.len() as f32;
            for row in dx[rows.start * width..rows.end * width].chunks_mut(width) {
                row.copy_from_slice(gradient);
                elementwise::scale(row, share);
            }
        }
        walk.add(self, x, dx);
        pool.give(dy);
    }

    /// The result's gradient is that of what was added to it, too.
    fn pass_on(&self, residual: Option<Value>, saved: Vec<Buffer>, dy: Buffer, walk: &mut Walk) {
        match residual {
            Some(residual) => {
                walk.add(self, residual, dy);
                self.give_all(saved, Buffer::default());
            }
            None => self.give_all(saved, dy),
        }
    }

    fn attend_back(
        &mut self,
        [q, k, v, out]: [Value; 4],
        shape: &AttentionShape,
        saved: Vec<Buffer>,
        dy: Buffer,
        walk: &mut Walk,
    ) {
        for value in [q, k, v, out] {
            self.restore(value);
        }
        let Context { pool, segments, .. } = *self.context;
        let inputs = Qkv {
            q: self.values(q),
            k: self.values(k),
            v: self.values(v),
        };
        let [mut dq, mut dk, mut dv] =
            [inputs.q, inputs.k, inputs.v].map(|operand| pool.take(operand.len()));
        attention::backward(
            QkvMut {
                dq: &mut dq,
                dk: &mut dk,
                dv: &mut dv,
            },
            &dy,
            self.values(out),
            &saved[0],
            inputs,
            shape,
            segments,
        );
        // The rotations took their operands' buffers: these are the last uses.
        for value in [q, k, v] {
            self.release(value.0);
        }
        walk.add(self, q, dq);
        walk.add(self, k, dk);
        walk.add(self, v, dv);
        self.give_all(saved, dy);
    }

    /// Computes a value again that was let go.
    pub(super) fn restore(&mut self, value: Value) {
        if self.slots[value.0].buffer.is_some() {
            return;
        }
        let producer = self.slots[value.0].producer;
        let Some(index) = producer.filter(|&index| index < self.nodes.len()) else {
            return;
        };
        for operand in self.nodes[index].op.operands().into_iter().flatten() {
            self.restore(operand);
        }
        // The note steps aside while it is computed, since that borrows the tape.
        let op = std::mem::replace(
            &mut self.nodes[index].op,
            Op::Embed {
                tables: Vec::new(),
                scale: 1.0,
            },
        );
        let (buffer, saved) = self.compute(&op);
        let node = &mut self.nodes[index];
        node.op = op;
        for stale in std::mem::replace(&mut node.saved, saved) {
            self.context.pool.give(stale);
        }
        self.slots[value.0].buffer = Some(buffer);
    }

    pub(super) fn give_all(&self, saved: Vec<Buffer>, last: Buffer) {
        for buffer in saved.into_iter().chain([last]) {
            self.context.pool.give(buffer);
        }
    }
}
