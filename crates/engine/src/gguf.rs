//! GGUF files: a header of settings and the tensors' places, then the tensors. It knows no model and no
//! tokenizer: what the settings mean is said by [`crate::model`] and [`crate::tokenizer`].
//!
//! A file comes from anywhere. Every count, length and place in its header is held against a limit and
//! against the file's own length before anything of that size is made; see [`header`].
//!
//! Enter at [`Gguf::open`] to read and at [`write`](mod@write) to write.

mod header;
mod kind;
mod metadata;
mod packed;
mod quantize;
mod read;
mod set;
mod write;

pub(crate) use kind::Kind;
pub(crate) use metadata::{List, Metadata, Value};
pub(crate) use packed::Packed;
pub use packed::PackedView;
pub(crate) use read::Gguf;
pub(crate) use set::{find, is_gguf, parts_of};
pub(crate) use write::{Tensor, write};

use crate::EngineError;
use std::path::Path;

/// Alignment of the tensors where a file names none.
const ALIGNMENT: u64 = 32;
/// The file's first four bytes.
const MAGIC: [u8; 4] = *b"GGUF";

/// The setting that holds the template of conversations.
pub(crate) const CHAT_TEMPLATE: &str = "tokenizer.chat_template";

/// Tokens that end a text and never are text, by their names: files do not always say so.
pub(crate) const END_TOKENS: [&str; 10] = [
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "<|eom_id|>",
    "<EOT>",
    "<|end_of_text|>",
    "<eos>",
    "</s>",
];

fn invalid(path: &Path, detail: impl Into<String>) -> EngineError {
    EngineError::InvalidModel {
        path: path.to_path_buf(),
        detail: detail.into(),
    }
}
