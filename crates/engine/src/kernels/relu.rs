//! The rectified linear unit, as in `DistilBERT`'s head.

use super::CHUNK;
use rayon::prelude::*;

/// `out = max(x, 0)`.
///
/// # Panics
/// Where the lengths differ.
pub fn forward(out: &mut [f32], x: &[f32]) {
    assert_eq!(out.len(), x.len(), "relu: lengths");
    out.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(out, x)| {
            // A NaN stays one: it must show in the loss.
            let values = out.iter_mut().zip(x);
            values.for_each(|(out, &x)| *out = if x < 0.0 { 0.0 } else { x });
        });
}

/// The gradient of [`forward`], written to `dx`; 0 where `x` is 0.
///
/// # Panics
/// Where the lengths differ.
pub fn backward(dx: &mut [f32], dout: &[f32], x: &[f32]) {
    assert!(
        dx.len() == dout.len() && dout.len() == x.len(),
        "relu: the lengths are {}, {} and {}",
        dx.len(),
        dout.len(),
        x.len()
    );
    dx.par_chunks_mut(CHUNK)
        .zip(dout.par_chunks(CHUNK))
        .zip(x.par_chunks(CHUNK))
        .for_each(|((dx, dout), x)| {
            let values = dx.iter_mut().zip(dout).zip(x);
            values.for_each(|((dx, &dout), &x)| *dx = if x > 0.0 { dout } else { 0.0 });
        });
}
