//! Optimizers against their definitions, what transformers computes, and each other; and that their state
//! goes through a checkpoint bit for bit.

use amoozgar_engine::kernels::{adafactor, adamw, adamw8};
use amoozgar_engine::random::Keyed;
use amoozgar_engine::tape::Gradients;
use amoozgar_engine::train::optimizer::{
    Decayed, Optimizer, OptimizerConfig, clip_factor, memory_bytes,
};
use amoozgar_engine::weights::{Layout, Parameter, ParameterId, Parameters, Role, Weight};
use amoozgar_types::spec::OptimizerKind;
use std::collections::BTreeMap;

const KINDS: [OptimizerKind; 3] = [
    OptimizerKind::AdamW,
    OptimizerKind::AdamW8bit,
    OptimizerKind::Adafactor,
];

fn normal(n: usize, purpose: &str) -> Vec<f32> {
    let stream = Keyed::new(11, purpose);
    (0..n as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

fn config(kind: OptimizerKind) -> OptimizerConfig {
    OptimizerConfig {
        kind,
        beta1: 0.9,
        beta2: 0.95,
        eps: 1e-8,
        weight_decay: 0.1,
        decayed: Decayed::Matrices,
    }
}

/// A matrix whose rows are no whole number of blocks, and a vector.
fn parameters() -> Parameters {
    let mut parameters = Parameters::default();
    for (name, shape) in [("matrix", vec![37, 83]), ("vector", vec![83])] {
        parameters.add(Parameter {
            name: name.to_owned(),
            weight: Weight::F32(normal(shape.iter().product(), name)),
            shape,
            layout: Layout::Plain,
            role: Role::Trained,
        });
    }
    parameters
}

/// The gradient of half the squared distance to a fixed point, with noise that depends on the step.
fn gradients(parameters: &Parameters, step: u64, noise: f32) -> Gradients {
    let mut gradients = Gradients::new(parameters);
    for (id, parameter) in parameters.trained() {
        let goal = normal(parameter.len(), &format!("goal of {}", parameter.name));
        let shake = normal(parameter.len(), &format!("{} {step}", parameter.name));
        let weight = parameter.weight.to_f32();
        let values = weight.iter().zip(goal.iter().zip(&shake));
        for (gradient, (weight, (goal, shake))) in
            gradients.get_mut(id).unwrap().iter_mut().zip(values)
        {
            *gradient = weight - goal + noise * shake;
        }
    }
    gradients
}

fn values(parameters: &Parameters) -> Vec<(ParameterId, Vec<f32>)> {
    let all = parameters.trained();
    all.map(|(id, parameter)| (id, parameter.weight.to_f32()))
        .collect()
}

#[test]
fn adamw_follows_its_definition_in_double_precision() {
    let n = 40_003;
    let (mut weight, gradient) = (normal(n, "weight"), normal(n, "gradient"));
    let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
    let mut expected: Vec<f64> = weight.iter().map(|&w| f64::from(w)).collect();
    let (mut m, mut v) = (vec![0.0_f64; n], vec![0.0_f64; n]);
    let (beta1, beta2, eps, lr, decay, clip) = (0.9, 0.95, 1e-8, 1e-2, 0.1, 0.5);
    for t in 1..=5 {
        let step = adamw::Step {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            keep: (1.0 - lr * decay) as f32,
            step_size: (lr / (1.0 - f64::powi(beta1, t))) as f32,
            root_correction: (1.0 / (1.0 - f64::powi(beta2, t)).sqrt()) as f32,
            eps: eps as f32,
            clip: clip as f32,
        };
        adamw::step(&mut weight, &gradient, &mut first, &mut second, &step);
        for index in 0..n {
            let g = clip * f64::from(gradient[index]);
            m[index] = beta1 * m[index] + (1.0 - beta1) * g;
            v[index] = beta2 * v[index] + (1.0 - beta2) * g * g;
            let m_hat = m[index] / (1.0 - f64::powi(beta1, t));
            let v_hat = v[index] / (1.0 - f64::powi(beta2, t));
            expected[index] -= lr * decay * expected[index] + lr * m_hat / (v_hat.sqrt() + eps);
        }
    }
    for (found, expected) in weight.iter().zip(&expected) {
        let off = (f64::from(*found) - expected).abs();
        assert!(
            off <= 2e-6 * expected.abs().max(0.1),
            "{found} is not {expected}"
        );
    }
}

#[test]
fn adafactor_follows_its_definition_in_double_precision() {
    let (rows, columns, lr, decay, clip) = (37, 83, 1e-2, 0.1, 0.5);
    let mut weight = normal(rows * columns, "weight");
    let mut expected: Vec<f64> = weight.iter().map(|&w| f64::from(w)).collect();
    let (mut r, mut c) = (vec![0.0_f32; rows], vec![0.0_f32; columns]);
    let (mut expected_r, mut expected_c) = (vec![0.0_f64; rows], vec![0.0_f64; columns]);
    for t in 1..=5_u64 {
        let gradient = normal(rows * columns, &format!("gradient {t}"));
        let step = adafactor::Step {
            beta2: adafactor::decay(t) as f32,
            lr: lr as f32,
            keep: (1.0 - lr * decay) as f32,
            clip: clip as f32,
        };
        adafactor::matrix(&mut weight, &gradient, &mut r, &mut c, &step);

        let beta2 = 1.0 - (t as f64).powf(-0.8);
        let g: Vec<f64> = gradient.iter().map(|&g| clip * f64::from(g)).collect();
        for (i, r) in expected_r.iter_mut().enumerate() {
            let squares: f64 = (0..columns).map(|j| g[i * columns + j].powi(2)).sum();
            *r = beta2 * *r + (1.0 - beta2) * squares / columns as f64;
        }
        for (j, c) in expected_c.iter_mut().enumerate() {
            let squares: f64 = (0..rows).map(|i| g[i * columns + j].powi(2)).sum();
            *c = beta2 * *c + (1.0 - beta2) * squares / rows as f64;
        }
        let mean = expected_r.iter().sum::<f64>() / rows as f64;
        let update: Vec<f64> = (0..rows * columns)
            .map(|at| g[at] / (expected_r[at / columns] * expected_c[at % columns] / mean).sqrt())
            .collect();
        let rms = (update.iter().map(|u| u * u).sum::<f64>() / update.len() as f64).sqrt();
        for (weight, update) in expected.iter_mut().zip(&update) {
            *weight -= lr * decay * *weight + lr * update / rms.max(1.0);
        }
    }
    for (found, expected) in weight.iter().zip(&expected) {
        let off = (f64::from(*found) - expected).abs();
        assert!(
            off <= 2e-6 * expected.abs().max(0.1),
            "{found} is not {expected}"
        );
    }
}

#[test]
fn eight_bit_moments_move_weights_as_whole_ones_do_to_a_twentieth() {
    let n = 10_007;
    let mut weight = normal(n, "weight");
    let mut narrow_weight = weight.clone();
    let start = weight.clone();
    let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
    let mut narrow = adamw8::Moments8::new(n);
    for t in 1..=20 {
        // Blocks over six decades of size, as between frequent and rare tokens.
        let gradient: Vec<f32> = normal(n, &format!("gradient {t}"))
            .into_iter()
            .enumerate()
            .map(|(index, g)| (g + 1.0) * 10.0_f32.powi((index / 256 % 7) as i32 - 6))
            .collect();
        let step = adamw::Step {
            beta1: 0.9,
            beta2: 0.95,
            keep: 1.0,
            step_size: 1e-3 / (1.0 - 0.9_f32.powi(t)),
            root_correction: 1.0 / (1.0 - 0.95_f32.powi(t)).sqrt(),
            eps: 1e-12,
            clip: 1.0,
        };
        adamw::step(&mut weight, &gradient, &mut first, &mut second, &step);
        adamw8::step(&mut narrow_weight, &gradient, &mut narrow, &step);
    }
    let moved = |to: &[f32]| {
        let differences: Vec<f64> = to
            .iter()
            .zip(&start)
            .map(|(a, b)| f64::from(a - b))
            .collect();
        differences
    };
    let (whole, narrow) = (moved(&weight), moved(&narrow_weight));
    let size: f64 = whole.iter().map(|x| x * x).sum::<f64>().sqrt();
    let off: f64 = whole
        .iter()
        .zip(&narrow)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!(off <= 0.05 * size, "{off} off a way of {size}");
}

#[test]
fn a_token_that_is_seen_once_takes_no_unbounded_step_with_eight_bit_moments() {
    // Beside a value with a large gradient, a small one whose second moment rounds below the smallest size;
    // then silence.
    let n = 256;
    let mut weight = vec![0.0_f32; n];
    let mut gradient = vec![0.0_f32; n];
    gradient[0] = 1.0;
    gradient[1] = 1e-4;
    let mut moments = adamw8::Moments8::new(n);
    for t in 1..=10 {
        let step = adamw::Step {
            beta1: 0.9,
            beta2: 0.95,
            keep: 1.0,
            step_size: 1e-3 / (1.0 - 0.9_f32.powi(t)),
            root_correction: 1.0 / (1.0 - 0.95_f32.powi(t)).sqrt(),
            eps: 1e-8,
            clip: 1.0,
        };
        adamw8::step(&mut weight, &gradient, &mut moments, &step);
        gradient.fill(0.0);
    }
    assert!(
        weight.iter().all(|weight| weight.abs() < 0.02),
        "no weight went further than ten steps of a rate of a thousandth: {:?}",
        &weight[..2]
    );
}

#[test]
fn every_optimizer_comes_to_the_minimum_of_a_noisy_bowl() {
    for kind in KINDS {
        let mut parameters = parameters();
        let mut optimizer = Optimizer::new(config(kind), &parameters);
        let distance = |parameters: &Parameters| gradients(parameters, 0, 0.0).norm();
        let before = distance(&parameters);
        for step in 0..300 {
            let gradients = gradients(&parameters, step, 0.1);
            let clip = clip_factor(gradients.norm(), 1e3);
            let lr = 0.05 * (1.0 - step as f64 / 300.0);
            // Decay pulls towards zero, away from this minimum.
            optimizer.step(&mut parameters, &gradients, lr, clip);
        }
        let after = distance(&parameters);
        assert!(after < 0.15 * before, "{kind:?}: from {before} to {after}");
    }
}

#[test]
fn a_restored_optimizer_goes_on_bit_for_bit() {
    for kind in KINDS {
        let mut whole = parameters();
        let mut optimizer = Optimizer::new(config(kind), &whole);
        let run = |optimizer: &mut Optimizer, parameters: &mut Parameters, steps| {
            for step in steps {
                let gradients = gradients(parameters, step, 0.3);
                optimizer.step(parameters, &gradients, 0.01, 0.7);
            }
        };
        run(&mut optimizer, &mut whole, 0..5);
        let mut resumed = whole.clone();
        let state: BTreeMap<String, Vec<f32>> = optimizer
            .state()
            .map(|(name, values)| (name, values.into_owned()))
            .collect();
        let mut restored = Optimizer::restore(config(kind), &resumed, 5, state.clone()).unwrap();
        run(&mut optimizer, &mut whole, 5..9);
        run(&mut restored, &mut resumed, 5..9);
        assert_eq!(
            values(&whole),
            values(&resumed),
            "{kind:?}: the same weights"
        );

        let mut less = state;
        less.pop_first();
        assert!(
            Optimizer::restore(config(kind), &resumed, 5, less).is_err(),
            "{kind:?}: a state that lacks a part is refused"
        );
    }
}

#[test]
fn only_matrices_are_decayed_where_that_is_asked_for() {
    for kind in KINDS {
        let mut parameters = parameters();
        let before = values(&parameters);
        let gradients = Gradients::new(&parameters);
        Optimizer::new(config(kind), &parameters).step(&mut parameters, &gradients, 0.5, 1.0);
        let after = values(&parameters);
        assert_eq!(before[1], after[1], "{kind:?}: the vector stays");
        for (before, after) in before[0].1.iter().zip(&after[0].1) {
            assert!(
                (before * 0.95 - after).abs() <= 1e-6,
                "{kind:?}: {before} became {after}, not 0.95 of it"
            );
        }
    }
}

#[test]
fn what_is_remembered_takes_the_bytes_that_the_plan_counts() {
    let parameters = parameters();
    for kind in KINDS {
        let planned: usize = parameters
            .trained()
            .map(|(_, parameter)| memory_bytes(kind, &parameter.shape))
            .sum();
        let optimizer = Optimizer::new(config(kind), &parameters);
        assert_eq!(optimizer.n_bytes(), planned, "{kind:?}");
    }
}

#[test]
fn updates_are_the_same_bits_on_one_thread_and_on_two() {
    let on = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        pool.install(|| {
            KINDS.map(|kind| {
                let mut parameters = parameters();
                let mut optimizer = Optimizer::new(config(kind), &parameters);
                for step in 0..3 {
                    let gradients = gradients(&parameters, step, 0.3);
                    optimizer.step(&mut parameters, &gradients, 0.01, 0.7);
                }
                values(&parameters)
            })
        })
    };
    assert_eq!(on(1), on(2), "one thread and two");
}
