//! A conversation as a run learns it: within the context, and which of its tokens are answers; and a pair of
//! them, of which the answers after their common beginning are.

use super::{Answer, Chat, Example};
use crate::EngineError;
use amoozgar_data::Pair;
use amoozgar_types::chat::{Dialogue, Message, Role};
use amoozgar_types::dataset::RowFault;
use amoozgar_types::spec::{Lessons, Thinking};
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
    /// Answers whose thoughts the template leaves out.
    pub(crate) n_unthought: u64,
}

/// What is wrong with a conversation.
pub(crate) type Wrong = (RowFault, Option<String>);

impl Chat {
    /// A conversation in `context` tokens, of which is learnt what `lessons` say.
    ///
    /// # Errors
    /// Where the tokenizer's library refuses.
    pub(crate) fn learnt<'a>(
        &self,
        dialogue: impl Into<Dialogue<'a>>,
        lessons: Lessons,
        context: usize,
    ) -> Result<Result<Learnt, Wrong>, EngineError> {
        Ok(match self.written(dialogue.into())? {
            Ok(example) => {
                let answers = example.trained(lessons.supervise).to_vec();
                within(example, &answers, lessons.thinking, context)
            }
            Err(wrong) => Err(wrong),
        })
    }

    /// Both conversations of a pair in `context` tokens each, the better one first, of which the answers after
    /// the prompt are learnt.
    ///
    /// # Errors
    /// Where the tokenizer's library refuses.
    pub(crate) fn learnt_pair(
        &self,
        pair: &Pair,
        thinking: Thinking,
        context: usize,
    ) -> Result<Result<[Learnt; 2], Wrong>, EngineError> {
        let mut learnt = Vec::with_capacity(2);
        for messages in pair.conversations() {
            let example = match self.written(Dialogue {
                messages: &messages,
                tools: pair.tools.as_deref(),
            })? {
                Ok(example) => example,
                Err(wrong) => return Ok(Err(wrong)),
            };
            let answers = example.answers_after(&pair.prompt).to_vec();
            match within(example, &answers, thinking, context) {
                Ok(one) => learnt.push(one),
                Err(wrong) => return Ok(Err(wrong)),
            }
        }
        Ok(match <[Learnt; 2]>::try_from(learnt) {
            // What the context leaves of them must differ.
            Ok([chosen, rejected]) if chosen.tokens != rejected.tokens => Ok([chosen, rejected]),
            _ => Err((RowFault::TooLong, None)),
        })
    }

    /// What the template writes of a conversation, or why it writes none.
    fn written(&self, dialogue: Dialogue<'_>) -> Result<Result<Example, Wrong>, EngineError> {
        match self.example(dialogue) {
            Ok(example) => Ok(Ok(example)),
            Err(EngineError::ChatTemplate { detail }) => Ok(Err((RowFault::Refused, Some(detail)))),
            Err(error) => Err(error),
        }
    }
}

impl Example {
    /// The answers that follow the messages of a prompt.
    pub(crate) fn answers_after(&self, prompt: &[Message]) -> &[Answer] {
        let is_answer = |one: &&Message| one.role == Role::Assistant && !one.is_empty();
        let n_before = prompt.iter().filter(is_answer).count();
        self.answers.get(n_before..).unwrap_or_default()
    }
}

/// A conversation in `context` tokens, of which these answers are learnt.
fn within(
    example: Example,
    answers: &[Answer],
    thinking: Thinking,
    context: usize,
) -> Result<Learnt, Wrong> {
    let most = context + 1;
    let mut learnt = Learnt {
        trained: Vec::new(),
        n_bytes: 0,
        n_cut: 0,
        n_beyond: 0,
        n_unthought: 0,
        tokens: Vec::new(),
    };
    for answer in answers {
        learnt.n_unthought += u64::from(answer.is_unthought);
        let (bytes, tokens) = answer.learnt(thinking);
        // Nothing is predicted before the first token.
        let places = tokens.start.max(1)..tokens.end.min(most);
        if places.is_empty() {
            learnt.n_beyond += 1;
            continue;
        }
        let mut end = bytes.end;
        if tokens.end > most {
            learnt.n_cut += 1;
            end = example.starts.get(most).copied().unwrap_or(end);
        }
        learnt.n_bytes += end.saturating_sub(bytes.start) as u64;
        learnt.trained.push(places);
    }
    if learnt.trained.is_empty() {
        return Err((RowFault::TooLong, None));
    }
    learnt.tokens = example.tokens;
    learnt.tokens.truncate(most);
    Ok(learnt)
}
