//! Dropout (Srivastava et al., 2014) whose mask is a function of a key: the backward pass, a
//! recomputation and a resumed run draw it again instead of keeping it.

use super::CHUNK;
use crate::random::Keyed;
use rayon::prelude::*;

/// Sets each value to 0 with probability `rate` and divides the others by `1 - rate`, in place. The same
/// `stream` chooses the same values, so that this is also the gradient's operation.
///
/// `rate` is in [0, 1) and is rounded to 32 bits.
///
/// # Panics
/// Where `rate` is outside [0, 1).
pub fn apply(x: &mut [f32], rate: f32, stream: Keyed) {
    assert!((0.0..1.0).contains(&rate), "dropout: the rate {rate}");
    if rate == 0.0 {
        return;
    }
    let factor = 1.0 / (1.0 - rate);
    let threshold = (f64::from(rate) * 4_294_967_296.0) as u32;
    x.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, x)| {
        let first = (chunk * CHUNK / 2) as u64;
        mask_chunk(x, stream, first, threshold, factor);
    });
}

per_isa! {
    fn mask_chunk<A>(x: &mut [f32], stream: Keyed, first: u64, threshold: u32, factor: f32) {
        // Each draw of 64 bits decides two values.
        let keep = |bits: u32| if bits < threshold { 0.0 } else { factor };
        let (pairs, rest) = x.as_chunks_mut::<2>();
        for (pair, index) in pairs.iter_mut().zip(first..) {
            let bits = stream.bits(index);
            pair[0] *= keep(bits as u32);
            pair[1] *= keep((bits >> 32) as u32);
        }
        for x in rest {
            *x *= keep(stream.bits(first + pairs.len() as u64) as u32);
        }
    }
}
