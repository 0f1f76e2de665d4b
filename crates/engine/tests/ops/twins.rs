//! Each operation in a graph against its twin: forward and gradients in f32, and gradients against central
//! differences of the twin in f64, over odd widths, one row, one token.

use crate::graph::{Op, check, normal, off};
use amoozgar_engine::candle::{self as ops, GeluKind, Rotation, twin};
use amoozgar_engine::kernels::rope::Table;
use amoozgar_engine::random::Keyed;
use candle_core::{DType, Device, Tensor, Var};
use std::sync::Arc;

/// One row, one value, odd widths, more than one task of rows; and some by chance.
fn shapes() -> Vec<(usize, usize)> {
    let mut shapes = vec![
        (1, 1),
        (1, 7),
        (2, 16),
        (3, 33),
        (5, 64),
        (1, 513),
        (300, 96),
        (700, 130),
    ];
    let stream = Keyed::new(41, "shapes");
    shapes.extend((0..8).map(|index| {
        let (n, d) = (
            stream.below(2 * index, 60),
            stream.below(2 * index + 1, 200),
        );
        (1 + n as usize, 1 + d as usize)
    }));
    shapes
}

#[test]
fn rms_norm_agrees_with_its_twin_and_with_differences() {
    for (n, d) in shapes() {
        let args = [normal(&[n, d], "x"), normal(&[d], "weight")];
        let fused: Op<'_> = &|a| ops::rms_norm(&a[0], &a[1], 1e-5);
        check(
            "rms_norm",
            fused,
            &|a| twin::rms_norm(&a[0], &a[1], 1e-5),
            &args,
        );
    }
}

#[test]
fn layer_norm_agrees_with_its_twin_and_with_differences() {
    for (n, d) in shapes() {
        // Of one value nothing is left, and the reciprocal deviation multiplies all rounding.
        let d = d.max(4);
        let args = [
            normal(&[n, d], "x"),
            normal(&[d], "weight"),
            normal(&[d], "bias"),
        ];
        let fused: Op<'_> = &|a| ops::layer_norm(&a[0], &a[1], &a[2], 1e-5);
        check(
            "layer_norm",
            fused,
            &|a| twin::layer_norm(&a[0], &a[1], &a[2], 1e-5),
            &args,
        );
    }
}

#[test]
fn swiglu_agrees_with_its_twin_and_with_differences() {
    for (n, d) in shapes() {
        let args = [normal(&[n, d], "gate"), normal(&[n, d], "up")];
        let fused: Op<'_> = &|a| ops::swiglu(&a[0], &a[1]);
        check("swiglu", fused, &|a| twin::swiglu(&a[0], &a[1]), &args);
    }
}

#[test]
fn geglu_agrees_with_its_twin_and_with_differences() {
    for (n, d) in shapes() {
        let args = [normal(&[n, d], "gate"), normal(&[n, d], "up")];
        for kind in [GeluKind::Tanh, GeluKind::Erf] {
            let fused: Op<'_> = &|a| ops::geglu(&a[0], &a[1], kind);
            let plain: Op<'_> = &|a| twin::geglu(&a[0], &a[1], kind);
            check(&format!("geglu {kind:?}"), fused, plain, &args);
        }
    }
}

#[test]
fn gelu_by_either_formula_agrees_with_its_twin_and_with_differences() {
    for kind in [GeluKind::Tanh, GeluKind::Erf] {
        for (n, d) in shapes() {
            let args = [(normal(&[n, d], "x") * 2.0).unwrap()];
            let fused: Op<'_> = &|a| ops::gelu(&a[0], kind);
            check(
                &format!("gelu {kind:?}"),
                fused,
                &|a| twin::gelu(&a[0], kind),
                &args,
            );
        }
    }
}

#[test]
fn rope_agrees_with_its_twin_and_with_differences() {
    for (n, n_heads, head_dim) in [(1, 1, 2), (1, 3, 6), (7, 2, 10), (65, 5, 64), (300, 3, 128)] {
        let positions: Vec<u32> = (0..n as u64)
            .map(|row| Keyed::new(3, "positions").below(row, 50) as u32)
            .collect();
        let rotation = Rotation {
            table: Arc::new(Table::new(head_dim, 10_000.0, 50)),
            positions: positions.into(),
            n_heads,
        };
        let args = [normal(&[n, n_heads * head_dim], "x")];
        let fused: Op<'_> = &|a| ops::rope(&a[0], &rotation);
        check("rope", fused, &|a| twin::rope_rows(&a[0], &rotation), &args);
    }
}

#[test]
fn embedding_agrees_with_its_twin_and_with_differences_where_tokens_repeat() {
    for (n, d) in shapes() {
        let n_rows = 1 + n / 3;
        let ids: Vec<u32> = (0..n as u64)
            .map(|row| Keyed::new(4, "ids").below(row, n_rows as u64) as u32)
            .collect();
        let ids = Tensor::from_vec(ids, n, &Device::Cpu).unwrap();
        let args = [normal(&[n_rows, d], "table")];
        let fused: Op<'_> = &|a| ops::embedding(&a[0], &ids);
        check("embedding", fused, &|a| twin::embedding(&a[0], &ids), &args);
    }
}

#[test]
fn a_view_that_is_not_contiguous_is_served_as_its_copy() {
    let x = Var::from_tensor(&normal(&[6, 10], "x").to_dtype(DType::F32).unwrap()).unwrap();
    let view = x.t().unwrap().narrow(0, 2, 5).unwrap();
    let weight = normal(&[6], "weight").to_dtype(DType::F32).unwrap();
    let fused = ops::rms_norm(&view, &weight, 1e-6).unwrap();
    let plain = twin::rms_norm(&view, &weight, 1e-6).unwrap();
    assert!(off(&fused, &plain) <= 1e-6, "the results agree");
    let gradient = |out: &Tensor| {
        let grads = out.sum_all().unwrap().backward().unwrap();
        grads.get(&x).unwrap().clone()
    };
    assert!(
        off(&gradient(&fused), &gradient(&plain)) <= 1e-5,
        "the gradients agree"
    );
}

#[test]
fn a_frozen_weight_gets_no_gradient_and_its_input_does() {
    let x = Var::from_tensor(&normal(&[3, 8], "x").to_dtype(DType::F32).unwrap()).unwrap();
    let weight = normal(&[8], "weight").to_dtype(DType::F32).unwrap();
    let out = ops::rms_norm(&x, &weight, 1e-6).unwrap();
    let grads = out.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_some(), "the input's gradient");
    assert!(grads.get(&weight).is_none(), "none for what is frozen");
}

#[test]
fn shapes_and_ids_that_do_not_fit_are_errors() {
    let f32s = |dims: &[usize]| normal(dims, "x").to_dtype(DType::F32).unwrap();
    assert!(
        ops::rms_norm(&f32s(&[2, 4]), &f32s(&[5]), 1e-6).is_err(),
        "widths differ"
    );
    assert!(
        ops::swiglu(&f32s(&[2, 4]), &f32s(&[3, 4])).is_err(),
        "rows differ"
    );
    let ids = Tensor::new(&[0_u32, 9], &Device::Cpu).unwrap();
    assert!(
        ops::embedding(&f32s(&[9, 4]), &ids).is_err(),
        "an id beyond the table"
    );
    let rotation = Rotation {
        table: Arc::new(Table::new(4, 10_000.0, 8)),
        positions: vec![0, 8].into(),
        n_heads: 1,
    };
    assert!(
        ops::rope(&f32s(&[2, 4]), &rotation).is_err(),
        "a position beyond the table"
    );
}
