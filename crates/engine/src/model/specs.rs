//! Which weights a model has: names by transformers, shapes in memory, how fresh ones are drawn.

use super::ModelConfig;
use crate::random::Keyed;
use crate::weights::{Layout, Parameter, Parameters, Role, Weight};
use rayon::prelude::*;

/// Standard deviation of fresh matrices.
pub(super) const INIT_STD: f64 = 0.02;

/// One weight of a model. The shape is that of memory: a matrix is `(O, I)`.
#[derive(Debug, Clone)]
pub(super) struct WeightSpec {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    layout: Layout,
    init: Init,
    pub(super) need: Need,
}

/// How fresh values are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Init {
    /// Normal, of this deviation.
    Normal(f64),
    One,
    Zero,
    /// Logarithms of values that are uniform between these.
    LogUniform(f64, f64),
}

/// What becomes of a weight that a folder lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The folder cannot be used.
    Required,
    /// It is drawn.
    Drawn,
    /// It is drawn, also where other classes are wanted than the folder's.
    OfClasses,
}

impl WeightSpec {
    fn new(name: String, shape: Vec<usize>, init: Init) -> Self {
        Self {
            name,
            shape,
            layout: Layout::Plain,
            init,
            need: Need::Required,
        }
    }

    /// A matrix `path.weight` `(O, I)` of this deviation.
    pub(super) fn matrix(path: &str, shape: [usize; 2], std: f64) -> Self {
        Self::new(format!("{path}.weight"), shape.to_vec(), Init::Normal(std))
    }

    /// A matrix `path.weight` of the usual deviation: an embedding's rows, or a map that does not lead
    /// into the residual stream.
    pub(super) fn table(path: &str, rows: usize, width: usize) -> Self {
        Self::matrix(path, [rows, width], INIT_STD)
    }

    /// A norm's factors `path.weight`.
    pub(super) fn ones(path: &str, width: usize) -> Self {
        Self::new(format!("{path}.weight"), vec![width], Init::One)
    }

    /// Factors of a norm that adds one to them, `path.weight`.
    pub(super) fn zeros(path: &str, width: usize) -> Self {
        Self::new(format!("{path}.weight"), vec![width], Init::Zero)
    }

    /// The taps of a convolution of each channel, `path.weight` `(C, 1, K)`, as `PyTorch` draws them.
    pub(super) fn taps(path: &str, n_channels: usize, n_taps: usize) -> Self {
        let std = 1.0 / (3.0 * n_taps as f64).sqrt();
        let shape = vec![n_channels, 1, n_taps];
        Self::new(format!("{path}.weight"), shape, Init::Normal(std))
    }

    /// Logarithms of the decays of heads, `name`, as transformers draws them.
    pub(super) fn log_decays(name: &str, n_heads: usize) -> Self {
        Self::new(name.to_owned(), vec![n_heads], Init::LogUniform(0.01, 16.0))
    }

    /// What is added to the inputs of the decays of heads, `name`.
    pub(super) fn time_steps(name: &str, n_heads: usize) -> Self {
        Self::new(name.to_owned(), vec![n_heads], Init::One)
    }

    /// A bias `path.bias`.
    pub(super) fn bias(path: &str, width: usize) -> Self {
        Self::new(format!("{path}.bias"), vec![width], Init::Zero)
    }

    /// A matrix with its bias.
    pub(super) fn affine(path: &str, shape: [usize; 2], std: f64, layout: Layout) -> [Self; 2] {
        let matrix = Self {
            layout,
            ..Self::matrix(path, shape, std)
        };
        [matrix, Self::bias(path, shape[0])]
    }

    /// A norm's factors and bias.
    pub(super) fn layer_norm(path: &str, width: usize) -> [Self; 2] {
        [Self::ones(path, width), Self::bias(path, width)]
    }

    /// The same, drawn where a folder lacks it.
    pub(super) fn or_drawn(self) -> Self {
        Self {
            need: Need::Drawn,
            ..self
        }
    }

    /// The same, drawn where a folder lacks it or knows other classes.
    pub(super) fn of_classes(self) -> Self {
        Self {
            need: Need::OfClasses,
            ..self
        }
    }

    /// The weight with these values.
    pub(super) fn holding(&self, weight: Weight) -> Parameter {
        Parameter {
            name: self.name.clone(),
            shape: self.shape.clone(),
            weight,
            layout: self.layout,
            role: Role::Trained,
        }
    }

    /// The weight with fresh values, a function of the seed and its name.
    pub(super) fn fresh(&self, seed: u64) -> Parameter {
        let n: usize = self.shape.iter().product();
        self.holding(Weight::F32(match self.init {
            Init::One => vec![1.0; n],
            Init::Zero => vec![0.0; n],
            Init::LogUniform(least, most) => {
                let stream = Keyed::new(seed, &self.name);
                (0..n as u64)
                    .map(|index| (least + (most - least) * stream.uniform(index)).ln() as f32)
                    .collect()
            }
            Init::Normal(std) => {
                let stream = Keyed::new(seed, &self.name);
                (0..n as u64)
                    .into_par_iter()
                    .map(|index| (stream.normal(index) * std) as f32)
                    .collect()
            }
        }))
    }

    /// Values in all; `None` where they cannot be counted.
    fn len(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1u64, |n, &size| n.checked_mul(u64::try_from(size).ok()?))
    }
}

/// Fresh weights, each a function of the seed and its name.
pub fn init(config: &ModelConfig, seed: u64) -> Parameters {
    let mut parameters = Parameters::default();
    for spec in specs(config) {
        parameters.add(spec.fresh(seed));
    }
    parameters
}

/// Every weight, by name.
pub(super) fn specs(config: &ModelConfig) -> Vec<WeightSpec> {
    let mut all = config.architecture.family().weights(config);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Names and shapes in memory.
pub(crate) fn shapes(config: &ModelConfig) -> Vec<(String, Vec<usize>)> {
    specs(config)
        .into_iter()
        .map(|spec| (spec.name, spec.shape))
        .collect()
}

/// Paths and shapes `(O, I)` of the blocks' linear maps.
pub(crate) fn block_maps(config: &ModelConfig) -> Vec<(String, [usize; 2])> {
    let blocks = format!("{}.", config.architecture.family().block_path());
    specs(config)
        .into_iter()
        .filter(|spec| spec.name.starts_with(&blocks))
        .filter_map(|spec| match *spec.shape.as_slice() {
            [n_out, n_in] => {
                let path = spec.name.trim_end_matches(".weight").to_owned();
                Some((path, [n_out, n_in]))
            }
            _ => None,
        })
        .collect()
}

/// A weight that the configuration asks for and the files do not have so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is in none of them.
    Missing { name: String },
    /// It has another shape than the one that is needed.
    Shape {
        name: String,
        found: Vec<usize>,
        needed: Vec<usize>,
    },
}

/// Weights in all, counted by value; the greatest number where they cannot be counted.
pub fn n_parameters(config: &ModelConfig) -> u64 {
    specs(config)
        .iter()
        .try_fold(0u64, |n, spec| n.checked_add(spec.len()?))
        .unwrap_or(u64::MAX)
}

/// Deviation of the projections into the residual stream, which start smaller (as in GPT-2).
pub(super) fn residual_std(config: &ModelConfig) -> f64 {
    INIT_STD / (2.0 * config.num_hidden_layers as f64).sqrt()
}
