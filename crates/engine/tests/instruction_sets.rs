#![allow(missing_docs, clippy::unwrap_used)]
//! The same kernels under every instruction set of this processor, and on one thread and two. One test by
//! itself, since the choice of instructions holds for the whole process.

use amoozgar_engine::kernels::gelu::Kind;
use amoozgar_engine::kernels::layer_norm::{Affine, AffineGradient};
use amoozgar_engine::kernels::matmul::{self, Matrix, Precision};
use amoozgar_engine::kernels::rope::Table;
use amoozgar_engine::kernels::simd::Isa;
use amoozgar_engine::kernels::{
    Store, adamw8, dropout, elementwise, embedding, geglu, gelu, layer_norm, rms_norm, rope,
    swiglu, tanh,
};
use amoozgar_engine::random::Keyed;

/// Named results.
type Results = Vec<(&'static str, Vec<f32>)>;

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(23, purpose);
    (0..n as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

/// Every kernel on `n` rows of `d`, after values that must not show.
fn results(n: usize, d: usize) -> Results {
    let (x, y, dy) = (normal(n * d, "x"), normal(n * d, "y"), normal(n * d, "dy"));
    let (weight, bias) = (normal(d, "weight"), normal(d, "bias"));
    let fresh = || vec![7.0_f32; n * d];
    let row = || vec![7.0_f32; n];
    let mut all: Results = Vec::new();

    let (mut out, mut rstd, mut dx, mut dw) = (fresh(), row(), fresh(), vec![0.5; d]);
    rms_norm::forward(&mut out, &mut rstd, &x, &weight, 1e-5);
    rms_norm::backward(
        &mut dx,
        Store::Write,
        Some(&mut dw),
        &dy,
        &x,
        &rstd,
        &weight,
    );
    all.extend([("rms_norm", out), ("its dx", dx), ("its dw", dw)]);

    let (mut out, mut mean, mut rstd, mut dx) = (fresh(), row(), row(), fresh());
    let (mut dw, mut db) = (vec![0.5; d], vec![0.5; d]);
    let affine = Affine {
        weight: &weight,
        bias: &bias,
    };
    layer_norm::forward(&mut out, &mut mean, &mut rstd, &x, affine, 1e-5);
    let daffine = AffineGradient {
        weight: Some(&mut dw),
        bias: Some(&mut db),
    };
    layer_norm::backward(
        &mut dx,
        Store::Write,
        daffine,
        &dy,
        &x,
        &mean,
        &rstd,
        &weight,
    );
    all.extend([
        ("layer_norm", out),
        ("its dx", dx),
        ("its dw", dw),
        ("its db", db),
    ]);

    let (mut out, mut dgate, mut dup) = (fresh(), fresh(), fresh());
    swiglu::forward(&mut out, &x, &y);
    swiglu::backward(&mut dgate, &mut dup, &dy, &x, &y);
    all.extend([("swiglu", out), ("its dgate", dgate), ("its dup", dup)]);

    for kind in [Kind::Tanh, Kind::Erf] {
        let (mut out, mut dgate, mut dup) = (fresh(), fresh(), fresh());
        geglu::forward(&mut out, &x, &y, kind);
        geglu::backward(&mut dgate, &mut dup, &dy, &x, &y, kind);
        all.extend([("geglu", out), ("its dgate", dgate), ("its dup", dup)]);
    }

    for kind in [Kind::Tanh, Kind::Erf] {
        let (mut out, mut dx) = (fresh(), fresh());
        gelu::forward(&mut out, &x, kind);
        gelu::backward(&mut dx, &dy, &x, kind);
        all.extend([("gelu", out), ("its dx", dx)]);
    }

    let (mut out, mut dx) = (fresh(), fresh());
    tanh::forward(&mut out, &x);
    tanh::backward(&mut dx, &dy, &out);
    all.extend([("tanh", out), ("its dx", dx)]);

    let ids: Vec<u32> = (0..n as u64)
        .map(|row| Keyed::new(1, "ids").below(row, 9) as u32)
        .collect();
    let table = normal(9 * d, "table");
    let (mut out, mut dtable) = (fresh(), vec![0.5; 9 * d]);
    embedding::forward(&mut out, &ids, &table);
    embedding::backward(&mut dtable, &ids, &dy);
    all.extend([("embedding", out), ("its dtable", dtable)]);

    if d.is_multiple_of(2) {
        let angles = Table::new(d, 10_000.0, 9);
        let (mut out, mut dx) = (x.clone(), dy.clone());
        rope::forward(&mut out, 1, &ids, &angles);
        rope::backward(&mut dx, 1, &ids, &angles);
        all.extend([("rope", out), ("its dx", dx)]);
    }

    let mut sum = x.clone();
    elementwise::add_into(&mut sum, &y);
    elementwise::add_scaled(&mut sum, &dy, 0.3);
    elementwise::scale(&mut sum, 0.7);
    let squares = vec![elementwise::sum_of_squares(&sum) as f32];
    all.extend([("elementwise", sum), ("sum_of_squares", squares)]);

    let mut dropped = x.clone();
    dropout::apply(&mut dropped, 0.3, Keyed::new(5, "dropout"));
    all.push(("dropout", dropped));

    let narrow = adamw8::Moments8::from_f32(&x, &y.iter().map(|y| y * y).collect::<Vec<_>>());
    all.extend([
        ("narrow first", narrow.first()),
        ("narrow second", narrow.second()),
    ]);
    all
}

/// Products large enough for every way there is to multiply, of odd sizes, in all three directions.
fn products() -> Results {
    const N: usize = 133;
    const O: usize = 341;
    const I: usize = 515;
    let (x, dy, values) = (normal(N * I, "x"), normal(N * O, "dy"), normal(O * I, "w"));
    let weight = Matrix::F32(&values);
    // Where nothing is to be added, what was there must not show.
    let mut out = vec![f32::NAN; N * O];
    matmul::forward(&mut out, &x, weight, N, Precision::F32, 0.0);
    let mut added = normal(N * I, "before");
    matmul::backward_input(&mut added, &dy, weight, N, Precision::F32, -0.5);
    let mut dw = normal(O * I, "gradient");
    matmul::backward_weight(&mut dw, &dy, &x, N, Precision::F32);
    vec![("product", out), ("its dx", added), ("its dw", dw)]
}

fn on_threads(n_threads: usize, work: impl Fn() -> Results + Send + Sync) -> Results {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .unwrap();
    pool.install(work)
}

#[test]
fn every_instruction_set_and_number_of_threads_gives_the_same_results() {
    for (n, d) in [
        (1, 1),
        (1, 6),
        (5, 31),
        (3, 64),
        (67, 130),
        (500, 96),
        (2, 20_001),
    ] {
        assert!(Isa::Baseline.select(), "every processor has it");
        let baseline = on_threads(2, || results(n, d));
        let mut fused: Option<(Isa, Results)> = None;
        for isa in Isa::available() {
            assert!(isa.select(), "{isa:?} is available");
            assert_eq!(Isa::current(), isa, "the one that was selected");
            let results = || results(n, d);
            let (one, two) = (on_threads(1, results), on_threads(2, results));
            assert_eq!(one, two, "{isa:?}, ({n}, {d}): one thread and two");
            for ((name, found), (_, expected)) in one.iter().zip(&baseline) {
                let most = expected.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
                for (found, expected) in found.iter().zip(expected) {
                    assert!(
                        (found - expected).abs() <= 4e-6 * most,
                        "{isa:?}, ({n}, {d}): {name} is {found}, not {expected}"
                    );
                }
            }
            if isa != Isa::Baseline {
                let (first, expected) = fused.get_or_insert_with(|| (isa, one.clone()));
                assert_eq!(
                    &one, expected,
                    "({n}, {d}): {isa:?} gives the bits of {first:?}"
                );
            }
        }
    }
    // Sums of products depend on how k is cut, so that here no set has another's bits.
    assert!(Isa::Baseline.select(), "every processor has it");
    let baseline = on_threads(2, products);
    for isa in Isa::available() {
        assert!(isa.select(), "{isa:?} is available");
        let (one, two) = (on_threads(1, products), on_threads(2, products));
        assert_eq!(one, two, "{isa:?}: products on one thread and two");
        for ((name, found), (_, expected)) in one.iter().zip(&baseline) {
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 2e-4,
                    "{isa:?}: {name} is {found}, not {expected}"
                );
            }
        }
    }
}
