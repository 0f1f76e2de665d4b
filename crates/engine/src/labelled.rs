//! Labelled text for a classifier: .jsonl and .csv, rows with a `text` and a `label`.

use crate::EngineError;
use crate::data::TEXT_FIELD;
use crate::lines::Lines;
use serde_json::Value;
use std::path::Path;

/// The field that holds a row's class.
const LABEL_FIELD: &str = "label";
/// What may part the columns of a table; spreadsheets write the second and third in some languages.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// One row: a normalized text and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Example {
    pub(crate) text: String,
    pub(crate) label: String,
    /// Where it begins, counted from 1.
    pub(crate) line: u64,
}

/// The rows of a file. After an error nothing follows.
pub(crate) struct Examples {
    pub(crate) lines: Lines,
    form: Form,
    ended: bool,
}

/// How rows are written.
enum Form {
    Jsonl,
    Csv(Columns),
}

/// A table's columns.
#[derive(Clone, Copy)]
struct Columns {
    delimiter: char,
    width: usize,
    text: usize,
    label: usize,
}

impl Examples {
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = extension.unwrap_or_default().to_ascii_lowercase();
        let mut lines = Lines::open(path)?;
        let form = match extension.as_str() {
            "jsonl" => Form::Jsonl,
            "csv" => Form::Csv(header(&mut lines)?),
            _ => {
                return Err(EngineError::InvalidSpec {
                    field: "dataset",
                    detail: format!(
                        "`{}` is neither .jsonl nor .csv, of which a classifier learns",
                        path.display()
                    ),
                });
            }
        };
        Ok(Self {
            lines,
            form,
            ended: false,
        })
    }

    fn next_example(&mut self) -> Result<Option<Example>, EngineError> {
        let found = match self.form {
            Form::Jsonl => self.next_json()?,
            Form::Csv(columns) => self.next_record(columns)?,
        };
        let Some((text, label, line)) = found else {
            return Ok(None);
        };
        let text = amoozgar_text::normalize(&text).trim().to_owned();
        let label = label.trim().to_owned();
        for (field, value) in [(TEXT_FIELD, &text), (LABEL_FIELD, &label)] {
            if value.is_empty() {
                return Err(EngineError::MissingField {
                    path: self.lines.path.clone(),
                    line,
                    field,
                });
            }
        }
        Ok(Some(Example { text, label, line }))
    }

    fn next_json(&mut self) -> Result<Option<(String, String, u64)>, EngineError> {
        let Some(row) = self.lines.next_json()? else {
            return Ok(None);
        };
        let text = row.get(TEXT_FIELD).and_then(Value::as_str);
        let text = text.ok_or_else(|| self.lines.lacks(TEXT_FIELD))?;
        let label = match row.get(LABEL_FIELD) {
            Some(Value::String(label)) => label.clone(),
            Some(label @ (Value::Bool(_) | Value::Number(_))) => label.to_string(),
            _ => return Err(self.lines.lacks(LABEL_FIELD)),
        };
        Ok(Some((text.to_owned(), label, self.lines.line)))
    }

    fn next_record(
        &mut self,
        columns: Columns,
    ) -> Result<Option<(String, String, u64)>, EngineError> {
        let Some((fields, line)) = record(&mut self.lines, columns.delimiter)? else {
            return Ok(None);
        };
        if fields.len() != columns.width {
            return Err(EngineError::InvalidRow {
                path: self.lines.path.clone(),
                line,
                detail: format!("{} columns, not {}", fields.len(), columns.width),
            });
        }
        let field = |index: usize| fields.get(index).cloned().unwrap_or_default();
        Ok(Some((field(columns.text), field(columns.label), line)))
    }
}

impl Iterator for Examples {
    type Item = Result<Example, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let example = self.next_example().transpose();
        self.ended = !matches!(example, Some(Ok(_)));
        example
    }
}

/// Reads the line of names; the delimiter is the one that parts most of them.
fn header(lines: &mut Lines) -> Result<Columns, EngineError> {
    let Some(first) = lines.next_line()? else {
        return Err(EngineError::EmptyFile {
            path: lines.path.clone(),
        });
    };
    let count = |delimiter: &char| first.matches(*delimiter).count();
    // Of equals the first of the list.
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(count);
    let delimiter = delimiter.unwrap_or(',');
    let mut fields = Vec::new();
    let mut open = None;
    split(&first, delimiter, &mut fields, &mut open);
    let place = |name: &'static str| {
        let found = fields
            .iter()
            .position(|field| field.trim().eq_ignore_ascii_case(name));
        found.ok_or_else(|| lines.lacks(name))
    };
    Ok(Columns {
        delimiter,
        width: fields.len(),
        text: place(TEXT_FIELD)?,
        label: place(LABEL_FIELD)?,
    })
}

/// The next row's fields and the line on which it begins; a quoted field may span lines.
fn record(lines: &mut Lines, delimiter: char) -> Result<Option<(Vec<String>, u64)>, EngineError> {
    let (mut fields, mut first_line) = (Vec::new(), 0);
    let mut open: Option<String> = None;
    while let Some(line) = lines.next_line()? {
        match &mut open {
            None if line.trim().is_empty() => continue,
            None => first_line = lines.line,
            // The line's end belongs to the quoted field.
            Some(field) => field.push('\n'),
        }
        split(&line, delimiter, &mut fields, &mut open);
        if open.is_none() {
            return Ok(Some((fields, first_line)));
        }
    }
    if open.is_some() {
        return Err(EngineError::InvalidRow {
            path: lines.path.clone(),
            line: first_line,
            detail: "a quotation mark is never closed".to_owned(),
        });
    }
    Ok(None)
}

/// Adds a line's fields (RFC 4180). `open` is the quoted field that goes on, before and after it.
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

/// The classes of some labels, in order: by number where all are numbers, else by name.
pub(crate) fn in_order(labels: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut labels: Vec<String> = labels.into_iter().collect();
    labels.sort();
    labels.dedup();
    if labels.iter().all(|label| label.parse::<i64>().is_ok()) {
        labels.sort_by_key(|label| label.parse::<i64>().unwrap_or_default());
    }
    labels
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Examples, in_order};
    use crate::EngineError;
    use amoozgar_types::ErrorCode;

    fn rows(name: &str, text: &str) -> Result<Vec<(String, String, u64)>, EngineError> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Examples::open(&path)?
            .map(|row| row.map(|row| (row.text, row.label, row.line)))
            .collect()
    }

    fn row(text: &str, label: &str, line: u64) -> (String, String, u64) {
        (text.to_owned(), label.to_owned(), line)
    }

    #[test]
    fn tables_are_read_with_quotes_lines_within_them_and_other_delimiters() {
        let table = "\u{feff}id,Label,text\r\n1,خوب,\"او گفت \"\"بله\"\"، رفت\r\nو آمد\"\r\n\r\n2,بد,نه\r\n";
        assert_eq!(
            rows("a.csv", table).unwrap(),
            [
                row("او گفت \"بله\"، رفت\nو آمد", "خوب", 2),
                row("نه", "بد", 5)
            ],
            "columns are found by name, blank lines are skipped"
        );
        assert_eq!(
            rows("a.csv", "text;label\nیک, دو;1\n").unwrap(),
            [row("یک, دو", "1", 2)],
            "a spreadsheet's semicolons"
        );
    }

    #[test]
    fn lines_of_json_may_name_classes_by_words_numbers_or_truth() {
        let lines = "{\"text\":\"كتاب\",\"label\":\"الف\"}\n\n{\"text\":\"ب\",\"label\":3}\n{\"text\":\"ج\",\"label\":true}";
        assert_eq!(
            rows("a.jsonl", lines).unwrap(),
            [row("کتاب", "الف", 1), row("ب", "3", 3), row("ج", "true", 4)],
            "texts are normalized"
        );
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told_with_its_line_and_field() {
        let failure = |name: &str, text: &str| {
            let error = rows(name, text).unwrap_err().to_api();
            (error.code, error.params.line, error.params.field)
        };
        let lacks =
            |line, field: &str| (ErrorCode::MissingField, Some(line), Some(field.to_owned()));
        assert_eq!(
            failure(
                "a.jsonl",
                "{\"text\":\"یک\",\"label\":\"x\"}\n{\"text\":\"دو\"}"
            ),
            lacks(2, "label"),
            "no label"
        );
        assert_eq!(
            failure("a.jsonl", "{\"text\":\" \",\"label\":\"x\"}"),
            lacks(1, "text"),
            "an empty text"
        );
        assert_eq!(
            failure("a.csv", "text,class\nیک,x\n"),
            lacks(1, "label"),
            "no such column"
        );
        assert_eq!(
            failure("a.csv", "text,label\nیک,x\n\nدو,\n"),
            lacks(4, "label"),
            "an empty cell"
        );
        let broken = |line| (ErrorCode::InvalidRow, Some(line), None);
        assert_eq!(
            failure("a.csv", "text,label\nیک,x,y\n"),
            broken(2),
            "a column too many"
        );
        assert_eq!(
            failure("a.csv", "text,label\nیک,x\n\"دو,y\nسه,z\n"),
            broken(3),
            "a quotation mark that is never closed"
        );
        assert_eq!(
            failure("a.txt", "text").0,
            ErrorCode::InvalidSpec,
            "no labels in plain text"
        );
    }

    #[test]
    fn classes_are_in_order_of_numbers_or_names() {
        let of = |labels: &[&str]| in_order(labels.iter().map(|&label| label.to_owned()));
        assert_eq!(of(&["10", "9", "10", "-1"]), ["-1", "9", "10"], "numbers");
        assert_eq!(of(&["ب", "الف", "10"]), ["10", "الف", "ب"], "names");
    }
}
