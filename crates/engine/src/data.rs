//! Text files as streams of normalized documents: .txt (parted by blank lines) and .jsonl (`text`).

use crate::EngineError;
use amoozgar_types::ipc::DatasetFormat;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The field of a .jsonl line that holds the text.
const TEXT_FIELD: &str = "text";

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
    let (format, size_bytes) = (documents.format, documents.size_bytes);
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
    path: PathBuf,
    reader: BufReader<File>,
    pub(crate) format: DatasetFormat,
    pub(crate) size_bytes: u64,
    /// Bytes read so far.
    pub(crate) offset: u64,
    line: u64,
    ended: bool,
    buffer: Vec<u8>,
}

impl Documents {
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let file = File::open(path).map_err(|source| EngineError::io(path, source))?;
        let metadata = file
            .metadata()
            .map_err(|source| EngineError::io(path, source))?;
        let format = format_of(path)?;
        let mut documents = Self {
            path: path.to_path_buf(),
            reader: BufReader::with_capacity(1 << 18, file),
            format,
            size_bytes: metadata.len(),
            offset: 0,
            line: 0,
            ended: false,
            buffer: Vec::new(),
        };
        documents.refuse_binary()?;
        Ok(documents)
    }

    /// A zero byte near the start says "no text" sooner and more clearly than broken UTF-8 does.
    fn refuse_binary(&mut self) -> Result<(), EngineError> {
        let head = self
            .reader
            .fill_buf()
            .map_err(|source| EngineError::io(&self.path, source))?;
        match head.iter().position(|&byte| byte == 0) {
            Some(offset) => Err(EngineError::BinaryFile {
                path: self.path.clone(),
                offset: offset as u64,
            }),
            None => Ok(()),
        }
    }

    /// The next line without its end, or `None` at the file's end.
    fn next_line(&mut self) -> Result<Option<String>, EngineError> {
        self.buffer.clear();
        let n_read = self
            .reader
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| EngineError::io(&self.path, source))?;
        if n_read == 0 {
            return Ok(None);
        }
        let start = self.offset;
        self.offset += n_read as u64;
        self.line += 1;
        if let Some(zero) = self.buffer.iter().position(|&byte| byte == 0) {
            return Err(EngineError::BinaryFile {
                path: self.path.clone(),
                offset: start + zero as u64,
            });
        }
        let text =
            std::str::from_utf8(&self.buffer).map_err(|source| EngineError::InvalidUtf8 {
                path: self.path.clone(),
                line: self.line,
                offset: start + source.valid_up_to() as u64,
            })?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let text = if self.line == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        };
        Ok(Some(text.to_owned()))
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
        while let Some(line) = self.next_line()? {
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
        while let Some(line) = self.next_line()? {
            if line.trim().is_empty() {
                continue;
            }
            let mut row: serde_json::Value =
                serde_json::from_str(&line).map_err(|source| EngineError::InvalidJson {
                    path: self.path.clone(),
                    line: self.line,
                    detail: source.to_string(),
                })?;
            return match row.get_mut(TEXT_FIELD).map(serde_json::Value::take) {
                Some(serde_json::Value::String(text)) => Ok(Some(text)),
                _ => Err(EngineError::MissingField {
                    path: self.path.clone(),
                    line: self.line,
                    field: TEXT_FIELD,
                }),
            };
        }
        Ok(None)
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
