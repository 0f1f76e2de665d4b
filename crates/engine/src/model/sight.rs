//! What a token of a block sees and how it knows where the others stand: windows, rotary angles, the scores'
//! scale.

use super::ModelConfig;
use super::facts::Positions;
use super::linear_attention::LinearAttention;
use super::scaling::RopeScaling;
use crate::kernels::attention::Mask;
use crate::kernels::rope;

/// What attention is beyond heads and angles. By itself: no biases but a family's own, whole sight, plain
/// angles of all of a head in every block, scores divided by the root of a head's width.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attention {
    /// Whether queries, keys, values and what is mixed of them have biases.
    pub biases: bool,
    /// How angles are scaled.
    pub rope_scaling: RopeScaling,
    /// What scores are divided by the root of; a head's width where it is `None`.
    pub query_scalar: Option<f64>,
    /// Blocks that see a window.
    pub sliding: Option<Sliding>,
    /// Values of each head that are rotated, the first ones; all where it is `None`.
    pub rotated: Option<usize>,
    /// Of each block, whether it rotates nothing; every block rotates where it is empty.
    pub unrotated: Vec<bool>,
    /// Whether what attention mixes is multiplied by a gate, which the queries' map gives.
    pub output_gate: bool,
    /// Blocks of linear attention.
    pub linear: Option<LinearAttention>,
}

/// Blocks whose tokens see a window of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Sliding {
    /// Tokens seen, the own one included; of an encoder half of them before and half behind the own one.
    pub window: usize,
    /// Of each block, whether it sees the window alone.
    pub blocks: Vec<bool>,
    /// Base of these blocks' own angles, which are not scaled; `None` where they have those of the others.
    pub rope_theta: Option<f64>,
}

impl ModelConfig {
    /// What tokens of block `layer` see.
    pub(super) fn mask(&self, layer: usize) -> Mask {
        match &self.attention.sliding {
            Some(sliding) if sliding.slides(layer) => match self.facts().mask {
                Mask::Bidirectional => Mask::Near {
                    reach: sliding.window / 2,
                },
                _ => Mask::Sliding {
                    window: sliding.window,
                },
            },
            _ => self.facts().mask,
        }
    }

    /// Which of [`ModelConfig::rotations`] block `layer` rotates by; `None` where it rotates nothing.
    pub(super) fn rotation(&self, layer: usize) -> Option<usize> {
        let attention = &self.attention;
        if !self.rotates() || attention.unrotated.get(layer) == Some(&true) {
            return None;
        }
        let own = |sliding: &Sliding| sliding.rope_theta.is_some() && sliding.slides(layer);
        Some(usize::from(attention.sliding.as_ref().is_some_and(own)))
    }

    /// Values of each head that are rotated.
    pub(crate) fn rotated(&self) -> usize {
        self.attention.rotated.unwrap_or(self.head_dim)
    }

    /// Angles of the positions: those of blocks that see everything, then those of blocks that see a
    /// window, where they have their own.
    pub(super) fn rotations(&self) -> Vec<rope::Table> {
        if !self.rotates() {
            return Vec::new();
        }
        let table = |theta, scaling: RopeScaling| {
            let frequencies = scaling.frequencies(self.rotated(), theta);
            let n = self.max_position_embeddings;
            let table = rope::Table::from_frequencies(&frequencies, n);
            table.times(scaling.attention_factor() as f32)
        };
        let whole = table(self.rope_theta, self.attention.rope_scaling);
        let own = self.own_theta_of_windows();
        let sliding = own.map(|theta| table(theta, RopeScaling::None));
        [whole].into_iter().chain(sliding).collect()
    }

    fn own_theta_of_windows(&self) -> Option<f64> {
        self.attention.sliding.as_ref()?.rope_theta
    }

    /// Cosines (and as many sines) of [`ModelConfig::rotations`], the greatest number where they cannot be
    /// counted.
    pub(super) fn n_angles(&self) -> usize {
        if !self.rotates() {
            return 0;
        }
        let of_one = self.rotated().checked_mul(self.max_position_embeddings);
        let n_tables = 1 + usize::from(self.own_theta_of_windows().is_some());
        of_one
            .and_then(|n| n.checked_mul(n_tables))
            .unwrap_or(usize::MAX)
    }

    /// What scores are multiplied by.
    pub(super) fn score_scale(&self) -> f32 {
        let scalar = self.attention.query_scalar;
        1.0 / (scalar.unwrap_or(self.head_dim as f64) as f32).sqrt()
    }

    /// Whether positions are rotations (and not learned vectors).
    pub(crate) fn rotates(&self) -> bool {
        self.facts().positions == Positions::Rotated
    }
}

impl Sliding {
    fn slides(&self, layer: usize) -> bool {
        self.blocks.get(layer).copied().unwrap_or(false)
    }
}
