//! What tells one family's computation from another's.

use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::weights::Layout;

/// What tells one family's computation from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Where a block's norms stand.
    pub norms: NormPlacement,
    /// What stands between the two maps of the hidden layer.
    pub activation: Activation,
    /// How the model knows where a token stands.
    pub positions: Positions,
    /// Which tokens a token sees.
    pub mask: Mask,
    /// What the model predicts.
    pub predicts: Predicts,
    /// How files keep the matrices of the blocks.
    pub matrices: Layout,
    /// Whether queries, keys and values have biases.
    pub qkv_biases: bool,
    /// Whether each head's queries and keys are normed.
    pub head_norms: bool,
}

/// Where a block's norms stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormPlacement {
    /// Before attention and the hidden layer.
    Before,
    /// After each sum.
    After,
    /// Before and after attention and the hidden layer, within each sum.
    Around,
}

/// The hidden layer's activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `silu(gate) * up` (Shazeer, 2020).
    SwiGlu,
    /// `gelu(gate) * up` (Shazeer, 2020).
    GeGlu,
    /// GELU (Hendrycks and Gimpel, 2016).
    Gelu(gelu::Kind),
}

impl Activation {
    /// Whether one map is multiplied with another.
    pub fn is_gated(self) -> bool {
        match self {
            Self::SwiGlu | Self::GeGlu => true,
            Self::Gelu(_) => false,
        }
    }
}

/// How a model knows where a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positions {
    /// Queries and keys are rotated (Su et al., 2021).
    Rotated,
    /// A learned vector is added to the embedding.
    Learned,
}

/// What of a text an encoder sorts into its classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sorted {
    /// The text, by its first token.
    #[default]
    First,
    /// The text, by the mean of its tokens.
    Mean,
    /// Each token.
    Each,
}

/// What a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicts {
    /// The token that follows each token.
    NextToken,
    /// The class of each sequence, or of each token.
    Class,
}
