//! The gated unit `gelu(gate) * up` (Shazeer, 2020), with either of GELU's formulas: Gemma has the one by
//! `tanh`, `ModernBERT` the one by `erf`.

use super::gelu::{CUBIC, Kind, TWICE_ROOT_TWO_OVER_PI};
use super::{gated, simd};

/// `out = gelu(gate) * up`; all of one length.
///
/// # Panics
/// Where the lengths differ.
pub fn forward(out: &mut [f32], gate: &[f32], up: &[f32], kind: Kind) {
    let chunk = match kind {
        Kind::Tanh => forward_tanh,
        Kind::Erf => forward_erf,
    };
    gated::forward("geglu", chunk, out, [gate, up]);
}

/// The gradients of [`forward`], written to `dgate` and `dup`.
///
/// # Panics
/// Where the lengths differ.
pub fn backward(
    dgate: &mut [f32],
    dup: &mut [f32],
    dout: &[f32],
    gate: &[f32],
    up: &[f32],
    kind: Kind,
) {
    let chunk = match kind {
        Kind::Tanh => backward_tanh,
        Kind::Erf => backward_erf,
    };
    gated::backward("geglu", chunk, [dgate, dup], [dout, gate, up]);
}

per_isa! {
    fn forward_tanh<A>(out: &mut [f32], gate: &[f32], up: &[f32]) {
        for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
            let inner = TWICE_ROOT_TWO_OVER_PI * A::mul_add(CUBIC * gate * gate, gate, gate);
            *out = gate * simd::sigmoid::<A>(inner) * up;
        }
    }
}

per_isa! {
    fn backward_tanh<A>(
        dgate: &mut [f32],
        dup: &mut [f32],
        dout: &[f32],
        gate: &[f32],
        up: &[f32],
    ) {
        let values = dgate.iter_mut().zip(dup).zip(dout).zip(gate.iter().zip(up));
        for (((dgate, dup), &dout), (&gate, &up)) in values {
            let inner = TWICE_ROOT_TWO_OVER_PI * A::mul_add(CUBIC * gate * gate, gate, gate);
            let slope = TWICE_ROOT_TWO_OVER_PI * A::mul_add(3.0 * CUBIC * gate, gate, 1.0);
            let sigmoid = simd::sigmoid::<A>(inner);
            *dup = dout * gate * sigmoid;
            *dgate = dout * up * sigmoid * A::mul_add(gate * (1.0 - sigmoid), slope, 1.0);
        }
    }
}

per_isa! {
    fn forward_erf<A>(out: &mut [f32], gate: &[f32], up: &[f32]) {
        for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
            *out = gate * simd::normal::<A>(gate).distribution * up;
        }
    }
}

per_isa! {
    fn backward_erf<A>(
        dgate: &mut [f32],
        dup: &mut [f32],
        dout: &[f32],
        gate: &[f32],
        up: &[f32],
    ) {
        let values = dgate.iter_mut().zip(dup).zip(dout).zip(gate.iter().zip(up));
        for (((dgate, dup), &dout), (&gate, &up)) in values {
            let normal = simd::normal::<A>(gate);
            *dup = dout * gate * normal.distribution;
            *dgate = dout * up * A::mul_add(gate, normal.density, normal.distribution);
        }
    }
}
