//! The Gaussian error linear unit (Hendrycks and Gimpel, 2016).

use super::{CHUNK, simd};
use rayon::prelude::*;

/// Which of the two formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`: GPT-2's `gelu_new`.
    Tanh,
    /// `x / 2 * (1 + erf(x / sqrt(2)))`: BERT's.
    Erf,
}

/// `out = gelu(x)`.
///
/// # Panics
/// Where the lengths differ.
pub fn forward(out: &mut [f32], x: &[f32], kind: Kind) {
    assert_eq!(out.len(), x.len(), "gelu: lengths");
    let piece = match kind {
        Kind::Tanh => forward_tanh,
        Kind::Erf => forward_erf,
    };
    out.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(out, x)| piece(out, x));
}

/// The gradient of [`forward`], written to `dx`.
///
/// # Panics
/// Where the lengths differ.
pub fn backward(dx: &mut [f32], dout: &[f32], x: &[f32], kind: Kind) {
    assert!(
        dx.len() == dout.len() && dout.len() == x.len(),
        "gelu: the lengths are {}, {} and {}",
        dx.len(),
        dout.len(),
        x.len()
    );
    let piece = match kind {
        Kind::Tanh => backward_tanh,
        Kind::Erf => backward_erf,
    };
    dx.par_chunks_mut(CHUNK)
        .zip(dout.par_chunks(CHUNK))
        .zip(x.par_chunks(CHUNK))
        .for_each(|((dx, dout), x)| piece(dx, dout, x));
}

pub(super) const CUBIC: f32 = 0.044_715;
/// `2 sqrt(2 / pi)`: `(1 + tanh(u)) / 2` is `sigmoid(2 u)`, which needs one exponential and keeps the
/// precision of negative tails.
pub(super) const TWICE_ROOT_TWO_OVER_PI: f32 = 1.595_769_2;

per_isa! {
    fn forward_tanh<A>(out: &mut [f32], x: &[f32]) {
        for (out, &x) in out.iter_mut().zip(x) {
            let inner = TWICE_ROOT_TWO_OVER_PI * A::mul_add(CUBIC * x * x, x, x);
            *out = x * simd::sigmoid::<A>(inner);
        }
    }
}

per_isa! {
    fn backward_tanh<A>(dx: &mut [f32], dout: &[f32], x: &[f32]) {
        for ((dx, &dout), &x) in dx.iter_mut().zip(dout).zip(x) {
            let inner = TWICE_ROOT_TWO_OVER_PI * A::mul_add(CUBIC * x * x, x, x);
            let slope = TWICE_ROOT_TWO_OVER_PI * A::mul_add(3.0 * CUBIC * x, x, 1.0);
            let sigmoid = simd::sigmoid::<A>(inner);
            *dx = dout * sigmoid * A::mul_add(x * (1.0 - sigmoid), slope, 1.0);
        }
    }
}

per_isa! {
    fn forward_erf<A>(out: &mut [f32], x: &[f32]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = x * simd::normal::<A>(x).distribution;
        }
    }
}

per_isa! {
    fn backward_erf<A>(dx: &mut [f32], dout: &[f32], x: &[f32]) {
        for ((dx, &dout), &x) in dx.iter_mut().zip(dout).zip(x) {
            let normal = simd::normal::<A>(x);
            *dx = dout * A::mul_add(x, normal.density, normal.distribution);
        }
    }
}
