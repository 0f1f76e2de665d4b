//! What sums, accumulates or drops: elementwise kernels, what `Store` promises, dropout.

use amoozgar_engine::kernels::layer_norm::AffineGradient;
use amoozgar_engine::kernels::{
    Store, dropout, elementwise, embedding, layer_norm, relu, rms_norm, tanh,
};
use amoozgar_engine::random::Keyed;

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(29, purpose);
    (0..n as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

#[test]
fn sums_and_products_are_those_of_their_values() {
    // More than a task, and no multiple of a register.
    let n = 40_001;
    let (a, b) = (normal(n, "a"), normal(n, "b"));
    let mut sum = vec![7.0; n];
    elementwise::add(&mut sum, &a, &b);
    let mut into = a.clone();
    elementwise::add_into(&mut into, &b);
    let mut scaled = a.clone();
    elementwise::add_scaled(&mut scaled, &b, 0.5);
    elementwise::scale(&mut scaled, 2.0);
    let mut copy = vec![7.0; n];
    elementwise::copy(&mut copy, &a);
    assert_eq!(copy, a, "a copy");
    assert_eq!(sum, into, "both sums");
    for index in 0..n {
        assert!(
            (sum[index] - (a[index] + b[index])).abs() <= f32::EPSILON * 8.0,
            "sum {index}"
        );
        let expected = 2.0 * (a[index] + 0.5 * b[index]);
        assert!(
            (scaled[index] - expected).abs() <= 1e-6,
            "scaled sum {index}"
        );
    }
    let squares: f64 = a.iter().map(|&a| f64::from(a) * f64::from(a)).sum();
    let found = elementwise::sum_of_squares(&a);
    assert!(
        (found - squares).abs() <= 1e-12 * squares,
        "{found} is not {squares}"
    );
}

#[test]
fn a_value_that_is_not_finite_shows_in_the_sum_of_squares() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut values = vec![1.0; 20_000];
        values[19_999] = bad;
        assert!(
            !elementwise::sum_of_squares(&values).is_finite(),
            "{bad} is noticed"
        );
    }
}

#[test]
fn gradients_of_inputs_are_added_where_that_is_asked_for_and_frozen_weights_change_nothing() {
    let (n, d) = (9, 33);
    let (x, dy) = (normal(n * d, "x"), normal(n * d, "dy"));
    let (weight, start) = (normal(d, "weight"), normal(n * d, "start"));
    let (mean, rstd) = (normal(n, "mean"), vec![0.8; n]);
    let rms = |store, dx: &mut [f32], dweight: Option<&mut [f32]>| {
        rms_norm::backward(dx, store, dweight, &dy, &x, &rstd, &weight);
    };
    let layer = |store, dx: &mut [f32], daffine: AffineGradient<'_>| {
        layer_norm::backward(dx, store, daffine, &dy, &x, &mean, &rstd, &weight);
    };
    let trained = |store, dx: &mut [f32], kind: &str| {
        let (mut dweight, mut dbias) = (vec![0.0; d], vec![0.0; d]);
        if kind == "rms_norm" {
            rms(store, dx, Some(&mut dweight));
        } else {
            let daffine = AffineGradient {
                weight: Some(&mut dweight),
                bias: Some(&mut dbias),
            };
            layer(store, dx, daffine);
        }
        (dweight, dbias)
    };
    for kind in ["rms_norm", "layer_norm"] {
        let (mut written, mut added, mut frozen) = (vec![7.0; n * d], start.clone(), start.clone());
        let sums = trained(Store::Write, &mut written, kind);
        assert_eq!(
            trained(Store::Add, &mut added, kind),
            sums,
            "{kind}: the weights' sums"
        );
        if kind == "rms_norm" {
            rms(Store::Add, &mut frozen, None);
        } else {
            layer(Store::Add, &mut frozen, AffineGradient::default());
        }
        assert_eq!(added, frozen, "{kind}: the same with frozen weights");
        for ((added, written), start) in added.iter().zip(&written).zip(&start) {
            assert!(
                (added - (start + written)).abs() <= 1e-6 * added.abs().max(1.0),
                "{kind}: {added} is not {start} + {written}"
            );
        }
    }
}

#[test]
fn gradients_of_a_table_are_added_to_what_is_there() {
    let (ids, d) = ([3_u32, 0, 3], 5);
    let dout = normal(3 * d, "dout");
    let mut dtable = vec![1.0; 4 * d];
    embedding::backward(&mut dtable, &ids, &dout);
    for column in 0..d {
        let twice = 1.0 + dout[column] + dout[2 * d + column];
        assert!(
            (dtable[3 * d + column] - twice).abs() <= 1e-6,
            "a token that came twice"
        );
        assert!(
            (dtable[column] - 1.0 - dout[d + column]).abs() <= 1e-6,
            "once"
        );
        assert!(
            (dtable[d + column] - 1.0).abs() <= 0.0,
            "a token that did not come"
        );
    }
}

#[test]
fn tanh_and_its_gradient_are_the_librarys_to_a_millionth() {
    let x: Vec<f32> = normal(1001, "x").iter().map(|x| 2.0 * x).collect();
    let (mut out, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    tanh::forward(&mut out, &x);
    tanh::backward(&mut dx, &vec![2.0; x.len()], &out);
    for ((x, out), dx) in x.iter().zip(&out).zip(&dx) {
        let expected = f64::from(*x).tanh();
        assert!((f64::from(*out) - expected).abs() <= 1e-6, "tanh of {x}");
        let slope = 2.0 * (1.0 - expected * expected);
        assert!((f64::from(*dx) - slope).abs() <= 1e-6, "slope at {x}");
    }
}

#[test]
fn what_is_not_positive_is_cut_off_with_its_gradient() {
    let x = [2.5, -1.0, 0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY];
    let (mut out, mut dx) = ([7.0; 6], [7.0; 6]);
    relu::forward(&mut out, &x);
    relu::backward(&mut dx, &[3.0; 6], &x);
    // A zero has either sign.
    let bits = |values: [f32; 6]| values.map(|value| (value + 0.0).to_bits());
    assert_eq!(bits(out), bits([2.5, 0.0, 0.0, 0.0, f32::INFINITY, 0.0]));
    assert_eq!(bits(dx), bits([3.0, 0.0, 0.0, 0.0, 3.0, 0.0]));
    let mut bad = [0.0];
    relu::forward(&mut bad, &[f32::NAN]);
    assert!(bad[0].is_nan(), "a value that is none shows in the loss");
}

#[test]
fn dropout_keeps_the_mean_zeroes_its_share_and_repeats_its_choice() {
    let n = 100_001;
    let stream = Keyed::new(1, "dropout");
    let drop = |stream| {
        let mut x = vec![1.0; n];
        dropout::apply(&mut x, 0.25, stream);
        x
    };
    let dropped = drop(stream);
    let n_zero = dropped.iter().filter(|&&x| x == 0.0).count() as f64 / n as f64;
    let mean = dropped.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
    assert!((n_zero - 0.25).abs() < 0.01, "a quarter is zero: {n_zero}");
    assert!((mean - 1.0).abs() < 0.01, "the mean stays: {mean}");
    assert_eq!(dropped, drop(stream), "the same key chooses the same");
    assert_ne!(dropped, drop(stream.child(1)), "another key chooses others");
    let mut kept = normal(n, "x");
    dropout::apply(&mut kept, 0.0, stream);
    assert_eq!(kept, normal(n, "x"), "nothing is dropped at a rate of 0");
}
