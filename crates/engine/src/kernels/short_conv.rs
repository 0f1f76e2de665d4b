//! The causal convolution of every channel with a few taps of its own, and `SiLU` of what it gives: what linear
//! attention's queries, keys and values go through. It never looks over the beginning of a segment.

use super::segments::Segments;
use super::{Store, simd};
use rayon::prelude::*;

/// Rows that one task handles, whose sum of a weight's gradient is a partial one.
const ROWS: usize = 128;

/// Place of a row that is in no segment.
const PADDING: usize = usize::MAX;

/// `out[t, c] = silu(sum_j weight[c, j] * x[t - (K - 1) + j, c])`, with zeros before the beginning of a segment
/// and zeros for rows in none. `out` and `x` are `(N, C)`, `weight` is `(C, K)`. `before` holds the `K - 1` rows
/// `(K - 1, C)` that precede those of a single segment, or nothing where it begins there.
///
/// # Panics
/// Where the lengths do not fit.
pub fn forward(
    out: &mut [f32],
    x: &[f32],
    weight: &[f32],
    n_taps: usize,
    before: &[f32],
    segments: &Segments,
) {
    let conv = Conv::new(x, weight, n_taps, before, segments);
    assert_eq!(out.len(), x.len(), "short_conv: the result's length");
    let width = conv.width;
    out.par_chunks_mut(ROWS * width)
        .enumerate()
        .for_each(|(task, out)| {
            for (row, out) in (task * ROWS..).zip(out.chunks_exact_mut(width)) {
                conv.sum(out, row);
                silu(out);
            }
        });
}

/// The gradients of [`forward`] where nothing precedes the segments. `dx` `(N, C)` is stored as `store` says;
/// `dweight` `(C, K)`, where the weight is trained, is added to. `dsums` `(N, C)` is overwritten: the gradient of
/// what `SiLU` is taken of.
///
/// # Panics
/// Where the lengths do not fit.
pub fn backward(
    dx: &mut [f32],
    store: Store,
    dweight: Option<&mut [f32]>,
    dsums: &mut [f32],
    dout: &[f32],
    x: &[f32],
    weight: &[f32],
    n_taps: usize,
    segments: &Segments,
) {
    let conv = Conv::new(x, weight, n_taps, &[], segments);
    let width = conv.width;
    assert!(
        [dx.len(), dsums.len(), dout.len()]
            .iter()
            .all(|&n| n == x.len()),
        "short_conv: the lengths of the gradients"
    );
    dsums
        .par_chunks_mut(ROWS * width)
        .zip(dout.par_chunks(ROWS * width))
        .enumerate()
        .for_each(|(task, (dsums, dout))| {
            let rows = dsums.chunks_exact_mut(width).zip(dout.chunks_exact(width));
            for (row, (dsum, dout)) in (task * ROWS..).zip(rows) {
                conv.sum(dsum, row);
                silu_back(dsum, dout);
            }
        });
    let dsums = &*dsums;
    dx.par_chunks_mut(ROWS * width)
        .enumerate()
        .for_each(|(task, dx)| {
            for (row, dx) in (task * ROWS..).zip(dx.chunks_exact_mut(width)) {
                if store == Store::Write {
                    dx.fill(0.0);
                }
                conv.sum_back(dx, dsums, row);
            }
        });
    if let Some(dweight) = dweight {
        conv.weight_back(dweight, dsums);
    }
}

/// One convolution's operands.
struct Conv<'a> {
    x: &'a [f32],
    /// The taps `(K, C)`, so that a tap's channels lie side by side.
    taps: Vec<f32>,
    n_taps: usize,
    before: &'a [f32],
    width: usize,
    /// Each row's place in its segment, or [`PADDING`].
    places: Vec<usize>,
}

impl<'a> Conv<'a> {
    fn new(
        x: &'a [f32],
        weight: &[f32],
        n_taps: usize,
        before: &'a [f32],
        segments: &Segments,
    ) -> Self {
        let width = weight.len() / n_taps.max(1);
        assert!(
            width > 0 && weight.len() == width * n_taps && x.len() == segments.n_rows() * width,
            "short_conv: {} values are no rows of {width}",
            x.len()
        );
        assert!(
            before.is_empty() || (before.len() == (n_taps - 1) * width && segments.len() <= 1),
            "short_conv: the rows before a single segment"
        );
        let mut places = vec![PADDING; segments.n_rows()];
        for span in segments.iter() {
            for (place, slot) in places[span].iter_mut().enumerate() {
                *slot = place;
            }
        }
        let taps = (0..n_taps).flat_map(|tap| weight.iter().skip(tap).step_by(n_taps).copied());
        Self {
            x,
            taps: taps.collect(),
            n_taps,
            before,
            width,
            places,
        }
    }

    fn tap(&self, tap: usize) -> &[f32] {
        &self.taps[tap * self.width..(tap + 1) * self.width]
    }

    /// The row `back` rows before `row`, where it is in the same segment or known from before.
    fn earlier(&self, row: usize, back: usize) -> Option<&[f32]> {
        let of = |rows: &'a [f32], row: usize| &rows[row * self.width..(row + 1) * self.width];
        let place = self.places[row];
        if place == PADDING {
            None
        } else if back <= place {
            Some(of(self.x, row - back))
        } else if self.before.is_empty() {
            None
        } else {
            Some(of(self.before, self.n_taps - 1 + place - back))
        }
    }

    /// What `SiLU` is taken of in row `row`.
    fn sum(&self, out: &mut [f32], row: usize) {
        out.fill(0.0);
        for tap in 0..self.n_taps {
            if let Some(x) = self.earlier(row, self.n_taps - 1 - tap) {
                add_products(out, x, self.tap(tap));
            }
        }
    }

    /// Adds what the sums that row `row` is part of make of its gradient.
    fn sum_back(&self, dx: &mut [f32], dsums: &[f32], row: usize) {
        if self.places[row] == PADDING {
            return;
        }
        for tap in 0..self.n_taps {
            let back = self.n_taps - 1 - tap;
            let later = row + back;
            let is_same = self
                .places
                .get(later)
                .is_some_and(|&place| place != PADDING && place >= back);
            if is_same {
                let dsum = &dsums[later * self.width..(later + 1) * self.width];
                add_products(dx, dsum, self.tap(tap));
            }
        }
    }

    /// Adds the taps' gradient `(C, K)`.
    fn weight_back(&self, dweight: &mut [f32], dsums: &[f32]) {
        assert_eq!(
            dweight.len(),
            self.taps.len(),
            "short_conv: the weight's gradient"
        );
        let n_tasks = self.places.len().div_ceil(ROWS);
        let mut partial = vec![0.0; n_tasks * self.taps.len()];
        partial
            .par_chunks_mut(self.taps.len())
            .enumerate()
            .for_each(|(task, partial)| {
                for row in task * ROWS..((task + 1) * ROWS).min(self.places.len()) {
                    let dsum = &dsums[row * self.width..(row + 1) * self.width];
                    for (tap, partial) in partial.chunks_exact_mut(self.width).enumerate() {
                        if let Some(x) = self.earlier(row, self.n_taps - 1 - tap) {
                            add_products(partial, x, dsum);
                        }
                    }
                }
            });
        for partial in partial.chunks_exact(self.taps.len()) {
            for (tap, partial) in partial.chunks_exact(self.width).enumerate() {
                let sums = dweight.iter_mut().skip(tap).step_by(self.n_taps);
                sums.zip(partial).for_each(|(sum, part)| *sum += part);
            }
        }
    }
}

per_isa! {
    fn add_products<A>(out: &mut [f32], a: &[f32], b: &[f32]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out = A::mul_add(a, b, *out);
        }
    }
}

per_isa! {
    fn silu<A>(x: &mut [f32]) {
        for x in x {
            *x *= simd::sigmoid::<A>(*x);
        }
    }
}

per_isa! {
    fn silu_back<A>(x: &mut [f32], dout: &[f32]) {
        for (x, &dout) in x.iter_mut().zip(dout) {
            let sigmoid = simd::sigmoid::<A>(*x);
            *x = dout * A::mul_add(*x * sigmoid, 1.0 - sigmoid, sigmoid);
        }
    }
}
