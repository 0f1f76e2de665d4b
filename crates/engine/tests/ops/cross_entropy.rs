//! The chunked linear head with its loss against the definition in f64 and its finite differences.

use amoozgar_engine::kernels::cross_entropy::{self, Gradients, Head, IGNORE};
use amoozgar_engine::kernels::matmul::{Matrix, Precision};
use amoozgar_engine::random::Keyed;

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(11, purpose);
    (0..n as u64).map(|i| stream.normal(i) as f32).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Sum of the negative log-likelihoods of rows with a target.
fn definition(logits: &[f64], targets: &[u32]) -> f64 {
    let n_classes = logits.len() / targets.len();
    logits
        .chunks(n_classes)
        .zip(targets)
        .filter(|&(_, &target)| target != IGNORE)
        .map(|(row, &target)| {
            let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = row.iter().map(|value| (value - max).exp()).sum();
            max + sum.ln() - row[target as usize]
        })
        .sum()
}

fn through_head(hidden: &[f64], head: &[f64], d: usize, targets: &[u32]) -> f64 {
    let logits: Vec<f64> = hidden
        .chunks(d)
        .flat_map(|x| {
            head.chunks(d)
                .map(move |w| x.iter().zip(w).map(|(a, b)| a * b).sum())
        })
        .collect();
    definition(&logits, targets)
}

fn differences(at: &[f32], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let step = 1e-5;
    let mut at = wide(at);
    (0..at.len())
        .map(|index| {
            let value = at[index];
            at[index] = value + step;
            let above = f(&at);
            at[index] = value - step;
            let below = f(&at);
            at[index] = value;
            (above - below) / (2.0 * step)
        })
        .collect()
}

fn assert_near(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*found) - expected).abs() <= tolerance * (1.0 + expected.abs()),
            "{what}[{index}]: {found} is not {expected}"
        );
    }
}

/// Every third row has no target; all where there is one row.
fn some_targets(n: usize, n_classes: usize) -> Vec<u32> {
    (0..n)
        .map(|row| match row % 3 {
            1 => IGNORE,
            _ => (row * 31 % n_classes) as u32,
        })
        .collect()
}

#[test]
fn the_loss_and_its_gradients_agree_with_the_definition() {
    for (n, v, d) in [(1, 1, 1), (1, 5, 3), (4, 7, 2), (9, 33, 5), (13, 70, 4)] {
        let (hidden, weight) = (normal(n * d, "hidden"), normal(v * d, "head"));
        let targets = some_targets(n, v);
        let head = Head {
            weight: Matrix::F32(&weight),
            width: d,
            precision: Precision::F32,
        };
        let (mut dhidden, mut dhead) = (vec![7.0; n * d], vec![1.0; v * d]);
        let loss = cross_entropy::forward_backward(
            &hidden,
            head,
            &targets,
            Gradients {
                dhidden: &mut dhidden,
                dhead: Some(&mut dhead),
                scale: 0.5,
            },
        );
        let what = format!("({n}, {v}, {d})");
        let expected = through_head(&wide(&hidden), &wide(&weight), d, &targets);
        assert!(
            (loss.sum_nll - expected).abs() <= 1e-5 * (1.0 + expected),
            "{what}: {} is not {expected}",
            loss.sum_nll
        );
        assert_eq!(
            loss.n_targets,
            targets.iter().filter(|&&target| target != IGNORE).count(),
            "{what}: rows with a target"
        );
        assert_eq!(
            cross_entropy::forward(&hidden, head, &targets),
            loss,
            "{what}: the loss does not depend on gradients"
        );
        let dx = differences(&hidden, |x| {
            0.5 * through_head(x, &wide(&weight), d, &targets)
        });
        let dw = differences(&weight, |w| {
            0.5 * through_head(&wide(&hidden), w, d, &targets)
        });
        let dw: Vec<f64> = dw.iter().map(|value| 1.0 + value).collect();
        assert_near(&dhidden, &dx, 1e-5, &format!("{what}: dhidden"));
        assert_near(&dhead, &dw, 1e-5, &format!("{what}: dhead, added to ones"));
    }
}

#[test]
fn chunks_do_not_show_and_neither_do_threads() {
    // 70,000 classes leave 239 rows to a chunk: 500 rows take three.
    let (n, v, d) = (500, 70_000, 8);
    let (hidden, weight) = (normal(n * d, "hidden"), normal(v * d, "head"));
    let targets: Vec<u32> = (0..n).map(|row| (row * 131 % v) as u32).collect();
    let head = Head {
        weight: Matrix::F32(&weight),
        width: d,
        precision: Precision::F32,
    };
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| {
            let (mut dhidden, mut dhead) = (vec![0.0; n * d], vec![0.0; v * d]);
            let loss = cross_entropy::forward_backward(
                &hidden,
                head,
                &targets,
                Gradients {
                    dhidden: &mut dhidden,
                    dhead: Some(&mut dhead),
                    scale: 1.0,
                },
            );
            (loss, dhidden, dhead)
        })
    });
    assert!(
        results.iter().all(|result| *result == results[0]),
        "one thread or three: the same bits"
    );
    let expected = through_head(&wide(&hidden), &wide(&weight), d, &targets);
    assert!(
        (results[0].0.sum_nll / expected - 1.0).abs() < 1e-6,
        "{} is not {expected}",
        results[0].0.sum_nll
    );
    // The gradient of one chunk's rows alone must be the same as with all: rows are independent.
    let mut alone = vec![0.0; 10 * d];
    cross_entropy::forward_backward(
        &hidden[245 * d..255 * d],
        head,
        &targets[245..255],
        Gradients {
            dhidden: &mut alone,
            dhead: None,
            scale: 1.0,
        },
    );
    let together = wide(&results[0].1[245 * d..255 * d]);
    assert_near(&alone, &together, 1e-6, "rows across a chunk's border");
}

#[test]
fn a_classifiers_loss_and_gradient_agree_with_the_definition() {
    for (n, c) in [(1, 2), (5, 3), (16, 2)] {
        let logits = normal(n * c, "logits");
        let targets = some_targets(n, c);
        let mut gradient = logits.clone();
        let loss = cross_entropy::classes(&mut gradient, &targets, 0.25);
        let expected = definition(&wide(&logits), &targets);
        assert!(
            (loss.sum_nll - expected).abs() < 1e-5 * (1.0 + expected),
            "({n}, {c}): {} is not {expected}",
            loss.sum_nll
        );
        let slopes = differences(&logits, |logits| 0.25 * definition(logits, &targets));
        assert_near(&gradient, &slopes, 1e-6, &format!("({n}, {c})"));
    }
}

#[test]
fn logits_in_the_thousands_give_a_finite_loss_and_what_is_no_number_shows() {
    let mut logits = vec![3000.0, -3000.0, 2999.0, 0.0, 0.0, 5e4];
    let loss = cross_entropy::classes(&mut logits, &[0, 2], 1.0);
    let expected = (1.0_f64 + (-1.0_f64).exp()).ln();
    assert!(
        (loss.sum_nll - expected).abs() < 1e-6,
        "{loss:?} is not {expected}"
    );
    assert!(logits.iter().all(|value| value.is_finite()), "{logits:?}");
    for broken in [f32::NAN, f32::INFINITY] {
        let loss = cross_entropy::classes(&mut [0.0, broken, 1.0], &[0], 1.0);
        assert!(!loss.sum_nll.is_finite(), "{broken} must not give {loss:?}");
    }
}

#[test]
fn nothing_supervised_costs_nothing() {
    let weight = normal(6, "head");
    let head = Head {
        weight: Matrix::F32(&weight),
        width: 2,
        precision: Precision::F32,
    };
    let (mut dhidden, mut dhead) = ([5.0; 4], [2.0; 6]);
    let loss = cross_entropy::forward_backward(
        &[1.0; 4],
        head,
        &[IGNORE; 2],
        Gradients {
            dhidden: &mut dhidden,
            dhead: Some(&mut dhead),
            scale: 1.0,
        },
    );
    assert_eq!((loss.sum_nll, loss.n_targets), (0.0, 0), "no loss");
    assert!(
        dhidden.iter().all(|value| value.to_bits() == 0),
        "no gradient of hidden states"
    );
    assert!(
        dhead
            .iter()
            .all(|value| value.to_bits() == 2.0_f32.to_bits()),
        "nothing added to the head's"
    );
}
