//! The families of models, a file each: how its `config.json` is read and written, what its weights are
//! called and shaped, and the facts that the network's description asks for. Nothing outside these files
//! asks which family a model is of.

mod bert;
mod distilbert;
mod encoders;
mod gemma;
mod gpt2;
mod llama;
mod mistral;
mod modernbert;
mod phi3;
mod qwen;
mod qwen3_5;
mod roberta;
mod smollm3;
mod xlm_roberta;

use super::ModelConfig;
use super::facts::Facts;
use super::fields::Fields;
use super::in_gguf::InGguf;
use super::network::{Block, Embedding, End, Finder};
use super::specs::WeightSpec;
use super::strict::Known;
use crate::EngineError;
use serde_json::Value;

/// Which of transformers' families a model belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// `LlamaForCausalLM`.
    Llama,
    /// `Qwen2ForCausalLM`: biases of queries, keys and values.
    Qwen2,
    /// `Qwen3ForCausalLM`: norms of each head's queries and keys.
    Qwen3,
    /// `Qwen3_5ForCausalLM`: linear attention by the gated delta rule, and attention in every fourth block.
    Qwen3_5,
    /// `MistralForCausalLM`: every block sees a window.
    Mistral,
    /// `Phi3ForCausalLM`: joint matrices of queries, keys and values, and of gate and what it gates.
    Phi3,
    /// `SmolLM3ForCausalLM`: every fourth block rotates nothing.
    SmolLm3,
    /// `Gemma3ForCausalLM`: windows and whole sight in turn, four norms a block.
    Gemma3,
    /// `GPT2LMHeadModel`: learned positions, `LayerNorm`, GELU, transposed matrices.
    Gpt2,
    /// `BertForSequenceClassification`: looks both ways, norms after each sum, a pooler, classes.
    Bert,
    /// `RobertaForSequenceClassification`: BERT's blocks, positions behind the padding's, a head of its own.
    Roberta,
    /// `XLMRobertaForSequenceClassification`: `RoBERTa` by another name.
    XlmRoberta,
    /// `DistilBertForSequenceClassification`: BERT's blocks without kinds of segments and pooler.
    DistilBert,
    /// `ModernBertForSequenceClassification`: rotations, windows to both sides, gated hidden layers.
    ModernBert,
}

/// A family's own file.
pub(super) trait Family: Sync {
    /// transformers' `model_type`.
    fn model_type(&self) -> &'static str;

    /// The `model_type` of models of which this is the part that reads and writes text, whose configuration
    /// lies in their `text_config`.
    fn whole_model_type(&self) -> Option<&'static str> {
        None
    }

    /// transformers' class.
    fn class(&self) -> &'static str;

    /// What tells its computation from others'.
    fn facts(&self) -> Facts;

    /// Reads a `config.json`; the error says what is wrong with it.
    fn read(&self, fields: &Fields<'_>) -> Result<ModelConfig, String>;

    /// Fields of its `config.json` that [`Family::read`] does not ask for, and what they may be.
    fn indifferent(&self) -> &'static [Known] {
        &[]
    }

    /// Patterns of the names of weights that its folders carry and the model does not use; a `*` is any
    /// text.
    fn unused_weights(&self) -> &'static [&'static str] {
        &[]
    }

    /// The `config.json` of a model that was made here, as transformers reads it.
    fn write(&self, config: &ModelConfig, special: SpecialTokens) -> Value;

    /// Every weight, in any order.
    fn weights(&self, config: &ModelConfig) -> Vec<WeightSpec>;

    /// What stands before a block's number in its weights' names.
    fn block_path(&self) -> &'static str;

    /// Name of the embedding of tokens.
    fn embedding(&self) -> &'static str;

    /// What transformers leaves out of the names where it saves the model without its head.
    fn prefix(&self) -> &'static str;

    /// The names under which files of the Hub keep the weight `name`, the likeliest first.
    fn names_in_files(&self, name: &str) -> Vec<String> {
        let bare = name.strip_prefix(self.prefix());
        [name].into_iter().chain(bare).map(str::to_owned).collect()
    }

    /// How it lies in GGUF files; `None` where such files are not read.
    fn in_gguf(&self) -> Option<&dyn InGguf> {
        None
    }

    /// The parts of block `layer`.
    fn block(
        &self,
        config: &ModelConfig,
        layer: usize,
        find: &Finder<'_>,
    ) -> Result<Block, EngineError>;

    /// What stands before the first block and behind the last.
    fn ends(
        &self,
        config: &ModelConfig,
        find: &Finder<'_>,
    ) -> Result<(Embedding, End), EngineError>;
}

/// How a family lies in GGUF files; `None` where such files are not read.
pub(super) fn in_gguf(architecture: Architecture) -> Option<&'static dyn InGguf> {
    architecture.family().in_gguf()
}

/// Ids of the tokens that a `config.json` names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpecialTokens {
    /// Ends a document.
    pub(crate) eos: u32,
    /// Fills up batches.
    pub(crate) pad: u32,
}

impl Architecture {
    const ALL: [Self; 14] = [
        Self::Llama,
        Self::Qwen2,
        Self::Qwen3,
        Self::Qwen3_5,
        Self::Mistral,
        Self::Phi3,
        Self::SmolLm3,
        Self::Gemma3,
        Self::Gpt2,
        Self::Bert,
        Self::Roberta,
        Self::XlmRoberta,
        Self::DistilBert,
        Self::ModernBert,
    ];

    /// Every family.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }

    /// transformers' `model_type`.
    pub(crate) fn model_type(self) -> &'static str {
        self.family().model_type()
    }

    /// The one of this `model_type`.
    pub(super) fn of_model_type(model_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|architecture| {
            let family = architecture.family();
            family.model_type() == model_type || family.whole_model_type() == Some(model_type)
        })
    }

    pub(super) fn family(self) -> &'static dyn Family {
        match self {
            Self::Llama => &llama::LLAMA,
            Self::Qwen2 => &qwen::QWEN2,
            Self::Qwen3 => &qwen::QWEN3,
            Self::Qwen3_5 => &qwen3_5::Qwen3_5,
            Self::Mistral => &mistral::MISTRAL,
            Self::Phi3 => &phi3::Phi3,
            Self::SmolLm3 => &smollm3::SMOLLM3,
            Self::Gemma3 => &gemma::Gemma3,
            Self::Gpt2 => &gpt2::Gpt2,
            Self::Bert => &bert::Bert,
            Self::Roberta => &roberta::ROBERTA,
            Self::XlmRoberta => &xlm_roberta::XLM_ROBERTA,
            Self::DistilBert => &distilbert::DistilBert,
            Self::ModernBert => &modernbert::ModernBert,
        }
    }
}
