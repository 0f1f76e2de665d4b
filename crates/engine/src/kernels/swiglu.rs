//! The gated unit `silu(gate) * up` (Shazeer, 2020).

use super::{CHUNK, simd};
use rayon::prelude::*;

/// `out = silu(gate) * up` with `silu(z) = z / (1 + e^-z)`; all of one length.
///
/// # Panics
/// Where the lengths differ.
pub fn forward(out: &mut [f32], gate: &[f32], up: &[f32]) {
    assert!(
        out.len() == gate.len() && gate.len() == up.len(),
        "swiglu: the lengths are {}, {} and {}",
        out.len(),
        gate.len(),
        up.len()
    );
    out.par_chunks_mut(CHUNK)
        .zip(gate.par_chunks(CHUNK))
        .zip(up.par_chunks(CHUNK))
        .for_each(|((out, gate), up)| forward_chunk(out, gate, up));
}

/// The gradients of [`forward`], written to `dgate` and `dup`.
///
/// # Panics
/// Where the lengths differ.
pub fn backward(dgate: &mut [f32], dup: &mut [f32], dout: &[f32], gate: &[f32], up: &[f32]) {
    assert!(
        [dup.len(), dout.len(), gate.len(), up.len()]
            .iter()
            .all(|&n| n == dgate.len()),
        "swiglu: the lengths of the gradients"
    );
    dgate
        .par_chunks_mut(CHUNK)
        .zip(dup.par_chunks_mut(CHUNK))
        .zip(dout.par_chunks(CHUNK))
        .zip(gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)))
        .for_each(|(((dgate, dup), dout), (gate, up))| {
            backward_chunk(dgate, dup, dout, gate, up);
        });
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
