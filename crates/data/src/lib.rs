//! Datasets: files become normalized documents or labelled rows, and validation rows are held out.
//!
//! - A reader of `readers` reads one file format as a stream, with the place of whatever is wrong.
//! - A shape of `shape` says what the rows of a file mean: plain text ([`Documents`]) or labelled
//!   text ([`Examples`]), conversations ([`Conversations`]), pairs of answers ([`Pairs`]).
//! - [`inspect`] and [`preview`] look at a file for a person; [`HeldOut`] chooses validation rows.
//!
//! Invariants:
//! - No reader holds a whole file: it holds a line, a record or a part of a document at a time, none
//!   of them longer than [`MAX_LINE_BYTES`].
//! - Blocking; knows no tokenizer, no tensor, no tokio, Tauri or `SQLite`; writes nothing.
//! - Draws no random value: whoever holds rows out passes the order in.
//! - A failure names the file, and the line or the byte where it has one.
#![deny(missing_docs)]

mod error;
mod format;
mod inspect;
mod readers;
mod shape;
mod splits;

pub use error::DataError;
pub use format::format_of;
pub use inspect::{DatasetRows, DatasetSummary, inspect, no_conversation, preview};
pub use readers::whole::read_text;
pub use shape::conversation::{Conversation, Conversations, Faulty};
pub use shape::guess::{columns, shape_of};
pub use shape::labelled::{Example, Examples, class_names};
pub use shape::pair::{Pair, Pairs};
pub use shape::text::{DocumentPart, Documents, Unit, Units};
pub use splits::HeldOut;

/// The longest line that is read, its end not counted: 64 MiB, many times a book on one line.
/// What a reader holds in memory is some times this, whatever the file's size.
pub const MAX_LINE_BYTES: usize = 64 << 20;
