//! Attention's kernels against the definition in f64 and its finite differences.

use amoozgar_engine::kernels::attention::{self, AttentionShape, Mask, Qkv, QkvMut};
use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::random::Keyed;

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(3, purpose);
    (0..n as u64).map(|i| stream.normal(i) as f32).collect()
}

/// Attention by its definition, one row and head after the other.
fn definition(
    q: &[f64],
    k: &[f64],
    v: &[f64],
    shape: &AttentionShape,
    rows: &Segments,
) -> Vec<f64> {
    let (h, kh, d) = (shape.n_heads, shape.n_kv_heads, shape.head_dim);
    let mut out = vec![0.0; q.len()];
    for segment in rows.iter() {
        for row in segment.clone() {
            for head in 0..h {
                let kv = head / (h / kh);
                let seen = match shape.mask {
                    Mask::Causal => segment.start..row + 1,
                    Mask::Sliding { window } => {
                        segment.start.max((row + 1).saturating_sub(window))..row + 1
                    }
                    Mask::Near { reach } => {
                        let first = segment.start.max(row.saturating_sub(reach));
                        first..segment.end.min(row + reach + 1)
                    }
                    Mask::Bidirectional => segment.clone(),
                };
                let query = &q[(row * h + head) * d..][..d];
                let scores: Vec<f64> = seen
                    .clone()
                    .map(|key| {
                        let key = &k[(key * kh + kv) * d..][..d];
                        let dot: f64 = query.iter().zip(key).map(|(a, b)| a * b).sum();
                        dot * f64::from(shape.scale)
                    })
                    .collect();
                let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = scores.iter().map(|score| (score - max).exp()).sum();
                for (key, score) in seen.zip(&scores) {
                    let p = (score - max).exp() / sum;
                    for (out, v) in out[(row * h + head) * d..][..d]
                        .iter_mut()
                        .zip(&v[(key * kh + kv) * d..][..d])
                    {
                        *out += p * v;
                    }
                }
            }
        }
    }
    out
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// What a test gives to the kernels and gets back.
struct Case {
    shape: AttentionShape,
    rows: Segments,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    dout: Vec<f32>,
}

struct Outcome {
    out: Vec<f32>,
    lse: Vec<f32>,
    dq: Vec<f32>,
    dk: Vec<f32>,
    dv: Vec<f32>,
}

impl Case {
    fn new((h, kh, d): (usize, usize, usize), mask: Mask, rows: Segments) -> Self {
        let n = rows.n_rows();
        let shape = AttentionShape {
            n_heads: h,
            n_kv_heads: kh,
            head_dim: d,
            mask,
            scale: 1.0 / (d as f32).sqrt(),
        };
        Self {
            shape,
            q: normal(n * h * d, "q"),
            k: normal(n * kh * d, "k"),
            v: normal(n * kh * d, "v"),
            dout: normal(n * h * d, "dout"),
            rows,
        }
    }

    fn run(&self) -> Outcome {
        // What is there before must not show: the kernels write.
        let mut outcome = Outcome {
            out: vec![7.0; self.q.len()],
            lse: vec![7.0; self.rows.n_rows() * self.shape.n_heads],
            dq: vec![7.0; self.q.len()],
            dk: vec![7.0; self.k.len()],
            dv: vec![7.0; self.k.len()],
        };
        let inputs = Qkv {
            q: &self.q,
            k: &self.k,
            v: &self.v,
        };
        attention::forward(
            &mut outcome.out,
            &mut outcome.lse,
            inputs,
            &self.shape,
            &self.rows,
        );
        attention::backward(
            QkvMut {
                dq: &mut outcome.dq,
                dk: &mut outcome.dk,
                dv: &mut outcome.dv,
            },
            &self.dout,
            &outcome.out,
            &outcome.lse,
            inputs,
            &self.shape,
            &self.rows,
        );
        outcome
    }

    fn reference(&self, q: &[f64], k: &[f64], v: &[f64]) -> Vec<f64> {
        definition(q, k, v, &self.shape, &self.rows)
    }
}

fn assert_near(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: as many values");
    let largest = expected
        .iter()
        .fold(1.0_f64, |max, value| max.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*found) - expected).abs() <= tolerance * largest,
            "{what}[{index}]: {found} is not {expected}"
        );
    }
}

/// Central differences of the definition in the direction of `dout`.
fn differences(at: &[f64], dout: &[f32], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let step = 1e-5;
    let mut at = at.to_vec();
    (0..at.len())
        .map(|index| {
            let value = at[index];
            at[index] = value + step;
            let above = f(&at);
            at[index] = value - step;
            let below = f(&at);
            at[index] = value;
            above
                .iter()
                .zip(&below)
                .zip(dout)
                .map(|((above, below), dout)| (above - below) / (2.0 * step) * f64::from(*dout))
                .sum()
        })
        .collect()
}

#[test]
fn attention_and_its_gradients_agree_with_the_definition() {
    let heads = [(1, 1, 1), (2, 2, 3), (4, 2, 5), (6, 1, 4), (3, 3, 8)];
    let rows = [
        Segments::batch(1, 1),
        Segments::batch(2, 7),
        Segments::packed(&[1, 5, 3]),
        Segments::padded(&[2, 0, 5], 5),
    ];
    for heads in heads {
        for mask in [
            Mask::Causal,
            Mask::Sliding { window: 1 },
            Mask::Sliding { window: 3 },
            Mask::Near { reach: 0 },
            Mask::Near { reach: 2 },
            Mask::Bidirectional,
        ] {
            for rows in &rows {
                let case = Case::new(heads, mask, rows.clone());
                let (q, k, v) = (wide(&case.q), wide(&case.k), wide(&case.v));
                let found = case.run();
                let what = format!("{heads:?} {mask:?} {rows:?}");
                assert_near(&found.out, &case.reference(&q, &k, &v), 1e-6, &what);
                let dq = differences(&q, &case.dout, |q| case.reference(q, &k, &v));
                let dk = differences(&k, &case.dout, |k| case.reference(&q, k, &v));
                let dv = differences(&v, &case.dout, |v| case.reference(&q, &k, v));
                assert_near(&found.dq, &dq, 2e-6, &format!("dq of {what}"));
                assert_near(&found.dk, &dk, 2e-6, &format!("dk of {what}"));
                assert_near(&found.dv, &dv, 2e-6, &format!("dv of {what}"));
            }
        }
    }
}

#[test]
fn tiles_do_not_show_and_neither_do_threads() {
    // Longer than a tile of 64 queries, the last one longer than a block of 512 keys.
    // A window of 530 begins within a block and spans two, one of 70 leaves blocks out.
    for (heads, mask) in [
        ((2, 1, 6), Mask::Causal),
        ((2, 1, 6), Mask::Sliding { window: 70 }),
        ((3, 1, 4), Mask::Sliding { window: 530 }),
        ((2, 1, 6), Mask::Near { reach: 35 }),
        ((3, 1, 4), Mask::Near { reach: 265 }),
        ((3, 3, 4), Mask::Bidirectional),
    ] {
        let case = Case::new(heads, mask, Segments::packed(&[70, 3, 600]));
        let results = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a pool");
            pool.install(|| {
                let found = case.run();
                [found.out, found.lse, found.dq, found.dk, found.dv]
            })
        });
        assert!(
            results.iter().all(|result| *result == results[0]),
            "{mask:?}: one thread or five: the same bits"
        );
        let expected = case.reference(&wide(&case.q), &wide(&case.k), &wide(&case.v));
        assert_near(&results[0][0], &expected, 2e-6, "forward over many tiles");

        // A gradient is linear in the step along it: one difference along a random direction checks
        // every value's gradient of a length that single differences would take minutes for.
        let directions =
            [&case.q, &case.k, &case.v].map(|values| normal(values.len(), "direction"));
        let moved = |by: f64| {
            let along = |values: &[f32], direction: &[f32]| -> Vec<f64> {
                values
                    .iter()
                    .zip(direction)
                    .map(|(&value, &d)| f64::from(value) + by * f64::from(d))
                    .collect()
            };
            let out = case.reference(
                &along(&case.q, &directions[0]),
                &along(&case.k, &directions[1]),
                &along(&case.v, &directions[2]),
            );
            let pairs = out.iter().zip(&case.dout);
            pairs.map(|(out, &dout)| out * f64::from(dout)).sum::<f64>()
        };
        let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        let found: f64 = results[0][2..]
            .iter()
            .zip(&directions)
            .flat_map(|(gradient, direction)| gradient.iter().zip(direction))
            .map(|(&g, &d)| f64::from(g) * f64::from(d))
            .sum();
        assert!(
            (found - slope).abs() < 1e-4 * (1.0 + slope.abs()),
            "{mask:?}: {found} along a direction whose difference is {slope}"
        );
    }
}

#[test]
fn scores_in_the_thousands_stay_finite() {
    let mut case = Case::new((2, 2, 4), Mask::Causal, Segments::batch(1, 700));
    for value in case.q.iter_mut().chain(&mut case.k) {
        *value *= 60.0;
    }
    let found = case.run();
    let all = [&found.out, &found.lse, &found.dq, &found.dk, &found.dv];
    assert!(
        all.iter()
            .all(|values| values.iter().all(|value| value.is_finite())),
        "no infinity and no NaN"
    );
    let expected = case.reference(&wide(&case.q), &wide(&case.k), &wide(&case.v));
    // Scores of several thousand are off by some 1e-3 in f32, and so are probabilities.
    assert_near(&found.out, &expected, 1e-2, "large scores");
}
