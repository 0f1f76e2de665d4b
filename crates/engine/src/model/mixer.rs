//! The parts of what mixes the tokens of a sequence in a block: attention, or linear attention by the gated delta
//! rule. How they are computed stands in `mixing`.

use super::ends::Norm;
use crate::kernels::attention::AttentionShape;
use crate::tape::{DeltaRule, Linear, ShortConv};

/// What mixes the tokens of a block.
#[derive(Debug, Clone)]
pub(super) enum Mixer {
    /// Scores of queries and keys (Vaswani et al., 2017).
    Attention(SelfAttention),
    /// One state a head (Yang et al., 2024).
    DeltaNet(DeltaNet),
}

/// What the tokens of a block see of each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    pub(super) shape: AttentionShape,
    /// The table of angles that queries and keys are rotated by.
    pub(super) rotation: Option<usize>,
}

/// Attention's maps and norms.
#[derive(Debug, Clone)]
pub(super) struct SelfAttention {
    pub(super) q: Linear,
    pub(super) k: Linear,
    pub(super) v: Linear,
    /// Norms of each head's queries and keys.
    pub(super) head_norms: Option<[Norm; 2]>,
    pub(super) gate: OutputGate,
}

/// What attention's result is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputGate {
    /// Nothing.
    None,
    /// The sigmoid of what the queries' map gives beside each head's query, which is twice as wide.
    OfQueries,
}

/// Linear attention's maps, weights and norm.
#[derive(Debug, Clone)]
pub(super) struct DeltaNet {
    /// Queries, keys and values.
    pub(super) qkv: Linear,
    /// The gate of the result.
    pub(super) z: Linear,
    /// What each head's decay depends on.
    pub(super) a: Linear,
    /// What each head's rate of learning depends on.
    pub(super) b: Linear,
    pub(super) conv: ShortConv,
    pub(super) rule: DeltaRule,
    /// Norm of each head's result.
    pub(super) norm: Norm,
}

impl From<SelfAttention> for Mixer {
    fn from(attention: SelfAttention) -> Self {
        Self::Attention(attention)
    }
}

impl Mixer {
    /// Its linear maps.
    pub(super) fn linears(&self) -> Vec<&Linear> {
        match self {
            Self::Attention(SelfAttention { q, k, v, .. }) => vec![q, k, v],
            Self::DeltaNet(DeltaNet { qkv, z, a, b, .. }) => vec![qkv, z, a, b],
        }
    }

    /// Its linear maps, to be adapted.
    pub(super) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        match self {
            Self::Attention(SelfAttention { q, k, v, .. }) => vec![q, k, v],
            Self::DeltaNet(DeltaNet { qkv, z, a, b, .. }) => vec![qkv, z, a, b],
        }
    }
}
