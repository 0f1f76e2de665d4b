//! Our loss and our `AdamW` against candle-nn's, over the steps of a small training.

use amoozgar_engine::kernels::cross_entropy::{self, Head};
use amoozgar_engine::kernels::matmul::{Matrix, Precision};
use amoozgar_engine::random::Keyed;
use amoozgar_engine::tape::Gradients;
use amoozgar_engine::train::optimizer::{Decayed, Optimizer, OptimizerConfig};
use amoozgar_engine::weights::{Layout, Parameter, Parameters, Role, Weight};
use amoozgar_types::spec::OptimizerKind;
use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer as _, ParamsAdamW};

const N_ROWS: usize = 24;
const N_CLASSES: usize = 17;
const WIDTH: usize = 9;
const N_STEPS: usize = 30;
const LR: f64 = 3e-2;
const CONFIG: OptimizerConfig = OptimizerConfig {
    kind: OptimizerKind::AdamW,
    beta1: 0.9,
    beta2: 0.95,
    eps: 1e-8,
    weight_decay: 0.1,
    decayed: Decayed::All,
};

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(5, purpose);
    (0..n as u64).map(|i| stream.normal(i) as f32).collect()
}

/// Mean losses before each step, and the head's weights `(V, D)` after the last.
type Trained = (Vec<f64>, Vec<f32>);

fn ours(hidden: &[f32], targets: &[u32]) -> Trained {
    let mut parameters = Parameters::default();
    let id = parameters.add(Parameter {
        name: "head".to_owned(),
        weight: Weight::F32(normal(N_CLASSES * WIDTH, "head")),
        shape: vec![N_CLASSES, WIDTH],
        layout: Layout::Plain,
        role: Role::Trained,
    });
    let weight = |parameters: &Parameters| parameters.trained().next().unwrap().1.weight.to_f32();
    let mut optimizer = Optimizer::new(CONFIG, &parameters);
    let mut losses = Vec::new();
    for _ in 0..N_STEPS {
        let mut gradients = Gradients::new(&parameters);
        let mut dhidden = vec![0.0; hidden.len()];
        let loss = cross_entropy::forward_backward(
            hidden,
            Head {
                weight: Matrix::F32(&weight(&parameters)),
                width: WIDTH,
                precision: Precision::F32,
            },
            targets,
            cross_entropy::Gradients {
                dhidden: &mut dhidden,
                dhead: gradients.get_mut(id),
                scale: 1.0 / N_ROWS as f32,
            },
        );
        losses.push(loss.sum_nll / N_ROWS as f64);
        optimizer.step(&mut parameters, &gradients, LR, 1.0);
    }
    (losses, weight(&parameters))
}

fn theirs(hidden: &[f32], targets: &[u32]) -> candle_core::Result<Trained> {
    let hidden = Tensor::from_slice(hidden, (N_ROWS, WIDTH), &Device::Cpu)?;
    let targets = Tensor::from_slice(targets, N_ROWS, &Device::Cpu)?;
    let head = Tensor::from_vec(
        normal(N_CLASSES * WIDTH, "head"),
        (N_CLASSES, WIDTH),
        &Device::Cpu,
    )?;
    let head = Var::from_tensor(&head)?;
    let mut optimizer = AdamW::new(
        vec![head.clone()],
        ParamsAdamW {
            lr: LR,
            beta1: CONFIG.beta1,
            beta2: CONFIG.beta2,
            eps: CONFIG.eps,
            weight_decay: CONFIG.weight_decay,
        },
    )?;
    let mut losses = Vec::new();
    for _ in 0..N_STEPS {
        let logits = hidden.matmul(&head.t()?)?;
        let loss = candle_nn::loss::cross_entropy(&logits, &targets)?;
        losses.push(f64::from(loss.to_scalar::<f32>()?));
        optimizer.backward_step(&loss)?;
    }
    Ok((losses, head.flatten_all()?.to_vec1()?))
}

#[test]
fn a_head_trained_by_ours_and_by_candle_nn_goes_the_same_way() {
    let hidden = normal(N_ROWS * WIDTH, "hidden");
    let targets: Vec<u32> = (0..N_ROWS)
        .map(|row| (row * 31 % N_CLASSES) as u32)
        .collect();
    let (losses, weights) = ours(&hidden, &targets);
    let (expected_losses, expected_weights) = theirs(&hidden, &targets).unwrap();
    assert!(
        losses[N_STEPS - 1] < 0.8 * losses[0],
        "it learns something: {losses:?}"
    );
    for (step, (loss, expected)) in losses.iter().zip(&expected_losses).enumerate() {
        assert!(
            (loss - expected).abs() <= 1e-4 * expected,
            "the loss of step {step} is {loss}, candle-nn's {expected}"
        );
    }
    for (index, (weight, expected)) in weights.iter().zip(&expected_weights).enumerate() {
        assert!(
            (weight - expected).abs() <= 1e-3 * (1.0 + expected.abs()),
            "weight {index} is {weight}, candle-nn's {expected}"
        );
    }
}
