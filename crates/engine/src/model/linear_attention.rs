//! Linear attention as a configuration has it: which blocks mix by it, heads, taps.

use super::ModelConfig;
use super::fields::{Fields, limits};
use crate::kernels::delta_rule::DeltaShape;
use serde_json::{Value, json};

/// Blocks that mix their tokens by the gated delta rule instead of attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearAttention {
    /// Of each block, whether it does.
    pub blocks: Vec<bool>,
    /// Its heads.
    pub heads: DeltaShape,
    /// Taps of the convolution before it.
    pub n_taps: usize,
}

const LINEAR: &str = "linear_attention";
const FULL: &str = "full_attention";
/// transformers' own values of what a `config.json` may leave out.
const INTERVAL: usize = 4;
const HEADS: DeltaShape = DeltaShape {
    n_key_heads: 16,
    n_value_heads: 32,
    key_dim: 128,
    value_dim: 128,
};
const TAPS: usize = 4;

impl LinearAttention {
    /// Reads the fields of `Qwen3_5TextConfig`; the error says what is wrong with them.
    pub(super) fn read(fields: &Fields<'_>, n_blocks: usize) -> Result<Self, String> {
        let or = |name: &str, most, otherwise| -> Result<usize, String> {
            Ok(fields.optional_count(name, most)?.unwrap_or(otherwise))
        };
        let all = Self {
            blocks: linear_blocks(fields, n_blocks)?,
            heads: DeltaShape {
                n_key_heads: or("linear_num_key_heads", limits::HEADS, HEADS.n_key_heads)?,
                n_value_heads: or("linear_num_value_heads", limits::HEADS, HEADS.n_value_heads)?,
                key_dim: or("linear_key_head_dim", limits::HEAD_WIDTH, HEADS.key_dim)?,
                value_dim: or("linear_value_head_dim", limits::HEAD_WIDTH, HEADS.value_dim)?,
            },
            n_taps: or("linear_conv_kernel_dim", limits::TAPS, TAPS)?,
        };
        all.check()?;
        Ok(all)
    }

    fn check(&self) -> Result<(), String> {
        let heads = self.heads;
        if !heads.n_value_heads.is_multiple_of(heads.n_key_heads) {
            return Err(format!(
                "`linear_num_value_heads` is {}, which `linear_num_key_heads`, {}, does not divide",
                heads.n_value_heads, heads.n_key_heads
            ));
        }
        let (n, most) = (heads.state_len(), limits::STATE);
        if n > most {
            return Err(format!(
                "the heads of linear attention make states of {n} values, more than {most}"
            ));
        }
        Ok(())
    }

    /// The fields of a `config.json`.
    pub(super) fn to_json(&self) -> Value {
        let kinds = self.blocks.iter().map(|&linear| kind(linear));
        json!({
            "layer_types": kinds.collect::<Vec<_>>(),
            "linear_num_key_heads": self.heads.n_key_heads,
            "linear_num_value_heads": self.heads.n_value_heads,
            "linear_key_head_dim": self.heads.key_dim,
            "linear_value_head_dim": self.heads.value_dim,
            "linear_conv_kernel_dim": self.n_taps,
        })
    }
}

impl ModelConfig {
    /// How block `layer` mixes by linear attention, where it does.
    pub(crate) fn linear_attention(&self, layer: usize) -> Option<&LinearAttention> {
        let linear = self.attention.linear.as_ref()?;
        let mixes = linear.blocks.get(layer).copied().unwrap_or(false);
        mixes.then_some(linear)
    }

    /// The same model with one block of each kind, and how many there are of each.
    pub(crate) fn of_each_kind(&self) -> (Self, Vec<usize>) {
        let n_blocks = self.num_hidden_layers;
        let is_linear = |layer: &usize| self.linear_attention(*layer).is_some();
        let n_linear = (0..n_blocks).filter(is_linear).count();
        let kinds = [(true, n_linear), (false, n_blocks - n_linear)];
        let kinds: Vec<(bool, usize)> = kinds.into_iter().filter(|(_, n)| *n > 0).collect();
        let mut config = self.clone();
        config.num_hidden_layers = kinds.len();
        if let Some(linear) = &mut config.attention.linear {
            linear.blocks = kinds.iter().map(|(linear, _)| *linear).collect();
        }
        (config, kinds.into_iter().map(|(_, n)| n).collect())
    }
}

fn kind(linear: bool) -> &'static str {
    if linear { LINEAR } else { FULL }
}

/// Of each block, whether it mixes by linear attention: as `layer_types` says, else all but every fourth.
fn linear_blocks(fields: &Fields<'_>, n_blocks: usize) -> Result<Vec<bool>, String> {
    let interval = fields.optional_count("full_attention_interval", limits::BLOCKS)?;
    let by_interval = |interval: usize| (1..=n_blocks).map(move |n| n % interval != 0);
    let Some(kinds) = fields.texts("layer_types")? else {
        return Ok(by_interval(interval.unwrap_or(INTERVAL)).collect());
    };
    if kinds.len() != n_blocks {
        let n = kinds.len();
        return Err(format!("`layer_types` names {n} blocks of {n_blocks}"));
    }
    let blocks: Vec<bool> = kinds
        .into_iter()
        .map(|kind| match kind {
            LINEAR => Ok(true),
            FULL => Ok(false),
            other => Err(format!("blocks of the kind `{other}` are not supported")),
        })
        .collect::<Result<_, _>>()?;
    match interval {
        Some(interval) if !by_interval(interval).eq(blocks.iter().copied()) => Err(format!(
            "`full_attention_interval` is {interval}, `layer_types` names other blocks"
        )),
        _ => Ok(blocks),
    }
}
