//! A look at a dataset's file: what it holds, whether it is sound, and some of its rows.

use crate::readers::rows::Rows;
use crate::{Conversations, DataError, Documents, Faulty, MAX_LINE_BYTES, Pairs};
use crate::{columns, format_of, shape_of};
use amoozgar_types::chat::Message;
use amoozgar_types::dataset::TextEncoding;
use amoozgar_types::dataset::{DatasetFormat, FaultCount, Guess, Mapping, Shape, count_fault};
pub use amoozgar_types::process::{DatasetRows, DatasetSummary};
use std::path::Path;

/// Reads the whole file as a stream and validates it.
///
/// # Errors
/// Whatever is wrong with the first offending line, with its number and offset.
pub fn inspect(path: &Path) -> Result<DatasetSummary, DataError> {
    inspect_lines(path, MAX_LINE_BYTES)
}

/// The beginnings, `max_chars` characters at most, of the normalized documents `offset..offset + limit`.
///
/// # Errors
/// As [`inspect`], as far as the file had to be read.
pub fn preview(
    path: &Path,
    offset: u64,
    limit: usize,
    max_chars: usize,
) -> Result<DatasetRows, DataError> {
    preview_lines(path, offset, limit, max_chars, MAX_LINE_BYTES)
}

fn inspect_lines(path: &Path, max_line_bytes: usize) -> Result<DatasetSummary, DataError> {
    let format = format_of(path)?;
    if format != DatasetFormat::Txt {
        let guess = columns(path)?.guess;
        match guess {
            Some(guess) if guess.shape == Shape::Preference => {
                let mut rows = Pairs::open(path, &guess)?;
                let counted = count(&mut rows)?;
                let (encoding, size_bytes) = (rows.encoding(), rows.size_bytes());
                return summary(path, guess, counted, encoding, size_bytes);
            }
            Some(guess) if guess.shape.is_conversation() => {
                let mut rows = Conversations::open(path, &guess)?;
                let counted = count(&mut rows)?;
                let (encoding, size_bytes) = (rows.encoding(), rows.size_bytes());
                return summary(path, guess, counted, encoding, size_bytes);
            }
            // Which of its columns are what is asked when they are learnt.
            None if format == DatasetFormat::Csv => return inspect_table(path),
            None if format == DatasetFormat::Json => {
                shape_of(path, None, &Mapping::new())?;
            }
            _ => {}
        }
    }
    let mut documents = Documents::with_longest_line(path, max_line_bytes)?;
    let mut n_rows = 0;
    for part in &mut documents {
        n_rows += u64::from(part?.is_first);
    }
    if n_rows == 0 {
        return Err(DataError::EmptyFile {
            path: path.to_path_buf(),
        });
    }
    Ok(DatasetSummary {
        format: documents.format(),
        encoding: documents.encoding(),
        n_rows,
        size_bytes: documents.size_bytes(),
        guess: Some(Guess {
            shape: Shape::Text,
            mapping: Mapping::new(),
        }),
        faults: Vec::new(),
    })
}

/// How many rows can be learnt, and what is wrong with the others.
fn count<T>(
    rows: &mut dyn Iterator<Item = Result<Result<T, Faulty>, DataError>>,
) -> Result<(u64, Vec<FaultCount>), DataError> {
    let (mut n_rows, mut faults) = (0, Vec::new());
    for row in rows {
        match row? {
            Ok(_) => n_rows += 1,
            Err(row) => count_fault(&mut faults, row.fault, row.value.as_deref(), row.line),
        }
    }
    Ok((n_rows, faults))
}

fn summary(
    path: &Path,
    guess: Guess,
    (n_rows, faults): (u64, Vec<FaultCount>),
    encoding: TextEncoding,
    size_bytes: u64,
) -> Result<DatasetSummary, DataError> {
    if n_rows == 0 {
        return Err(no_conversation(path, &faults));
    }
    Ok(DatasetSummary {
        format: format_of(path)?,
        encoding,
        n_rows,
        size_bytes,
        guess: Some(guess),
        faults,
    })
}

/// Says of a file without conversations what is wrong with the first row.
pub fn no_conversation(path: &Path, faults: &[FaultCount]) -> DataError {
    let path = path.to_path_buf();
    let Some(first) = faults.first() else {
        return DataError::EmptyFile { path };
    };
    DataError::NoConversation {
        path,
        line: first.lines.first().copied().unwrap_or(1),
        detail: format!(
            "{:?} {}",
            first.fault,
            first.value.as_deref().unwrap_or_default()
        )
        .trim_end()
        .to_owned(),
    }
}

fn inspect_table(path: &Path) -> Result<DatasetSummary, DataError> {
    let mut rows = Rows::open(path)?;
    let mut n_rows = 0;
    while rows.next_row()?.is_some() {
        n_rows += 1;
    }
    if n_rows == 0 {
        return Err(DataError::EmptyFile {
            path: rows.path().to_path_buf(),
        });
    }
    Ok(DatasetSummary {
        format: DatasetFormat::Csv,
        encoding: rows.encoding(),
        n_rows,
        size_bytes: rows.size_bytes(),
        guess: None,
        faults: Vec::new(),
    })
}

fn preview_lines(
    path: &Path,
    offset: u64,
    limit: usize,
    max_chars: usize,
    max_line_bytes: usize,
) -> Result<DatasetRows, DataError> {
    if format_of(path)? != DatasetFormat::Txt {
        let guess = columns(path)?.guess;
        if guess
            .as_ref()
            .is_none_or(|guess| guess.shape.has_messages())
        {
            return preview_rows(path, guess.as_ref(), offset, limit, max_chars);
        }
    }
    let mut documents = Documents::with_longest_line(path, max_line_bytes)?;
    let mut rows = Vec::new();
    while rows.len() < limit {
        let Some(part) = documents.next().transpose()? else {
            break;
        };
        if part.is_first && part.document as u64 >= offset {
            rows.push(part.text.chars().take(max_chars).collect());
        }
    }
    Ok(DatasetRows {
        rows,
        encoding: documents.encoding(),
    })
}

/// Conversations as a book prints them, a dash before each message (of a pair a plus before the better answer
/// and a minus before the worse); else a row's cells.
fn preview_rows(
    path: &Path,
    guess: Option<&Guess>,
    offset: u64,
    limit: usize,
    max_chars: usize,
) -> Result<DatasetRows, DataError> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let cut = |text: String| text.chars().take(max_chars).collect::<String>();
    let line = |sign: &str, message: &Message| format!("{sign} {}", message.content);
    let lines = |sign: &str, messages: &[Message]| {
        let lines = messages.iter().map(|message| line(sign, message));
        lines.collect::<Vec<_>>().join("\n")
    };
    if let Some(guess) = guess
        && guess.shape == Shape::Preference
    {
        let mut pairs = Pairs::open(path, guess)?;
        let told = pairs.by_ref().filter_map(|row| match row {
            Ok(Ok(pair)) => {
                let parts = [
                    lines("—", &pair.prompt),
                    lines("+", &pair.chosen),
                    lines("−", &pair.rejected),
                ];
                Some(Ok(cut(parts.join("\n"))))
            }
            Ok(Err(_)) => None,
            Err(error) => Some(Err(error)),
        });
        let rows = told.skip(offset).take(limit).collect::<Result<_, _>>()?;
        let encoding = pairs.encoding();
        return Ok(DatasetRows { rows, encoding });
    }
    if let Some(guess) = guess {
        let mut conversations = Conversations::open(path, guess)?;
        let told = conversations.by_ref().filter_map(|row| match row {
            Ok(Ok(row)) => Some(Ok(cut(lines("—", &row.messages)))),
            Ok(Err(_)) => None,
            Err(error) => Some(Err(error)),
        });
        let rows = told.skip(offset).take(limit).collect::<Result<_, _>>()?;
        let encoding = conversations.encoding();
        return Ok(DatasetRows { rows, encoding });
    }
    let mut rows = Rows::open(path)?;
    let mut told = Vec::new();
    let mut index = 0;
    while told.len() < limit
        && let Some(row) = rows.next_row()?
    {
        if index >= offset {
            let cells = row.value.iter().filter_map(serde_json::Value::as_object);
            let cells = cells.flat_map(|row| row.values());
            let cells: Vec<&str> = cells.filter_map(serde_json::Value::as_str).collect();
            told.push(cut(cells.join(" | ")));
        }
        index += 1;
    }
    Ok(DatasetRows {
        rows: told,
        encoding: rows.encoding(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{inspect_lines, preview_lines};
    use crate::{DataError, DocumentPart, Documents, Unit};
    use std::path::{Path, PathBuf};
    use tempfile::TempDir;

    /// The longest line of these tests, in bytes.
    const LIMIT: usize = 20;

    fn file(folder: &TempDir, name: &str, text: &[u8]) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn refused(path: &Path) -> (String, Option<u64>, Option<u64>) {
        let error = inspect_lines(path, LIMIT).unwrap_err().to_api();
        let params = error.params;
        (format!("{:?}", error.code), params.line, params.limit)
    }

    #[test]
    fn a_line_is_read_up_to_its_longest_and_refused_beyond() {
        let folder = TempDir::new().unwrap();
        for end in ["", "\n", "\r\n", "\r\nb"] {
            let longest = format!("{}{end}", "a".repeat(LIMIT));
            let summary = inspect_lines(&file(&folder, "a.txt", longest.as_bytes()), LIMIT);
            assert_eq!(summary.unwrap().n_rows, 1, "twenty bytes and {end:?}");
            let text = format!("b\n\n{}{end}", "a".repeat(LIMIT + 1));
            assert_eq!(
                refused(&file(&folder, "a.txt", text.as_bytes())),
                ("LineTooLong".to_owned(), Some(3), Some(LIMIT as u64)),
                "one byte more and {end:?}"
            );
        }
        let row = format!("{{\"text\":\"{}\"}}", "a".repeat(LIMIT));
        assert_eq!(
            refused(&file(&folder, "a.jsonl", row.as_bytes())),
            ("LineTooLong".to_owned(), Some(1), Some(LIMIT as u64)),
            "a row of JSON is a line too"
        );
    }

    #[test]
    fn of_a_line_that_is_too_long_what_is_no_text_is_said_first() {
        let folder = TempDir::new().unwrap();
        let long = "کتاب ".repeat(LIMIT);
        assert_eq!(
            refused(&file(&folder, "a.txt", long.as_bytes())).0,
            "LineTooLong",
            "the limit falls within a character, which is whole in the file"
        );
        let zero = [long.as_bytes().get(..8).unwrap(), b"\0", long.as_bytes()].concat();
        assert_eq!(refused(&file(&folder, "a.txt", &zero)).0, "BinaryFile");
        let broken = [b"ab\xff", long.as_bytes()].concat();
        assert_eq!(refused(&file(&folder, "a.txt", &broken)).0, "InvalidUtf8");
    }

    #[test]
    fn a_paragraph_longer_than_a_line_comes_in_parts_of_whole_lines() {
        let folder = TempDir::new().unwrap();
        let lines = ["  نخست", "دوم", "سوم", "چهارم", "پنجم  "];
        let text = format!("پیش\n\n{}\n\nپس", lines.join("\n"));
        let path = file(&folder, "a.txt", text.as_bytes());
        assert_eq!(
            inspect_lines(&path, LIMIT).unwrap().n_rows,
            3,
            "parts are no documents"
        );
        let whole: Vec<_> = Documents::open(&path)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let parts: Vec<_> = Documents::with_longest_line(&path, LIMIT)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(
            whole.iter().all(|part| part.is_first && part.is_last) && parts.len() > whole.len(),
            "parts only where the limit asks for them: {parts:?}"
        );
        let joined = |parts: &[DocumentPart], document| {
            let parts = parts.iter().filter(|part| part.document == document);
            parts
                .map(|part| part.text.clone())
                .collect::<Vec<_>>()
                .join("\n")
        };
        for document in 0..3 {
            assert_eq!(
                joined(&parts, document),
                joined(&whole, document),
                "the parts of document {document} are its text"
            );
        }
        let lines_of = |documents| {
            let lines = Unit::Line.of(documents).map(Result::unwrap);
            lines.collect::<Vec<_>>()
        };
        assert_eq!(
            lines_of(Documents::with_longest_line(&path, LIMIT).unwrap()),
            lines_of(Documents::open(&path).unwrap()),
            "its lines are the same ones"
        );
    }

    #[test]
    fn a_preview_has_the_beginning_of_each_row() {
        let folder = TempDir::new().unwrap();
        let path = file(
            &folder,
            "a.txt",
            "یک بلبل\nدو بلبل\nسه بلبل\n\nچهار\n\nپنج".as_bytes(),
        );
        let rows = |offset, n_rows| preview_lines(&path, offset, n_rows, 4, LIMIT).unwrap().rows;
        assert_eq!(rows(0, 9), ["یک ب", "چهار", "پنج"], "a long row is one row");
        assert_eq!(rows(1, 1), ["چهار"], "rows are counted, not parts");
        assert_eq!(rows(9, 9), [""; 0], "there is no tenth row");
    }

    #[test]
    fn a_preview_says_what_is_wrong_before_it_and_nothing_of_what_comes_after() {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, "a.txt", b"ab\n\ncd\n\n\xff\n");
        let rows = |offset, n_rows| preview_lines(&path, offset, n_rows, 4, LIMIT);
        assert_eq!(rows(0, 2).unwrap().rows, ["ab", "cd"], "what was asked for");
        let error = rows(5, 1).unwrap_err();
        assert!(
            matches!(error, DataError::InvalidUtf8 { line: 5, .. }),
            "the fifth row lies behind it: {error}"
        );
    }
}
