//! Labelled text for a classifier: .jsonl and .csv, rows with a `text` and a `label`.

use super::{LABEL_FIELD, TEXT_FIELD};
use crate::format::{LabelledFormat, labelled_format_of};
use crate::readers::csv::{self, Header, Record};
use crate::readers::jsonl::{self, Field};
use crate::readers::lines::Lines;
use crate::{DataError, MAX_LINE_BYTES};
use std::path::Path;

/// One row: a normalized text and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The normalized text, not empty.
    pub text: String,
    /// The class's name, not empty.
    pub label: String,
    /// The line on which the row begins, counted from 1.
    pub line: u64,
}

/// The rows of a file. After an error nothing follows.
pub struct Examples {
    lines: Lines,
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
    /// Opens a file; of a table the header is read.
    ///
    /// # Errors
    /// Where the file cannot be opened, its format has no labels, or its header lacks a column.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let mut lines = Lines::open(path, MAX_LINE_BYTES)?;
        let form = match labelled_format_of(path)? {
            LabelledFormat::Jsonl => Form::Jsonl,
            LabelledFormat::Csv => Form::Csv(columns(&mut lines)?),
        };
        Ok(Self {
            lines,
            form,
            ended: false,
        })
    }

    /// The share of the file that has been read, from 0 to 1.
    pub fn share_read(&self) -> f64 {
        self.lines.share_read()
    }

    fn next_example(&mut self) -> Result<Option<Example>, DataError> {
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
                return Err(DataError::MissingField {
                    path: self.lines.path().to_path_buf(),
                    line,
                    field,
                });
            }
        }
        Ok(Some(Example { text, label, line }))
    }

    fn next_json(&mut self) -> Result<Option<(String, String, u64)>, DataError> {
        let Some(row) = jsonl::next_row(&mut self.lines)? else {
            return Ok(None);
        };
        let Field::Text(text) = row.text else {
            return Err(self.lines.lacks(TEXT_FIELD));
        };
        let (Field::Text(label) | Field::Scalar(label)) = row.label else {
            return Err(self.lines.lacks(LABEL_FIELD));
        };
        Ok(Some((text, label, self.lines.line())))
    }

    fn next_record(
        &mut self,
        columns: Columns,
    ) -> Result<Option<(String, String, u64)>, DataError> {
        let Some(record) = csv::next_record(&mut self.lines, columns.delimiter)? else {
            return Ok(None);
        };
        let Record {
            mut fields,
            n_fields,
            line,
        } = record;
        if n_fields != columns.width {
            return Err(DataError::InvalidRow {
                path: self.lines.path().to_path_buf(),
                line,
                detail: format!("{n_fields} columns, not {}", columns.width),
            });
        }
        let mut field = |index: usize| fields.get_mut(index).map(std::mem::take);
        let text = field(columns.text).unwrap_or_default();
        let label = field(columns.label).unwrap_or_default();
        Ok(Some((text, label, line)))
    }
}

impl Iterator for Examples {
    type Item = Result<Example, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let example = self.next_example().transpose();
        self.ended = !matches!(example, Some(Ok(_)));
        example
    }
}

/// Reads a table's header and finds its columns by their names.
fn columns(lines: &mut Lines) -> Result<Columns, DataError> {
    let Header { delimiter, names } = csv::header(lines)?;
    let place = |wanted: &'static str| {
        let found = names
            .iter()
            .position(|name| name.trim().eq_ignore_ascii_case(wanted));
        found.ok_or_else(|| lines.lacks(wanted))
    };
    Ok(Columns {
        delimiter,
        width: names.len(),
        text: place(TEXT_FIELD)?,
        label: place(LABEL_FIELD)?,
    })
}

/// The classes of some labels, in order: by number where all are numbers, else by name.
pub fn class_names(labels: impl IntoIterator<Item = String>) -> Vec<String> {
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
    use super::{Examples, class_names};
    use crate::DataError;
    use amoozgar_types::ErrorCode;

    fn rows(name: &str, text: &str) -> Result<Vec<(String, String, u64)>, DataError> {
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
    fn classes_are_class_names_of_numbers_or_names() {
        let of = |labels: &[&str]| class_names(labels.iter().map(|&label| label.to_owned()));
        assert_eq!(of(&["10", "9", "10", "-1"]), ["-1", "9", "10"], "numbers");
        assert_eq!(of(&["ب", "الف", "10"]), ["10", "الف", "ب"], "names");
    }
}
