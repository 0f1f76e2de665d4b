//! Linear attention on a tape: the short convolution and the gated delta rule, forward and back. A tape for
//! tokens that follow others goes on from the rows and states in its cache.

use super::parts::{DeltaRule, ShortConv};
use super::walk::Walk;
use super::{Buffer, Context, Gradients, Mode, Tape, Value};
use crate::kernels::delta_rule::{self, Inputs, States};
use crate::kernels::short_conv;

impl Tape<'_> {
    /// The convolution of `x`, and `SiLU` of it.
    pub(super) fn convolve(&mut self, x: Value, conv: ShortConv) -> Buffer {
        let Context {
            parameters,
            pool,
            segments,
            ..
        } = *self.context;
        let mut out = pool.take(self.slots[x.0].len);
        let weight = parameters.vector(conv.weight);
        let x = self.slots[x.0].buffer.as_deref().unwrap_or_default();
        match &mut self.mode {
            Mode::Continue(cache) => {
                let n_before = (conv.n_taps - 1) * (weight.len() / conv.n_taps.max(1));
                let before = cache.rows_before(n_before);
                short_conv::forward(&mut out, x, weight, conv.n_taps, before, segments);
                cache.keep_rows(x, n_before);
            }
            Mode::Record | Mode::Infer => {
                short_conv::forward(&mut out, x, weight, conv.n_taps, &[], segments);
            }
        }
        out
    }

    /// What the delta rule reads of its states; a tape that records keeps some of them.
    pub(super) fn learn(&mut self, operands: [Value; 3], rule: DeltaRule) -> (Buffer, Vec<Buffer>) {
        let Context { pool, segments, .. } = *self.context;
        let shape = rule.shape;
        let mut out = pool.take(segments.n_rows() * shape.out_width());
        if let Mode::Continue(cache) = &mut self.mode {
            let mut states = cache.take_states(shape.state_len());
            let inputs = self.inputs(operands, rule);
            let continued = States::Continued(&mut states);
            delta_rule::forward(&mut out, continued, inputs, &shape, segments);
            if let Mode::Continue(cache) = &mut self.mode {
                cache.put_states(states);
            }
            return (out, Vec::new());
        }
        let inputs = self.inputs(operands, rule);
        if matches!(self.mode, Mode::Infer) {
            delta_rule::forward(&mut out, States::Fresh, inputs, &shape, segments);
            return (out, Vec::new());
        }
        let mut kept = pool.take(shape.n_kept(segments));
        let states = States::Kept(&mut kept);
        delta_rule::forward(&mut out, states, inputs, &shape, segments);
        (out, vec![kept])
    }

    fn inputs(&self, [qkv, a, b]: [Value; 3], rule: DeltaRule) -> Inputs<'_> {
        let parameters = self.context.parameters;
        Inputs {
            qkv: self.values(qkv),
            a: self.values(a),
            b: self.values(b),
            a_log: parameters.vector(rule.a_log),
            dt_bias: parameters.vector(rule.dt_bias),
        }
    }

    /// The convolution's gradients.
    pub(super) fn convolve_back(
        &mut self,
        x: Value,
        conv: ShortConv,
        dy: Buffer,
        walk: &mut Walk,
        gradients: &mut Gradients,
    ) {
        self.restore(x);
        let Context {
            parameters,
            pool,
            segments,
            ..
        } = *self.context;
        let (mut dx, store) = walk.place(self, x);
        let mut dsums = pool.take(dy.len());
        short_conv::backward(
            &mut dx,
            store,
            gradients.get_mut(conv.weight),
            &mut dsums,
            &dy,
            self.values(x),
            parameters.vector(conv.weight),
            conv.n_taps,
            segments,
        );
        walk.put(self, x, dx);
        pool.give(dsums);
        pool.give(dy);
    }

    /// The delta rule's gradients.
    pub(super) fn learn_back(
        &mut self,
        [qkv, a, b]: [Value; 3],
        rule: DeltaRule,
        saved: Vec<Buffer>,
        dy: Buffer,
        walk: &mut Walk,
        gradients: &mut Gradients,
    ) {
        for value in [qkv, a, b] {
            self.restore(value);
        }
        let Context { pool, segments, .. } = *self.context;
        let [mut dqkv, mut da, mut db] = [qkv, a, b].map(|x| pool.take(self.slots[x.0].len));
        let (da_log, ddt_bias) = gradients.pair_mut(rule.a_log, rule.dt_bias);
        delta_rule::backward(
            delta_rule::Gradients {
                dqkv: &mut dqkv,
                da: &mut da,
                db: &mut db,
                da_log,
                ddt_bias,
            },
            &dy,
            saved.first().map_or(&[], |kept| kept),
            self.inputs([qkv, a, b], rule),
            &rule.shape,
            segments,
        );
        walk.add(self, qkv, dqkv);
        walk.add(self, a, da);
        walk.add(self, b, db);
        self.give_all(saved, dy);
    }
}
