//! What a training step costs: its operations, counted, and the time of its parts, measured.

use super::blocks::Blocks;
use super::network::End;
use super::{Batch, Model, StepContext};
use crate::EngineError;
use crate::tape::{Gradients, Input, Linear, Tape};
use crate::weights::Role;
use std::time::Instant;

/// Seconds of the parts of a step.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "the unit stands in every name")]
pub(crate) struct PartTimes {
    /// The embedding, there and back.
    pub(crate) embedding_s: f64,
    /// A block forward.
    pub(crate) forward_s: f64,
    /// A block back.
    pub(crate) backward_s: f64,
    /// The last norm, the head and the loss, there and back.
    pub(crate) end_s: f64,
}

impl PartTimes {
    /// What every measurement is faster than.
    pub(crate) fn slowest() -> Self {
        Self {
            embedding_s: f64::INFINITY,
            forward_s: f64::INFINITY,
            backward_s: f64::INFINITY,
            end_s: f64::INFINITY,
        }
    }

    /// The lesser of each part.
    pub(crate) fn least(self, other: Self) -> Self {
        Self {
            embedding_s: self.embedding_s.min(other.embedding_s),
            forward_s: self.forward_s.min(other.forward_s),
            backward_s: self.backward_s.min(other.backward_s),
            end_s: self.end_s.min(other.end_s),
        }
    }
}

impl Model {
    /// Floating-point operations of one training step over `batch`, recomputation not counted: two for
    /// each weight and row forward, as many for the gradient of what went in and again for that of a
    /// trained weight; attention's two products forward and twice that back, over the pairs seen; linear
    /// attention's three with its states forward and twice that back.
    pub fn step_flops(&self, batch: &Batch) -> u64 {
        let (n, n_targets) = (batch.tokens.len() as u64, batch.n_targets() as u64);
        let parameter = |id| self.parameters.get(id);
        let passes = |id| match parameter(id).role {
            Role::Trained => 3,
            Role::Frozen => 2,
        };
        let linear = |linear: &Linear, rows: u64| {
            let own = (linear.n_in * linear.n_out()) as u64 * passes(linear.weight);
            let adapter = linear.adapter.as_ref().map_or(0, |adapter| {
                3 * (adapter.rank * (linear.n_in + linear.n_out())) as u64
            });
            2 * rows * (own + adapter)
        };
        let maps: u64 = self.network.linears().map(|map| linear(map, n)).sum();
        let end = match &self.network.end {
            End::Tokens { head, .. } => {
                2 * n_targets * parameter(*head).len() as u64 * passes(*head)
            }
            End::Classes(head) => head.maps().map(|map| linear(map, n_targets)).sum(),
        };
        let pairs = self.network.pairs(&batch.segments);
        let width = (self.config.num_attention_heads * self.config.head_dim) as u64;
        let attention = 3 * 4 * pairs * width;
        let states = 3 * 6 * n * self.network.state_len() as u64;
        maps + end + attention + states
    }

    /// The walk of [`Model::gradients`], with the time of each of its parts; a block's is the mean of the times
    /// of all blocks, of which each counts as often as `counts` says.
    pub(crate) fn timed(
        &self,
        batch: &Batch,
        step: &StepContext,
        gradients: &mut Gradients,
        counts: &[usize],
    ) -> Result<PartTimes, EngineError> {
        let positions = self.checked_positions(&batch.tokens, &batch.segments, 0)?;
        let context = self.context(&batch.segments, &positions);
        let mut clock = Instant::now();
        let mut lap = || {
            let lap = clock.elapsed().as_secs_f64();
            clock = Instant::now();
            lap
        };
        let mut embedding = Tape::recording(&context);
        let embedded = self
            .network
            .embed(&mut embedding, &batch.tokens, &positions);
        let mut x = embedding.take(embedded);
        let embedded_s = lap();
        let mut blocks = Blocks::new(self, &context, step.policy, Input::Tracked);
        let (mut forward_s, mut backward_s) = (0.0, 0.0);
        for &count in counts {
            x = blocks.forward(x);
            forward_s += count as f64 * lap();
        }
        let (_, mut dx) = self.end(&context, x, &batch.targets, step.scale, gradients);
        let end_s = lap();
        for &count in counts.iter().rev() {
            dx = blocks.backward(dx, gradients);
            backward_s += count as f64 * lap();
        }
        let n_blocks = counts.iter().sum::<usize>().max(1) as f64;
        if let Some(dx) = dx {
            embedding.backward(embedded, dx, gradients);
        }
        Ok(PartTimes {
            embedding_s: embedded_s + lap(),
            forward_s: forward_s / n_blocks,
            backward_s: backward_s / n_blocks,
            end_s,
        })
    }
}
