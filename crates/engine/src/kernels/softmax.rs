//! A row's softmax in parts, vectorised: what attention and cross-entropy have in common.

use super::simd::{LANES, exp, sum_lanes};

per_isa! {
    /// The largest value; minus infinity where there is none. A NaN may be passed over: it shows in the
    /// sum of [`exp_minus`].
    pub(crate) fn largest<A>(row: &[f32]) -> f32 {
        let mut lanes = [f32::NEG_INFINITY; LANES];
        let (chunks, rest) = row.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, &value) in lanes.iter_mut().zip(chunk) {
                *lane = if value < *lane { *lane } else { value };
            }
        }
        for (lane, &value) in lanes.iter_mut().zip(rest) {
            *lane = if value < *lane { *lane } else { value };
        }
        lanes
            .into_iter()
            .reduce(|max, value| if value < max { max } else { value })
            .unwrap_or(f32::NEG_INFINITY)
    }
}

per_isa! {
    /// Replaces each value by `exp(value - shift)` and answers their sum.
    pub(crate) fn exp_minus<A>(row: &mut [f32], shift: f32) -> f32 {
        let mut lanes = [0.0_f32; LANES];
        let (chunks, rest) = row.as_chunks_mut::<LANES>();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *value = exp::<A>(*value - shift);
                *lane += *value;
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *value = exp::<A>(*value - shift);
            *lane += *value;
        }
        sum_lanes(lanes)
    }
}

per_isa! {
    /// Replaces scores by probabilities `p = exp(score - log_sum)`, and the probabilities' gradients
    /// `slopes` by the scores' gradients `p * (slope - mean)`, `mean` being the sum of `p * slope`.
    pub(crate) fn backward<A>(scores: &mut [f32], slopes: &mut [f32], log_sum: f32, mean: f32) {
        for (score, slope) in scores.iter_mut().zip(slopes) {
            *score = exp::<A>(*score - log_sum);
            *slope = *score * (*slope - mean);
        }
    }
}

per_isa! {
    /// Multiplies each value by `factor`.
    pub(crate) fn scale<A>(row: &mut [f32], factor: f32) {
        for value in row {
            *value *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{exp_minus, largest};

    #[test]
    fn the_largest_value_is_found_anywhere_and_a_nan_shows_in_the_sum() {
        for n in [1, 31, 32, 33, 100] {
            for at in 0..n {
                let mut row = vec![-3.0; n];
                row[at] = -1.0;
                assert_eq!(
                    largest(&row).to_bits(),
                    (-1.0_f32).to_bits(),
                    "at {at} of {n}"
                );
                row[at] = f32::NAN;
                let sum = exp_minus(&mut row.clone(), largest(&row));
                assert!(sum.is_nan(), "NaN at {at} of {n} must not be lost");
            }
        }
        assert!(largest(&[]) < f32::MIN, "an empty row has minus infinity");
    }
}
