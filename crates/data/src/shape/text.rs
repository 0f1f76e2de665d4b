//! Plain text: a file as a stream of normalized documents, paragraphs of .txt or the `text` of .jsonl.

use super::TEXT_FIELD;
use crate::readers::jsonl::{self, Field};
use crate::readers::lines::Lines;
use crate::readers::txt::{Paragraphs, Part};
use crate::{DataError, MAX_LINE_BYTES, format_of};
use amoozgar_types::dataset::{DatasetFormat, TextEncoding};
use std::path::Path;

/// The normalized documents of a file, none of them empty. After an error nothing follows.
///
/// A document comes as one part, unless it is a paragraph longer than [`MAX_LINE_BYTES`]: such a one,
/// a book without blank lines for example, comes in parts of whole lines.
pub struct Documents {
    lines: Lines,
    format: DatasetFormat,
    paragraphs: Paragraphs,
    /// Documents begun.
    n_begun: usize,
    /// Whether the document begun last goes on.
    goes_on: bool,
    ended: bool,
}

/// A document, or some whole lines of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPart {
    /// The document's index in the file, counted from 0.
    pub document: usize,
    /// Whether the document begins here.
    pub is_first: bool,
    /// Whether it ends here; a line break stands between this part and the next one where not.
    pub is_last: bool,
    /// The normalized text.
    pub text: String,
}

impl Documents {
    /// Opens a file.
    ///
    /// # Errors
    /// Where it cannot be opened, or begins like no text.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Self::with_longest_line(path, MAX_LINE_BYTES)
    }

    /// Opens a file whose lines, and parts of documents, may have `max_line_bytes` at most.
    pub(crate) fn with_longest_line(path: &Path, max_line_bytes: usize) -> Result<Self, DataError> {
        let format = format_of(path)?;
        if matches!(format, DatasetFormat::Json | DatasetFormat::Csv) {
            return Err(DataError::NoText {
                path: path.to_path_buf(),
            });
        }
        Ok(Self {
            lines: Lines::open(path, max_line_bytes)?,
            format,
            paragraphs: Paragraphs::default(),
            n_begun: 0,
            goes_on: false,
            ended: false,
        })
    }

    /// The format of the file.
    pub fn format(&self) -> DatasetFormat {
        self.format
    }

    /// The encoding of the file, as far as what was read shows it.
    pub fn encoding(&self) -> TextEncoding {
        self.lines.encoding()
    }

    /// Size of the file.
    pub fn size_bytes(&self) -> u64 {
        self.lines.size_bytes()
    }

    /// The share of the file that has been read, from 0 to 1.
    pub fn share_read(&self) -> f64 {
        self.lines.share_read()
    }

    fn next_part(&mut self) -> Result<Option<DocumentPart>, DataError> {
        loop {
            let raw = match self.format {
                DatasetFormat::Txt => self.paragraphs.next_part(&mut self.lines)?,
                _ => self.next_json_text()?,
            };
            let Some(Part { text, is_last }) = raw else {
                return Ok(None);
            };
            let mut text = amoozgar_text::normalize(&text);
            let is_first = !self.goes_on;
            if is_last {
                text.truncate(text.trim_end().len());
            }
            if is_first {
                let n_blank_bytes = text.len() - text.trim_start().len();
                text.drain(..n_blank_bytes);
                if text.is_empty() {
                    continue;
                }
                self.n_begun += 1;
            }
            self.goes_on = !is_last;
            return Ok(Some(DocumentPart {
                document: self.n_begun - 1,
                is_first,
                is_last,
                text,
            }));
        }
    }

    fn next_json_text(&mut self) -> Result<Option<Part>, DataError> {
        let Some(row) = jsonl::next_row(&mut self.lines)? else {
            return Ok(None);
        };
        match row.text {
            Field::Text(text) => Ok(Some(Part {
                text,
                is_last: true,
            })),
            _ => Err(self.lines.lacks(TEXT_FIELD)),
        }
    }
}

impl Iterator for Documents {
    type Item = Result<DocumentPart, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let part = self.next_part().transpose();
        self.ended = !matches!(part, Some(Ok(_)));
        part
    }
}

/// Words of a passage of a text without lines.
const PASSAGE_WORDS: usize = 64;

/// What is encoded and held out as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A document, as the file parts them.
    Document,
    /// A line of a document: for a file without blank lines, which is one document.
    Line,
    /// 64 words of a line: for a file that is one line.
    Passage,
}

/// The units of a file; their index stands for the document's.
pub type Units = Box<dyn Iterator<Item = Result<DocumentPart, DataError>> + Send>;

impl Unit {
    /// The largest unit of which a text has two, so that one can be held out, and how many it has.
    pub fn of_text(n_documents: usize, n_lines: usize, n_words: usize) -> (Self, usize) {
        if n_documents > 1 {
            (Self::Document, n_documents)
        } else if n_lines > 1 {
            (Self::Line, n_lines)
        } else {
            (Self::Passage, n_words.div_ceil(PASSAGE_WORDS))
        }
    }

    /// The units of the file at `path`, in order. After an error nothing follows.
    ///
    /// # Errors
    /// As [`Documents::open`].
    pub fn read(self, path: &Path) -> Result<Units, DataError> {
        Ok(self.of(Documents::open(path)?))
    }

    pub(crate) fn of(self, documents: Documents) -> Units {
        let cut: fn(&str) -> Vec<String> = match self {
            Self::Document => return Box::new(documents),
            Self::Line => |text| text.lines().map(str::to_owned).collect(),
            Self::Passage => passages,
        };
        let pieces = documents.flat_map(move |part| match part {
            Ok(part) => cut(&part.text).into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        Box::new(pieces.enumerate().map(|(document, text)| {
            Ok(DocumentPart {
                document,
                is_first: true,
                is_last: true,
                text: text?,
            })
        }))
    }
}

fn passages(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .chunks(PASSAGE_WORDS)
        .map(|words| words.join(" "))
        .collect()
}
