//! The gradients of a tape's values while it is walked back.

use super::{Buffer, Tape, Value};
use crate::kernels::{Store, elementwise};

/// Gradients of a tape's values while it is walked.
pub(super) struct Walk(Vec<Option<Buffer>>);

impl Walk {
    /// A walk back from `result`, whose gradient is `seed`, over `n` values.
    pub(super) fn from(result: Value, seed: Buffer, n: usize) -> Self {
        let mut gradients: Vec<Option<Buffer>> = (0..n).map(|_| None).collect();
        gradients[result.0] = Some(seed);
        Self(gradients)
    }

    /// The gradient of `value`, where it has one.
    pub(super) fn take(&mut self, value: Value) -> Option<Buffer> {
        self.0.get_mut(value.0).and_then(Option::take)
    }

    /// Where the gradient of `value` is to be stored, and how.
    pub(super) fn place(&mut self, tape: &Tape<'_>, value: Value) -> (Buffer, Store) {
        match self.0[value.0].take() {
            Some(buffer) => (buffer, Store::Add),
            None => (
                tape.context.pool.take(tape.slots[value.0].len),
                Store::Write,
            ),
        }
    }

    /// Puts back what [`Walk::place`] lent.
    pub(super) fn put(&mut self, tape: &Tape<'_>, value: Value, gradient: Buffer) {
        if tape.has_gradient(value) {
            self.0[value.0] = Some(gradient);
        } else {
            tape.context.pool.give(gradient);
        }
    }

    /// Adds a gradient: the first is moved into place.
    pub(super) fn add(&mut self, tape: &Tape<'_>, value: Value, gradient: Buffer) {
        match &mut self.0[value.0] {
            Some(sum) => {
                elementwise::add_into(sum, &gradient);
                tape.context.pool.give(gradient);
            }
            None => self.put(tape, value, gradient),
        }
    }
}
