//! What is said in a conversation, by whom, and what a model can call in it.

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
    /// What a tool answered that the model called; in data to learn from only.
    Tool,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[Self::System, Self::User, Self::Assistant, Self::Tool];

    /// The name that chat templates, datasets and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// Reads that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == name)
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// Its text; empty where a model only calls tools.
    pub content: String,
    /// What a model wrote to itself before its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// The tools that a model calls after its text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Of a tool's answer: the call that it answers, where the data name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Of a tool's answer: the tool, where the data name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Message {
    /// A message of `role` that is its text alone.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            reasoning: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
            name: None,
        }
    }

    /// Whether it says nothing and calls nothing.
    pub fn is_empty(&self) -> bool {
        self.content.trim().is_empty() && self.tool_calls.is_empty()
    }
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ToolCall {
    /// Tells it from other calls, where the data name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool.
    pub name: String,
    /// What the tool is given: the text of a JSON object.
    pub arguments: String,
}

/// A conversation, and the tools that its model can call.
#[derive(Debug, Clone, Copy)]
pub struct Dialogue<'a> {
    /// The messages, in order.
    pub messages: &'a [Message],
    /// The tools: the text of a JSON list of their descriptions, as transformers' `tools`.
    pub tools: Option<&'a str>,
}

impl<'a> From<&'a [Message]> for Dialogue<'a> {
    fn from(messages: &'a [Message]) -> Self {
        Self {
            messages,
            tools: None,
        }
    }
}

impl<'a> From<&'a Vec<Message>> for Dialogue<'a> {
    fn from(messages: &'a Vec<Message>) -> Self {
        messages.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [Message; N]> for Dialogue<'a> {
    fn from(messages: &'a [Message; N]) -> Self {
        messages.as_slice().into()
    }
}
