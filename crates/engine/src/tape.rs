//! The record of a computation over pooled buffers, and the walk back over it.
//!
//! A [`Tape`] serves one *segment* of a model: a transformer block, or an end of the model. Every
//! operation runs at once and is noted; [`Tape::backward`] walks the notes in reverse. The first
//! gradient of a value is moved into its place and later ones are added there, gradients of weights go
//! straight into their sums, and a value's memory goes back to the pool when its last use is done.
//! Frozen weights cost no gradient.
//!
//! What a segment keeps between its forward and its backward pass is the caller's [`Policy`]: a value
//! that was let go is computed again by the note that made it, so recomputation is no path of its own.
//!
//! It must not know models: enter at `model::Network`, whose walk uses it.

mod backward;
mod cache;
mod delta;
mod gradients;
mod linear;
mod node;
mod parts;
mod pool;
mod walk;

pub use cache::LayerCache;
pub use gradients::Gradients;
pub use parts::{Adapter, DeltaRule, Factors, HeadShape, Linear, RmsNorm, ShortConv};
pub use pool::{Buffer, Pool};

use crate::kernels::attention::AttentionShape;
use crate::kernels::gelu;
use crate::kernels::halves::Half;
use crate::kernels::matmul::Precision;
use crate::kernels::rope;
use crate::kernels::segments::Segments;
use crate::random::Keyed;
use crate::weights::{ParameterId, Parameters, Role};
use node::{Node, Op};

/// What is kept from a block's forward pass for its backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// Everything.
    Keep,
    /// All but what costs little to compute again: norms, gates, rotations.
    RecomputeCheap,
    /// The block's input (Chen et al., 2016): one more forward pass.
    RecomputeBlock,
    /// The input of every group of about `sqrt(blocks)` blocks: two more forward passes, and memory
    /// that grows with the square root of the depth.
    RecomputeGroup,
}

impl Policy {
    /// Every policy, from the fastest to the leanest.
    pub const ALL: [Self; 4] = [
        Self::Keep,
        Self::RecomputeCheap,
        Self::RecomputeBlock,
        Self::RecomputeGroup,
    ];
}

/// What every operation of one micro-batch sees.
pub struct Context<'a> {
    /// The weights.
    pub parameters: &'a Parameters,
    /// Where buffers come from.
    pub pool: &'a Pool,
    /// Where sequences begin and end.
    pub segments: &'a Segments,
    /// Place of each of the `N` rows in its sequence.
    pub positions: &'a [u32],
    /// Angles of the positions, by the numbers that rotations name; none where the model has none.
    pub rotations: &'a [rope::Table],
    /// Of the products.
    pub precision: Precision,
    /// Draws the adapters' dropout of this micro-batch; `None` outside training.
    pub dropout: Option<Keyed>,
}

/// A value `(N, width)` of a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value(usize);

/// A value's place.
struct Slot {
    buffer: Option<Buffer>,
    width: usize,
    len: usize,
    /// The note that made it; `None` for the segment's input.
    producer: Option<usize>,
    /// Whether anything that is trained lies before it.
    has_gradient: bool,
}

/// What a tape is for.
enum Mode<'a> {
    /// The operations are noted.
    Record,
    /// Nothing goes back.
    Infer,
    /// Nothing goes back, and keys and values are kept for the tokens to come.
    Continue(&'a mut LayerCache),
}

/// The values and notes of one segment.
pub struct Tape<'a> {
    context: &'a Context<'a>,
    slots: Vec<Slot>,
    nodes: Vec<Node<'a>>,
    mode: Mode<'a>,
}

/// Whether the segment's input leads back to something that is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Its gradient is wanted.
    Tracked,
    /// Nothing before it is trained.
    Untracked,
}

impl<'a> Tape<'a> {
    /// A tape that notes what is done.
    pub fn recording(context: &'a Context<'a>) -> Self {
        Self::new(context, Mode::Record)
    }

    /// A tape for one pass forward.
    pub fn inferring(context: &'a Context<'a>) -> Self {
        Self::new(context, Mode::Infer)
    }

    /// A tape for tokens that follow those in `cache`.
    pub fn continuing(context: &'a Context<'a>, cache: &'a mut LayerCache) -> Self {
        Self::new(context, Mode::Continue(cache))
    }

    fn new(context: &'a Context<'a>, mode: Mode<'a>) -> Self {
        Self {
            context,
            slots: Vec::new(),
            nodes: Vec::new(),
            mode,
        }
    }

    /// The segment's input `(N, width)`.
    pub fn input(&mut self, buffer: Buffer, width: usize, input: Input) -> Value {
        self.slots.push(Slot {
            len: buffer.len(),
            buffer: Some(buffer),
            width,
            producer: None,
            has_gradient: input == Input::Tracked,
        });
        Value(self.slots.len() - 1)
    }

    /// `scale` times the sum of one row of each table for every row: `ids` `(N)` per table `(V, width)`.
    pub fn embed(
        &mut self,
        tables: Vec<(ParameterId, Vec<u32>)>,
        width: usize,
        scale: f32,
    ) -> Value {
        self.run(Op::Embed { tables, scale }, width)
    }

    /// The root-mean-square norm of `x`, over rows as wide as its weight: a value's own width, or the
    /// heads' within it.
    pub fn rms_norm(&mut self, x: Value, norm: RmsNorm) -> Value {
        let residual = None;
        self.run(Op::RmsNorm { x, norm, residual }, self.width(x))
    }

    /// `residual` and the norm of `x`.
    pub fn rms_norm_onto(&mut self, residual: Value, x: Value, norm: RmsNorm) -> Value {
        let residual = Some(residual);
        self.run(Op::RmsNorm { x, norm, residual }, self.width(x))
    }

    /// `(x - mean) / sqrt(variance + eps) * weight + bias` (Ba et al., 2016); nothing is added where there
    /// is no bias.
    pub fn layer_norm(
        &mut self,
        x: Value,
        weight: ParameterId,
        bias: Option<ParameterId>,
        eps: f32,
    ) -> Value {
        let op = Op::LayerNorm {
            x,
            weight,
            bias,
            eps,
        };
        self.run(op, self.width(x))
    }

    /// `x W^T + b`, and what an adapter adds to it.
    pub fn linear(&mut self, x: Value, linear: &'a Linear) -> Value {
        let op = Op::Linear {
            x,
            linear,
            residual: None,
        };
        self.run(op, linear.n_out())
    }

    /// `residual + x W^T + b`, and what an adapter adds to it.
    pub fn linear_onto(&mut self, residual: Value, x: Value, linear: &'a Linear) -> Value {
        let op = Op::Linear {
            x,
            linear,
            residual: Some(residual),
        };
        self.run(op, linear.n_out())
    }

    /// Rotates pairs of values of each head, which is `head_dim` wide, by the position's angles (Su et al., 2021)
    /// in the table `table`, in the place of `x`, which must not be used again.
    pub fn rope(&mut self, x: Value, table: usize, head_dim: usize) -> Value {
        self.run(Op::Rope { x, table, head_dim }, self.width(x))
    }

    /// Attention within each sequence; `q` is `(N, H * D)`, `k` and `v` `(N, K * D)`.
    pub fn attention(&mut self, [q, k, v]: [Value; 3], shape: AttentionShape) -> Value {
        self.run(Op::Attention { q, k, v, shape }, self.width(q))
    }

    /// `silu(gate) * up` (Shazeer, 2020).
    pub fn swiglu(&mut self, gate: Value, up: Value) -> Value {
        self.run(Op::SwiGlu { gate, up }, self.width(gate))
    }

    /// `gelu(gate) * up` (Shazeer, 2020).
    pub fn geglu(&mut self, gate: Value, up: Value, kind: gelu::Kind) -> Value {
        self.run(Op::GeGlu { gate, up, kind }, self.width(gate))
    }

    /// GELU (Hendrycks and Gimpel, 2016).
    pub fn gelu(&mut self, x: Value, kind: gelu::Kind) -> Value {
        self.run(Op::Gelu { x, kind }, self.width(x))
    }

    /// The half of each head of `x` `(N, H * 2 * head_dim)`.
    pub fn head_half(&mut self, x: Value, head_dim: usize, half: Half) -> Value {
        self.run(Op::HeadHalf { x, head_dim, half }, self.width(x) / 2)
    }

    /// `sigmoid(gate) * x`.
    pub fn sigmoid_gate(&mut self, gate: Value, x: Value) -> Value {
        self.run(Op::SigmoidGate { gate, x }, self.width(x))
    }

    /// A causal convolution within each sequence, and `SiLU` of it.
    pub fn short_conv(&mut self, x: Value, conv: ShortConv) -> Value {
        self.run(Op::ShortConv { x, conv }, self.width(x))
    }

    /// The gated delta rule within each sequence: `qkv` `(N, 2 * key_heads * Dk + value_heads * Dv)`, `a` and `b`
    /// `(N, value_heads)` to `(N, value_heads * Dv)`.
    pub fn delta_rule(&mut self, [qkv, a, b]: [Value; 3], rule: DeltaRule) -> Value {
        self.run(Op::DeltaRule { qkv, a, b, rule }, rule.shape.out_width())
    }

    /// Hyperbolic tangent.
    pub fn tanh(&mut self, x: Value) -> Value {
        self.run(Op::Tanh { x }, self.width(x))
    }

    /// The rectified linear unit.
    pub fn relu(&mut self, x: Value) -> Value {
        self.run(Op::Relu { x }, self.width(x))
    }

    /// The mean of every sequence's rows: `(N, width)` to `(sequences, width)`.
    pub fn mean_rows(&mut self, x: Value) -> Value {
        self.run(Op::MeanRows { x }, self.width(x))
    }

    /// The first row of every sequence: `(N, width)` to `(sequences, width)`.
    pub fn first_rows(&mut self, x: Value) -> Value {
        self.run(Op::FirstRows { x }, self.width(x))
    }

    /// The values of `value` at hand.
    pub fn values(&self, value: Value) -> &[f32] {
        self.slots[value.0].buffer.as_deref().unwrap_or_default()
    }

    /// Takes the segment's result out; what made it does not need it for going back.
    pub fn take(&mut self, value: Value) -> Buffer {
        self.slots[value.0].buffer.take().unwrap_or_default()
    }

    /// Whether a gradient of the value is wanted.
    pub fn has_gradient(&self, value: Value) -> bool {
        self.slots[value.0].has_gradient
    }

    /// Lets go of what costs little to compute again. The norms' deviations, one value a row, stay.
    pub fn drop_cheap(&mut self) {
        for index in 0..self.slots.len() {
            if self.is_cheap(index) {
                self.release(index);
            }
        }
    }

    /// Gives every buffer back but the one of `kept`, which is handed out.
    pub fn dismantle(mut self, kept: Option<Value>) -> Option<Buffer> {
        let kept = kept.and_then(|value| self.slots[value.0].buffer.take());
        for slot in &mut self.slots {
            if let Some(buffer) = slot.buffer.take() {
                self.context.pool.give(buffer);
            }
        }
        for node in self.nodes {
            for buffer in node.saved {
                self.context.pool.give(buffer);
            }
        }
        kept
    }

    fn width(&self, value: Value) -> usize {
        self.slots[value.0].width
    }

    fn release(&mut self, index: usize) {
        if let Some(buffer) = self.slots[index].buffer.take() {
            self.context.pool.give(buffer);
        }
    }

    /// Whether the slot's value can be had again without a product: its note is cheap, and so is what
    /// has gone of the note's operands.
    fn is_cheap(&self, index: usize) -> bool {
        let Some(node) = self.slots[index]
            .producer
            .and_then(|producer| self.nodes.get(producer))
        else {
            return false;
        };
        node.op.is_cheap()
            && node
                .op
                .operands()
                .into_iter()
                .flatten()
                .all(|x| self.slots[x.0].buffer.is_some() || self.is_cheap(x.0))
    }

    /// Computes and notes one operation.
    fn run(&mut self, op: Op<'a>, width: usize) -> Value {
        let out = Value(self.slots.len());
        let has_gradient = self.tracks(&op);
        let (buffer, saved) = self.compute(&op);
        let producer = match self.mode {
            Mode::Record => {
                self.nodes.push(Node { op, out, saved });
                Some(self.nodes.len() - 1)
            }
            Mode::Infer | Mode::Continue(_) => {
                for buffer in saved {
                    self.context.pool.give(buffer);
                }
                None
            }
        };
        self.slots.push(Slot {
            len: buffer.len(),
            buffer: Some(buffer),
            width,
            producer,
            has_gradient,
        });
        out
    }

    /// Whether a gradient must go back through the operation.
    fn tracks(&self, op: &Op<'_>) -> bool {
        let through_values = op
            .operands()
            .into_iter()
            .flatten()
            .any(|x| self.slots[x.0].has_gradient);
        through_values
            || op
                .parameters()
                .into_iter()
                .any(|id| self.context.parameters.get(id).role == Role::Trained)
    }
}
