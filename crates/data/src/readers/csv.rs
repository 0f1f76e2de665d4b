//! Tables (RFC 4180): a header, then records, whose quoted fields may span lines.

use super::lines::Lines;
use crate::DataError;

/// What may part the columns of a table; spreadsheets write the second and third in some languages.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// The first line of a table.
pub(crate) struct Header {
    /// What parts the columns.
    pub(crate) delimiter: char,
    /// The columns' names.
    pub(crate) names: Vec<String>,
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
    let mut names = Vec::new();
    let mut open = None;
    split(&first, delimiter, &mut names, &mut open);
    Ok(Header { delimiter, names })
}

/// The next record's fields and the line on which it begins, or `None` at the file's end.
pub(crate) fn next_record(
    lines: &mut Lines,
    delimiter: char,
) -> Result<Option<(Vec<String>, u64)>, DataError> {
    let (mut fields, mut first_line) = (Vec::new(), 0);
    let mut open: Option<String> = None;
    while let Some(line) = lines.next_line()? {
        match &mut open {
            None if line.trim().is_empty() => continue,
            None => first_line = lines.line(),
            // The line's end belongs to the quoted field.
            Some(field) => field.push('\n'),
        }
        split(&line, delimiter, &mut fields, &mut open);
        if open.is_none() {
            return Ok(Some((fields, first_line)));
        }
    }
    if open.is_some() {
        return Err(DataError::InvalidRow {
            path: lines.path().to_path_buf(),
            line: first_line,
            detail: "a quotation mark is never closed".to_owned(),
        });
    }
    Ok(None)
}

/// Adds a line's fields. `open` is the quoted field that goes on, before and after it.
fn split(line: &str, delimiter: char, fields: &mut Vec<String>, open: &mut Option<String>) {
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
            _ if character == delimiter && !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(character),
        }
    }
    if quoted {
        *open = Some(field);
    } else {
        fields.push(field);
    }
}
