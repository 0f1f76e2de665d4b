//! Root-mean-square normalization (Zhang and Sennrich, 2019), row by row.

use super::{Store, rows_per_task, simd};
use rayon::prelude::*;
use simd::LANES;

/// `out = x * rstd * weight` with `rstd = 1 / sqrt(mean(x^2) + eps)` of each row. `out` and `x` are
/// `(N, D)`, `rstd` is `(N)` and written, `weight` is `(D)`.
///
/// # Panics
/// Where the lengths do not fit.
pub fn forward(out: &mut [f32], rstd: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
    let d = weight.len();
    check(rstd.len(), d, &[out.len(), x.len()]);
    let rows = rows_per_task(d);
    out.par_chunks_mut(rows * d)
        .zip(x.par_chunks(rows * d))
        .zip(rstd.par_chunks_mut(rows))
        .for_each(|((out, x), rstd)| forward_rows(out, rstd, x, weight, eps));
}

/// The gradients of [`forward`]. `dx` `(N, D)` is stored as `store` says; `dweight` `(D)`, where the
/// weight is trained, is added to. `dy` and `x` are `(N, D)`, `rstd` is what the forward pass wrote.
///
/// With `g = dy * weight` and `h = x * rstd`: `dx = rstd * (g - h * mean(g * h))`, and `dweight` is the sum
/// of `dy * h` over rows.
///
/// # Panics
/// Where the lengths do not fit.
pub fn backward(
    dx: &mut [f32],
    store: Store,
    dweight: Option<&mut [f32]>,
    dy: &[f32],
    x: &[f32],
    rstd: &[f32],
    weight: &[f32],
) {
    let d = weight.len();
    check(rstd.len(), d, &[dx.len(), dy.len(), x.len()]);
    let rows = rows_per_task(d);
    let pieces = dx
        .par_chunks_mut(rows * d)
        .zip(dy.par_chunks(rows * d))
        .zip(x.par_chunks(rows * d))
        .zip(rstd.par_chunks(rows));
    let Some(dweight) = dweight else {
        pieces.for_each(|(((dx, dy), x), rstd)| {
            backward_rows(dx, store, None, dy, x, rstd, weight);
        });
        return;
    };
    assert_eq!(dweight.len(), d, "rms_norm: the weight's gradient");
    let mut partial = vec![0.0; rstd.len().div_ceil(rows) * d];
    pieces
        .zip(partial.par_chunks_mut(d))
        .for_each(|((((dx, dy), x), rstd), partial)| {
            backward_rows(dx, store, Some(partial), dy, x, rstd, weight);
        });
    for partial in partial.chunks_exact(d) {
        dweight
            .iter_mut()
            .zip(partial)
            .for_each(|(sum, part)| *sum += part);
    }
}

fn check(n: usize, d: usize, lengths: &[usize]) {
    assert!(
        d > 0 && lengths.iter().all(|&length| length == n * d),
        "rms_norm: {n} rows of {d} do not have lengths {lengths:?}"
    );
}

per_isa! {
    fn forward_rows<A>(out: &mut [f32], rstd: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
        let d = weight.len();
        for ((out, x), rstd) in out.chunks_exact_mut(d).zip(x.chunks_exact(d)).zip(rstd) {
            *rstd = 1.0 / (dot::<A>(x, x) / d as f32 + eps).sqrt();
            for ((out, &x), &weight) in out.iter_mut().zip(x).zip(weight) {
                *out = x * *rstd * weight;
            }
        }
    }
}

per_isa! {
    fn backward_rows<A>(
        dx: &mut [f32],
        store: Store,
        dweight: Option<&mut [f32]>,
        dy: &[f32],
        x: &[f32],
        rstd: &[f32],
        weight: &[f32],
    ) {
        let d = weight.len();
        let mut dweight = dweight;
        let rows = dx
            .chunks_exact_mut(d)
            .zip(dy.chunks_exact(d))
            .zip(x.chunks_exact(d))
            .zip(rstd);
        for (((dx, dy), x), &rstd) in rows {
            // The factor of x in dx: rstd * mean(g * h) * rstd.
            let factor = dot3::<A>(dy, x, weight) / d as f32 * rstd * rstd * rstd;
            let dx_of = |dy: f32, x: f32, weight: f32| A::mul_add(-factor, x, rstd * dy * weight);
            let values = dx.iter_mut().zip(dy).zip(x).zip(weight);
            match (store, dweight.as_deref_mut()) {
                (Store::Write, None) => {
                    values.for_each(|(((dx, &dy), &x), &weight)| *dx = dx_of(dy, x, weight));
                }
                (Store::Add, None) => {
                    values.for_each(|(((dx, &dy), &x), &weight)| *dx += dx_of(dy, x, weight));
                }
                (Store::Write, Some(sum)) => {
                    values.zip(sum).for_each(|((((dx, &dy), &x), &weight), sum)| {
                        *dx = dx_of(dy, x, weight);
                        *sum = A::mul_add(dy * rstd, x, *sum);
                    });
                }
                (Store::Add, Some(sum)) => {
                    values.zip(sum).for_each(|((((dx, &dy), &x), &weight), sum)| {
                        *dx += dx_of(dy, x, weight);
                        *sum = A::mul_add(dy * rstd, x, *sum);
                    });
                }
            }
        }
    }
}

/// Sum of `a * b`.
#[inline(always)]
fn dot<A: simd::Arithmetic>(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] = A::mul_add(a[lane], b[lane], lanes[lane]);
        }
    }
    for ((lane, &a), &b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane = A::mul_add(a, b, *lane);
    }
    simd::sum_lanes(lanes)
}

/// Sum of `a * b * c`.
#[inline(always)]
fn dot3<A: simd::Arithmetic>(a: &[f32], b: &[f32], c: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let (c, c_rest) = c.as_chunks::<LANES>();
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        for lane in 0..LANES {
            lanes[lane] = A::mul_add(a[lane] * c[lane], b[lane], lanes[lane]);
        }
    }
    for (((lane, &a), &b), &c) in lanes.iter_mut().zip(a_rest).zip(b_rest).zip(c_rest) {
        *lane = A::mul_add(a * c, b, *lane);
    }
    simd::sum_lanes(lanes)
}
