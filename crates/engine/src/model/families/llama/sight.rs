//! What the blocks of Llama's kin see and rotate: windows, and blocks without rotation.

use crate::model::fields::{Fields, limits};
use crate::model::{Attention, ModelConfig, Sliding};
use serde_json::Value;

/// What the blocks of a family see and rotate beyond its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model::families) enum SightOf {
    /// Everything, and all rotate.
    Whole,
    /// A window, the same in every block, unless the file says null; where it says nothing, of so many
    /// tokens.
    Window(usize),
    /// Everything, and every so many blocks one rotates nothing where the file does not name them.
    UnrotatedEvery(usize),
}

const WINDOW: &str = "sliding_window";
/// Of each block one where it rotates, and zero where it does not.
const ROTATED: &str = "no_rope_layers";
const UNROTATED_EVERY: &str = "no_rope_layer_interval";

impl SightOf {
    /// Reads what a file of `n_blocks` blocks says of it.
    pub(super) fn read(self, fields: &Fields<'_>, n_blocks: usize) -> Result<Attention, String> {
        let mut attention = Attention::default();
        match self {
            Self::Whole => {}
            Self::Window(by_itself) => {
                let by_itself = fields.is_absent(WINDOW).then_some(by_itself);
                let window = fields.optional_count(WINDOW, limits::POSITIONS)?;
                attention.sliding = window.or(by_itself).map(|window| Sliding {
                    window,
                    blocks: vec![true; n_blocks],
                    rope_theta: None,
                });
            }
            Self::UnrotatedEvery(by_itself) => {
                let interval = fields.optional_count(UNROTATED_EVERY, limits::BLOCKS)?;
                let named = fields.counts(ROTATED, 1)?;
                attention.unrotated = match named {
                    Some(rotated) if rotated.len() < n_blocks => {
                        let n = rotated.len();
                        return Err(format!("`{ROTATED}` names {n} blocks of {n_blocks}"));
                    }
                    Some(rotated) => rotated.iter().take(n_blocks).map(|one| *one == 0).collect(),
                    None => every(interval.unwrap_or(by_itself), n_blocks),
                };
            }
        }
        Ok(attention)
    }

    /// The fields that say it.
    pub(super) fn write(self, config: &ModelConfig) -> Vec<(&'static str, Value)> {
        match self {
            Self::Whole => Vec::new(),
            Self::Window(_) => {
                let sliding = config.attention.sliding.as_ref();
                vec![(WINDOW, sliding.map(|sliding| sliding.window).into())]
            }
            Self::UnrotatedEvery(_) => {
                let unrotated = config.attention.unrotated.iter();
                let rotated: Vec<u8> = unrotated.map(|unrotated| u8::from(!unrotated)).collect();
                vec![(ROTATED, rotated.into())]
            }
        }
    }
}

/// Of each block, whether it is an `n`th.
pub(super) fn every(n: usize, n_blocks: usize) -> Vec<bool> {
    (1..=n_blocks)
        .map(|block| block.is_multiple_of(n))
        .collect()
}
