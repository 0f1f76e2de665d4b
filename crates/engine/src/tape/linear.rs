//! Linear maps with their adapters on a tape, forward and back.

use super::walk::Walk;
use super::{Adapter, Buffer, Context, Gradients, Linear, Tape, Value};
use crate::kernels::matmul::{self, Precision};
use crate::kernels::{Store, dropout, elementwise};

impl Tape<'_> {
    /// `x W^T + b`, what an adapter adds, and `residual`; and the adapter's inner values.
    pub(super) fn project(
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
    fn drop_out(&self, x: &[f32], adapter: &Adapter) -> Option<Buffer> {
        let stream = self.context.dropout?;
        if adapter.dropout <= 0.0 {
            return None;
        }
        let mut out = self.context.pool.take(x.len());
        elementwise::copy(&mut out, x);
        dropout::apply(&mut out, adapter.dropout, stream.child(adapter.site));
        Some(out)
    }

    /// `dW += dy^T x`, `db += sum dy`, `dx (+)= dy W`, each where it is wanted, and the adapter's.
    pub(super) fn project_back(
        &mut self,
        x: Value,
        linear: &Linear,
        saved: &[Buffer],
        dy: &Buffer,
        walk: &mut Walk,
        gradients: &mut Gradients,
    ) {
        let Context {
            parameters,
            precision,
            ..
        } = *self.context;
        let n = dy.len() / linear.n_out();
        if let Some(dw) = gradients.rows_mut(linear.weight, &linear.rows, linear.n_in) {
            self.restore(x);
            matmul::backward_weight(dw, dy, self.values(x), n, precision);
        }
        if let Some(bias) = linear.bias
            && let Some(db) = gradients.rows_mut(bias, &linear.rows, 1)
        {
            matmul::backward_bias(db, dy);
        }
        if self.has_gradient(x) {
            let (mut dx, store) = walk.place(self, x);
            let beta = if store == Store::Add { 1.0 } else { 0.0 };
            let weight = parameters.rows(linear.weight, &linear.rows);
            matmul::backward_input(&mut dx, dy, weight, n, precision, beta);
            walk.put(self, x, dx);
        }
        if let (Some(adapter), Some(inner)) = (&linear.adapter, saved.first()) {
            self.adapt_back(x, linear, adapter, inner, dy, walk, gradients);
        }
    }

    /// With `z = scale * dropout(x) A^T`: `dB += dy^T z`, `dz = scale * dy B`, `dA += dz^T dropout(x)`,
    /// `dx += dropout(dz A)`.
    #[expect(
        clippy::too_many_arguments,
        reason = "called once, from the function above"
    )]
    fn adapt_back(
        &mut self,
        x: Value,
        linear: &Linear,
        adapter: &Adapter,
        inner: &Buffer,
        dy: &Buffer,
        walk: &mut Walk,
        gradients: &mut Gradients,
    ) {
        let Context {
            parameters, pool, ..
        } = *self.context;
        let n = dy.len() / linear.n_out();
        if let Some(db) = gradients.rows_mut(adapter.b, &linear.rows, adapter.rank) {
            matmul::backward_weight(db, dy, inner, n, Precision::F32);
        }
        let mut dz = pool.take(n * adapter.rank);
        let b = parameters.rows(adapter.b, &linear.rows);
        matmul::backward_input(&mut dz, dy, b, n, Precision::F32, 0.0);
        elementwise::scale(&mut dz, adapter.scale);
        if let Some(da) = gradients.get_mut(adapter.a) {
            self.restore(x);
            let dropped = self.drop_out(self.values(x), adapter);
            let input = dropped.as_deref().unwrap_or(self.values(x));
            matmul::backward_weight(da, &dz, input, n, Precision::F32);
            if let Some(dropped) = dropped {
                pool.give(dropped);
            }
        }
        if self.has_gradient(x) {
            let a = parameters.matrix(adapter.a);
            match self.context.dropout.filter(|_| adapter.dropout > 0.0) {
                None => {
                    let (mut dx, store) = walk.place(self, x);
                    let beta = if store == Store::Add { 1.0 } else { 0.0 };
                    matmul::backward_input(&mut dx, &dz, a, n, Precision::F32, beta);
                    walk.put(self, x, dx);
                }
                Some(stream) => {
                    let mut dx = pool.take(n * linear.n_in);
                    matmul::backward_input(&mut dx, &dz, a, n, Precision::F32, 0.0);
                    dropout::apply(&mut dx, adapter.dropout, stream.child(adapter.site));
                    walk.add(self, x, dx);
                }
            }
        }
        pool.give(dz);
    }
}
