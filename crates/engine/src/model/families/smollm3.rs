//! `SmolLM3`: Llama of whose blocks every fourth rotates nothing.

use super::Architecture;
use super::llama::{LLAMA, LeftOut, LlamaLike, Rows, SightOf};
use crate::model::strict::{Known, May};

/// `SmolLM3ForCausalLM`.
pub(super) const SMOLLM3: LlamaLike = LlamaLike {
    architecture: Architecture::SmolLm3,
    model_type: "smollm3",
    class: "SmolLM3ForCausalLM",
    facts: LLAMA.facts,
    biases: LLAMA.biases,
    indifferent: WINDOWS,
    left_out: LeftOut {
        n_kv_heads: Some(4),
        theta: 2_000_000.0,
        tied: true,
        ..LLAMA.left_out
    },
    sight: SightOf::UnrotatedEvery(UNROTATED_EVERY),
    in_gguf: "smollm3",
    rows: Rows::Pairs,
};

/// The blocks that rotate nothing where the file does not name them, and in every file of GGUF.
const UNROTATED_EVERY: usize = 4;

/// Windows, which no block has unless `use_sliding_window` switches them on.
const WINDOWS: &[Known] = &[
    ("sliding_window", May::BeAnything),
    ("max_window_layers", May::BeAnything),
    ("pretraining_tp", May::BeAnything),
];
