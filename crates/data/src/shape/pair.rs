//! Pairs: a prompt with a better and a worse answer to it.
//!
//! Three forms are read: a prompt beside two texts, a list of messages beside two lists that go on from it, and
//! two whole conversations that begin alike. A list that repeats the prompt beside it is read as well, since
//! published datasets have such.

use super::conversation::{Faulty, Parts, checked, cleaned};
use super::guess::{list, of_messages};
use super::message::{Wrong, listed, tools};
use crate::DataError;
use crate::readers::rows::Rows;
use amoozgar_types::chat::{Message, Role};
use amoozgar_types::dataset::{Field, Guess, RowFault, Shape, TextEncoding};
use serde_json::Value;
use std::path::Path;

/// A row of pairs. Texts are normalized, trimmed and not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The messages before both answers.
    pub prompt: Vec<Message>,
    /// The better answer; where it goes on, up to its last message of the assistant.
    pub chosen: Vec<Message>,
    /// The worse answer, alike.
    pub rejected: Vec<Message>,
    /// The tools that the model can call: the text of a JSON list.
    pub tools: Option<String>,
    /// The line on which the row begins, counted from 1.
    pub line: u64,
}

impl Pair {
    /// Both conversations from their beginning, the better one first.
    pub fn conversations(&self) -> [Vec<Message>; 2] {
        [&self.chosen, &self.rejected].map(|answer| [self.prompt.as_slice(), answer].concat())
    }
}

/// The rows of a file of pairs. After an error nothing follows.
pub struct Pairs {
    rows: Rows,
    parts: Parts,
    ended: bool,
}

impl Pairs {
    /// Opens a file whose rows are what `guess` says ([`crate::shape_of`]).
    ///
    /// # Errors
    /// Where it cannot be opened, or holds no pairs.
    pub fn open(path: &Path, guess: &Guess) -> Result<Self, DataError> {
        if guess.shape != Shape::Preference {
            return Err(DataError::NoRows {
                path: path.to_path_buf(),
            });
        }
        Ok(Self {
            rows: Rows::open(path)?,
            parts: Parts(guess.mapping.clone()),
            ended: false,
        })
    }

    /// The share of the file that has been read, from 0 to 1.
    pub fn share_read(&self) -> f64 {
        self.rows.share_read()
    }

    /// The encoding of the file, as far as what was read shows it.
    pub fn encoding(&self) -> TextEncoding {
        self.rows.encoding()
    }

    /// Size of the file.
    pub fn size_bytes(&self) -> u64 {
        self.rows.size_bytes()
    }

    fn next_row(&mut self) -> Result<Option<Result<Pair, Faulty>>, DataError> {
        let Some(row) = self.rows.next_row()? else {
            return Ok(None);
        };
        let line = row.line;
        let read = match row.value {
            Some(value) => self.pair(&value, line),
            None => Err((RowFault::Unreadable, None)),
        };
        Ok(Some(read.map_err(|(fault, value)| Faulty {
            fault,
            value,
            line,
        })))
    }

    fn pair(&self, row: &Value, line: u64) -> Result<Pair, Wrong> {
        let chosen = self.spoken(row, Field::Chosen, Role::Assistant)?;
        let rejected = self.spoken(row, Field::Rejected, Role::Assistant)?;
        let has_prompt = self.parts.given(row, Field::Prompt).is_some();
        let mut before = if has_prompt {
            self.spoken(row, Field::Prompt, Role::User)?
        } else {
            Vec::new()
        };
        self.parts.open_with_system(row, &mut before)?;
        let before = cleaned(before)?;
        let is_alone = |answer: &[Message]| matches!(answer, [one] if one.role == Role::Assistant);
        if !has_prompt && is_alone(&chosen) && is_alone(&rejected) {
            let prompt = Field::Prompt.as_str().to_owned();
            return Err((RowFault::MissingField, Some(prompt)));
        }
        let (n_first, chosen) = whole(&before, chosen)?;
        let (n_second, rejected) = whole(&before, rejected)?;
        if chosen == rejected {
            return Err((RowFault::SameAnswers, None));
        }
        let n_shared = shared(&chosen, &rejected);
        // What stands beside the answers is the prompt, also where these go on alike for a while.
        let n_prompt = if asks(&before) { n_first } else { n_shared };
        let (prompt, chosen) = chosen.split_at(n_prompt.min(n_shared));
        let rejected = rejected.get(prompt.len()..).unwrap_or_default();
        let is_same = n_first == n_second && n_prompt <= n_shared;
        if !is_same || !asks(prompt) || !answers(chosen) || !answers(rejected) {
            return Err((RowFault::PromptsDiffer, None));
        }
        Ok(Pair {
            prompt: prompt.to_vec(),
            chosen: chosen.to_vec(),
            rejected: rejected.to_vec(),
            tools: tools(row)?,
            line,
        })
    }

    /// A part that is a text of `role`, or a list of messages, also as the JSON that a table's cell holds.
    fn spoken(&self, row: &Value, field: Field, role: Role) -> Result<Vec<Message>, Wrong> {
        let value = self.parts.part(row, field)?;
        match list(value) {
            Some(messages) if of_messages(&messages).is_some() => listed(value, field),
            _ => self.parts.spoken(row, field, role),
        }
    }
}

impl Iterator for Pairs {
    type Item = Result<Result<Pair, Faulty>, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.next_row().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

/// Whether somebody asks something.
fn asks(messages: &[Message]) -> bool {
    messages.iter().any(|one| one.role == Role::User)
}

/// Whether these messages begin with an answer.
fn answers(messages: &[Message]) -> bool {
    let first = messages.first();
    first.is_some_and(|first| first.role == Role::Assistant)
}

/// The whole conversation of an answer that is one itself or goes on from what stands `before` it, and how
/// many of its messages stand before the answer as far as `before` tells.
fn whole(before: &[Message], answer: Vec<Message>) -> Result<(usize, Vec<Message>), Wrong> {
    let answer = checked(answer).map_err(|wrong| match wrong {
        (RowFault::Empty, value) => (RowFault::EmptyAnswer, value),
        wrong => wrong,
    })?;
    if answers(&answer) {
        return Ok((before.len(), [before, &answer].concat()));
    }
    // The answer is a conversation, whose system message may stand here or there.
    let is_system = |one: &&Message| one.role == Role::System;
    let has_system = before.iter().any(|one| is_system(&one));
    let own = answer.iter().take_while(is_system).count();
    let (system, rest) = answer.split_at(own);
    let asked: Vec<Message> = before
        .iter()
        .filter(|one| !is_system(one))
        .cloned()
        .collect();
    let rest = rest
        .strip_prefix(asked.as_slice())
        .ok_or((RowFault::PromptsDiffer, None))?;
    let first = if has_system { before } else { system };
    let first: Vec<Message> = first.iter().filter(is_system).cloned().collect();
    let n_before = first.len() + asked.len();
    Ok((n_before, [first.as_slice(), &asked, rest].concat()))
}

/// How many messages two conversations have in common at their beginning.
fn shared(a: &[Message], b: &[Message]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
#[path = "pair/tests.rs"]
mod tests;
