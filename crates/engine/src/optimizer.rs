//! `AdamW` (Loshchilov and Hutter, 2019) with moments of its own, clipping by the global norm, and the
//! learning rate's schedule.

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor, Var};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Values that one task handles; also the unit of the norm's sums, which are added in index order, so
/// that the result does not depend on the number of threads.
const CHUNK: usize = 16 * 1024;

/// `AdamW`'s constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Which weights are decayed.
    pub decayed: Decayed,
}

/// Which weights are decayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decayed {
    /// Matrices only: norms stay free.
    Matrices,
    /// Every weight, as `PyTorch`'s plain `AdamW(model.parameters())`.
    All,
}

/// A learning rate's course over a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// The highest rate.
    pub peak: f64,
    /// The last step's rate.
    pub floor: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: u64,
    /// Steps in all.
    pub total_steps: u64,
}

impl Schedule {
    /// The rate of step number `step`, counted from 1: linear up, then half a cosine down.
    pub fn lr(&self, step: u64) -> f64 {
        if step <= self.warmup_steps {
            return self.peak * step as f64 / self.warmup_steps as f64;
        }
        let length = self.total_steps.saturating_sub(self.warmup_steps).max(1) as f64;
        let done = ((step - self.warmup_steps) as f64 / length).min(1.0);
        self.floor + (self.peak - self.floor) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
    }
}

/// First and second moment of one weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Mean of the gradient.
    pub first: Vec<f32>,
    /// Mean of its square.
    pub second: Vec<f32>,
}

/// Gradients by name, in the names' order.
#[derive(Debug, Default)]
pub struct Gradients(BTreeMap<String, Vec<f32>>);

impl Gradients {
    /// Adds `scale` times what `grads` holds for the variables.
    ///
    /// # Errors
    /// Where a gradient is no f32 tensor on the CPU.
    pub fn add(
        &mut self,
        variables: &BTreeMap<String, Var>,
        grads: &GradStore,
        scale: f32,
    ) -> Result<()> {
        for (name, variable) in variables {
            let sum = self
                .0
                .entry(name.clone())
                .or_insert_with(|| vec![0.0; variable.elem_count()]);
            let Some(grad) = grads.get(variable) else {
                continue;
            };
            with_values(&grad.contiguous()?, |values| {
                sum.par_chunks_mut(CHUNK)
                    .zip(values.par_chunks(CHUNK))
                    .for_each(|(sum, values)| {
                        sum.iter_mut()
                            .zip(values)
                            .for_each(|(sum, value)| *sum += scale * value);
                    });
            })?;
        }
        Ok(())
    }

    /// Euclidean norm over all gradients.
    pub fn norm(&self) -> f64 {
        self.0
            .values()
            .map(|values| {
                let chunks: Vec<f64> = values
                    .par_chunks(CHUNK)
                    .map(|chunk| {
                        chunk
                            .iter()
                            .map(|&value| f64::from(value) * f64::from(value))
                            .sum()
                    })
                    .collect();
                chunks.iter().sum::<f64>()
            })
            .sum::<f64>()
            .sqrt()
    }
}

/// The optimizer's state.
#[derive(Debug)]
pub struct AdamW {
    config: AdamWConfig,
    /// Steps done.
    step: u64,
    moments: BTreeMap<String, Moments>,
}

impl AdamW {
    /// Fresh moments.
    pub fn new(config: AdamWConfig, variables: &BTreeMap<String, Var>) -> Self {
        let moments = variables
            .iter()
            .map(|(name, variable)| {
                let n = variable.elem_count();
                (
                    name.clone(),
                    Moments {
                        first: vec![0.0; n],
                        second: vec![0.0; n],
                    },
                )
            })
            .collect();
        Self {
            config,
            step: 0,
            moments,
        }
    }

    /// Goes on from stored moments.
    pub fn restore(config: AdamWConfig, step: u64, moments: BTreeMap<String, Moments>) -> Self {
        Self {
            config,
            step,
            moments,
        }
    }

    /// The moments by weight.
    pub fn moments(&self) -> &BTreeMap<String, Moments> {
        &self.moments
    }

    /// One update; gradients are first multiplied by `scale` (clipping).
    ///
    /// # Errors
    /// Where a variable is no contiguous f32 tensor on the CPU.
    pub fn step(
        &mut self,
        variables: &BTreeMap<String, Var>,
        gradients: &Gradients,
        lr: f64,
        scale: f64,
    ) -> Result<()> {
        self.step += 1;
        let exponent = i32::try_from(self.step).unwrap_or(i32::MAX);
        for (name, variable) in variables {
            let (Some(grad), Some(moments)) = (gradients.0.get(name), self.moments.get_mut(name))
            else {
                continue;
            };
            let decay = match self.config.decayed {
                Decayed::Matrices if variable.rank() < 2 => 0.0,
                Decayed::Matrices | Decayed::All => self.config.weight_decay,
            };
            let update = Update {
                grad,
                moments: Mutex::new(moments),
                beta1: self.config.beta1 as f32,
                beta2: self.config.beta2 as f32,
                keep: (1.0 - lr * decay) as f32,
                step_size: (lr / (1.0 - self.config.beta1.powi(exponent))) as f32,
                root_correction: (1.0 / (1.0 - self.config.beta2.powi(exponent)).sqrt()) as f32,
                eps: self.config.eps as f32,
                scale: scale as f32,
            };
            variable.as_tensor().inplace_op1(&update)?;
        }
        Ok(())
    }
}

/// One weight's update, in place and in one pass.
struct Update<'a> {
    grad: &'a [f32],
    moments: Mutex<&'a mut Moments>,
    beta1: f32,
    beta2: f32,
    keep: f32,
    step_size: f32,
    root_correction: f32,
    eps: f32,
    scale: f32,
}

impl InplaceOp1 for Update<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (start, end) = layout
            .contiguous_offsets()
            .ok_or_else(|| candle_core::Error::Msg("adamw needs a contiguous weight".to_owned()))?;
        let CpuStorage::F32(values) = storage else {
            return Err(candle_core::Error::Msg(
                "adamw needs an f32 weight".to_owned(),
            ));
        };
        let values = values.get_mut(start..end).unwrap_or_default();
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let Moments { first, second } = &mut **moments;
        values
            .par_chunks_mut(CHUNK)
            .zip(self.grad.par_chunks(CHUNK))
            .zip(
                first
                    .par_chunks_mut(CHUNK)
                    .zip(second.par_chunks_mut(CHUNK)),
            )
            .for_each(|((weights, grads), (firsts, seconds))| {
                for (((weight, grad), m), v) in
                    weights.iter_mut().zip(grads).zip(firsts).zip(seconds)
                {
                    let grad = grad * self.scale;
                    *m = self.beta1 * *m + (1.0 - self.beta1) * grad;
                    *v = self.beta2 * *v + (1.0 - self.beta2) * grad * grad;
                    *weight = self.keep * *weight
                        - self.step_size * *m / (v.sqrt() * self.root_correction + self.eps);
                }
            });
        Ok(())
    }
}

/// Lends the values of a contiguous f32 tensor on the CPU.
pub(crate) fn with_values<T>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(CpuStorage::F32(values)) = &*storage else {
        return Err(candle_core::Error::Msg(
            "an f32 tensor on the CPU is needed".to_owned(),
        ));
    };
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a contiguous tensor is needed".to_owned()))?;
    Ok(f(values.get(start..end).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn the_rate_rises_linearly_then_falls_along_a_cosine_to_its_floor() {
        let schedule = Schedule {
            peak: 1.0,
            floor: 0.1,
            warmup_steps: 10,
            total_steps: 110,
        };
        assert!((schedule.lr(5) - 0.5).abs() < 1e-12, "half way up");
        assert!(
            (schedule.lr(10) - 1.0).abs() < 1e-12,
            "the peak ends the warm-up"
        );
        assert!((schedule.lr(60) - 0.55).abs() < 1e-12, "half way down");
        assert!(
            (schedule.lr(110) - 0.1).abs() < 1e-12,
            "the floor at the end"
        );
    }
}
