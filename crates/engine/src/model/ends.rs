//! What stands before a network's first block and behind its last: which weights, and how what is predicted
//! follows from the last block's result. `Network` computes with it.

use super::facts::Sorted;
use crate::kernels::gelu;
use crate::tape::{Factors, Linear};
use crate::weights::ParameterId;

#[derive(Debug, Clone, Copy)]
pub(super) enum Norm {
    Rms {
        weight: ParameterId,
        factors: Factors,
    },
    Layer {
        weight: ParameterId,
        bias: Option<ParameterId>,
    },
    /// Its input, as it is.
    Absent,
}

/// From tokens to the residual stream.
#[derive(Debug, Clone)]
pub(super) struct Embedding {
    pub(super) tokens: ParameterId,
    /// Learned positions.
    pub(super) positions: Option<ParameterId>,
    /// The row of a first token's position.
    pub(super) first_position: u32,
    /// Learned kinds of segments.
    pub(super) kinds: Option<ParameterId>,
    pub(super) norm: Option<Norm>,
    /// What the sum of the rows is multiplied by.
    pub(super) scale: f32,
}

impl Embedding {
    /// Tokens alone.
    pub(super) fn plain(tokens: ParameterId) -> Self {
        Self {
            tokens,
            positions: None,
            first_position: 0,
            kinds: None,
            norm: None,
            scale: 1.0,
        }
    }
}

/// From the residual stream to what is predicted.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// The next token, of a vocabulary.
    Tokens { norm: Norm, head: ParameterId },
    /// One of a few classes.
    Classes(Box<ClassHead>),
}

/// From the residual stream to classes, in the order of its parts.
#[derive(Debug, Clone)]
pub(super) struct ClassHead {
    /// Of the last block's result.
    pub(super) norm: Option<Norm>,
    /// What is sorted.
    pub(super) sorted: Sorted,
    /// What stands between that and the classifier.
    pub(super) inner: Option<Inner>,
    pub(super) classifier: Linear,
}

/// A layer before a classifier.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    pub(super) map: Linear,
    pub(super) activation: InnerActivation,
    /// Of the activation's result.
    pub(super) norm: Option<Norm>,
}

/// The activation of such a layer.
#[derive(Debug, Clone, Copy)]
pub(super) enum InnerActivation {
    Tanh,
    Relu,
    Gelu(gelu::Kind),
}

impl ClassHead {
    /// Its maps, through each of which one row goes for every target.
    pub(super) fn maps(&self) -> impl Iterator<Item = &Linear> {
        let inner = self.inner.iter().map(|inner| &inner.map);
        inner.chain([&self.classifier])
    }
}
