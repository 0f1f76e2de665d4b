//! One step of `AdamW` (Loshchilov and Hutter, 2019): weights, moments and clipped gradient in one pass.

use super::CHUNK;
use rayon::prelude::*;

/// The constants of one step for one parameter, bias corrections and clipping included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// What remains of the weight: `1 - lr * weight_decay`.
    pub keep: f32,
    /// `lr / (1 - beta1^t)`.
    pub step_size: f32,
    /// `1 / sqrt(1 - beta2^t)`.
    pub root_correction: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
    /// What the gradient is multiplied by first.
    pub clip: f32,
}

/// `g = clip * gradient; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// w = keep w - step_size m / (root_correction sqrt(v) + eps)`, value by value, in place.
///
/// # Panics
/// Where the lengths differ.
pub fn step(
    weight: &mut [f32],
    gradient: &[f32],
    first: &mut [f32],
    second: &mut [f32],
    step: &Step,
) {
    assert!(
        [gradient.len(), first.len(), second.len()]
            .iter()
            .all(|&n| n == weight.len()),
        "adamw: the lengths of a weight, its gradient and moments"
    );
    weight
        .par_chunks_mut(CHUNK)
        .zip(gradient.par_chunks(CHUNK))
        .zip(
            first
                .par_chunks_mut(CHUNK)
                .zip(second.par_chunks_mut(CHUNK)),
        )
        .for_each(|((weight, gradient), (first, second))| {
            step_chunk(weight, gradient, first, second, step);
        });
}

per_isa! {
    fn step_chunk<A>(
        weight: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
        step: &Step,
    ) {
        // No fused operations: the pass waits for memory, and so it is the same on every processor.
        let values = weight.iter_mut().zip(gradient).zip(first.iter_mut().zip(second));
        for ((weight, &gradient), (first, second)) in values {
            let gradient = gradient * step.clip;
            *first = step.beta1 * *first + (1.0 - step.beta1) * gradient;
            *second = step.beta2 * *second + (1.0 - step.beta2) * gradient * gradient;
            *weight = step.keep * *weight
                - step.step_size * *first / (second.sqrt() * step.root_correction + step.eps);
        }
    }
}
