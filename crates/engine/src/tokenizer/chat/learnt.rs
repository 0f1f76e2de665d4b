//! A conversation as a run learns it: within the context, and which of its tokens are answers.

use super::Chat;
use crate::EngineError;
use amoozgar_types::chat::Message;
use amoozgar_types::dataset::RowFault;
use amoozgar_types::spec::Supervise;
use std::ops::Range;

/// A conversation as it is learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Learnt {
    /// At most one more than the context: the last is a target only.
    pub(crate) tokens: Vec<u32>,
    /// Places of the answers in them.
    pub(crate) trained: Vec<Range<usize>>,
    /// UTF-8 bytes of the answers that are left.
    pub(crate) n_bytes: u64,
    /// Answers that the context cuts.
    pub(crate) n_cut: u64,
    /// Answers that lie beyond it.
    pub(crate) n_beyond: u64,
}

/// What is wrong with a conversation.
type Wrong = (RowFault, Option<String>);

impl Chat {
    /// A conversation in `context` tokens, of which the answers are learnt that `supervise` names.
    ///
    /// # Errors
    /// Where the tokenizer's library refuses.
    pub(crate) fn learnt(
        &self,
        messages: &[Message],
        supervise: Supervise,
        context: usize,
    ) -> Result<Result<Learnt, Wrong>, EngineError> {
        let example = match self.example(messages) {
            Ok(example) => example,
            Err(EngineError::ChatTemplate { detail }) => {
                return Ok(Err((RowFault::Refused, Some(detail))));
            }
            Err(error) => return Err(error),
        };
        let most = context + 1;
        let mut learnt = Learnt {
            trained: Vec::new(),
            n_bytes: 0,
            n_cut: 0,
            n_beyond: 0,
            tokens: Vec::new(),
        };
        for answer in example.trained(supervise) {
            // Nothing is predicted before the first token.
            let places = answer.tokens.start.max(1)..answer.tokens.end.min(most);
            if places.is_empty() {
                learnt.n_beyond += 1;
                continue;
            }
            let mut end = answer.bytes.end;
            if answer.tokens.end > most {
                learnt.n_cut += 1;
                end = example.starts.get(most).copied().unwrap_or(end);
            }
            learnt.n_bytes += end.saturating_sub(answer.bytes.start) as u64;
            learnt.trained.push(places);
        }
        if learnt.trained.is_empty() {
            return Ok(Err((RowFault::TooLong, None)));
        }
        learnt.tokens = example.tokens;
        learnt.tokens.truncate(most);
        Ok(Ok(learnt))
    }
}
