//! Products with weights of every storage and precision against sums in f64.

use amoozgar_engine::kernels::gemm::{Spread, View, gemm};
use amoozgar_engine::kernels::matmul::{self, Matrix, Precision};
use amoozgar_engine::kernels::quantized::{self, BlockQ4, BlockQ8};
use amoozgar_engine::random::Keyed;
use half::bf16;

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(5, purpose);
    (0..n as u64).map(|i| stream.normal(i) as f32).collect()
}

/// `left` `(M, K)` by `right` `(K, N)`.
fn product(
    left: impl Fn(usize, usize) -> f32,
    right: impl Fn(usize, usize) -> f32,
    (m, k, n): (usize, usize, usize),
) -> Vec<f64> {
    let mut out = Vec::with_capacity(m * n);
    for row in 0..m {
        for column in 0..n {
            out.push(
                (0..k)
                    .map(|at| f64::from(left(row, at)) * f64::from(right(at, column)))
                    .sum(),
            );
        }
    }
    out
}

/// Sums of `terms` products of normal values: rounding leaves an error that grows with the root of their
/// number and with the sum itself.
fn assert_near(found: &[f32], expected: &[f64], terms: usize, tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: as many values");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let allowed = tolerance * ((terms as f64).sqrt() + expected.abs());
        assert!(
            (f64::from(*found) - expected).abs() <= allowed,
            "{what}[{index}]: {found} is not {expected} to {allowed}"
        );
    }
}

/// `(N, O, I)` of layers: odd, single, wider than a panel, deeper than a block.
const SHAPES: [(usize, usize, usize); 8] = [
    (1, 1, 1),
    (3, 5, 7),
    (1, 50, 33),
    (17, 1, 300),
    (9, 49, 257),
    (70, 96, 64),
    (131, 100, 515),
    (40, 1100, 31),
];

/// What the three products give on `weight`, whose values are `values`, with `rounded` factors.
fn check(
    weight: Matrix<'_>,
    values: &[f32],
    (n, o, i): (usize, usize, usize),
    precision: Precision,
    tolerance: f64,
    what: &str,
) {
    let what = format!("{what} {precision:?} ({n}, {o}, {i})");
    let (x, dy) = (normal(n * i, "x"), normal(n * o, "dy"));
    let mut out = vec![f32::NAN; n * o];
    matmul::forward(&mut out, &x, weight, n, precision, 0.0);
    let expected = product(|r, k| x[r * i + k], |k, c| values[c * i + k], (n, i, o));
    assert_near(&out, &expected, i, tolerance, &format!("{what}: forward"));

    matmul::forward(&mut out, &x, weight, n, precision, -0.5);
    let halves: Vec<f64> = expected.iter().map(|value| 0.5 * value).collect();
    assert_near(
        &out,
        &halves,
        i,
        2.0 * tolerance,
        &format!("{what}: forward with beta"),
    );

    let mut dx = vec![f32::NAN; n * i];
    matmul::backward_input(&mut dx, &dy, weight, n, precision, 0.0);
    let expected = product(|r, k| dy[r * o + k], |k, c| values[k * i + c], (n, o, i));
    assert_near(
        &dx,
        &expected,
        o,
        tolerance,
        &format!("{what}: input's gradient"),
    );

    matmul::backward_input(&mut dx, &dy, weight, n, precision, 1.0);
    let twice: Vec<f64> = expected.iter().map(|value| 2.0 * value).collect();
    assert_near(
        &dx,
        &twice,
        o,
        2.0 * tolerance,
        &format!("{what}: input's gradient added"),
    );

    let mut dw = vec![1.0; o * i];
    matmul::backward_weight(&mut dw, &dy, &x, n, precision);
    let expected = product(|r, k| dy[k * o + r], |k, c| x[k * i + c], (o, n, i));
    let expected: Vec<f64> = expected.iter().map(|value| 1.0 + value).collect();
    assert_near(
        &dw,
        &expected,
        n,
        tolerance,
        &format!("{what}: weight's gradient"),
    );
}

#[test]
fn products_agree_with_their_definition_in_every_precision() {
    // bfloat16 keeps 8 bits: each factor is off by 2^-9 at most, and so is a term by about 2^-8.
    for (precision, tolerance) in [(Precision::F32, 2e-6), (Precision::Bf16, 2e-2)] {
        for (n, o, i) in SHAPES {
            let weight = normal(o * i, "weight");
            check(
                Matrix::F32(&weight),
                &weight,
                (n, o, i),
                precision,
                tolerance,
                "f32",
            );
        }
    }
}

#[test]
fn factors_that_bfloat16_holds_are_multiplied_exactly_in_either_precision() {
    for (n, o, i) in SHAPES {
        let round = |values: Vec<f32>| -> Vec<f32> {
            values
                .iter()
                .map(|&value| bf16::from_f32(value).to_f32())
                .collect()
        };
        let (x, dy) = (round(normal(n * i, "x")), round(normal(n * o, "dy")));
        let weight = round(normal(o * i, "weight"));
        let mut results = [Precision::F32, Precision::Bf16].map(|precision| {
            let (mut out, mut dx, mut dw) = (vec![0.0; n * o], vec![0.0; n * i], vec![0.0; o * i]);
            matmul::forward(&mut out, &x, Matrix::F32(&weight), n, precision, 0.0);
            matmul::backward_input(&mut dx, &dy, Matrix::F32(&weight), n, precision, 0.0);
            matmul::backward_weight(&mut dw, &dy, &x, n, precision);
            [(out, i), (dx, o), (dw, n)]
        });
        let [exact, found] = &mut results;
        for ((exact, terms), (found, _)) in exact.iter().zip(found.iter()) {
            let exact: Vec<f64> = exact.iter().map(|&value| f64::from(value)).collect();
            assert_near(found, &exact, *terms, 3e-6, &format!("({n}, {o}, {i})"));
        }
    }
}

#[test]
fn weights_stored_in_fewer_bits_multiply_as_their_widened_values() {
    for (n, o, i) in [(1, 1, 32), (3, 70, 64), (33, 9, 544), (5, 1030, 96)] {
        let weight = normal(o * i, "weight");
        let halves: Vec<bf16> = weight.iter().map(|&value| bf16::from_f32(value)).collect();
        let q8: Vec<BlockQ8> = quantized::quantize(&weight);
        let q4: Vec<BlockQ4> = quantized::quantize(&weight);
        for (stored, what) in [
            (Matrix::Bf16(&halves), "bf16"),
            (Matrix::Q8_0(&q8), "Q8_0"),
            (Matrix::Q4_0(&q4), "Q4_0"),
        ] {
            let mut values = vec![0.0; o * i];
            stored.widen(0, &mut values);
            check(stored, &values, (n, o, i), Precision::F32, 2e-6, what);
            check(stored, &values, (n, o, i), Precision::Bf16, 2e-2, what);
        }
    }
}

#[test]
fn products_have_the_same_bits_on_any_number_of_threads() {
    let (n, o, i) = (300, 330, 520);
    let (x, dy, weight) = (
        normal(n * i, "x"),
        normal(n * o, "dy"),
        normal(o * i, "weight"),
    );
    for precision in [Precision::F32, Precision::Bf16] {
        let results = [1, 2, 3, 8].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a pool");
            pool.install(|| {
                let (mut out, mut dx, mut dw) =
                    (vec![0.0; n * o], vec![0.0; n * i], vec![0.0; o * i]);
                let mut db = vec![0.0; o];
                matmul::forward(&mut out, &x, Matrix::F32(&weight), n, precision, 0.0);
                matmul::backward_input(&mut dx, &dy, Matrix::F32(&weight), n, precision, 0.0);
                matmul::backward_weight(&mut dw, &dy, &x, n, precision);
                matmul::backward_bias(&mut db, &dy);
                [out, dx, dw, db]
                    .map(|values| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
            })
        });
        for (index, result) in results.iter().enumerate() {
            assert!(
                *result == results[0],
                "{precision:?}, pool {index} differs from one thread"
            );
        }
    }
}

#[test]
fn a_bias_is_added_to_each_row_and_gets_the_sum_of_columns() {
    for (n, o) in [(1, 1), (4, 3), (5000, 7), (2, 20_000)] {
        let (dy, bias) = (normal(n * o, "dy"), normal(o, "bias"));
        let mut out = dy.clone();
        matmul::add_bias(&mut out, &bias);
        let mut db = vec![1.0; o];
        matmul::backward_bias(&mut db, &dy);
        let expected: Vec<f64> = (0..o)
            .map(|c| 1.0 + (0..n).map(|r| f64::from(dy[r * o + c])).sum::<f64>())
            .collect();
        assert_near(&db, &expected, n, 3e-6, "column sums");
        assert!(
            out.iter()
                .enumerate()
                .all(|(at, value)| value.to_bits() == (dy[at] + bias[at % o]).to_bits()),
            "each row has the bias"
        );
    }
}

#[test]
fn a_product_of_views_reads_transposed_and_strided_matrices() {
    let (a, b) = (normal(6 * 9, "a"), normal(7 * 4, "b"));
    // Columns 2..6 of a (6, 9) matrix, transposed: (4, 6); times six rows of a (7, 4) matrix.
    let left = View::strided(&a[2..], 6, 4, 9).t();
    let right = View::strided(&b, 6, 3, 4);
    let mut out = vec![2.0; 4 * 3];
    gemm(&mut out, left, right, 3.0, 0.5, Spread::ThisThread);
    let expected: Vec<f64> = product(|r, k| a[k * 9 + 2 + r], |k, c| b[k * 4 + c], (4, 6, 3))
        .iter()
        .map(|value| 3.0 * value + 1.0)
        .collect();
    assert_near(&out, &expected, 6, 5e-6, "views");
}

#[test]
fn large_products_agree_with_sums_in_f64_wherever_they_are_looked_at() {
    // (M, K, N): many rows and few, depths and widths that are cut, and ends that fill no strip.
    for (m, k, n) in [(1601, 401, 51), (130, 2001, 70), (47, 1100, 1031)] {
        let (a, b) = (normal(m * k, "a"), normal(k * n, "b"));
        let left = [View::new(&a, m, k), View::new(&a, k, m).t()];
        let right = [View::new(&b, k, n), View::new(&b, n, k).t()];
        for (turned, beta) in [(0, 0.0), (1, 1.0), (2, -0.5), (3, 0.0)] {
            let before = if beta == 0.0 { f32::NAN } else { 2.0 };
            let mut out = vec![before; m * n];
            let (at_left, at_right) = (turned / 2, turned % 2);
            gemm(
                &mut out,
                left[at_left],
                right[at_right],
                1.0,
                beta,
                Spread::Pool,
            );
            let left = |r: usize, k_at: usize| [a[r * k + k_at], a[k_at * m + r]][at_left];
            let right = |k_at: usize, c: usize| [b[k_at * n + c], b[c * k + k_at]][at_right];
            let places = (0..m * n).step_by(97).chain(m * n - n..m * n);
            let (found, expected): (Vec<f32>, Vec<f64>) = places
                .map(|place| {
                    let (r, c) = (place / n, place % n);
                    let sum: f64 = (0..k)
                        .map(|at| f64::from(left(r, at)) * f64::from(right(at, c)))
                        .sum();
                    let kept = if beta == 0.0 {
                        0.0
                    } else {
                        f64::from(beta) * 2.0
                    };
                    (out[place], sum + kept)
                })
                .unzip();
            assert!(
                out.iter().all(|value| value.is_finite()),
                "every place is written"
            );
            assert_near(
                &found,
                &expected,
                k,
                3e-6,
                &format!("({m}, {k}, {n}) {turned}"),
            );
        }
    }
}

#[test]
fn quantized_blocks_are_as_near_as_their_bits_allow() {
    let weight = normal(64 * 32, "weight");
    let largest = |block: &[f32]| {
        block
            .iter()
            .fold(0.0_f32, |max, value| max.max(value.abs()))
    };
    let mut values = vec![0.0; weight.len()];
    let q8: Vec<BlockQ8> = quantized::quantize(&weight);
    quantized::dequantize(&q8, &mut values);
    for (found, block) in values.chunks(32).zip(weight.chunks(32)) {
        // Half a step of 1/127 of the largest value, and f16's rounding of the scale.
        let allowed = largest(block) * (0.5 / 127.0 + 1e-3);
        for (found, value) in found.iter().zip(block) {
            assert!(
                (found - value).abs() <= allowed,
                "Q8_0: {found} is not {value} to {allowed}"
            );
        }
    }
    let q4: Vec<BlockQ4> = quantized::quantize(&weight);
    quantized::dequantize(&q4, &mut values);
    for (found, block) in values.chunks(32).zip(weight.chunks(32)) {
        // A step is an eighth of the largest; on the far side the scale ends a step early.
        let allowed = largest(block) * (1.0 / 8.0 + 1e-3);
        for (found, value) in found.iter().zip(block) {
            assert!(
                (found - value).abs() <= allowed,
                "Q4_0: {found} is not {value} to {allowed}"
            );
        }
    }
    assert_eq!(
        quantized::from_bytes::<BlockQ8>(&quantized::to_bytes(&q8)),
        q8,
        "Q8_0 survives a file"
    );
    assert_eq!(
        quantized::from_bytes::<BlockQ4>(&quantized::to_bytes(&q4)),
        q4,
        "Q4_0 survives a file"
    );
    let zeros: Vec<BlockQ4> = quantized::quantize(&[0.0; 32]);
    quantized::dequantize(&zeros, &mut values[..32]);
    assert!(
        values[..32].iter().all(|&value| value == 0.0),
        "zeros stay zeros"
    );
}
