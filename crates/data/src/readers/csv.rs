//! Tables (RFC 4180): a header, then records, whose quoted fields may span lines.

use super::lines::Lines;
use crate::DataError;
use amoozgar_text::is_blank;

/// What may part the columns of a table; spreadsheets write the second and third in some languages.
const DELIMITERS: [char; 3] = [',', ';', '\t'];
/// Columns that are read; a spreadsheet has as many at most. Of a line of delimiters alone
/// the fields would need many times its memory.
const MAX_COLUMNS: usize = 1 << 14;

/// The first line of a table.
pub(crate) struct Header {
    /// What parts the columns.
    pub(crate) delimiter: char,
    /// The columns' names.
    pub(crate) names: Vec<String>,
}

/// A row of a table.
#[derive(Default)]
pub(crate) struct Record {
    /// The fields of the first [`MAX_COLUMNS`] columns.
    pub(crate) fields: Vec<String>,
    /// How many fields there are.
    pub(crate) n_fields: usize,
    /// The line on which the record begins, counted from 1.
    pub(crate) line: u64,
}

/// Reads the line of names; the delimiter is the one that parts most of them.
pub(crate) fn header(lines: &mut Lines) -> Result<Header, DataError> {
    let Some(first) = lines.next_line()? else {
        return Err(DataError::EmptyFile {
            path: lines.path().to_path_buf(),
        });
    };
    let count = |delimiter: &char| first.matches(*delimiter).count();
    // Of equals the first of the list.
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(count);
    let delimiter = delimiter.unwrap_or(',');
    let mut record = Record::default();
    record.split(&first, delimiter, &mut None);
    if record.n_fields > MAX_COLUMNS {
        return Err(DataError::InvalidRow {
            path: lines.path().to_path_buf(),
            line: 1,
            detail: format!("{} columns, more than {MAX_COLUMNS}", record.n_fields),
        });
    }
    Ok(Header {
        delimiter,
        names: record.fields,
    })
}

/// The next record, or `None` at the file's end. Its lines are together no longer than one may be.
pub(crate) fn next_record(lines: &mut Lines, delimiter: char) -> Result<Option<Record>, DataError> {
    let mut record = Record::default();
    let mut open: Option<String> = None;
    let mut n_bytes = 0;
    while let Some(line) = lines.next_line()? {
        match &mut open {
            None if is_blank(&line) => continue,
            None => record.line = lines.line(),
            // The line's end belongs to the quoted field.
            Some(field) => field.push('\n'),
        }
        n_bytes += 1 + line.len();
        if n_bytes > 1 + lines.max_line_bytes() {
            return Err(DataError::InvalidRow {
                path: lines.path().to_path_buf(),
                line: record.line,
                detail: format!(
                    "longer than {} bytes: a quotation mark may be open",
                    lines.max_line_bytes()
                ),
            });
        }
        record.split(&line, delimiter, &mut open);
        if open.is_none() {
            return Ok(Some(record));
        }
    }
    if open.is_some() {
        return Err(DataError::InvalidRow {
            path: lines.path().to_path_buf(),
            line: record.line,
            detail: "a quotation mark is never closed".to_owned(),
        });
    }
    Ok(None)
}

impl Record {
    /// Adds a line's fields. `open` is the quoted field that goes on, before and after it.
    fn split(&mut self, line: &str, delimiter: char, open: &mut Option<String>) {
        let mut characters = line.chars().peekable();
        let mut quoted = open.is_some();
        let mut field = open.take().unwrap_or_default();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    field.push('"');
                }
                '"' if quoted => quoted = false,
                '"' if field.is_empty() => quoted = true,
                _ if character == delimiter && !quoted => self.add(std::mem::take(&mut field)),
                _ => field.push(character),
            }
        }
        if quoted {
            *open = Some(field);
        } else {
            self.add(field);
        }
    }

    fn add(&mut self, field: String) {
        self.n_fields += 1;
        if self.n_fields <= MAX_COLUMNS {
            self.fields.push(field);
        }
    }
}
