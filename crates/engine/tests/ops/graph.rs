//! How an operation in a graph is checked: against its twin in f32, and against central differences of the
//! twin in f64.

use amoozgar_engine::random::Keyed;
use candle_core::{DType, Device, Result, Tensor, Var};

pub fn normal(dims: &[usize], purpose: &str) -> Tensor {
    let stream = Keyed::new(17, purpose);
    let n = dims.iter().product::<usize>() as u64;
    let values: Vec<f64> = (0..n).map(|index| stream.normal(index)).collect();
    Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    let wide = tensor.to_dtype(DType::F64).unwrap();
    wide.flatten_all().unwrap().to_vec1().unwrap()
}

fn dot(a: &Tensor, b: &Tensor) -> f64 {
    values(a).iter().zip(values(b)).map(|(a, b)| a * b).sum()
}

/// The greatest difference, relative to the greatest value (or to 1 where that is less).
pub fn off(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.dims(), b.dims(), "of one shape");
    let (a, b) = (values(a), values(b));
    let most = b.iter().fold(1.0_f64, |most, b| most.max(b.abs()));
    let pairs = a.iter().zip(&b);
    pairs.fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs() / most))
}

pub type Op<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

/// The result and the gradients of `sum(result * seed)` by each argument.
fn run(op: Op<'_>, args: &[Tensor], dtype: DType, seed: &Tensor) -> (Tensor, Vec<Tensor>) {
    let variables: Vec<Var> = args
        .iter()
        .map(|arg| Var::from_tensor(&arg.to_dtype(dtype).unwrap()).unwrap())
        .collect();
    let tensors: Vec<Tensor> = variables
        .iter()
        .map(|var| var.as_tensor().clone())
        .collect();
    let out = op(&tensors).unwrap();
    let loss = (&out * seed.to_dtype(dtype).unwrap())
        .unwrap()
        .sum_all()
        .unwrap();
    let grads = loss.backward().unwrap();
    let of = |var: &Var| {
        grads
            .get(var)
            .expect("a gradient: the graph is whole")
            .clone()
    };
    (out.detach(), variables.iter().map(of).collect())
}

pub fn check(name: &str, fused: Op<'_>, plain: Op<'_>, args: &[Tensor]) {
    let shape = plain(args).unwrap().dims().to_vec();
    let name = format!("{name} {shape:?}");
    let seed = normal(&shape, "seed");
    let (out, grads) = run(fused, args, DType::F32, &seed);
    let (expected_out, expected_grads) = run(plain, args, DType::F32, &seed);
    let error = off(&out, &expected_out);
    assert!(
        error <= 2e-6,
        "{name}: the result is {error} off the twin's"
    );
    for (index, (grad, expected)) in grads.iter().zip(&expected_grads).enumerate() {
        let error = off(grad, expected);
        assert!(
            error <= 1e-5,
            "{name}: gradient {index} is {error} off the twin's"
        );
    }
    for (index, grad) in grads.iter().enumerate() {
        let direction = normal(args[index].dims(), "direction");
        let at = |step: f64| {
            let mut moved = args.to_vec();
            moved[index] = (&moved[index] + (&direction * step).unwrap()).unwrap();
            dot(&plain(&moved).unwrap(), &seed)
        };
        let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        let found = dot(grad, &direction);
        let size = dot(grad, grad).sqrt() * dot(&direction, &direction).sqrt();
        assert!(
            (found - slope).abs() <= 2e-6 * size.max(1.0),
            "{name}: gradient {index} along a direction is {found}, the difference {slope}"
        );
    }
}
