//! XLM-R: `RoBERTa` over a hundred languages, with a `SentencePiece` vocabulary. Its weights have `RoBERTa`'s
//! names.

use super::Architecture;
use super::roberta::RobertaLike;

/// `XLMRobertaForSequenceClassification`.
pub(super) const XLM_ROBERTA: RobertaLike = RobertaLike {
    architecture: Architecture::XlmRoberta,
    model_type: "xlm-roberta",
    class: "XLMRobertaForSequenceClassification",
};
