//! The parts of a model that a tape computes with: which weights they have and how.

use crate::kernels::attention::{AttentionShape, Mask};
use crate::kernels::delta_rule::DeltaShape;
use crate::weights::ParameterId;
use std::ops::Range;

/// One linear map: some rows of a weight `(O, I)`, its bias, its adapter.
#[derive(Debug, Clone)]
pub struct Linear {
    /// The matrix.
    pub weight: ParameterId,
    /// The rows of it that this map is; GPT-2 keeps queries, keys and values in one matrix.
    pub rows: Range<usize>,
    /// Width of the input.
    pub n_in: usize,
    /// A vector of which the same rows are added.
    pub bias: Option<ParameterId>,
    /// A low-rank addition.
    pub adapter: Option<Adapter>,
}

/// `scale * dropout(x) A^T B^T` (Hu et al., 2021), with `A` `(rank, I)` and `B` `(O, rank)`.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// `A`.
    pub a: ParameterId,
    /// `B`.
    pub b: ParameterId,
    /// Rows of `A`.
    pub rank: usize,
    /// `alpha / rank`, or `alpha / sqrt(rank)` (Kalajdzievski, 2023).
    pub scale: f32,
    /// Share of the input's values that is left out in training.
    pub dropout: f32,
    /// Which linear map of the model this is: it keys the dropout.
    pub site: u64,
}

/// How attention's width is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadShape {
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; divides `n_heads`.
    pub n_kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
}

impl HeadShape {
    /// The kernels' description; scores are multiplied by `scale`.
    pub(crate) fn attention(self, mask: Mask, scale: f32) -> AttentionShape {
        AttentionShape {
            n_heads: self.n_heads,
            n_kv_heads: self.n_kv_heads,
            head_dim: self.head_dim,
            mask,
            scale,
        }
    }
}

/// `x / sqrt(mean(x^2) + eps)`, times its factors (Zhang and Sennrich, 2019).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsNorm {
    /// The vector that its factors are made of.
    pub weight: ParameterId,
    /// How they are.
    pub factors: Factors,
    /// Added under the root.
    pub eps: f32,
}

/// What a norm multiplies by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factors {
    /// Its weight.
    Weight,
    /// Its weight and one, as Gemma has it.
    OnePlusWeight,
}

/// A causal convolution of each channel, and `SiLU`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortConv {
    /// The taps `(C, 1, K)`.
    pub weight: ParameterId,
    /// Taps of a channel, K.
    pub n_taps: usize,
}

/// The gated delta rule (Yang et al., 2024).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeltaRule {
    /// Logarithms of the heads' decays.
    pub a_log: ParameterId,
    /// What is added to each head's input of its decay.
    pub dt_bias: ParameterId,
    /// Heads.
    pub shape: DeltaShape,
}

impl Linear {
    /// Width of the output.
    pub fn n_out(&self) -> usize {
        self.rows.len()
    }
}
