//! Conversations: what is asked and answered, and what a channel carries while a model writes.

use crate::chat::{ChatMessage, ChatSettings, ModelChoice};
use crate::id::{ChatId, MessageId};
use crate::sampling::TemplateKind;
use serde::{Deserialize, Serialize};

/// A new conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewChat {
    /// Whom it is with.
    pub model: ModelChoice,
    /// The second model, where two are compared.
    pub compared: Option<ModelChoice>,
    /// How answers are made.
    pub settings: ChatSettings,
}

/// Another name for a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRename {
    /// Which.
    pub chat_id: ChatId,
    /// Its name, within [`crate::limits::chat::TITLE_CHARS`].
    pub title: String,
}

/// Other models or settings, for the answers that follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatConfigure {
    /// Which.
    pub chat_id: ChatId,
    /// As in [`NewChat`].
    pub model: ModelChoice,
    /// As in [`NewChat`].
    pub compared: Option<ModelChoice>,
    /// As in [`NewChat`].
    pub settings: ChatSettings,
}

/// What a person says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatSend {
    /// In which conversation.
    pub chat_id: ChatId,
    /// The text, within [`crate::limits::chat::TEXT_CHARS`].
    pub text: String,
}

/// A question that is to be answered anew; the answer that is there stays beside the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRegenerate {
    /// In which conversation.
    pub chat_id: ChatId,
    /// The answer that another is wanted for.
    pub message_id: MessageId,
}

/// What the channel of `chat_follow` carries while answers are written. The first one is always `Answers`, the last
/// one `Done`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "update", rename_all = "snake_case")]
pub enum ChatUpdate {
    /// The answers under way, as far as they are.
    Answers {
        /// One, or one of each side.
        answers: Vec<ChatMessage>,
    },
    /// Another text is being written; the answer waits.
    Waiting {
        /// Which answer.
        message_id: MessageId,
    },
    /// The model is being loaded.
    Loading {
        /// For which answer.
        message_id: MessageId,
        /// The share of it that is in memory, from 0 to 1.
        share: f64,
    },
    /// The model is there and reads the conversation.
    Reading {
        /// For which answer.
        message_id: MessageId,
        /// Which template made the prompt.
        template: TemplateKind,
    },
    /// A further piece of an answer, in whole characters.
    Text {
        /// Which answer.
        message_id: MessageId,
        /// To be appended.
        text: String,
    },
    /// An answer has ended and is stored.
    Ended {
        /// As it is.
        answer: Box<ChatMessage>,
    },
    /// No answer is under way.
    Done,
}
