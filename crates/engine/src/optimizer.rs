//! `AdamW` (Loshchilov and Hutter, 2019) with moments of its own, clipping by the global norm, and the
//! learning rate's schedule.

use crate::kernels::adamw;
use crate::tape::{Gradients, Parameters};
use std::collections::BTreeMap;

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

/// The optimizer's state.
#[derive(Debug)]
pub struct AdamW {
    config: AdamWConfig,
    /// Steps done.
    step: u64,
    moments: BTreeMap<String, Moments>,
}

impl AdamW {
    /// Fresh moments of the trained weights.
    pub fn new(config: AdamWConfig, parameters: &Parameters) -> Self {
        let moments = parameters
            .trained()
            .map(|(_, parameter)| {
                let zeros = || vec![0.0; parameter.len()];
                let moments = Moments {
                    first: zeros(),
                    second: zeros(),
                };
                (parameter.name.clone(), moments)
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

    /// One update in one pass over each weight; gradients are first multiplied by `clip`.
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &Gradients, lr: f64, clip: f64) {
        self.step += 1;
        let exponent = i32::try_from(self.step).unwrap_or(i32::MAX);
        for (id, name, shape, weight) in parameters.trained_mut() {
            let (Some(gradient), Some(moments)) = (gradients.get(id), self.moments.get_mut(name))
            else {
                continue;
            };
            let decay = match self.config.decayed {
                Decayed::Matrices if shape.len() < 2 => 0.0,
                Decayed::Matrices | Decayed::All => self.config.weight_decay,
            };
            let step = adamw::Step {
                beta1: self.config.beta1 as f32,
                beta2: self.config.beta2 as f32,
                keep: (1.0 - lr * decay) as f32,
                step_size: (lr / (1.0 - self.config.beta1.powi(exponent))) as f32,
                root_correction: (1.0 / (1.0 - self.config.beta2.powi(exponent)).sqrt()) as f32,
                eps: self.config.eps as f32,
                clip: clip as f32,
            };
            let Moments { first, second } = moments;
            adamw::step(weight, gradient, first, second, &step);
        }
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
