//! Qwen2 and Qwen3: Llama with biases of queries, keys and values, or with norms of each head's queries
//! and keys instead.

use super::Architecture;
use super::llama::{ATTENTION_BIAS, LLAMA, LeftOut, LlamaLike, Rows, SightOf};
use crate::model::facts::Facts;
use crate::model::strict::{Known, May};

/// Windows, which no block has unless `use_sliding_window` switches them on.
const WINDOWS: &[Known] = &[
    ("sliding_window", May::BeAnything),
    ("max_window_layers", May::BeAnything),
];

/// `Qwen2ForCausalLM`.
pub(super) const QWEN2: LlamaLike = LlamaLike {
    architecture: Architecture::Qwen2,
    model_type: "qwen2",
    class: "Qwen2ForCausalLM",
    facts: Facts {
        qkv_biases: true,
        ..LLAMA.facts
    },
    biases: &[],
    indifferent: WINDOWS,
    left_out: LeftOut {
        n_kv_heads: Some(32),
        ..LLAMA.left_out
    },
    sight: SightOf::Whole,
    in_gguf: "qwen2",
    rows: Rows::Halves,
};

/// `Qwen3ForCausalLM`.
pub(super) const QWEN3: LlamaLike = LlamaLike {
    architecture: Architecture::Qwen3,
    model_type: "qwen3",
    class: "Qwen3ForCausalLM",
    facts: Facts {
        head_norms: true,
        ..LLAMA.facts
    },
    biases: &[ATTENTION_BIAS],
    indifferent: WINDOWS,
    left_out: LeftOut {
        n_kv_heads: Some(32),
        head_dim: Some(128),
        ..LLAMA.left_out
    },
    sight: SightOf::Whole,
    in_gguf: "qwen3",
    rows: Rows::Halves,
};
