//! The way back through the gated delta rule: chunk by chunk from the last, the states of a chunk computed again
//! from the one that was kept at its beginning.

use super::{
    DeltaShape, Gates, Inputs, KEPT_EVERY, Shared, Token, dot, inner, log_decay, numbered,
    query_scale, recall, sigmoid, unit,
};
use crate::kernels::segments::Segments;
use rayon::prelude::*;
use std::ops::Range;

/// Where gradients go: those of activations are written, those of parameters are added.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Of queries, keys and values, shaped as they are.
    pub dqkv: &'a mut [f32],
    /// Of `a` `(N, value_heads)`.
    pub da: &'a mut [f32],
    /// Of `b` `(N, value_heads)`.
    pub db: &'a mut [f32],
    /// Of `a_log` `(value_heads)`, where it is trained.
    pub da_log: Option<&'a mut [f32]>,
    /// Of `dt_bias` `(value_heads)`, where it is trained.
    pub ddt_bias: Option<&'a mut [f32]>,
}

/// The gradients of [`super::forward`] from those of its result, `dout` `(N, value_heads * Dv)`. `kept` are the
/// states that it kept. Rows in no segment get zeros.
///
/// # Panics
/// Where the lengths do not fit.
pub fn backward(
    gradients: Gradients<'_>,
    dout: &[f32],
    kept: &[f32],
    inputs: Inputs<'_>,
    shape: &DeltaShape,
    segments: &Segments,
) {
    let Gradients {
        dqkv,
        da,
        db,
        da_log,
        ddt_bias,
    } = gradients;
    shape.check(inputs, dout.len(), segments);
    assert!(
        dqkv.len() == inputs.qkv.len()
            && da.len() == inputs.a.len()
            && db.len() == inputs.b.len()
            && kept.len() == shape.n_kept(segments),
        "delta_rule: the lengths of the gradients"
    );
    for gap in segments.padding() {
        dqkv[gap.start * shape.qkv_width()..gap.end * shape.qkv_width()].fill(0.0);
        let heads = gap.start * shape.n_value_heads..gap.end * shape.n_value_heads;
        da[heads.clone()].fill(0.0);
        db[heads].fill(0.0);
    }
    // Of each segment and head: the gradients of `a_log` and of `dt_bias`.
    let mut partial = vec![[0.0_f32; 2]; segments.len() * shape.n_value_heads];
    let tasks: Vec<(usize, Range<usize>, usize, usize)> = numbered(segments)
        .into_iter()
        .enumerate()
        .flat_map(|(segment, (rows, first))| {
            (0..shape.n_key_heads).map(move |head| (segment, rows.clone(), first, head))
        })
        .collect();
    let walk = Walk {
        dqkv: Shared::new(dqkv),
        da: Shared::new(da),
        db: Shared::new(db),
        partial: Shared::new(&mut partial),
        dout,
        kept,
        inputs,
        shape,
    };
    tasks.par_iter().for_each_init(
        || Scratch::new(shape),
        |scratch, (segment, rows, first, key_head)| {
            walk.key_head(scratch, *segment, rows, *first, *key_head);
        },
    );
    for (which, sums) in [da_log, ddt_bias].into_iter().enumerate() {
        let Some(sums) = sums else { continue };
        for of_segment in partial.chunks_exact(shape.n_value_heads) {
            for (sum, part) in sums.iter_mut().zip(of_segment) {
                *sum += part[which];
            }
        }
    }
}

/// What the tasks of one walk back share.
struct Walk<'a> {
    dqkv: Shared<'a, f32>,
    da: Shared<'a, f32>,
    db: Shared<'a, f32>,
    partial: Shared<'a, [f32; 2]>,
    dout: &'a [f32],
    kept: &'a [f32],
    inputs: Inputs<'a>,
    shape: &'a DeltaShape,
}

/// What a task computes in.
struct Scratch {
    /// States before each token of a chunk.
    states: Vec<f32>,
    /// `v - S^T k` of each token of a chunk.
    residuals: Vec<f32>,
    /// Gradient of the state.
    dstate: Vec<f32>,
    /// Gradient of a token's change of the state.
    dchange: Vec<f32>,
    token: Token,
}

impl Scratch {
    fn new(shape: &DeltaShape) -> Self {
        Self {
            states: vec![0.0; KEPT_EVERY * shape.head_state()],
            residuals: vec![0.0; KEPT_EVERY * shape.value_dim],
            dstate: vec![0.0; shape.head_state()],
            dchange: vec![0.0; shape.value_dim],
            token: Token::new(shape),
        }
    }
}

impl<'a> Walk<'a> {
    /// One key head of one segment, with the value heads that share it in their order.
    fn key_head(
        &self,
        scratch: &mut Scratch,
        segment: usize,
        rows: &Range<usize>,
        first: usize,
        key_head: usize,
    ) {
        let shape = self.shape;
        for row in rows.clone() {
            let (dq, dk) = self.dqk(row, key_head);
            dq.fill(0.0);
            dk.fill(0.0);
        }
        let heads = key_head * shape.group()..(key_head + 1) * shape.group();
        for head in heads {
            scratch.dstate.fill(0.0);
            let starts = rows.clone().step_by(KEPT_EVERY).enumerate();
            let mut sums = [0.0; 2];
            for (nth, start) in starts.collect::<Vec<_>>().into_iter().rev() {
                let chunk = start..(start + KEPT_EVERY).min(rows.end);
                let state = nth.checked_sub(1).map(|nth| first + nth);
                self.again(scratch, &chunk, state, head);
                self.chunk_back(scratch, &chunk, head, &mut sums);
            }
            let at = segment * shape.n_value_heads + head;
            // SAFETY: no other task has this head of this segment.
            let partial = unsafe { self.partial.slice(at, 1) };
            partial.fill(sums);
        }
        for row in rows.clone() {
            self.unit_back(row, key_head);
        }
    }

    /// Gradients of a row's query and key.
    fn dqk(&self, row: usize, key_head: usize) -> (&'a mut [f32], &'a mut [f32]) {
        let at = row * self.shape.qkv_width();
        let part = |range: Range<usize>| {
            // SAFETY: no other task has this key head of this row.
            unsafe { self.dqkv.slice(at + range.start, range.len()) }
        };
        (
            part(self.shape.query(key_head)),
            part(self.shape.key(key_head)),
        )
    }

    /// The states before each token of `chunk`, from the kept one of number `state` or nothing.
    fn again(
        &self,
        scratch: &mut Scratch,
        chunk: &Range<usize>,
        state: Option<usize>,
        head: usize,
    ) {
        let (shape, size) = (self.shape, self.shape.head_state());
        match state {
            Some(state) => {
                let at = (state * shape.n_value_heads + head) * size;
                scratch.states[..size].copy_from_slice(&self.kept[at..at + size]);
            }
            None => scratch.states[..size].fill(0.0),
        }
        for (nth, row) in chunk.clone().enumerate() {
            let gates = scratch.token.load(self.inputs, shape, row, head);
            let v = &self.inputs.qkv[row * shape.qkv_width()..][shape.value(head)];
            let residual = &mut scratch.residuals[nth * shape.value_dim..][..shape.value_dim];
            let (before, after) = scratch.states.split_at_mut((nth + 1) * size);
            let before = &before[nth * size..];
            let after = after.get_mut(..size).filter(|_| row + 1 < chunk.end);
            step_again(before, after, &scratch.token.k, v, gates, residual);
        }
    }

    /// The tokens of a chunk, from the last: gradients of all that they read, and of the state before them.
    fn chunk_back(
        &self,
        scratch: &mut Scratch,
        chunk: &Range<usize>,
        head: usize,
        sums: &mut [f32; 2],
    ) {
        let (shape, size) = (self.shape, self.shape.head_state());
        let key_head = head / shape.group();
        for (nth, row) in chunk.clone().enumerate().rev() {
            let gates = scratch.token.load(self.inputs, shape, row, head);
            let (dq, dk) = self.dqk(row, key_head);
            let value = shape.value(head);
            // SAFETY: no other task has this value head of this row.
            let dv = unsafe {
                self.dqkv
                    .slice(row * shape.qkv_width() + value.start, value.len())
            };
            let [dbeta, dlog_decay] = step_back(
                &scratch.states[nth * size..(nth + 1) * size],
                &mut scratch.dstate,
                &scratch.token.q,
                &scratch.token.k,
                &scratch.residuals[nth * shape.value_dim..][..shape.value_dim],
                gates,
                &self.dout[row * shape.out_width() + head * shape.value_dim..][..shape.value_dim],
                dq,
                dk,
                dv,
                &mut scratch.dchange,
            );
            let at = row * shape.n_value_heads + head;
            let a = self.inputs.a[at];
            let da = -self.inputs.a_log[head].exp()
                * sigmoid(a + self.inputs.dt_bias[head])
                * dlog_decay;
            sums[0] += dlog_decay * log_decay(self.inputs, head, a);
            sums[1] += da;
            // SAFETY: no other task has this value head of this row.
            unsafe {
                self.da.slice(at, 1)[0] = da;
                self.db.slice(at, 1)[0] = dbeta * gates.beta * (1.0 - gates.beta);
            }
        }
    }

    /// The gradients of a row's query and key, from those of what they are at unit length.
    fn unit_back(&self, row: usize, key_head: usize) {
        let qkv = &self.inputs.qkv[row * self.shape.qkv_width()..][..self.shape.qkv_width()];
        let (dq, dk) = self.dqk(row, key_head);
        let parts = [
            (dq, self.shape.query(key_head), query_scale(self.shape)),
            (dk, self.shape.key(key_head), 1.0),
        ];
        for (dx, range, scale) in parts {
            let x = &qkv[range];
            let unit = unit(x);
            let along = dot(x, dx) * unit * unit;
            for (dx, &x) in dx.iter_mut().zip(x) {
                *dx = scale * unit * (*dx - along * x);
            }
        }
    }
}

per_isa! {
    /// `residual = v - S^T k` of the decayed state, and the state after the token, where it is asked for.
    fn step_again<A>(
        state: &[f32],
        after: Option<&mut [f32]>,
        k: &[f32],
        v: &[f32],
        gates: Gates,
        residual: &mut [f32],
    ) {
        let Gates { decay, beta } = gates;
        let width = v.len();
        recall::<A>(residual, state, k);
        for (residual, &v) in residual.iter_mut().zip(v) {
            *residual = A::mul_add(-decay, *residual, v);
        }
        let Some(after) = after else { return };
        let rows = after.chunks_exact_mut(width).zip(state.chunks_exact(width));
        for ((after, state), &k) in rows.zip(k) {
            let factor = beta * k;
            for ((after, &state), &residual) in after.iter_mut().zip(state).zip(residual.iter()) {
                *after = A::mul_add(factor, residual, decay * state);
            }
        }
    }
}

per_isa! {
    /// One token back. `state` is the one before it; `dstate` is the gradient of the one after it and becomes
    /// that of the one before it. `dq` and `dk` are added to, `dv` is written, `dchange` is overwritten. Answers
    /// with the gradients of `beta` and of the decay's logarithm.
    fn step_back<A>(
        state: &[f32],
        dstate: &mut [f32],
        q: &[f32],
        k: &[f32],
        residual: &[f32],
        gates: Gates,
        dout: &[f32],
        dq: &mut [f32],
        dk: &mut [f32],
        dv: &mut [f32],
        dchange: &mut [f32],
    ) -> [f32; 2] {
        let Gates { decay, beta } = gates;
        let width = residual.len();
        let change_read = beta * inner::<A>(residual, dout);
        dchange.fill(0.0);
        let rows = state.chunks_exact(width).zip(dstate.chunks_exact_mut(width));
        for (((state, dstate), (&q, &k)), dq) in rows.zip(q.iter().zip(k)).zip(dq) {
            for ((dstate, &dout), dchange) in dstate.iter_mut().zip(dout).zip(dchange.iter_mut()) {
                *dstate = A::mul_add(q, dout, *dstate);
                *dchange = A::mul_add(k, *dstate, *dchange);
            }
            *dq += A::mul_add(decay, inner::<A>(state, dout), k * change_read);
        }
        let dbeta = inner::<A>(dchange, residual);
        for (dv, &dchange) in dv.iter_mut().zip(dchange.iter()) {
            *dv = beta * dchange;
        }
        let mut dlog_decay = 0.0;
        let rows = state.chunks_exact(width).zip(dstate.chunks_exact_mut(width));
        for (((state, dstate), &k), dk) in rows.zip(k).zip(dk) {
            // With the change `beta * residual` and `v - S^T k` in it: of the sum, and of the state that is read.
            *dk += beta * inner::<A>(residual, dstate) - decay * inner::<A>(state, dv);
            for (dstate, &dv) in dstate.iter_mut().zip(dv.iter()) {
                *dstate = decay * A::mul_add(-k, dv, *dstate);
            }
            dlog_decay += inner::<A>(state, dstate);
        }
        [dbeta, dlog_decay]
    }
}
