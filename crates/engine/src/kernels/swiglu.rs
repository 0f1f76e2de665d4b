//! The gated unit `silu(gate) * up` (Shazeer, 2020).

use super::{gated, simd};

/// `out = silu(gate) * up` with `silu(z) = z / (1 + e^-z)`; all of one length.
///
/// # Panics
/// Where the lengths differ.
pub fn forward(out: &mut [f32], gate: &[f32], up: &[f32]) {
    gated::forward("swiglu", forward_chunk, out, [gate, up]);
}

/// The gradients of [`forward`], written to `dgate` and `dup`.
///
/// # Panics
/// Where the lengths differ.
pub fn backward(dgate: &mut [f32], dup: &mut [f32], dout: &[f32], gate: &[f32], up: &[f32]) {
    gated::backward("swiglu", backward_chunk, [dgate, dup], [dout, gate, up]);
}

per_isa! {
    fn forward_chunk<A>(out: &mut [f32], gate: &[f32], up: &[f32]) {
        for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
            *out = gate * simd::sigmoid::<A>(gate) * up;
        }
    }
}

per_isa! {
    fn backward_chunk<A>(
        dgate: &mut [f32],
        dup: &mut [f32],
        dout: &[f32],
        gate: &[f32],
        up: &[f32],
    ) {
        let values = dgate.iter_mut().zip(dup).zip(dout).zip(gate.iter().zip(up));
        for (((dgate, dup), &dout), (&gate, &up)) in values {
            let sigmoid = simd::sigmoid::<A>(gate);
            let silu = gate * sigmoid;
            *dup = dout * silu;
            *dgate = dout * up * A::mul_add(silu, 1.0 - sigmoid, sigmoid);
        }
    }
}
