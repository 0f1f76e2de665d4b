//! Linear layers, attention and the head's loss in a graph: each against its twin and against central
//! differences, over odd sizes, one row, one token, batches, packs and padding.

use crate::graph::{Op, check, normal, off};
use amoozgar_engine::candle::{self as ops, Frozen, twin};
use amoozgar_engine::kernels::attention::{AttentionShape, Mask};
use amoozgar_engine::kernels::cross_entropy::IGNORE;
use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::random::Keyed;
use amoozgar_engine::weights::{Storage, Weight};
use candle_core::{DType, Tensor, Var};
use std::sync::Arc;

/// `(N, O, I)`: single, odd, more than a tile; and some by chance.
fn layers() -> Vec<(usize, usize, usize)> {
    let mut layers = vec![(1, 1, 1), (1, 5, 3), (7, 1, 2), (3, 64, 33), (130, 97, 65)];
    let stream = Keyed::new(8, "layers");
    layers.extend((0..6).map(|index| {
        let draw = |at: u64, below: u64| 1 + stream.below(3 * index + at, below) as usize;
        (draw(0, 40), draw(1, 80), draw(2, 80))
    }));
    layers
}

fn f32s(dims: &[usize], purpose: &str) -> Tensor {
    normal(dims, purpose).to_dtype(DType::F32).unwrap()
}

fn frozen(o: usize, i: usize, storage: Storage) -> Frozen {
    let values = f32s(&[o * i], "frozen").to_vec1().unwrap();
    Frozen {
        weight: Arc::new(Weight::store(values, i, storage)),
        n_outputs: o,
        n_inputs: i,
    }
}

#[test]
fn a_linear_layer_with_and_without_bias_agrees_with_its_twin_and_with_differences() {
    for (n, o, i) in layers() {
        let args = [
            normal(&[n, i], "x"),
            normal(&[o, i], "weight"),
            normal(&[o], "bias"),
        ];
        let fused: Op<'_> = &|a| ops::linear(&a[0], &a[1], Some(&a[2]));
        let plain: Op<'_> = &|a| twin::linear(&a[0], &a[1], Some(&a[2]));
        check("linear with bias", fused, plain, &args);
        let fused: Op<'_> = &|a| ops::linear(&a[0], &a[1], None);
        let plain: Op<'_> = &|a| twin::linear(&a[0], &a[1], None);
        check("linear", fused, plain, &args[..2]);
    }
}

#[test]
fn frozen_layers_in_every_storage_agree_with_their_twins_and_with_differences() {
    for storage in [Storage::F32, Storage::Bf16, Storage::Q8, Storage::Q4] {
        for (n, o, i) in [(1, 1, 32), (5, 3, 64), (33, 70, 96)] {
            let frozen = frozen(o, i, storage);
            let fused: Op<'_> = &|a| ops::frozen_linear(&a[0], &frozen);
            let plain: Op<'_> = &|a| twin::frozen_linear(&a[0], &frozen);
            check(
                &format!("frozen {storage:?}"),
                fused,
                plain,
                &[normal(&[n, i], "x")],
            );
        }
    }
}

#[test]
fn lora_layers_agree_with_their_twins_and_with_differences() {
    for (n, o, i) in layers() {
        let frozen = frozen(o, i, Storage::F32);
        for rank in [1, 3, 8] {
            let args = [
                normal(&[n, i], "x"),
                normal(&[rank, i], "a"),
                normal(&[o, rank], "b"),
            ];
            let fused: Op<'_> = &|a| ops::lora_linear(&a[0], &frozen, &a[1], &a[2], 0.7);
            let plain: Op<'_> = &|a| twin::lora_linear(&a[0], &frozen, &a[1], &a[2], 0.7);
            check(&format!("lora {rank}"), fused, plain, &args);
        }
    }
}

#[test]
fn attention_agrees_with_its_twin_and_with_differences() {
    let rows = [
        Segments::batch(1, 1),
        Segments::batch(3, 9),
        Segments::packed(&[1, 70, 4]),
        Segments::padded(&[0, 3, 5], 6),
        Segments::padded(&[0, 0], 2),
    ];
    for (h, k, d) in [(1, 1, 1), (2, 2, 5), (4, 2, 8), (3, 1, 16)] {
        for mask in [
            Mask::Causal,
            Mask::Sliding { window: 4 },
            Mask::Near { reach: 1 },
            Mask::Near { reach: 3 },
            Mask::Bidirectional,
        ] {
            let shape = AttentionShape {
                n_heads: h,
                n_kv_heads: k,
                head_dim: d,
                mask,
                scale: 0.3,
            };
            for rows in &rows {
                let n = rows.n_rows();
                let args = [
                    normal(&[n, h * d], "q"),
                    normal(&[n, k * d], "k"),
                    normal(&[n, k * d], "v"),
                ];
                if rows.is_empty() {
                    let args = args.map(|arg| arg.to_dtype(DType::F32).unwrap());
                    let out = ops::attention(&args[0], &args[1], &args[2], &shape, rows).unwrap();
                    assert_eq!(
                        out.abs()
                            .unwrap()
                            .sum_all()
                            .unwrap()
                            .to_scalar::<f32>()
                            .unwrap()
                            .to_bits(),
                        0,
                        "padding alone gives zeros"
                    );
                    continue;
                }
                let fused: Op<'_> = &|a| ops::attention(&a[0], &a[1], &a[2], &shape, rows);
                let plain: Op<'_> = &|a| twin::attention(&a[0], &a[1], &a[2], &shape, rows);
                check(&format!("attention {mask:?} {rows:?}"), fused, plain, &args);
            }
        }
    }
}

#[test]
fn the_heads_loss_agrees_with_its_twin_and_with_differences() {
    for (n, v, d) in layers() {
        let targets: Vec<u32> = (0..n)
            .map(|row| {
                if row % 4 == 2 {
                    IGNORE
                } else {
                    (row * 13 % v) as u32
                }
            })
            .collect();
        let args = [normal(&[n, d], "hidden"), normal(&[v, d], "head")];
        let fused: Op<'_> = &|a| ops::linear_cross_entropy(&a[0], &a[1], &targets);
        let plain: Op<'_> = &|a| twin::linear_cross_entropy(&a[0], &a[1], &targets);
        check("linear_cross_entropy", fused, plain, &args);
    }
}

#[test]
fn nothing_supervised_is_no_loss_and_no_gradient() {
    let hidden = Var::from_tensor(&f32s(&[3, 4], "hidden")).unwrap();
    let head = Var::from_tensor(&f32s(&[5, 4], "head")).unwrap();
    let loss = ops::linear_cross_entropy(&hidden, &head, &[IGNORE; 3]).unwrap();
    assert_eq!(loss.to_scalar::<f32>().unwrap().to_bits(), 0, "no loss");
    let grads = loss.backward().unwrap();
    for of in [&hidden, &head] {
        let none = of.zeros_like().unwrap();
        assert!(off(grads.get(of).unwrap(), &none) == 0.0, "no gradient");
    }
}

#[test]
fn a_frozen_weight_gets_no_gradient_and_its_layers_input_does() {
    let x = Var::from_tensor(&f32s(&[3, 8], "x")).unwrap();
    let (weight, bias) = (f32s(&[5, 8], "weight"), f32s(&[5], "bias"));
    let out = ops::linear(&x, &weight, Some(&bias)).unwrap();
    let grads = out.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_some(), "the input's gradient");
    assert!(grads.get(&weight).is_none(), "none for the frozen weight");
    assert!(grads.get(&bias).is_none(), "none for the frozen bias");
}

#[test]
fn shapes_and_targets_that_do_not_fit_are_errors() {
    let (x, weight) = (f32s(&[3, 8], "x"), f32s(&[5, 8], "weight"));
    let bias = f32s(&[4], "bias");
    assert!(
        ops::linear(&x, &weight, Some(&bias)).is_err(),
        "a bias of another width"
    );
    assert!(
        ops::linear(&x, &bias, None).is_err(),
        "a weight that is no matrix"
    );
    let frozen = frozen(5, 7, Storage::F32);
    assert!(
        ops::frozen_linear(&x, &frozen).is_err(),
        "a weight of another width"
    );
    assert!(
        ops::lora_linear(&f32s(&[3, 7], "x"), &frozen, &x, &weight, 1.0).is_err(),
        "an adapter of another width"
    );
    assert!(
        ops::linear_cross_entropy(&x, &weight, &[0, 5, 1]).is_err(),
        "a target beyond the vocabulary"
    );
    assert!(
        ops::linear_cross_entropy(&x, &weight, &[0]).is_err(),
        "too few targets"
    );
    let shape = AttentionShape {
        n_heads: 3,
        n_kv_heads: 2,
        head_dim: 4,
        mask: Mask::Causal,
        scale: 1.0,
    };
    let rows = Segments::batch(1, 3);
    let (q, k) = (f32s(&[3, 12], "q"), f32s(&[3, 8], "k"));
    assert!(
        ops::attention(&q, &k, &k, &shape, &rows).is_err(),
        "heads that groups do not divide"
    );
}
