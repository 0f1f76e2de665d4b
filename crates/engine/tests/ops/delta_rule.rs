//! Linear attention's kernels, the gated delta rule and the convolution before it, against their definitions in
//! f64 and finite differences.

use amoozgar_engine::kernels::Store;
use amoozgar_engine::kernels::delta_rule::{
    self, DeltaShape, Gradients, Inputs, KEPT_EVERY, States,
};
use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::kernels::short_conv;
use amoozgar_engine::random::Keyed;

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(35, purpose);
    (0..n as u64).map(|i| stream.normal(i) as f32).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn assert_near(ours: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}: as many values");
    let size = expected
        .iter()
        .fold(1.0_f64, |most, value| most.max(value.abs()));
    let worst = ours
        .iter()
        .zip(expected)
        .fold(0.0_f64, |most, (a, b)| most.max((f64::from(*a) - b).abs()));
    assert!(
        worst <= tolerance * size,
        "{what}: {worst} off values up to {size}"
    );
}

/// What the rule is computed of: `qkv`, `a`, `b`, `a_log`, `dt_bias`.
type Operands = [Vec<f64>; 5];

/// The rule by its definition, one token and head after the other.
fn definition([qkv, a, b, a_log, dt_bias]: &Operands, s: &DeltaShape, rows: &Segments) -> Vec<f64> {
    let (dk, dv, group) = (s.key_dim, s.value_dim, s.n_value_heads / s.n_key_heads);
    let mut out = vec![0.0; rows.n_rows() * s.out_width()];
    let unit = |x: &[f64]| -> Vec<f64> {
        let length = (x.iter().map(|x| x * x).sum::<f64>() + 1e-6).sqrt();
        x.iter().map(|x| x / length).collect()
    };
    for segment in rows.iter() {
        for head in 0..s.n_value_heads {
            let mut state = vec![0.0; dk * dv];
            for row in segment.clone() {
                let of = |at: usize, len: usize| &qkv[row * s.qkv_width() + at..][..len];
                let q = unit(of(head / group * dk, dk));
                let k = unit(of((s.n_key_heads + head / group) * dk, dk));
                let v = of(2 * s.n_key_heads * dk + head * dv, dv);
                let at = row * s.n_value_heads + head;
                let softplus = (a[at] + dt_bias[head]).exp().ln_1p();
                let decay = (-a_log[head].exp() * softplus).exp();
                for state in &mut state {
                    *state *= decay;
                }
                for column in 0..dv {
                    let read = |x: &[f64], state: &[f64]| -> f64 {
                        (0..dk).map(|i| x[i] * state[i * dv + column]).sum()
                    };
                    let change = sigmoid(b[at]) * (v[column] - read(&k, &state));
                    for i in 0..dk {
                        state[i * dv + column] += k[i] * change;
                    }
                    out[row * s.out_width() + head * dv + column] =
                        read(&q, &state) / (dk as f64).sqrt();
                }
            }
        }
    }
    out
}

struct Case {
    shape: DeltaShape,
    rows: Segments,
    operands: [Vec<f32>; 5],
    dout: Vec<f32>,
}

impl Case {
    fn new((hk, hv, dk, dv): (usize, usize, usize, usize), rows: Segments) -> Self {
        let shape = DeltaShape {
            n_key_heads: hk,
            n_value_heads: hv,
            key_dim: dk,
            value_dim: dv,
        };
        let n = rows.n_rows();
        Self {
            operands: [
                normal(n * shape.qkv_width(), "qkv"),
                normal(n * hv, "a"),
                normal(n * hv, "b"),
                normal(hv, "a_log"),
                normal(hv, "dt_bias"),
            ],
            dout: normal(n * shape.out_width(), "dout"),
            shape,
            rows,
        }
    }

    fn inputs(&self) -> Inputs<'_> {
        let [qkv, a, b, a_log, dt_bias] = &self.operands;
        Inputs {
            qkv,
            a,
            b,
            a_log,
            dt_bias,
        }
    }

    /// The result and the gradients of the operands.
    fn run(&self) -> (Vec<f32>, [Vec<f32>; 5]) {
        let (shape, rows) = (&self.shape, &self.rows);
        // What is there before must not show: the kernels write.
        let mut out = vec![7.0; self.dout.len()];
        let mut kept = vec![7.0; shape.n_kept(rows)];
        delta_rule::forward(
            &mut out,
            States::Kept(&mut kept),
            self.inputs(),
            shape,
            rows,
        );
        let mut grads = [0, 1, 2].map(|index: usize| vec![7.0; self.operands[index].len()]);
        let mut of_heads = [
            vec![0.0; shape.n_value_heads],
            vec![0.0; shape.n_value_heads],
        ];
        let [dqkv, da, db] = &mut grads;
        let [da_log, ddt_bias] = &mut of_heads;
        delta_rule::backward(
            Gradients {
                dqkv,
                da,
                db,
                da_log: Some(da_log),
                ddt_bias: Some(ddt_bias),
            },
            &self.dout,
            &kept,
            self.inputs(),
            shape,
            rows,
        );
        let ([dqkv, da, db], [da_log, ddt_bias]) = (grads, of_heads);
        (out, [dqkv, da, db, da_log, ddt_bias])
    }

    /// The result's product with `dout`, of operands that were moved.
    fn loss(&self, operands: &Operands) -> f64 {
        let out = definition(operands, &self.shape, &self.rows);
        let pairs = out.iter().zip(&self.dout);
        pairs.map(|(out, &dout)| out * f64::from(dout)).sum()
    }
}

fn cases() -> Vec<Case> {
    let rows = [
        Segments::batch(1, 1),
        Segments::batch(2, 9),
        Segments::packed(&[1, KEPT_EVERY + 6, 4]),
        Segments::padded(&[0, 3, 5], 6),
        Segments::packed(&[2 * KEPT_EVERY, 2 * KEPT_EVERY + 1]),
    ];
    let heads = [(1, 1, 1, 1), (2, 4, 5, 3), (1, 3, 8, 33), (2, 2, 4, 7)];
    heads
        .into_iter()
        .flat_map(|heads| rows.iter().map(move |rows| Case::new(heads, rows.clone())))
        .collect()
}

#[test]
fn the_delta_rule_gives_its_definition_and_its_gradient() {
    for case in cases() {
        let what = format!("{:?} {:?}", case.shape, case.rows);
        let (out, grads) = case.run();
        let operands = case.operands.each_ref().map(|values| wide(values));
        assert_near(
            &out,
            &definition(&operands, &case.shape, &case.rows),
            3e-6,
            &what,
        );
        // A gradient is linear in the step along it: one difference along a direction checks every value.
        for (index, name) in ["qkv", "a", "b", "a_log", "dt_bias"]
            .into_iter()
            .enumerate()
        {
            let direction = wide(&normal(operands[index].len(), "direction"));
            let moved = |by: f64| {
                let mut moved = operands.clone();
                for (value, d) in moved[index].iter_mut().zip(&direction) {
                    *value += by * d;
                }
                case.loss(&moved)
            };
            let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            let pairs = grads[index].iter().zip(&direction);
            let found: f64 = pairs.map(|(&g, &d)| f64::from(g) * d).sum();
            let size: f64 = grads[index].iter().map(|&g| f64::from(g).powi(2)).sum();
            let size = (size * direction.iter().map(|d| d * d).sum::<f64>()).sqrt();
            assert!(
                (found - slope).abs() <= 3e-5 * size.max(1.0),
                "{what}: the gradient of `{name}` along a direction is {found}, the difference {slope}"
            );
        }
    }
}

#[test]
fn every_single_gradient_of_the_delta_rule_is_its_difference() {
    let case = Case::new((1, 2, 3, 2), Segments::packed(&[4, 1]));
    let (_, grads) = case.run();
    let operands = case.operands.each_ref().map(|values| wide(values));
    for index in 0..operands.len() {
        let differences: Vec<f64> = (0..operands[index].len())
            .map(|at| {
                let moved = |by: f64| {
                    let mut moved = operands.clone();
                    moved[index][at] += by;
                    case.loss(&moved)
                };
                (moved(1e-6) - moved(-1e-6)) / 2e-6
            })
            .collect();
        assert_near(
            &grads[index],
            &differences,
            5e-6,
            &format!("operand {index}"),
        );
    }
}

#[test]
fn threads_do_not_show_in_the_delta_rule() {
    let case = Case::new((2, 6, 16, 40), Segments::packed(&[90, 3, 200]));
    let results = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| case.run())
    });
    assert!(
        results.iter().all(|result| *result == results[0]),
        "one thread or five: the same bits"
    );
}

#[test]
fn states_go_on_where_they_were_left() {
    let case = Case::new((2, 4, 6, 5), Segments::batch(1, 80));
    let (whole, _) = case.run();
    let shape = &case.shape;
    let mut states = vec![0.0; shape.state_len()];
    let mut parts = Vec::new();
    for rows in [0..70, 70..71, 71..80] {
        let of = |values: &'_ Vec<f32>, width: usize| -> Vec<f32> {
            values[rows.start * width..rows.end * width].to_vec()
        };
        let [qkv, a, b, a_log, dt_bias] = &case.operands;
        let (qkv, a, b) = (
            of(qkv, shape.qkv_width()),
            of(a, shape.n_value_heads),
            of(b, shape.n_value_heads),
        );
        let inputs = Inputs {
            qkv: &qkv,
            a: &a,
            b: &b,
            a_log,
            dt_bias,
        };
        let mut out = vec![7.0; rows.len() * shape.out_width()];
        let segments = Segments::batch(1, rows.len());
        let continued = States::Continued(&mut states);
        delta_rule::forward(&mut out, continued, inputs, shape, &segments);
        parts.extend(out);
    }
    assert_eq!(parts, whole, "the same bits, in parts or at once");
}

/// The convolution by its definition.
fn convolved(x: &[f64], weight: &[f64], n_taps: usize, rows: &Segments) -> Vec<f64> {
    let width = weight.len() / n_taps;
    let mut out = vec![0.0; x.len()];
    for segment in rows.iter() {
        for row in segment.clone() {
            for channel in 0..width {
                let sum: f64 = (0..n_taps)
                    .filter(|tap| row + tap + 1 >= segment.start + n_taps)
                    .map(|tap| {
                        weight[channel * n_taps + tap]
                            * x[(row + tap + 1 - n_taps) * width + channel]
                    })
                    .sum();
                out[row * width + channel] = sum * sigmoid(sum);
            }
        }
    }
    out
}

#[test]
fn the_convolution_gives_its_definition_and_its_differences_and_never_looks_over_a_segments_edge() {
    let rows = [
        Segments::batch(1, 1),
        Segments::packed(&[2, 1, 6]),
        Segments::padded(&[0, 3, 5], 6),
        Segments::packed(&[130, 3, 140]),
    ];
    for rows in rows {
        for (width, n_taps) in [(1, 1), (5, 4), (3, 2), (33, 3)] {
            let what = format!("{width} channels, {n_taps} taps, {rows:?}");
            let n = rows.n_rows() * width;
            let (x, weight, dout) = (
                normal(n, "x"),
                normal(width * n_taps, "weight"),
                normal(n, "dout"),
            );
            let mut out = vec![7.0; n];
            short_conv::forward(&mut out, &x, &weight, n_taps, &[], &rows);
            let (wide_x, wide_weight) = (wide(&x), wide(&weight));
            let expected = convolved(&wide_x, &wide_weight, n_taps, &rows);
            assert_near(&out, &expected, 2e-6, &what);

            let before = normal(n, "before");
            let mut written = vec![7.0; n];
            let mut added = before.clone();
            let mut dweight = vec![0.0; weight.len()];
            let mut dsums = vec![7.0; n];
            for (dx, store, dweight) in [
                (&mut written, Store::Write, Some(dweight.as_mut_slice())),
                (&mut added, Store::Add, None),
            ] {
                short_conv::backward(
                    dx, store, dweight, &mut dsums, &dout, &x, &weight, n_taps, &rows,
                );
            }
            let sums: Vec<f64> = wide(&written)
                .iter()
                .zip(&before)
                .map(|(dx, &before)| dx + f64::from(before))
                .collect();
            assert_near(&added, &sums, 1e-6, &format!("{what}, added"));

            let along = |values: &[f64], by: f64| -> Vec<f64> {
                let direction = normal(values.len(), "direction");
                let pairs = values.iter().zip(&direction);
                pairs.map(|(v, &d)| v + by * f64::from(d)).collect()
            };
            let loss = |x: &[f64], weight: &[f64]| -> f64 {
                let out = convolved(x, weight, n_taps, &rows);
                out.iter().zip(&dout).map(|(o, &d)| o * f64::from(d)).sum()
            };
            let of_x = |by: f64| loss(&along(&wide_x, by), &wide_weight);
            let of_weight = |by: f64| loss(&wide_x, &along(&wide_weight, by));
            let slopes = [
                (of_x(1e-6) - of_x(-1e-6)) / 2e-6,
                (of_weight(1e-6) - of_weight(-1e-6)) / 2e-6,
            ];
            for (gradient, slope) in [&written, &dweight].into_iter().zip(slopes) {
                let direction = normal(gradient.len(), "direction");
                let pairs = gradient.iter().zip(&direction);
                let found: f64 = pairs.map(|(&g, &d)| f64::from(g) * f64::from(d)).sum();
                let size: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
                assert!(
                    (found - slope).abs()
                        <= 2e-5 * (1.0 + size.sqrt() * (direction.len() as f64).sqrt()),
                    "{what}: {found} along a direction whose difference is {slope}"
                );
            }
        }
    }
}

#[test]
fn the_convolution_goes_on_from_the_rows_before() {
    let (width, n_taps) = (7, 4);
    let (x, weight) = (normal(20 * width, "x"), normal(width * n_taps, "weight"));
    let mut whole = vec![0.0; x.len()];
    let one = Segments::batch(1, 20);
    short_conv::forward(&mut whole, &x, &weight, n_taps, &[], &one);
    for at in [3, 4, 19] {
        let before = &x[(at - 3) * width..at * width];
        let rows = Segments::batch(1, 20 - at);
        let mut out = vec![7.0; (20 - at) * width];
        short_conv::forward(&mut out, &x[at * width..], &weight, n_taps, before, &rows);
        assert_eq!(out, whole[at * width..], "the same bits from token {at} on");
    }
}
