//! What gated units share: lengths that must agree, and chunks for the threads. Which function the gate goes
//! through is said in `swiglu` and `geglu`.

use super::CHUNK;
use rayon::prelude::*;

/// `out` of `gate` and `up`, a chunk at a time.
///
/// # Panics
/// Where the lengths differ.
pub(super) fn forward(
    name: &str,
    chunk: fn(&mut [f32], &[f32], &[f32]),
    out: &mut [f32],
    [gate, up]: [&[f32]; 2],
) {
    assert!(
        out.len() == gate.len() && gate.len() == up.len(),
        "{name}: the lengths are {}, {} and {}",
        out.len(),
        gate.len(),
        up.len()
    );
    out.par_chunks_mut(CHUNK)
        .zip(gate.par_chunks(CHUNK))
        .zip(up.par_chunks(CHUNK))
        .for_each(|((out, gate), up)| chunk(out, gate, up));
}

/// Writes `dgate` and `dup`, of `dout`, `gate` and `up` of the same length.
type BackwardChunk = fn(&mut [f32], &mut [f32], &[f32], &[f32], &[f32]);

/// `dgate` and `dup` of `dout`, `gate` and `up`, a chunk at a time.
///
/// # Panics
/// Where the lengths differ.
pub(super) fn backward(
    name: &str,
    chunk: BackwardChunk,
    [dgate, dup]: [&mut [f32]; 2],
    [dout, gate, up]: [&[f32]; 3],
) {
    assert!(
        [dup.len(), dout.len(), gate.len(), up.len()]
            .iter()
            .all(|&n| n == dgate.len()),
        "{name}: the lengths of the gradients"
    );
    dgate
        .par_chunks_mut(CHUNK)
        .zip(dup.par_chunks_mut(CHUNK))
        .zip(dout.par_chunks(CHUNK))
        .zip(gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)))
        .for_each(|(((dgate, dup), dout), (gate, up))| chunk(dgate, dup, dout, gate, up));
}
