//! Datasets, bundled and imported.

use crate::UtcMs;
use crate::id::DatasetId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One dataset as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// Its id; a bundled one's is fixed (`hafez`, `stories`, `talks`).
    pub dataset_id: DatasetId,
    /// What people call it.
    pub name: String,
    /// Where it came from.
    pub source: DatasetSource,
    /// The shape of its file.
    pub format: DatasetFormat,
    /// Size of its files.
    pub size_bytes: u64,
    /// What its rows are taken for; absent where they look like nothing that is known, or where an older
    /// program imported it.
    #[serde(default)]
    pub guess: Option<Guess>,
    /// Documents in the training part (blank-line parted, or rows).
    pub n_rows: u64,
    /// Documents in a validation part of its own; 0 where a share is held out at training.
    pub n_validation_rows: u64,
    /// When it was made.
    pub created_ms: UtcMs,
    /// Who else may use it, from the asking user's side.
    #[serde(default)]
    pub sharing: Sharing,
}

/// Who may use a dataset, from the asking user's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Sharing {
    /// It ships with the program.
    #[default]
    Everyones,
    /// The asking user's alone.
    Private,
    /// The asking user's, and everyone on this computer may read and learn it.
    SharedByMe,
    /// Another user's, who lets everyone read and learn it.
    SharedWithMe {
        /// Whose.
        owner_name: String,
    },
}

/// Where a dataset came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetSource {
    /// Ships with the program; cannot be deleted.
    Bundled,
    /// Imported by the user.
    Imported,
}

/// How a file writes characters. The names are those of the Encoding Standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextEncoding {
    /// What nearly all files are written in.
    #[serde(rename = "utf-8")]
    Utf8,
    /// "Unicode" in Notepad.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// The same with its bytes the other way round.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// The code page of Persian and Arabic before Unicode.
    #[serde(rename = "windows-1256")]
    Windows1256,
}

impl TextEncoding {
    /// As it is written for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1256 => "windows-1256",
        }
    }
}

/// The shape of a dataset's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetFormat {
    /// Plain text, documents parted by blank lines.
    Txt,
    /// One JSON object a line.
    Jsonl,
    /// One JSON array of objects.
    Json,
    /// A table with a header.
    Csv,
}

/// What the rows of a dataset are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Texts to continue.
    Text,
    /// Conversations: a list of messages with `role` and `content`.
    Messages,
    /// Conversations: a list of messages with `from` and `value`.
    Sharegpt,
    /// An instruction, perhaps with an input, and the output.
    Alpaca,
    /// A question and its answer.
    PromptCompletion,
    /// Pairs: a better and a worse answer to the same prompt.
    Preference,
}

impl Shape {
    /// Every shape of conversations, in the order of forms. Pairs are none: what is learnt of them is another
    /// thing.
    pub const CONVERSATIONS: &'static [Self] = &[
        Self::PromptCompletion,
        Self::Alpaca,
        Self::Messages,
        Self::Sharegpt,
    ];

    /// The name that specifications use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Messages => "messages",
            Self::Sharegpt => "sharegpt",
            Self::Alpaca => "alpaca",
            Self::PromptCompletion => "prompt_completion",
            Self::Preference => "preference",
        }
    }

    /// Whether a row is a conversation.
    pub fn is_conversation(self) -> bool {
        !matches!(self, Self::Text | Self::Preference)
    }

    /// Whether a row has messages, which a chat template writes: a conversation, or a pair of them.
    pub fn has_messages(self) -> bool {
        self != Self::Text
    }

    /// What a row of conversations consists of: what it must have, and what it may have.
    pub fn fields(self) -> (&'static [Field], &'static [Field]) {
        match self {
            Self::Text => (&[], &[]),
            Self::Messages | Self::Sharegpt => (&[Field::Messages], &[Field::System]),
            Self::Alpaca => (
                &[Field::Instruction, Field::Output],
                &[Field::Input, Field::System],
            ),
            Self::PromptCompletion => (&[Field::Prompt, Field::Completion], &[Field::System]),
            // Whole conversations that begin alike need no prompt beside them.
            Self::Preference => (
                &[Field::Chosen, Field::Rejected],
                &[Field::Prompt, Field::System],
            ),
        }
    }
}

/// A part of a row of conversations, for which a dataset has a column (of JSON a key).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The list of messages.
    Messages,
    /// What holds for the whole conversation.
    System,
    /// What is to be done.
    Instruction,
    /// What it is to be done with.
    Input,
    /// What came of it.
    Output,
    /// What is asked.
    Prompt,
    /// What is answered.
    Completion,
    /// The better answer.
    Chosen,
    /// The worse answer.
    Rejected,
}

impl Field {
    /// The name that specifications use, which is also the first that is looked for.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::System => "system",
            Self::Instruction => "instruction",
            Self::Input => "input",
            Self::Output => "output",
            Self::Prompt => "prompt",
            Self::Completion => "completion",
            Self::Chosen => "chosen",
            Self::Rejected => "rejected",
        }
    }
}

/// The columns of the parts of a row.
pub type Mapping = BTreeMap<Field, String>;

/// What a dataset's rows are taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess {
    /// What they are.
    pub shape: Shape,
    /// By which columns that was seen; empty of plain text.
    pub mapping: Mapping,
}

/// Why a row is no conversation to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowFault {
    /// It is no JSON, or has more or fewer columns than the header.
    Unreadable,
    /// Nothing is in it.
    Empty,
    /// It lacks a part (`value`: which).
    MissingField,
    /// A part is no text, or no list of messages (`value`: which).
    WrongType,
    /// A message's role is none of system, user and assistant (`value`: the role).
    UnknownRole,
    /// An answer is empty.
    EmptyAnswer,
    /// No message is the assistant's.
    NoAnswer,
    /// The model's chat template refuses it (`value`: in its words).
    Refused,
    /// Its first answer begins beyond the context. Of a pair: one of its answers does, or they differ beyond
    /// it only.
    TooLong,
    /// The better and the worse answer of a pair are the same.
    SameAnswers,
    /// The two answers of a pair do not follow the same messages.
    PromptsDiffer,
}

/// Rows with the same fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCount {
    /// What is wrong with them.
    pub fault: RowFault,
    /// More about it, of the first of them.
    pub value: Option<String>,
    /// How many they are.
    pub n_rows: u64,
    /// The lines on which the first of them begin.
    pub lines: Vec<u64>,
}

/// Lines of a fault that are named.
const N_NAMED_LINES: usize = 5;

/// Counts a row with a fault.
pub fn count_fault(counts: &mut Vec<FaultCount>, fault: RowFault, value: Option<&str>, line: u64) {
    let found = counts
        .iter()
        .position(|count| count.fault == fault && count.value.as_deref() == value);
    // A stranger's words are not counted one by one.
    let of_kind = || counts.iter().rposition(|count| count.fault == fault);
    let many = counts.iter().filter(|count| count.fault == fault).count() >= N_NAMED_LINES;
    match found.or_else(|| if many { of_kind() } else { None }) {
        Some(place) => {
            if let Some(count) = counts.get_mut(place) {
                count.n_rows += 1;
                if count.lines.len() < N_NAMED_LINES {
                    count.lines.push(line);
                }
            }
        }
        None => counts.push(FaultCount {
            fault,
            value: value.map(str::to_owned),
            n_rows: 1,
            lines: vec![line],
        }),
    }
}

/// What a dataset's file holds, as far as it says what its rows may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// The names of its columns, or of its first rows' keys.
    pub names: Vec<String>,
    /// What its rows are taken for; absent where they look like nothing that is known.
    pub guess: Option<Guess>,
}
