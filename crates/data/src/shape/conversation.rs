//! Conversations: lists of messages, instructions with their outputs, questions with their answers.

use super::message::{Wrong, listed, scalar, tools};
use crate::DataError;
use crate::readers::rows::Rows;
use amoozgar_types::chat::{Dialogue, Message, Role};
use amoozgar_types::dataset::{Field, Guess, Mapping, RowFault, Shape, TextEncoding};
use serde_json::Value;
use std::path::Path;

/// A row of conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its messages up to the last answer; texts are normalized, trimmed and not empty.
    pub messages: Vec<Message>,
    /// The tools that the model can call: the text of a JSON list.
    pub tools: Option<String>,
    /// The line on which the row begins, counted from 1.
    pub line: u64,
}

impl Conversation {
    /// The conversation without its place in the file.
    pub fn dialogue(&self) -> Dialogue<'_> {
        Dialogue {
            messages: &self.messages,
            tools: self.tools.as_deref(),
        }
    }
}

/// A row that is no conversation to learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulty {
    /// Why.
    pub fault: RowFault,
    /// More about it: a part, a role.
    pub value: Option<String>,
    /// The line on which the row begins, counted from 1.
    pub line: u64,
}

/// The rows of a file of conversations. After an error nothing follows.
pub struct Conversations {
    rows: Rows,
    parts: Parts,
    shape: Shape,
    ended: bool,
}

impl Conversations {
    /// Opens a file whose rows are what `guess` says ([`crate::shape_of`]).
    ///
    /// # Errors
    /// Where it cannot be opened, or is plain text.
    pub fn open(path: &Path, guess: &Guess) -> Result<Self, DataError> {
        if !guess.shape.is_conversation() {
            return Err(DataError::NoRows {
                path: path.to_path_buf(),
            });
        }
        Ok(Self {
            rows: Rows::open(path)?,
            parts: Parts(guess.mapping.clone()),
            shape: guess.shape,
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

    fn next_row(&mut self) -> Result<Option<Result<Conversation, Faulty>>, DataError> {
        let Some(row) = self.rows.next_row()? else {
            return Ok(None);
        };
        let line = row.line;
        let read = match row.value {
            Some(value) => self
                .messages(&value)
                .and_then(|messages| Ok((messages, tools(&value)?))),
            None => Err((RowFault::Unreadable, None)),
        };
        Ok(Some(match read {
            Ok((messages, tools)) => Ok(Conversation {
                messages,
                tools,
                line,
            }),
            Err((fault, value)) => Err(Faulty { fault, value, line }),
        }))
    }

    fn messages(&self, row: &Value) -> Result<Vec<Message>, Wrong> {
        let parts = &self.parts;
        let mut messages = match self.shape {
            Shape::Text | Shape::Preference | Shape::Messages | Shape::Sharegpt => {
                let value = match row {
                    Value::Array(_) => row,
                    _ => parts.part(row, Field::Messages)?,
                };
                listed(value, Field::Messages)?
            }
            Shape::Alpaca => self.instructed(row)?,
            Shape::PromptCompletion => {
                let mut messages = parts.spoken(row, Field::Prompt, Role::User)?;
                messages.extend(parts.spoken(row, Field::Completion, Role::Assistant)?);
                messages
            }
        };
        parts.open_with_system(row, &mut messages)?;
        checked(messages)
    }

    /// An instruction, with what was said before it.
    fn instructed(&self, row: &Value) -> Result<Vec<Message>, Wrong> {
        let mut messages = Vec::new();
        for turn in row
            .get("history")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let [question, answer] = turn.as_array().map_or(&[][..], Vec::as_slice) else {
                return Err((RowFault::WrongType, Some("history".to_owned())));
            };
            messages.push(Message::new(Role::User, scalar(question, "history")?));
            messages.push(Message::new(Role::Assistant, scalar(answer, "history")?));
        }
        let parts = &self.parts;
        let mut asked = scalar(
            parts.part(row, Field::Instruction)?,
            parts.column(Field::Instruction),
        )?;
        if let Some(input) = parts.optional(row, Field::Input)?
            && !input.trim().is_empty()
        {
            asked = format!("{asked}\n{input}");
        }
        messages.push(Message::new(Role::User, asked));
        let output = scalar(parts.part(row, Field::Output)?, parts.column(Field::Output))?;
        messages.push(Message::new(Role::Assistant, output));
        Ok(messages)
    }
}

/// The parts of a row, by their columns.
pub(super) struct Parts(pub(super) Mapping);

impl Parts {
    /// A part that is a text of `role`, or a list of messages.
    pub(super) fn spoken(
        &self,
        row: &Value,
        field: Field,
        role: Role,
    ) -> Result<Vec<Message>, Wrong> {
        let value = self.part(row, field)?;
        if value.is_array() {
            return listed(value, field);
        }
        let text = scalar(value, self.column(field))?;
        Ok(vec![Message::new(role, text)])
    }

    fn column(&self, field: Field) -> &str {
        self.0.get(&field).map_or(field.as_str(), String::as_str)
    }

    pub(super) fn part<'a>(&self, row: &'a Value, field: Field) -> Result<&'a Value, Wrong> {
        let column = self.column(field);
        match row.get(column) {
            Some(value) if !value.is_null() => Ok(value),
            _ if is_empty(row) => Err((RowFault::Empty, None)),
            _ => Err((RowFault::MissingField, Some(column.to_owned()))),
        }
    }

    fn optional(&self, row: &Value, field: Field) -> Result<Option<String>, Wrong> {
        match self.given(row, field) {
            Some(value) => scalar(value, self.column(field)).map(Some),
            None => Ok(None),
        }
    }

    /// A part for which there is a column, where the row has it.
    pub(super) fn given<'a>(&self, row: &'a Value, field: Field) -> Option<&'a Value> {
        let value = self.0.get(&field).and_then(|column| row.get(column));
        value.filter(|value| !value.is_null())
    }

    /// Puts what holds for the whole conversation before its messages, where it does not begin with such.
    pub(super) fn open_with_system(
        &self,
        row: &Value,
        messages: &mut Vec<Message>,
    ) -> Result<(), Wrong> {
        if let Some(system) = self.optional(row, Field::System)?
            && messages
                .first()
                .is_none_or(|first| first.role != Role::System)
        {
            messages.insert(0, Message::new(Role::System, system));
        }
        Ok(())
    }
}

impl Iterator for Conversations {
    type Item = Result<Result<Conversation, Faulty>, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.next_row().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

/// Whether a row holds nothing.
fn is_empty(row: &Value) -> bool {
    match row {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The messages up to the last answer, normalized; an empty one is none.
pub(super) fn checked(messages: Vec<Message>) -> Result<Vec<Message>, Wrong> {
    if messages.iter().all(Message::is_empty) {
        return Err((RowFault::Empty, None));
    }
    let mut kept = cleaned(messages)?;
    let last = kept
        .iter()
        .rposition(|message| message.role == Role::Assistant);
    let last = last.ok_or((RowFault::NoAnswer, None))?;
    kept.truncate(last + 1);
    Ok(kept)
}

/// The messages, normalized; an empty one is none.
pub(super) fn cleaned(messages: Vec<Message>) -> Result<Vec<Message>, Wrong> {
    let mut kept = Vec::with_capacity(messages.len());
    for mut message in messages {
        message.content = normalized(&message.content);
        if let Some(reasoning) = &mut message.reasoning {
            *reasoning = normalized(reasoning);
        }
        message.reasoning = message.reasoning.filter(|text| !text.is_empty());
        match message.role {
            _ if !message.is_empty() => kept.push(message),
            Role::System => {}
            // A tool may have nothing to say.
            Role::Tool => kept.push(message),
            Role::Assistant => return Err((RowFault::EmptyAnswer, None)),
            Role::User => {
                return Err((
                    RowFault::MissingField,
                    Some(message.role.as_str().to_owned()),
                ));
            }
        }
    }
    Ok(kept)
}

fn normalized(text: &str) -> String {
    amoozgar_text::normalize(text).trim().to_owned()
}

#[cfg(test)]
#[path = "conversation/tests.rs"]
mod tests;
