//! The sizes of a model of fresh weights, and the shape that follows from a width.

use super::ModelSpec;
use serde::{Deserialize, Serialize};

/// The sizes that the new-run form offers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizePreset {
    /// Under a million weights: minutes on any machine.
    Tiny,
    /// About two and a half million weights: the default.
    #[default]
    Small,
    /// About fourteen million weights, with its tokenizer of 8192: hours on a modest machine.
    Medium,
}

impl SizePreset {
    /// Every preset, smallest first.
    pub const ALL: &'static [Self] = &[Self::Tiny, Self::Small, Self::Medium];

    /// The decoder's shape.
    pub fn model(self) -> ModelSpec {
        let (n_layers, d_model, n_heads, d_ff) = match self {
            Self::Tiny => (3, 96, 3, 256),
            Self::Small => (4, 192, 6, 512),
            Self::Medium => (6, 384, 6, 1024),
        };
        ModelSpec {
            n_layers,
            d_model,
            n_heads,
            n_kv_heads: n_heads,
            d_ff,
            context_length: self.context_length() as usize,
            tie_embeddings: true,
        }
    }

    /// Tokens in one of its training sequences.
    pub fn context_length(self) -> u32 {
        match self {
            Self::Tiny => 64,
            Self::Small => 128,
            Self::Medium => 256,
        }
    }

    /// The size of the vocabulary that suits it.
    pub fn vocab_size(self) -> usize {
        match self {
            Self::Tiny => 2048,
            Self::Small => 4096,
            Self::Medium => 8192,
        }
    }
}

/// Width of a head where a specification names none.
const HEAD_WIDTH: usize = 32;
/// The hidden layer's width is rounded up to a multiple of this.
const HIDDEN_STEP: usize = 32;

impl ModelSpec {
    /// Heads that suit a width: of `HEAD_WIDTH`, or a little wider where those do not divide it evenly.
    pub fn heads_of(d_model: usize) -> usize {
        (1..=d_model / HEAD_WIDTH)
            .rev()
            .find(|n| d_model.is_multiple_of(2 * n))
            .unwrap_or(1)
    }

    /// Width of the `SwiGLU`'s hidden layer that suits a width: 8/3 of it, which makes three matrices as
    /// large as the two of a plain layer of four times the width (Shazeer, 2020).
    pub fn d_ff_of(d_model: usize) -> usize {
        let exact = d_model.saturating_mul(8).div_ceil(3);
        exact.checked_next_multiple_of(HIDDEN_STEP).unwrap_or(exact)
    }
}

impl Default for ModelSpec {
    fn default() -> Self {
        SizePreset::default().model()
    }
}
