//! Mistral: Llama whose blocks see a window of tokens, or everything where the file says null.

use super::Architecture;
use super::llama::{LLAMA, LeftOut, LlamaLike, Rows, SightOf};

/// `MistralForCausalLM`.
pub(super) const MISTRAL: LlamaLike = LlamaLike {
    architecture: Architecture::Mistral,
    model_type: "mistral",
    class: "MistralForCausalLM",
    facts: LLAMA.facts,
    biases: &[],
    indifferent: &[],
    left_out: LeftOut {
        n_kv_heads: Some(8),
        ..LLAMA.left_out
    },
    sight: SightOf::Window(4096),
    // llama.cpp has no name of its own for it.
    in_gguf: LLAMA.in_gguf,
    rows: Rows::Pairs,
};
