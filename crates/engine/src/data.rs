//! Text files as streams of normalized documents: .txt (parted by blank lines) and .jsonl (`text`).

use crate::EngineError;
use crate::lines::Lines;
use amoozgar_types::dataset::DatasetFormat;
use std::path::Path;

/// The field of a .jsonl line that holds the text.
pub(crate) const TEXT_FIELD: &str = "text";

/// What a dataset's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The shape of the file.
    pub format: DatasetFormat,
    /// Documents with text in them.
    pub n_rows: u64,
    /// Size of the file.
    pub size_bytes: u64,
}

/// Reads the whole file as a stream and validates it.
///
/// # Errors
/// Whatever is wrong with the first offending line, with its number and offset.
pub fn inspect(path: &Path) -> Result<DatasetSummary, EngineError> {
    let documents = Documents::open(path)?;
    let (format, size_bytes) = (documents.format, documents.lines.size_bytes);
    let mut n_rows = 0;
    for document in documents {
        document?;
        n_rows += 1;
    }
    if n_rows == 0 {
        return Err(EngineError::EmptyFile {
            path: path.to_path_buf(),
        });
    }
    Ok(DatasetSummary {
        format,
        n_rows,
        size_bytes,
    })
}

/// The normalized documents `offset..offset + limit`.
///
/// # Errors
/// As [`inspect`], as far as the file had to be read.
pub fn preview(path: &Path, offset: u64, limit: usize) -> Result<Vec<String>, EngineError> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    Documents::open(path)?.skip(offset).take(limit).collect()
}

/// The file's kind, from its name.
pub(crate) fn format_of(path: &Path) -> Result<DatasetFormat, EngineError> {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "txt" => Ok(DatasetFormat::Txt),
        "jsonl" => Ok(DatasetFormat::Jsonl),
        _ => Err(EngineError::UnsupportedFormat {
            path: path.to_path_buf(),
        }),
    }
}

/// The normalized documents of a file, none of them empty. After an error nothing follows.
pub(crate) struct Documents {
    pub(crate) lines: Lines,
    pub(crate) format: DatasetFormat,
    ended: bool,
}

impl Documents {
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            lines: Lines::open(path)?,
            format: format_of(path)?,
            ended: false,
        })
    }

    fn next_document(&mut self) -> Result<Option<String>, EngineError> {
        loop {
            let raw = match self.format {
                DatasetFormat::Txt => self.next_paragraph()?,
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

    fn next_paragraph(&mut self) -> Result<Option<String>, EngineError> {
        let mut paragraph = String::new();
        while let Some(line) = self.lines.next_line()? {
            match (line.trim().is_empty(), paragraph.is_empty()) {
                (true, true) => {}
                (true, false) => return Ok(Some(paragraph)),
                (false, empty) => {
                    if !empty {
                        paragraph.push('\n');
                    }
                    paragraph.push_str(&line);
                }
            }
        }
        Ok(Some(paragraph).filter(|paragraph| !paragraph.is_empty()))
    }

    fn next_json_text(&mut self) -> Result<Option<String>, EngineError> {
        let Some(mut row) = self.lines.next_json()? else {
            return Ok(None);
        };
        match row.get_mut(TEXT_FIELD).map(serde_json::Value::take) {
            Some(serde_json::Value::String(text)) => Ok(Some(text)),
            _ => Err(self.lines.lacks(TEXT_FIELD)),
        }
    }
}

impl Iterator for Documents {
    type Item = Result<String, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let document = self.next_document().transpose();
        self.ended = !matches!(document, Some(Ok(_)));
        document
    }
}
