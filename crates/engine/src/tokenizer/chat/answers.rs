//! Which parts of a conversation the model itself would have to write.

use super::marks::{self, Placed};
use super::{Chat, Tokens};
use crate::EngineError;
use crate::tokenizer::chat_template::{Ending, LocalTime};
use amoozgar_types::chat::{Dialogue, Message, Role};
use amoozgar_types::spec::{Supervise, Thinking};
use std::ops::Range;

/// A whole conversation as tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What the template wrote.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
    /// Where each token begins in the text, in bytes.
    pub starts: Vec<usize>,
    /// The answers, in order.
    pub answers: Vec<Answer>,
}

/// An answer with the token that ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// In the conversation's text.
    pub bytes: Range<usize>,
    /// In the conversation's tokens.
    pub tokens: Range<usize>,
    /// Where the thoughts before it end, in bytes and as the first token behind them; absent where it has
    /// none.
    pub thoughts_end: Option<(usize, usize)>,
    /// Whether it has thoughts that the template leaves out.
    pub is_unthought: bool,
}

impl Answer {
    /// What of it is learnt: its places in bytes and in tokens.
    pub fn learnt(&self, thinking: Thinking) -> (Range<usize>, Range<usize>) {
        match (thinking, self.thoughts_end) {
            (Thinking::Read, Some((byte, token))) => (byte..self.bytes.end, token..self.tokens.end),
            _ => (self.bytes.clone(), self.tokens.clone()),
        }
    }
}

impl Example {
    /// The answers that are trained on.
    pub fn trained(&self, supervise: Supervise) -> &[Answer] {
        let n = self.answers.len();
        let first = match supervise {
            Supervise::All => 0,
            Supervise::Last => n.saturating_sub(1),
        };
        self.answers.get(first..).unwrap_or_default()
    }
}

/// A conversation that the template wrote.
struct Written<'a> {
    chat: &'a Chat,
    /// As the template was given them.
    messages: Vec<Message>,
    tools: Option<&'a str>,
    placed: Placed,
    tokens: Tokens,
}

impl Chat {
    /// A whole conversation.
    ///
    /// # Errors
    /// Where the template refuses the conversation, or an answer cannot be found in what it writes.
    pub fn example<'a>(&self, dialogue: impl Into<Dialogue<'a>>) -> Result<Example, EngineError> {
        let dialogue = dialogue.into();
        let placed = self.place(dialogue, Ending::Closed, LocalTime::TRAINING)?;
        let tokens = self.encode(&placed)?;
        Written {
            chat: self,
            messages: marks::plain(dialogue.messages, self.thoughts),
            tools: dialogue.tools,
            placed,
            tokens,
        }
        .into_example(dialogue.messages)
    }
}

impl Written<'_> {
    fn into_example(mut self, said: &[Message]) -> Result<Example, EngineError> {
        let is_answer = |message: &Message| message.role == Role::Assistant && !message.is_empty();
        let indices = said.iter().enumerate();
        let indices = indices.filter(|(_, message)| is_answer(message));
        let indices: Vec<usize> = indices.map(|(index, _)| index).collect();
        let mut places = Vec::with_capacity(indices.len());
        for (n_before, &index) in indices.iter().enumerate() {
            let tagged = self.chat.template.is_tagged();
            let place = if tagged {
                self.tagged(index, n_before, indices.len())
            } else {
                self.found(index)
            };
            places.push(place.ok_or_else(|| EngineError::ChatTemplate {
                detail: format!(
                    "the template does not write the answer of message {} as it is",
                    index + 1
                ),
            })?);
        }
        let answers = indices.iter().zip(places).map(|(&index, bytes)| {
            let thoughts = self.placed.thoughts(index);
            let content = self.placed.content(index);
            let end = thoughts
                .filter(|place| bytes.start <= place.start && place.end <= bytes.end)
                .map(|place| {
                    content
                        .and_then(|content| content.start)
                        .unwrap_or(place.end)
                });
            let has_thoughts = said.get(index).is_some_and(|said| said.reasoning.is_some());
            Answer {
                tokens: self.tokens.within(&bytes),
                thoughts_end: end.map(|end| (end, self.tokens.within(&(end..bytes.end)).start)),
                is_unthought: has_thoughts && end.is_none(),
                bytes,
            }
        });
        let answers = answers.collect();
        Ok(Example {
            text: self.placed.text,
            answers,
            starts: self.tokens.places.iter().map(|place| place.start).collect(),
            tokens: self.tokens.ids,
        })
    }

    /// The answer of message `index` as the template's author marked it: by its number where each has a mark,
    /// else by its text.
    fn tagged(&self, index: usize, n_before: usize, n_answers: usize) -> Option<Range<usize>> {
        let generated = &self.placed.generated;
        if generated.len() == n_answers {
            return generated.get(n_before).cloned();
        }
        let end = self.placed.content(index)?.end;
        let mut around = generated.iter();
        around
            .find(|place| place.start < end && end <= place.end)
            .cloned()
    }

    /// The answer of message `index`: from the template's opening to the token that ends it, which is added
    /// behind a last answer that has none.
    fn found(&mut self, index: usize) -> Option<Range<usize>> {
        let content = self.placed.content(index);
        let start = self.opening(index);
        let calls = !self.messages.get(index)?.tool_calls.is_empty();
        // Where there is no text, the answer ends with its turn.
        let from = match content {
            Some(content) => content.end,
            None if calls => start?,
            None => return None,
        };
        let start = start.or_else(|| content?.start)?;
        let next = self.placed.next_content(from);
        if let Some(end) = self.end_of_turn(from, next, calls) {
            return Some(start..end);
        }
        let is_last = index + 1 == self.messages.len();
        match self.chat.eos {
            Some(eos) if is_last => {
                self.chat
                    .append_eos(eos, &mut self.placed.text, &mut self.tokens);
                Some(start..self.placed.text.len())
            }
            // The template's own words behind a call cannot be told from the call.
            _ if calls => None,
            _ => Some(start..from),
        }
    }

    /// Where the answer of message `index` begins: after the opening that the model is given, or where that
    /// is none of the text, with the answer's own first character.
    fn opening(&self, index: usize) -> Option<usize> {
        let before = Dialogue {
            messages: self.messages.get(..index)?,
            tools: self.tools,
        };
        let content = self.placed.content(index);
        let end = content.map_or(self.placed.text.len(), |content| content.end);
        let opening = self
            .chat
            .template
            .render(before, Ending::Open, LocalTime::TRAINING);
        match opening {
            Ok(opening) if self.placed.text.starts_with(&opening) && opening.len() < end => {
                Some(opening.len())
            }
            // A template may refuse what is no whole conversation.
            _ => self
                .placed
                .thoughts(index)
                .map(|thoughts| thoughts.start)
                .or_else(|| content?.start),
        }
    }

    /// Where the first special token ends that the template wrote from `from` on and before `next`. Around the
    /// calls of tools it may write others: there it is the one that ends every turn.
    fn end_of_turn(&self, from: usize, next: usize, calls: bool) -> Option<usize> {
        let mut all = self.tokens.ids.iter().zip(&self.tokens.places);
        let (_, place) = all.find(|(id, place)| {
            let ends = if calls {
                self.chat.ends_answer(**id)
            } else {
                self.chat.is_special(**id)
            };
            ends && place.start >= from && place.end <= next
        })?;
        Some(place.end)
    }
}
