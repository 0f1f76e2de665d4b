//! The blocks of a training step on their way forward and back: what each policy keeps of them, and how
//! what was not kept is computed again.

use super::Model;
use crate::tape::{Buffer, Context, Gradients, Input, Policy, Tape, Value};

/// The blocks on their way forward and back, under a policy.
pub(super) struct Blocks<'a> {
    model: &'a Model,
    context: &'a Context<'a>,
    policy: Policy,
    /// Blocks of a group, of which only the first one's input is kept.
    group: usize,
    input: Input,
    kept: Vec<Kept<'a>>,
    /// Inputs of the blocks of the group at hand.
    replayed: Vec<Buffer>,
}

/// What is kept of a block.
enum Kept<'a> {
    /// Its tape, and its result.
    Tape(Tape<'a>, Value),
    /// Its input.
    Input(Buffer),
    /// Nothing: an earlier block's input leads to it.
    Nothing,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(
        model: &'a Model,
        context: &'a Context<'a>,
        policy: Policy,
        input: Input,
    ) -> Self {
        let n_blocks = model.network.blocks.len();
        Self {
            model,
            context,
            policy,
            group: match policy {
                Policy::RecomputeGroup => (n_blocks as f64).sqrt().round().max(1.0) as usize,
                Policy::Keep | Policy::RecomputeCheap | Policy::RecomputeBlock => 1,
            },
            // Once an adapter or a weight was passed, everything after it is tracked.
            input,
            kept: Vec::with_capacity(n_blocks),
            replayed: Vec::new(),
        }
    }

    /// The next block, from its input to its result.
    pub(super) fn forward(&mut self, x: Buffer) -> Buffer {
        let index = self.kept.len();
        let (mut tape, input, result) = self.run(index, x);
        let out = tape.take(result);
        self.kept.push(match self.policy {
            Policy::Keep => Kept::Tape(tape, result),
            Policy::RecomputeCheap => {
                tape.drop_cheap();
                Kept::Tape(tape, result)
            }
            Policy::RecomputeBlock | Policy::RecomputeGroup => {
                let first = index.is_multiple_of(self.group);
                let kept = tape.dismantle(first.then_some(input));
                kept.map_or(Kept::Nothing, Kept::Input)
            }
        });
        out
    }

    /// The last block that has not gone back, from its result's gradient to its input's.
    pub(super) fn backward(
        &mut self,
        dx: Option<Buffer>,
        gradients: &mut Gradients,
    ) -> Option<Buffer> {
        let kept = self.kept.pop()?;
        let index = self.kept.len();
        let (tape, result) = match kept {
            Kept::Tape(tape, result) => (tape, result),
            Kept::Input(x) if self.replayed.is_empty() => self.again(index, x),
            Kept::Input(x) => {
                self.context.pool.give(x);
                let x = self.replayed.pop()?;
                self.again(index, x)
            }
            Kept::Nothing => {
                let x = self.replay(index)?;
                self.again(index, x)
            }
        };
        tape.backward(result, dx?, gradients)
    }

    fn run(&self, index: usize, x: Buffer) -> (Tape<'a>, Value, Value) {
        let mut tape = Tape::recording(self.context);
        let tracked = if index == 0 {
            self.input
        } else {
            Input::Tracked
        };
        let input = tape.input(x, self.model.network.width, tracked);
        let result = self.model.network.block(&mut tape, index, input);
        (tape, input, result)
    }

    /// The block's tape, computed again; its result is not needed again.
    fn again(&self, index: usize, x: Buffer) -> (Tape<'a>, Value) {
        let (mut tape, _, result) = self.run(index, x);
        self.context.pool.give(tape.take(result));
        (tape, result)
    }

    /// The input of block `index`: where it was not kept, the group's blocks before it are computed
    /// again and their inputs kept.
    fn replay(&mut self, index: usize) -> Option<Buffer> {
        if self.replayed.is_empty() {
            let first = index - index % self.group;
            let Some(Kept::Input(kept)) = self.kept.get(first) else {
                return None;
            };
            let mut x = self.context.pool.take(kept.len());
            x.copy_from_slice(kept);
            for block in first..index {
                let (mut tape, input, result) = self.run(block, x);
                x = tape.take(result);
                self.replayed.extend(tape.dismantle(Some(input)));
            }
            self.replayed.push(x);
        }
        self.replayed.pop()
    }
}
