//! Layer normalization (Ba, Kiros and Hinton, 2016), row by row.

use super::{Store, rows_per_task, simd};
use rayon::prelude::*;
use simd::LANES;

/// Gain and shift of a normalization, each `(D)`.
#[derive(Debug, Clone, Copy)]
pub struct Affine<'a> {
    /// What the normalized values are multiplied by.
    pub weight: &'a [f32],
    /// What is added to them then.
    pub bias: &'a [f32],
}

/// Where the gradients of an [`Affine`] are added, each `(D)`; `None` where it is frozen.
#[derive(Debug, Default)]
pub struct AffineGradient<'a> {
    /// Of the gain.
    pub weight: Option<&'a mut [f32]>,
    /// Of the shift.
    pub bias: Option<&'a mut [f32]>,
}

/// `out = (x - mean) * rstd * weight + bias` with `rstd = 1 / sqrt(variance + eps)` of each row. `out` and
/// `x` are `(N, D)`; `mean` and `rstd` are `(N)` and written.
///
/// # Panics
/// Where the lengths do not fit.
pub fn forward(
    out: &mut [f32],
    mean: &mut [f32],
    rstd: &mut [f32],
    x: &[f32],
    affine: Affine<'_>,
    eps: f32,
) {
    let d = affine.weight.len();
    check(
        mean.len(),
        d,
        &[
            out.len(),
            x.len(),
            rstd.len() * d,
            mean.len() * affine.bias.len(),
        ],
    );
    let rows = rows_per_task(d);
    out.par_chunks_mut(rows * d)
        .zip(x.par_chunks(rows * d))
        .zip(mean.par_chunks_mut(rows))
        .zip(rstd.par_chunks_mut(rows))
        .for_each(|(((out, x), mean), rstd)| forward_rows(out, mean, rstd, x, affine, eps));
}

/// The gradients of [`forward`]. `dx` `(N, D)` is stored as `store` says, those of the affine part are
/// added to `daffine`. `dy` and `x` are `(N, D)`; `mean` and `rstd` are what the forward pass wrote.
///
/// With `g = dy * weight` and `h = (x - mean) * rstd`: `dx = rstd * (g - mean(g) - h * mean(g * h))`.
///
/// # Panics
/// Where the lengths do not fit.
pub fn backward(
    dx: &mut [f32],
    store: Store,
    daffine: AffineGradient<'_>,
    dy: &[f32],
    x: &[f32],
    mean: &[f32],
    rstd: &[f32],
    weight: &[f32],
) {
    let d = weight.len();
    check(
        mean.len(),
        d,
        &[dx.len(), dy.len(), x.len(), rstd.len() * d],
    );
    let rows = rows_per_task(d);
    let pieces = dx
        .par_chunks_mut(rows * d)
        .zip(dy.par_chunks(rows * d))
        .zip(x.par_chunks(rows * d))
        .zip(mean.par_chunks(rows).zip(rstd.par_chunks(rows)));
    if daffine.weight.is_none() && daffine.bias.is_none() {
        pieces.for_each(|(((dx, dy), x), (mean, rstd))| {
            backward_rows(dx, store, None, dy, x, mean, rstd, weight);
        });
        return;
    }
    // Of each piece, the weight's sums and then the bias's.
    let mut partial = vec![0.0; mean.len().div_ceil(rows) * 2 * d];
    pieces.zip(partial.par_chunks_mut(2 * d)).for_each(
        |((((dx, dy), x), (mean, rstd)), partial)| {
            backward_rows(dx, store, Some(partial), dy, x, mean, rstd, weight);
        },
    );
    let parts = [(daffine.weight, 0), (daffine.bias, d)];
    for (total, offset) in parts
        .into_iter()
        .filter_map(|(sum, offset)| Some((sum?, offset)))
    {
        assert_eq!(
            total.len(),
            d,
            "layer_norm: the gradient of the affine part"
        );
        for partial in partial.chunks_exact(2 * d) {
            total
                .iter_mut()
                .zip(partial.iter().skip(offset))
                .for_each(|(sum, part)| *sum += part);
        }
    }
}

fn check(n: usize, d: usize, lengths: &[usize]) {
    assert!(
        d > 0 && lengths.iter().all(|&length| length == n * d),
        "layer_norm: {n} rows of {d} do not have lengths {lengths:?}"
    );
}

per_isa! {
    fn forward_rows<A>(
        out: &mut [f32],
        mean: &mut [f32],
        rstd: &mut [f32],
        x: &[f32],
        affine: Affine<'_>,
        eps: f32,
    ) {
        let d = affine.weight.len();
        let rows = out.chunks_exact_mut(d).zip(x.chunks_exact(d)).zip(mean.iter_mut().zip(rstd));
        for ((out, x), (mean, rstd)) in rows {
            *mean = sum(x) / d as f32;
            *rstd = 1.0 / (sum_of_deviations::<A>(x, *mean) / d as f32 + eps).sqrt();
            for ((out, &x), (&weight, &bias)) in
                out.iter_mut().zip(x).zip(affine.weight.iter().zip(affine.bias))
            {
                *out = A::mul_add((x - *mean) * *rstd, weight, bias);
            }
        }
    }
}

per_isa! {
    fn backward_rows<A>(
        dx: &mut [f32],
        store: Store,
        partial: Option<&mut [f32]>,
        dy: &[f32],
        x: &[f32],
        mean: &[f32],
        rstd: &[f32],
        weight: &[f32],
    ) {
        let d = weight.len();
        let mut partial = partial;
        let rows = dx
            .chunks_exact_mut(d)
            .zip(dy.chunks_exact(d))
            .zip(x.chunks_exact(d))
            .zip(mean.iter().zip(rstd));
        for (((dx, dy), x), (&mean, &rstd)) in rows {
            let (sum_g, sum_gh) = sums::<A>(dy, x, weight, mean, rstd);
            let (mean_g, mean_gh) = (sum_g / d as f32, sum_gh / d as f32);
            let normalized = |x: f32| (x - mean) * rstd;
            let dx_of = |h: f32, g: f32| rstd * (A::mul_add(-h, mean_gh, g) - mean_g);
            let values = dx.iter_mut().zip(dy).zip(x).zip(weight);
            let Some(partial) = partial.as_deref_mut() else {
                match store {
                    Store::Write => values.for_each(|(((dx, &dy), &x), &weight)| {
                        *dx = dx_of(normalized(x), dy * weight);
                    }),
                    Store::Add => values.for_each(|(((dx, &dy), &x), &weight)| {
                        *dx += dx_of(normalized(x), dy * weight);
                    }),
                }
                continue;
            };
            let (dweight, dbias) = partial.split_at_mut(d);
            let values = values.zip(dweight.iter_mut().zip(dbias));
            match store {
                Store::Write => {
                    values.for_each(|((((dx, &dy), &x), &weight), (dweight, dbias))| {
                        let h = normalized(x);
                        *dx = dx_of(h, dy * weight);
                        *dweight = A::mul_add(h, dy, *dweight);
                        *dbias += dy;
                    });
                }
                Store::Add => {
                    values.for_each(|((((dx, &dy), &x), &weight), (dweight, dbias))| {
                        let h = normalized(x);
                        *dx += dx_of(h, dy * weight);
                        *dweight = A::mul_add(h, dy, *dweight);
                        *dbias += dy;
                    });
                }
            }
        }
    }
}

#[inline(always)]
fn sum(x: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] += block[lane];
        }
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, x)| *lane += x);
    simd::sum_lanes(lanes)
}

/// Sum of `(x - mean)^2`.
#[inline(always)]
fn sum_of_deviations<A: simd::Arithmetic>(x: &[f32], mean: f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            let deviation = block[lane] - mean;
            lanes[lane] = A::mul_add(deviation, deviation, lanes[lane]);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = A::mul_add(x - mean, x - mean, *lane);
    }
    simd::sum_lanes(lanes)
}

/// Sums of `g = dy * weight` and of `g * (x - mean) * rstd`.
#[inline(always)]
fn sums<A: simd::Arithmetic>(
    dy: &[f32],
    x: &[f32],
    weight: &[f32],
    mean: f32,
    rstd: f32,
) -> (f32, f32) {
    let mut lanes_g = [0.0_f32; LANES];
    let mut lanes_gh = [0.0_f32; LANES];
    let (dy, dy_rest) = dy.as_chunks::<LANES>();
    let (x, x_rest) = x.as_chunks::<LANES>();
    let (weight, weight_rest) = weight.as_chunks::<LANES>();
    for ((dy, x), weight) in dy.iter().zip(x).zip(weight) {
        for lane in 0..LANES {
            let g = dy[lane] * weight[lane];
            lanes_g[lane] += g;
            lanes_gh[lane] = A::mul_add(g, (x[lane] - mean) * rstd, lanes_gh[lane]);
        }
    }
    let rest = dy_rest.iter().zip(x_rest).zip(weight_rest);
    for (lane, ((&dy, &x), &weight)) in rest.enumerate() {
        let g = dy * weight;
        lanes_g[lane] += g;
        lanes_gh[lane] = A::mul_add(g, (x - mean) * rstd, lanes_gh[lane]);
    }
    (simd::sum_lanes(lanes_g), simd::sum_lanes(lanes_gh))
}
