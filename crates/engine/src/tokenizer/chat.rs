//! Conversations as tokens: what a model reads before it answers, and of whole conversations which tokens the
//! model itself would have to write.
//!
//! **What is written by whom is known exactly.** Each text goes into the template between two marks that no
//! text has (`marks`), so that where it stands in what the template wrote is read off, not searched for.
//! Without the marks it must be what the template writes of the plain texts; if not, the template reads the
//! texts in a way that cannot be followed, and the conversation is refused.
//!
//! **A special token is made of what the template wrote alone.** A `<|im_end|>` inside a text becomes the
//! tokens of its letters. What holds none is tokenized as a whole, just as transformers does; what holds some
//! is cut around them, as transformers does with `sanitize_control_tokens`.
//!
//! **An answer** begins where the template's opening for an answer ends (what the model has to write by
//! itself, an empty block of thoughts for example, is part of it), and ends with the special token that the
//! template writes after it. After a last answer without one the token that ends a text is added.

mod answers;
mod learnt;
mod marks;

use super::Tokenizer;
use super::chat_template::{ChatTemplate, Ending, LocalTime};
use crate::EngineError;
use amoozgar_types::chat::{Dialogue, Message, Role};
pub use answers::{Answer, Example};
pub(crate) use learnt::Learnt;
use marks::{Placed, Thoughts};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// A model's conversations.
#[derive(Debug, Clone)]
pub struct Chat {
    template: ChatTemplate,
    /// Makes special tokens of their names.
    special: tokenizers::Tokenizer,
    /// Takes their names for text. Made where a text holds one, which is rare: large tokenizers take
    /// 100 MiB.
    plain: OnceLock<tokenizers::Tokenizer>,
    /// Names of the special tokens, by their ids.
    names: HashMap<u32, String>,
    eos: Option<u32>,
    turn_end: Option<u32>,
    thoughts: Thoughts,
}

/// A piece of text as tokens, with their places in bytes.
#[derive(Default)]
struct Tokens {
    ids: Vec<u32>,
    places: Vec<Range<usize>>,
}

impl Chat {
    /// The conversations of a model with this template and tokenizer. `eos` ends a text where the template's
    /// special tokens name none.
    ///
    /// # Errors
    /// Where the tokenizer's library refuses.
    pub fn new(
        template: ChatTemplate,
        tokenizer: &Tokenizer,
        eos: Option<u32>,
    ) -> Result<Self, EngineError> {
        let mut special = tokenizer.inner.clone();
        special.set_encode_special_tokens(false);
        // It would take the white space at a token's edge out of the token's place.
        special.with_post_processor(None::<tokenizers::PostProcessorWrapper>);
        let added = special.get_added_tokens_decoder();
        let names = added.into_iter().filter(|(_, token)| token.special);
        let names: HashMap<u32, String> = names.map(|(id, token)| (id, token.content)).collect();
        let named = template.special().eos();
        let eos = named.and_then(|text| special.token_to_id(text)).or(eos);
        let mut chat = Self {
            template,
            special,
            plain: OnceLock::new(),
            names,
            eos,
            turn_end: None,
            thoughts: Thoughts::Apart,
        };
        chat.thoughts = chat.way_of_thoughts();
        // A template that cannot write this conversation may still write others.
        let probe = [
            Message::new(Role::User, "a"),
            Message::new(Role::Assistant, "b"),
        ];
        let last = chat.example(&probe).ok().and_then(|example| {
            let end = example.answers.last()?.tokens.end;
            example.tokens.get(end.checked_sub(1)?).copied()
        });
        chat.turn_end = last.filter(|id| chat.is_special(*id) || Some(*id) == chat.eos);
        Ok(chat)
    }

    /// The model's template.
    pub fn template(&self) -> &ChatTemplate {
        &self.template
    }

    fn is_special(&self, token: u32) -> bool {
        self.names.contains_key(&token)
    }

    /// The token that ends an answer.
    pub fn turn_end(&self) -> Option<u32> {
        self.turn_end
    }

    /// Whether a model that writes this token has ended its answer.
    pub fn ends_answer(&self, token: u32) -> bool {
        self.turn_end == Some(token) || self.eos == Some(token)
    }

    /// Whether the template writes the thoughts of a last answer by itself.
    fn way_of_thoughts(&self) -> Thoughts {
        const THOUGHT: &str = "amoozgar";
        let mut answer = Message::new(Role::Assistant, "b");
        answer.reasoning = Some(THOUGHT.to_owned());
        let probe = [Message::new(Role::User, "a"), answer];
        let written = self
            .template
            .render(&probe, Ending::Closed, LocalTime::TRAINING);
        match written {
            Ok(text) if text.contains(THOUGHT) => Thoughts::Apart,
            _ => Thoughts::InText,
        }
    }

    /// What the model reads before it answers the last message, and the text that this is.
    ///
    /// # Errors
    /// Where the template refuses the conversation.
    pub fn prompt<'a>(
        &self,
        dialogue: impl Into<Dialogue<'a>>,
        now: LocalTime,
    ) -> Result<(String, Vec<u32>), EngineError> {
        let placed = self.place(dialogue.into(), Ending::Open, now)?;
        let tokens = self.encode(&placed)?;
        Ok((placed.text, tokens.ids))
    }

    fn place(
        &self,
        dialogue: Dialogue<'_>,
        ending: Ending,
        now: LocalTime,
    ) -> Result<Placed, EngineError> {
        let Dialogue { messages, tools } = dialogue;
        let refused = |detail: &str| EngineError::ChatTemplate {
            detail: detail.to_owned(),
        };
        let given = marks::plain(messages, self.thoughts);
        let plain = Dialogue {
            messages: &given,
            tools,
        };
        let plain = self.template.render(plain, ending, now)?;
        let marked = marks::mark(messages, self.thoughts)
            .ok_or_else(|| refused("a message holds characters that are reserved for marks"))?;
        let marked = Dialogue {
            messages: &marked,
            tools,
        };
        let marked = self.template.render_marked(marked, ending, now)?;
        let placed = marks::take_out(&marked, messages.len());
        if placed.text != plain {
            return Err(refused(
                "the template changes a message in a way that cannot be followed",
            ));
        }
        // Of a text whose place is not known it cannot be said what is the template's own beside it.
        let forges = |text: &str| self.names.values().any(|name| text.contains(name.as_str()));
        let mut numbered = messages.iter().enumerate();
        let is_forged = numbered.any(|(index, message)| {
            (placed.is_lost(index) && forges(&message.content))
                || (placed.thoughts(index).is_none()
                    && message.reasoning.as_deref().is_some_and(forges))
        });
        if is_forged {
            return Err(refused(
                "a message holds the name of a special token, and the template does not write it as it is",
            ));
        }
        let mut calls = messages.iter().flat_map(|message| &message.tool_calls);
        if calls.any(|call| forges(&call.name) || forges(&call.arguments))
            || tools.is_some_and(forges)
        {
            return Err(refused(
                "a tool's description or arguments hold the name of a special token",
            ));
        }
        Ok(placed)
    }

    fn append_eos(&self, eos: u32, text: &mut String, tokens: &mut Tokens) {
        let start = text.len();
        text.push_str(&self.special.id_to_token(eos).unwrap_or_default());
        tokens.ids.push(eos);
        tokens.places.push(start..text.len());
    }

    /// The tokens of what the template wrote.
    fn encode(&self, placed: &Placed) -> Result<Tokens, EngineError> {
        let text = placed.text.as_str();
        let whole = encode(&self.special, text, 0)?;
        let forged: Vec<Range<usize>> = self.forged(&whole, placed).cloned().collect();
        if forged.is_empty() {
            return Ok(whole);
        }
        let plain = self.plain.get_or_init(|| {
            let mut plain = self.special.clone();
            plain.set_encode_special_tokens(true);
            plain
        });
        let mut tokens = Tokens::default();
        let mut done = 0;
        for place in forged
            .into_iter()
            .chain(std::iter::once(text.len()..text.len()))
        {
            let pieces = [(&self.special, done..place.start), (plain, place.clone())];
            for (tokenizer, piece) in pieces {
                let part = text.get(piece.clone()).unwrap_or_default();
                tokens.extend(encode_within(tokenizer, part, piece.start)?);
            }
            done = place.end;
        }
        if let Some(place) = self.forged(&tokens, placed).next() {
            let name = text.get(place.clone()).unwrap_or_default();
            return Err(EngineError::ChatTemplate {
                detail: format!("`{name}` in a message cannot be told from the token of this name"),
            });
        }
        Ok(tokens)
    }

    /// Places of special tokens that were made of a message's text.
    fn forged<'a>(
        &'a self,
        tokens: &'a Tokens,
        placed: &'a Placed,
    ) -> impl Iterator<Item = &'a Range<usize>> {
        let special = tokens.ids.iter().zip(&tokens.places);
        special
            .filter(|(id, place)| self.is_special(**id) && placed.touches_content(place))
            .map(|(_, place)| place)
    }
}

impl Tokens {
    fn extend(&mut self, more: Self) {
        self.ids.extend(more.ids);
        self.places.extend(more.places);
    }

    /// The tokens that hold bytes of the place. One without bytes of its own, as of a space that a tokenizer
    /// adds, belongs to what ends there.
    fn within(&self, bytes: &Range<usize>) -> Range<usize> {
        let is_in = |place: &Range<usize>| {
            if place.is_empty() {
                bytes.start < place.end && place.end <= bytes.end
            } else {
                place.start < bytes.end && bytes.start < place.end
            }
        };
        let first = self.places.iter().position(is_in);
        let last = self.places.iter().rposition(is_in);
        match (first, last) {
            (Some(first), Some(last)) => first..last + 1,
            _ => 0..0,
        }
    }
}

/// The tokens of `text`, which begins at byte `start`.
fn encode(
    tokenizer: &tokenizers::Tokenizer,
    text: &str,
    start: usize,
) -> Result<Tokens, EngineError> {
    let encoding = tokenizer
        .encode(text, false)
        .map_err(|source| EngineError::tokenizer(&source))?;
    let places = encoding.get_offsets().iter();
    Ok(Tokens {
        ids: encoding.get_ids().to_vec(),
        places: places.map(|&(from, to)| start + from..start + to).collect(),
    })
}

/// The tokens of a piece from the middle of a text: it is encoded after a line break, which is taken away
/// again, so that no tokenizer puts before it what stands at a text's beginning.
fn encode_within(
    tokenizer: &tokenizers::Tokenizer,
    piece: &str,
    start: usize,
) -> Result<Tokens, EngineError> {
    if piece.is_empty() || start == 0 {
        return encode(tokenizer, piece, start);
    }
    let break_ids = encode(tokenizer, "\n", 0)?.ids;
    let mut tokens = encode(tokenizer, &format!("\n{piece}"), 0)?;
    if !tokens.ids.starts_with(&break_ids) {
        return encode(tokenizer, piece, start);
    }
    tokens.ids.drain(..break_ids.len());
    tokens.places.drain(..break_ids.len());
    for place in &mut tokens.places {
        *place = start + place.start.saturating_sub(1)..start + place.end.saturating_sub(1);
    }
    Ok(tokens)
}

#[cfg(test)]
#[path = "chat/tests.rs"]
mod tests;
