//! The hyperbolic tangent, as in BERT's pooler.

use super::{CHUNK, simd};
use rayon::prelude::*;

/// `out = tanh(x)`.
///
/// # Panics
/// Where the lengths differ.
pub fn forward(out: &mut [f32], x: &[f32]) {
    assert_eq!(out.len(), x.len(), "tanh: lengths");
    out.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(out, x)| forward_chunk(out, x));
}

/// The gradient of [`forward`], written to `dx`; `out` is what the forward pass wrote.
///
/// # Panics
/// Where the lengths differ.
pub fn backward(dx: &mut [f32], dout: &[f32], out: &[f32]) {
    assert!(
        dx.len() == dout.len() && dout.len() == out.len(),
        "tanh: the lengths are {}, {} and {}",
        dx.len(),
        dout.len(),
        out.len()
    );
    dx.par_chunks_mut(CHUNK)
        .zip(dout.par_chunks(CHUNK))
        .zip(out.par_chunks(CHUNK))
        .for_each(|((dx, dout), out)| backward_chunk(dx, dout, out));
}

per_isa! {
    fn forward_chunk<A>(out: &mut [f32], x: &[f32]) {
        out.iter_mut().zip(x).for_each(|(out, &x)| *out = simd::tanh::<A>(x));
    }
}

per_isa! {
    fn backward_chunk<A>(dx: &mut [f32], dout: &[f32], out: &[f32]) {
        for ((dx, &dout), &out) in dx.iter_mut().zip(dout).zip(out) {
            *dx = dout * A::mul_add(-out, out, 1.0);
        }
    }
}
