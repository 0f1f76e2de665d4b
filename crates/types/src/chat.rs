//! Conversations: what a model is taught and what people write with it, what the database keeps of them and
//! the pages show.
//!
//! The messages of a conversation are a tree: each knows the one that it follows, and an answer that is
//! asked for again stands beside the earlier one. What is shown is the way from the root to the latest
//! message. A question may be answered by two models, one on each [`Side`].

mod message;

use crate::dataset::{Columns, FaultCount, Guess};
use crate::id::{ChatId, JobId, MessageId};
use crate::model_ref::ModelRef;
use crate::sampling::{Sampling, TemplateKind};
use crate::{ApiError, UtcMs};
pub use message::{Dialogue, Message, Role, ToolCall};
use serde::{Deserialize, Serialize};

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
    /// Which answer of a pair it ends with; absent where the rows are no pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<PairSide>,
    /// Its tokens, those that the context cuts off too.
    pub n_tokens: u64,
    /// What the model's template writes of it.
    pub pieces: Vec<PreviewPiece>,
    /// What becomes of the thoughts before its answers.
    pub thoughts: PreviewThoughts,
}

/// What a model's template does with the thoughts before a conversation's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewThoughts {
    /// There are none.
    Absent,
    /// It writes them.
    Written,
    /// It leaves out some.
    LeftOut,
}

/// An answer of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairSide {
    /// The better one, which becomes likelier.
    Chosen,
    /// The worse one, which becomes less likely.
    Rejected,
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

/// Which weights a conversation is with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelChoice {
    /// The model.
    pub model: ModelRef,
    /// Of a run: the checkpoint after so many steps. Its final model where absent, or while it has none
    /// its best checkpoint, or its latest.
    #[serde(default)]
    pub checkpoint: Option<u64>,
    /// The run whose adapter is put on the weights.
    #[serde(default)]
    pub adapter: Option<JobId>,
}

impl ModelChoice {
    /// A model as it is.
    pub fn plain(model: ModelRef) -> Self {
        Self {
            model,
            checkpoint: None,
            adapter: None,
        }
    }
}

/// A choice with what people call it, which outlives the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatModel {
    /// Which.
    pub choice: ModelChoice,
    /// Its name when it was chosen.
    pub name: String,
}

/// What a conversation can be with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelOffer {
    /// The model.
    pub model: ModelRef,
    /// What people call it.
    pub name: String,
    /// The model's family, where its configuration names one.
    pub architecture: Option<String>,
    /// Bytes on the disk, where they are known.
    pub size_bytes: Option<u64>,
    /// Of a run: its checkpoints, latest first.
    pub checkpoints: Vec<CheckpointOffer>,
    /// Of a run: the model that it went on from, where that is here.
    pub base: Option<ModelRef>,
    /// Adapters that were trained for it.
    pub adapters: Vec<AdapterOffer>,
}

/// A run's checkpoint to talk to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointOffer {
    /// Steps done.
    pub step: u64,
    /// Whether it has the lowest validation loss.
    pub best: bool,
}

/// An adapter to put on a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterOffer {
    /// The run that trained it.
    pub job_id: JobId,
    /// The run's name.
    pub name: String,
}

/// How a conversation's answers are made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatSettings {
    /// What the model is told before the first message; nothing where it is empty.
    pub system: String,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Same seed, same answer; another one for each answer where absent.
    pub seed: Option<u32>,
}

/// A conversation as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRecord {
    /// Its id.
    pub chat_id: ChatId,
    /// What it is called; empty until the first message.
    pub title: String,
    /// Whom it is with.
    pub model: Option<ChatModel>,
    /// The second model that answers, where two are compared.
    pub compared: Option<ChatModel>,
    /// How answers are made.
    pub settings: ChatSettings,
    /// When it began.
    pub created_ms: UtcMs,
    /// When its last message came.
    pub updated_ms: UtcMs,
}

/// Which of the two models a message is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The conversation's model; a person's messages stand here too.
    #[default]
    First,
    /// The one that it is compared with.
    Second,
}

impl Side {
    /// The name that the database keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }

    /// Reads the database's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::First, Self::Second]
            .into_iter()
            .find(|side| side.as_str() == name)
    }
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// It is being written, or waits for its turn.
    Writing,
    /// It is whole.
    Whole,
    /// It ended at the length that was allowed.
    Cut,
    /// It ended before its end: by the person, or with the program.
    Stopped,
    /// It failed; what had come is there.
    Failed,
}

impl MessageStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[
        Self::Writing,
        Self::Whole,
        Self::Cut,
        Self::Stopped,
        Self::Failed,
    ];

    /// The name that the database keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Whole => "whole",
            Self::Cut => "cut",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// Reads the database's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == name)
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Its id.
    pub message_id: MessageId,
    /// The message that it follows; the first ones follow none.
    pub parent_id: Option<MessageId>,
    /// Whose it is.
    pub role: Role,
    /// Its text, as it was written.
    pub content: String,
    /// Which model's it is.
    pub side: Side,
    /// How far it is.
    pub status: MessageStatus,
    /// Why it failed.
    pub error: Option<ApiError>,
    /// What the model that wrote it was called.
    pub model_name: Option<String>,
    /// Which template made the prompt.
    pub template: Option<TemplateKind>,
    /// Earlier messages that did not fit into the model's context.
    pub n_left_out: u32,
    /// Tokens written.
    pub n_tokens: Option<u32>,
    /// Tokens per second while decoding.
    pub tokens_per_s: Option<f64>,
    /// When it was made.
    pub created_ms: UtcMs,
}

/// A conversation with all its messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatDetail {
    /// The conversation.
    pub chat: ChatRecord,
    /// What is shown of it, in the order of reading: of a question with two answers the first side's comes
    /// first.
    pub messages: Vec<ChatMessage>,
}

/// Which conversations are wanted, latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChatQuery {
    /// What title or messages hold; all where empty.
    pub search: String,
    /// The most that are wanted.
    pub limit: u32,
    /// How many come before.
    pub offset: u32,
}

/// A conversation that was found, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundChat {
    /// The conversation.
    pub chat: ChatRecord,
    /// A message that holds what was looked for, where the title does not.
    pub excerpt: Option<String>,
}

/// A page of conversations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatPage {
    /// The page.
    pub chats: Vec<FoundChat>,
    /// How many fit the query.
    pub n_matching: u32,
    /// How many there are.
    pub n_all: u32,
}
