//! How weights follow their gradients: `AdamW` with moments in f32 or in 8 bits, and Adafactor; clipping
//! by the global norm. Enter at [`Optimizer`].

use crate::EngineError;
use crate::kernels::adamw8::{self, Moments8};
use crate::kernels::{adafactor, adamw};
use crate::tape::Gradients;
use crate::weights::Parameters;
use crate::weights::safetensors::Entry;
use amoozgar_types::spec::OptimizerKind;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An optimizer's constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptimizerConfig {
    /// Which optimizer.
    pub kind: OptimizerKind,
    /// Decay of the first moment; Adafactor has none.
    pub beta1: f64,
    /// Decay of the second moment; Adafactor's follows from the step.
    pub beta2: f64,
    /// Added to the root of the second moment; Adafactor has its own.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Which weights are decayed.
    pub decayed: Decayed,
}

/// Which weights are decayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decayed {
    /// Matrices only: norms and biases stay free.
    Matrices,
    /// Every weight, as `PyTorch`'s plain `AdamW(model.parameters())`.
    All,
}

/// What is remembered of one weight's gradients.
#[derive(Debug, Clone, PartialEq)]
enum Memory {
    /// Mean of the gradient and of its square.
    Moments { first: Vec<f32>, second: Vec<f32> },
    /// The same in 8 bits; vectors are small and keep theirs whole.
    Narrow(Moments8),
    /// Mean squares of a matrix's rows and columns.
    Factored { rows: Vec<f32>, columns: Vec<f32> },
    /// Mean squares of a vector.
    Second(Vec<f32>),
}

/// An optimizer and all that it remembers.
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// Steps done.
    step: u64,
    memory: BTreeMap<String, Memory>,
}

impl Optimizer {
    /// One that has seen nothing yet.
    pub fn new(config: OptimizerConfig, parameters: &Parameters) -> Self {
        let memory = parameters
            .trained()
            .map(|(_, parameter)| {
                let memory = Memory::new(config.kind, &parameter.shape);
                (parameter.name.clone(), memory)
            })
            .collect();
        Self {
            config,
            step: 0,
            memory,
        }
    }

    /// Goes on after `step` steps from what [`Optimizer::state`] gave, bit for bit.
    ///
    /// # Errors
    /// Where something is missing or belongs to another shape.
    pub fn restore(
        config: OptimizerConfig,
        parameters: &Parameters,
        step: u64,
        mut state: BTreeMap<String, Vec<f32>>,
    ) -> Result<Self, EngineError> {
        let mut memory = BTreeMap::new();
        for (_, parameter) in parameters.trained() {
            let mut part = Memory::new(config.kind, &parameter.shape);
            part.take(&parameter.name, &mut state)?;
            memory.insert(parameter.name.clone(), part);
        }
        Ok(Self {
            config,
            step,
            memory,
        })
    }

    /// All that is remembered, as f32 values by name, exactly.
    pub fn state(&self) -> impl Iterator<Item = (String, Cow<'_, [f32]>)> {
        self.entries()
            .into_iter()
            .map(|entry| (entry.name, (entry.values)()))
    }

    /// One update in one pass over each weight; gradients are first multiplied by `clip`.
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &Gradients, lr: f64, clip: f64) {
        self.step += 1;
        for (id, name, shape, weight) in parameters.trained_mut() {
            let Some(memory) = self.memory.get_mut(name) else {
                continue;
            };
            // A weight that was in no batch's way has a gradient of zero.
            let gradient = gradients
                .get(id)
                .map_or_else(|| Cow::Owned(vec![0.0; weight.len()]), Cow::Borrowed);
            let gradient = gradient.as_ref();
            let decay = match self.config.decayed {
                Decayed::Matrices if shape.len() < 2 => 0.0,
                Decayed::Matrices | Decayed::All => self.config.weight_decay,
            };
            let keep = (1.0 - lr * decay) as f32;
            let adamw = self.config.adamw(self.step, lr, keep, clip);
            let adafactor = adafactor::Step {
                beta2: adafactor::decay(self.step) as f32,
                lr: lr as f32,
                keep,
                clip: clip as f32,
            };
            match memory {
                Memory::Moments { first, second } => {
                    adamw::step(weight, gradient, first, second, &adamw);
                }
                Memory::Narrow(moments) => adamw8::step(weight, gradient, moments, &adamw),
                Memory::Factored { rows, columns } => {
                    adafactor::matrix(weight, gradient, rows, columns, &adafactor);
                }
                Memory::Second(second) => adafactor::vector(weight, gradient, second, &adafactor),
            }
        }
    }

    /// Bytes of what is remembered.
    pub fn n_bytes(&self) -> usize {
        self.memory.values().map(Memory::n_bytes).sum()
    }

    /// Of a checkpoint's file; values are widened one weight at a time.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        let parts = self
            .memory
            .iter()
            .flat_map(|(name, memory)| memory.entries(name));
        parts.collect()
    }
}

impl OptimizerConfig {
    fn adamw(&self, step: u64, lr: f64, keep: f32, clip: f64) -> adamw::Step {
        let exponent = i32::try_from(step).unwrap_or(i32::MAX);
        adamw::Step {
            beta1: self.beta1 as f32,
            beta2: self.beta2 as f32,
            keep,
            step_size: (lr / (1.0 - self.beta1.powi(exponent))) as f32,
            root_correction: (1.0 / (1.0 - self.beta2.powi(exponent)).sqrt()) as f32,
            eps: self.eps as f32,
            clip: clip as f32,
        }
    }
}

impl Memory {
    fn new(kind: OptimizerKind, shape: &[usize]) -> Self {
        let n = shape.iter().product();
        match (kind, shape) {
            (OptimizerKind::Adafactor, &[rows, columns]) => Self::Factored {
                rows: vec![0.0; rows],
                columns: vec![0.0; columns],
            },
            (OptimizerKind::Adafactor, _) => Self::Second(vec![0.0; n]),
            (OptimizerKind::AdamW8bit, &[_, _]) => Self::Narrow(Moments8::new(n)),
            (OptimizerKind::AdamW | OptimizerKind::AdamW8bit, _) => Self::Moments {
                first: vec![0.0; n],
                second: vec![0.0; n],
            },
        }
    }

    fn n_bytes(&self) -> usize {
        match self {
            Self::Moments { first, second } => (first.len() + second.len()) * size_of::<f32>(),
            Self::Narrow(moments) => moments.n_bytes(),
            Self::Factored { rows, columns } => (rows.len() + columns.len()) * size_of::<f32>(),
            Self::Second(second) => second.len() * size_of::<f32>(),
        }
    }

    fn entries<'a>(&'a self, name: &str) -> Vec<Entry<'a>> {
        let whole = |kind: &str, values: &'a Vec<f32>| {
            Entry::new(format!("{kind}.{name}"), vec![values.len()], values)
        };
        match self {
            Self::Moments { first, second } => {
                vec![whole("first", first), whole("second", second)]
            }
            Self::Narrow(moments) => {
                let n = vec![moments.len()];
                let first = move || Cow::Owned(moments.first());
                let second = move || Cow::Owned(moments.second());
                vec![
                    Entry {
                        name: format!("first.{name}"),
                        shape: n.clone(),
                        values: Box::new(first),
                    },
                    Entry {
                        name: format!("second.{name}"),
                        shape: n,
                        values: Box::new(second),
                    },
                ]
            }
            Self::Factored { rows, columns } => {
                vec![whole("rows", rows), whole("columns", columns)]
            }
            Self::Second(second) => vec![whole("second", second)],
        }
    }

    /// Takes its part out of a stored state.
    fn take(
        &mut self,
        name: &str,
        state: &mut BTreeMap<String, Vec<f32>>,
    ) -> Result<(), EngineError> {
        let mut get = |kind: &str, n: usize| {
            let name = format!("{kind}.{name}");
            match state.remove(&name) {
                Some(values) if values.len() == n => Ok(values),
                _ => Err(EngineError::MissingWeight { name }),
            }
        };
        match self {
            Self::Moments { first, second } => {
                *first = get("first", first.len())?;
                *second = get("second", second.len())?;
            }
            Self::Narrow(moments) => {
                let n = moments.len();
                *moments = Moments8::from_f32(&get("first", n)?, &get("second", n)?);
            }
            Self::Factored { rows, columns } => {
                *rows = get("rows", rows.len())?;
                *columns = get("columns", columns.len())?;
            }
            Self::Second(second) => *second = get("second", second.len())?,
        }
        Ok(())
    }
}

/// Bytes that an optimizer remembers of a weight of this shape.
pub fn memory_bytes(kind: OptimizerKind, shape: &[usize]) -> usize {
    let n: usize = shape.iter().product();
    match (kind, shape) {
        (OptimizerKind::Adafactor, &[rows, columns]) => (rows + columns) * size_of::<f32>(),
        (OptimizerKind::Adafactor, _) => n * size_of::<f32>(),
        (OptimizerKind::AdamW8bit, &[_, _]) => adamw8::n_bytes(n),
        (OptimizerKind::AdamW | OptimizerKind::AdamW8bit, _) => 2 * n * size_of::<f32>(),
    }
}

/// What gradients of the norm `norm` are multiplied by so that it is at most `most`; 0 never clips.
/// `PyTorch`'s `clip_grad_norm_` adds the same millionth.
pub fn clip_factor(norm: f64, most: f64) -> f64 {
    if most > 0.0 {
        (most / (norm + 1e-6)).min(1.0)
    } else {
        1.0
    }
}
