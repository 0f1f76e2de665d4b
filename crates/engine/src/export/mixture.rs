//! Which kind each tensor of a GGUF file is stored as. A name as `Q4_K_M` is no one kind: llama.cpp keeps the
//! tensors that matter most in more bits. The choice is that of `llama_tensor_get_type` in its
//! `llama-quant.cpp`, without an importance matrix, for the names and families that are written here.

use crate::gguf::Kind;
use crate::model::ModelConfig;

/// How a GGUF file keeps matrices; vectors are in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 16 bits.
    F16,
    /// 8 bits and a scale for every 32 values.
    Q8,
    /// 5 bits in blocks of 256 values (`Q5_K_M`), 6 where it matters most.
    Q5KM,
    /// 4 bits in blocks of 256 values (`Q4_K_M`), 6 where it matters most.
    Q4KM,
    /// 4 bits and a scale for every 32 values (`Q4_0`), the head in 6.
    Q4,
}

impl Precision {
    /// llama.cpp's name of it, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Q8 => "q8_0",
            Self::Q5KM => "q5_k_m",
            Self::Q4KM => "q4_k_m",
            Self::Q4 => "q4_0",
        }
    }

    /// `general.file_type` (`llama_ftype`).
    pub(super) fn file_type(self) -> u32 {
        match self {
            Self::F16 => 1,
            Self::Q4 => 2,
            Self::Q8 => 7,
            Self::Q4KM => 15,
            Self::Q5KM => 17,
        }
    }

    /// The kind of most matrices.
    fn most(self) -> Kind {
        match self {
            Self::F16 => Kind::F16,
            Self::Q8 => Kind::Q8_0,
            Self::Q5KM => Kind::Q5K,
            Self::Q4KM => Kind::Q4K,
            Self::Q4 => Kind::Q4_0,
        }
    }

    /// Whether some blocks' matrices get more bits.
    fn is_mixed(self) -> bool {
        matches!(self, Self::Q5KM | Self::Q4KM)
    }
}

/// Parts of names of matrices that are not quantized: small ones, or such as are looked up and not multiplied.
const IN_FULL: [&str; 8] = [
    "_norm.weight",
    "position_embd.weight",
    "token_types.weight",
    "ffn_gate_inp.weight",
    "altup",
    "laurel",
    "ssm_conv1d",
    "shortconv.conv.weight",
];
/// Maps to the values of attention, alone or joint with those to queries and keys.
const VALUES: [&str; 3] = ["attn_v.weight", "attn_qkv.weight", "attn_kv_b.weight"];
/// Blocks of the models of 70 billion weights.
const BLOCKS_OF_70B: usize = 80;

/// The choice for one model.
#[derive(Debug)]
pub(super) struct Mixture {
    precision: Precision,
    n_blocks: usize,
    is_tied: bool,
    /// Eight heads share each map to values, which costs little to be kept well.
    is_70b: bool,
    /// Blocks with a map to values, in order.
    with_values: Vec<usize>,
}

impl Mixture {
    /// For the model of `config`, whose tensors have these names.
    pub(super) fn new<'a>(
        precision: Precision,
        config: &ModelConfig,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Self {
        let has_head = names.clone().any(|name| name == "output.weight");
        let maps = names.filter(|name| VALUES.iter().any(|map| name.contains(map)));
        let mut with_values: Vec<usize> = maps.filter_map(block_of).collect();
        with_values.sort_unstable();
        Self {
            precision,
            n_blocks: config.num_hidden_layers,
            is_tied: !has_head,
            is_70b: config.num_hidden_layers == BLOCKS_OF_70B
                && config.num_attention_heads != config.num_key_value_heads,
            with_values,
        }
    }

    /// The kind of the tensor `name` of this shape.
    pub(super) fn kind(&self, name: &str, shape: &[usize]) -> Kind {
        let [_, width] = *shape else {
            return Kind::F32;
        };
        if IN_FULL.iter().any(|part| name.contains(part)) {
            return Kind::F32;
        }
        let kind = match self.precision {
            Precision::F16 => Kind::F16,
            Precision::Q8 => Kind::Q8_0,
            _ => self.chosen(name, width),
        };
        fitting(kind, width)
    }

    /// The kind before rows that do not fit are looked at.
    fn chosen(&self, name: &str, width: usize) -> Kind {
        let most = self.precision.most();
        let is_embedding = matches!(name, "token_embd.weight" | "per_layer_token_embd.weight");
        if name == "output.weight" || (self.is_tied && is_embedding) {
            return if width.is_multiple_of(most.block().0) {
                Kind::Q6K
            } else {
                Kind::Q8_0
            };
        }
        let block = block_of(name);
        if VALUES.iter().any(|map| name.contains(map)) {
            let at = block.and_then(|block| self.with_values.binary_search(&block).ok());
            return match at {
                Some(at) if self.gets_more(at, self.with_values.len()) => Kind::Q6K,
                _ if self.is_70b && most == Kind::Q4K => Kind::Q5K,
                _ => most,
            };
        }
        if name.contains("ffn_down") && block.is_some_and(|at| self.gets_more(at, self.n_blocks)) {
            return Kind::Q6K;
        }
        most
    }

    /// llama.cpp's `use_more_bits`: the first eighth, the last, and every third block between.
    fn gets_more(&self, at: usize, n: usize) -> bool {
        let eighth = n / 8;
        let is_one = at < eighth || at >= 7 * n / 8 || (at - eighth) % 3 == 2;
        self.precision.is_mixed() && is_one
    }
}

/// The number in `blk.0.ffn_down.weight`.
fn block_of(name: &str) -> Option<usize> {
    let (number, _) = name.strip_prefix("blk.")?.split_once('.')?;
    number.parse().ok()
}

/// The kind, or the next one whose blocks fill rows of this width.
fn fitting(kind: Kind, width: usize) -> Kind {
    let fits = |kind: Kind| width.is_multiple_of(kind.block().0);
    if fits(kind) {
        return kind;
    }
    let narrower = match kind {
        Kind::Q4K => Kind::Q5_0,
        Kind::Q5K => Kind::Q5_1,
        Kind::Q6K => Kind::Q8_0,
        _ => Kind::F16,
    };
    if fits(narrower) { narrower } else { Kind::F16 }
}

#[cfg(test)]
#[path = "mixture_tests.rs"]
mod tests;
