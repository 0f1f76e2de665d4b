//! Plain text: a file as a stream of normalized documents, paragraphs of .txt or the `text` of .jsonl.

use super::TEXT_FIELD;
use crate::readers::lines::Lines;
use crate::readers::{jsonl, txt};
use crate::{DataError, format_of};
use amoozgar_types::dataset::DatasetFormat;
use serde_json::Value;
use std::path::Path;

/// The normalized documents of a file, none of them empty. After an error nothing follows.
pub struct Documents {
    lines: Lines,
    format: DatasetFormat,
    ended: bool,
}

impl Documents {
    /// Opens a file.
    ///
    /// # Errors
    /// Where it cannot be opened, or begins like no text.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self {
            lines: Lines::open(path)?,
            format: format_of(path)?,
            ended: false,
        })
    }

    /// The format of the file.
    pub fn format(&self) -> DatasetFormat {
        self.format
    }

    /// Size of the file.
    pub fn size_bytes(&self) -> u64 {
        self.lines.size_bytes()
    }

    /// The share of the file that has been read, from 0 to 1.
    pub fn share_read(&self) -> f64 {
        self.lines.share_read()
    }

    fn next_document(&mut self) -> Result<Option<String>, DataError> {
        loop {
            let raw = match self.format {
                DatasetFormat::Txt => txt::next_paragraph(&mut self.lines)?,
                DatasetFormat::Jsonl => self.next_json_text()?,
            };
            let Some(raw) = raw else { return Ok(None) };
            let text = amoozgar_text::normalize(&raw);
            let text = text.trim();
            if !text.is_empty() {
                return Ok(Some(text.to_owned()));
            }
        }
    }

    fn next_json_text(&mut self) -> Result<Option<String>, DataError> {
        let Some(mut row) = jsonl::next_value(&mut self.lines)? else {
            return Ok(None);
        };
        match row.get_mut(TEXT_FIELD).map(Value::take) {
            Some(Value::String(text)) => Ok(Some(text)),
            _ => Err(self.lines.lacks(TEXT_FIELD)),
        }
    }
}

impl Iterator for Documents {
    type Item = Result<String, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let document = self.next_document().transpose();
        self.ended = !matches!(document, Some(Ok(_)));
        document
    }
}

/// What is encoded and held out as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A document, as the file parts them.
    Document,
    /// A line of a document: for a file without blank lines, which is one document.
    Line,
}

/// The units of a file.
pub type Units = Box<dyn Iterator<Item = Result<String, DataError>> + Send>;

impl Unit {
    /// The units of the file at `path`, in order. After an error nothing follows.
    ///
    /// # Errors
    /// As [`Documents::open`].
    pub fn read(self, path: &Path) -> Result<Units, DataError> {
        let documents = Documents::open(path)?;
        Ok(match self {
            Self::Document => Box::new(documents),
            Self::Line => Box::new(documents.flat_map(|document| {
                match document {
                    Ok(text) => text
                        .lines()
                        .map(|line| Ok(line.to_owned()))
                        .collect::<Vec<_>>(),
                    Err(error) => vec![Err(error)],
                }
            })),
        })
    }
}
