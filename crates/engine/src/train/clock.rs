//! Speed and remaining time of a run, and when it saved last.

use super::run_plan::Plan;
use std::time::{Duration, Instant};

/// Share of the newest step in the smoothed values.
const SMOOTHING: f64 = 0.1;

/// When the clock asks for a checkpoint.
pub(super) struct SavingClock {
    every: Duration,
    saved: Instant,
}

impl SavingClock {
    /// Nothing is unsaved now. `minutes` is within its limits.
    pub(super) fn new(minutes: f64) -> Self {
        Self {
            every: Duration::from_secs_f64(minutes * 60.0),
            saved: Instant::now(),
        }
    }

    pub(super) fn saved(&mut self) {
        self.saved = Instant::now();
    }

    pub(super) fn is_due(&self) -> bool {
        self.saved.elapsed() >= self.every
    }
}

/// Measures steps and validations.
pub(super) struct RunClock {
    total_steps: u64,
    evaluate_every: u64,
    last: Instant,
    n_steps: u64,
    step_s: f64,
    tokens_per_s: f64,
    validation_s: f64,
}

impl RunClock {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            total_steps: plan.total_steps,
            evaluate_every: plan.evaluate_every,
            last: Instant::now(),
            n_steps: 0,
            step_s: 0.0,
            tokens_per_s: 0.0,
            validation_s: 0.0,
        }
    }

    /// Time that belongs to no step has passed.
    pub(super) fn restart(&mut self) {
        self.last = Instant::now();
    }

    pub(super) fn validated(&mut self, took: Duration) {
        self.validation_s = took.as_secs_f64();
        self.restart();
    }

    pub(super) fn stepped(&mut self, n_tokens: usize) {
        let took = self.last.elapsed().as_secs_f64().max(1e-9);
        self.restart();
        let share = if self.n_steps == 0 { 1.0 } else { SMOOTHING };
        self.step_s += share * (took - self.step_s);
        self.tokens_per_s = n_tokens as f64 / self.step_s;
        self.n_steps += 1;
    }

    pub(super) fn tokens_per_s(&self) -> f64 {
        self.tokens_per_s
    }

    /// Seconds until the end, after a few steps.
    pub(super) fn eta_s(&self, step: u64) -> Option<f64> {
        let left = self.total_steps.saturating_sub(step);
        let validations_left = self
            .total_steps
            .div_ceil(self.evaluate_every)
            .saturating_sub(step / self.evaluate_every);
        (self.n_steps >= 3)
            .then_some(left as f64 * self.step_s + validations_left as f64 * self.validation_s)
    }
}
