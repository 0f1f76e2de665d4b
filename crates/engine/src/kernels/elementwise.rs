//! Sums, products and norms of whole buffers. Enter at the function that is named after the operation.

use super::{CHUNK, simd::LANES};
use rayon::prelude::*;

/// `out += x`, value by value.
///
/// # Panics
/// Where the lengths differ.
pub fn add_into(out: &mut [f32], x: &[f32]) {
    assert_eq!(out.len(), x.len(), "add_into: lengths");
    out.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(out, x)| add_chunk(out, x));
}

/// `out = a + b`, value by value.
///
/// # Panics
/// Where the lengths differ.
pub fn add(out: &mut [f32], a: &[f32], b: &[f32]) {
    assert!(
        out.len() == a.len() && a.len() == b.len(),
        "add: the lengths are {}, {} and {}",
        out.len(),
        a.len(),
        b.len()
    );
    out.par_chunks_mut(CHUNK)
        .zip(a.par_chunks(CHUNK))
        .zip(b.par_chunks(CHUNK))
        .for_each(|((out, a), b)| sum_chunk(out, a, b));
}

/// `out += factor * x`, value by value.
///
/// # Panics
/// Where the lengths differ.
pub fn add_scaled(out: &mut [f32], x: &[f32], factor: f32) {
    assert_eq!(out.len(), x.len(), "add_scaled: lengths");
    out.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(out, x)| add_scaled_chunk(out, x, factor));
}

/// `x *= factor`, value by value.
pub fn scale(x: &mut [f32], factor: f32) {
    x.par_chunks_mut(CHUNK).for_each(|x| scale_chunk(x, factor));
}

/// `out = x`, in parallel.
///
/// # Panics
/// Where the lengths differ.
pub fn copy(out: &mut [f32], x: &[f32]) {
    assert_eq!(out.len(), x.len(), "copy: lengths");
    out.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(out, x)| out.copy_from_slice(x));
}

/// Sum of the squares, in f64; not finite where any value is not.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    let chunks: Vec<f64> = x.par_chunks(CHUNK).map(square_chunk).collect();
    chunks.iter().sum()
}

per_isa! {
    fn add_chunk<A>(out: &mut [f32], x: &[f32]) {
        out.iter_mut().zip(x).for_each(|(out, x)| *out += x);
    }
}

per_isa! {
    fn sum_chunk<A>(out: &mut [f32], a: &[f32], b: &[f32]) {
        out.iter_mut().zip(a).zip(b).for_each(|((out, a), b)| *out = a + b);
    }
}

per_isa! {
    fn add_scaled_chunk<A>(out: &mut [f32], x: &[f32], factor: f32) {
        out.iter_mut().zip(x).for_each(|(out, &x)| *out = A::mul_add(factor, x, *out));
    }
}

per_isa! {
    fn scale_chunk<A>(x: &mut [f32], factor: f32) {
        for x in x {
            *x *= factor;
        }
    }
}

per_isa! {
    fn square_chunk<A>(x: &[f32]) -> f64 {
        // A square of two f32 is exact in f64, so that no fused operation is needed.
        let mut lanes = [0.0_f64; LANES];
        let (blocks, rest) = x.as_chunks::<LANES>();
        for block in blocks {
            for (lane, &value) in lanes.iter_mut().zip(block) {
                *lane += f64::from(value) * f64::from(value);
            }
        }
        for (lane, &value) in lanes.iter_mut().zip(rest) {
            *lane += f64::from(value) * f64::from(value);
        }
        lanes.iter().sum()
    }
}
