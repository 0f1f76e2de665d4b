//! Conversations: what a model is taught and what people write with it.

use crate::dataset::{Columns, FaultCount, Guess};
use serde::{Deserialize, Serialize};

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What holds for the whole conversation.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[Self::System, Self::User, Self::Assistant];

    /// The name that chat templates, datasets and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// Its text.
    pub content: String,
}

impl Message {
    /// A message of `role`.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

/// The first conversations of a dataset as a model learns them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationsPreview {
    /// The columns of the file, and what they look like.
    pub columns: Columns,
    /// What the rows were taken for; absent where that is not known.
    pub used: Option<Guess>,
    /// The conversations.
    pub rows: Vec<PreviewRow>,
    /// Rows among them that are not learnt.
    pub faults: Vec<FaultCount>,
}

/// A conversation as a model learns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRow {
    /// The line on which the row begins, counted from 1.
    pub line: u64,
    /// Its tokens, those that the context cuts off too.
    pub n_tokens: u64,
    /// What the model's template writes of it.
    pub pieces: Vec<PreviewPiece>,
}

/// A piece of a conversation's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewPiece {
    /// The text.
    pub text: String,
    /// What becomes of it.
    pub part: PreviewPart,
}

/// What becomes of a piece of a conversation in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewPart {
    /// The model reads it.
    Read,
    /// The model learns to write it.
    Learnt,
    /// It lies beyond the context.
    Cut,
}
