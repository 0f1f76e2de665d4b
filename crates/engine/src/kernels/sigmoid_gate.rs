//! The gate `sigmoid(gate) * x` on what attention mixed (Qiu et al., 2025).

use super::{gated, simd};

/// `out = sigmoid(gate) * x`; all of one length.
///
/// # Panics
/// Where the lengths differ.
pub fn forward(out: &mut [f32], gate: &[f32], x: &[f32]) {
    gated::forward("sigmoid_gate", forward_chunk, out, [gate, x]);
}

/// The gradients of [`forward`], written to `dgate` and `dx`.
///
/// # Panics
/// Where the lengths differ.
pub fn backward(dgate: &mut [f32], dx: &mut [f32], dout: &[f32], gate: &[f32], x: &[f32]) {
    gated::backward("sigmoid_gate", backward_chunk, [dgate, dx], [dout, gate, x]);
}

per_isa! {
    fn forward_chunk<A>(out: &mut [f32], gate: &[f32], x: &[f32]) {
        for ((out, &gate), &x) in out.iter_mut().zip(gate).zip(x) {
            *out = simd::sigmoid::<A>(gate) * x;
        }
    }
}

per_isa! {
    fn backward_chunk<A>(dgate: &mut [f32], dx: &mut [f32], dout: &[f32], gate: &[f32], x: &[f32]) {
        let values = dgate.iter_mut().zip(dx).zip(dout).zip(gate.iter().zip(x));
        for (((dgate, dx), &dout), (&gate, &x)) in values {
            let sigmoid = simd::sigmoid::<A>(gate);
            *dx = dout * sigmoid;
            *dgate = dout * x * sigmoid * (1.0 - sigmoid);
        }
    }
}
