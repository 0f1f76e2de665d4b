//! Rows of named values, whatever the file's format: objects of JSON, a line each or in one array, and records
//! of a table. A row that cannot be read costs itself alone.

use super::csv::{self, Header};
use super::json_array::Elements;
use super::lines::Lines;
use crate::DataError;
use crate::format::format_of;
use amoozgar_text::is_blank;
use amoozgar_types::dataset::{DatasetFormat, TextEncoding};
use serde_json::{Map, Value};
use std::path::Path;

/// Bytes of a row that is read as a value, of which memory holds some times as many.
const LONGEST_ROW: usize = 8 << 20;

/// A row, or what is said of one that cannot be read.
pub(crate) struct Row {
    /// `None` where it is no JSON, or has another number of columns than the header.
    pub(crate) value: Option<Value>,
    /// The line on which it begins, counted from 1.
    pub(crate) line: u64,
}

/// The rows of a file.
pub(crate) struct Rows {
    lines: Lines,
    form: Form,
}

enum Form {
    Jsonl,
    Json(Elements),
    Csv(Header),
}

impl Rows {
    /// Opens a file of rows; of a table the header is read.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let format = format_of(path)?;
        let longest = match format {
            // An array may stand on one line.
            DatasetFormat::Json => crate::MAX_LINE_BYTES,
            _ => LONGEST_ROW,
        };
        let mut lines = Lines::open(path, longest)?;
        let form = match format {
            DatasetFormat::Txt => {
                return Err(DataError::NoRows {
                    path: path.to_path_buf(),
                });
            }
            DatasetFormat::Jsonl => Form::Jsonl,
            DatasetFormat::Json => Form::Json(Elements::new(LONGEST_ROW)),
            DatasetFormat::Csv => Form::Csv(csv::header(&mut lines)?),
        };
        Ok(Self { lines, form })
    }

    /// The columns of a table.
    pub(crate) fn header(&self) -> Option<&[String]> {
        match &self.form {
            Form::Csv(header) => Some(&header.names),
            _ => None,
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        self.lines.path()
    }

    /// The share of the file that has been read, from 0 to 1.
    pub(crate) fn share_read(&self) -> f64 {
        self.lines.share_read()
    }

    /// The encoding of the file, as far as what was read shows it.
    pub(crate) fn encoding(&self) -> TextEncoding {
        self.lines.encoding()
    }

    /// Size of the file.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.lines.size_bytes()
    }

    /// The next row, or `None` at the file's end.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row>, DataError> {
        match &mut self.form {
            Form::Jsonl => loop {
                let Some(text) = self.lines.next_line()? else {
                    return Ok(None);
                };
                if !is_blank(&text) {
                    return Ok(Some(Row {
                        value: serde_json::from_str(&text).ok(),
                        line: self.lines.line(),
                    }));
                }
            },
            Form::Json(elements) => {
                let Some((text, line)) = elements.next_element(&mut self.lines)? else {
                    return Ok(None);
                };
                let value = serde_json::from_str(&text).ok();
                Ok(Some(Row { value, line }))
            }
            Form::Csv(header) => {
                let Some(record) = csv::next_record(&mut self.lines, header.delimiter)? else {
                    return Ok(None);
                };
                let whole = record.n_fields == header.names.len();
                let named = header.names.iter().cloned();
                let values = record.fields.into_iter().map(Value::from);
                Ok(Some(Row {
                    value: whole.then(|| Value::Object(named.zip(values).collect::<Map<_, _>>())),
                    line: record.line,
                }))
            }
        }
    }
}
