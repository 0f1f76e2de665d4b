//! What the rows of a file are taken for, by the names of their columns.

use super::TEXT_FIELD;
use crate::DataError;
use crate::format::format_of;
use crate::readers::rows::Rows;
use amoozgar_types::dataset::{Columns, DatasetFormat, Field, Guess, Mapping, Shape};
use serde_json::Value;
use std::path::Path;

/// Rows that are looked at.
const N_LOOKED_AT: usize = 16;
/// Columns that are told.
const N_TOLD: usize = 64;

/// Names that a part of a row goes by, its own among them.
fn aliases(field: Field) -> &'static [&'static str] {
    match field {
        Field::Messages => &[
            "messages",
            "conversations",
            "conversation",
            "پیام‌ها",
            "گفت‌وگو",
            "گفتگو",
        ],
        Field::System => &["system", "system_prompt", "سیستم"],
        Field::Instruction => &["instruction", "دستور"],
        Field::Input => &["input", "ورودی"],
        Field::Output => &["output", "response", "خروجی"],
        Field::Prompt => &[
            "prompt",
            "question",
            "query",
            "پرسش",
            "سؤال",
            "سوال",
            "پرامپت",
        ],
        Field::Chosen => &["chosen", "preferred", "پاسخ بهتر", "برگزیده"],
        Field::Rejected => &["rejected", "dispreferred", "پاسخ بدتر", "ردشده"],
        Field::Completion => &["completion", "answer", "response", "پاسخ", "جواب"],
    }
}

/// The names of a file's columns and what its rows are taken for.
///
/// # Errors
/// Where the file cannot be read.
pub fn columns(path: &Path) -> Result<Columns, DataError> {
    let format = format_of(path)?;
    if format == DatasetFormat::Txt {
        return Ok(Columns {
            names: Vec::new(),
            guess: Some(plain()),
        });
    }
    let mut rows = Rows::open(path)?;
    let mut names: Vec<String> = rows.header().unwrap_or_default().to_vec();
    let mut guess = None;
    let mut n_rows = 0;
    while n_rows < N_LOOKED_AT {
        let row = match rows.next_row() {
            Ok(Some(row)) => row,
            // A text may be longer than a conversation.
            Ok(None) | Err(DataError::LineTooLong { .. }) => break,
            Err(error) => return Err(error),
        };
        n_rows += 1;
        let Some(value) = row.value else { continue };
        let keys = value.as_object().into_iter().flat_map(|row| row.keys());
        for key in keys {
            if names.len() < N_TOLD && !names.contains(key) {
                names.push(key.clone());
            }
        }
        guess = guess.or_else(|| of_row(&value, format));
    }
    Ok(Columns { names, guess })
}

fn plain() -> Guess {
    Guess {
        shape: Shape::Text,
        mapping: Mapping::new(),
    }
}

/// What a row is taken for. Plain text comes first: what was learnt as such goes on to be.
fn of_row(row: &Value, format: DatasetFormat) -> Option<Guess> {
    if let Some(list) = row.as_array() {
        return Some(Guess {
            shape: of_messages(list)?,
            mapping: Mapping::new(),
        });
    }
    let fields = row.as_object()?;
    let is_text = fields.get(TEXT_FIELD).is_some_and(Value::is_string);
    if is_text && format == DatasetFormat::Jsonl {
        return Some(plain());
    }
    let names: Vec<String> = fields.keys().cloned().collect();
    if let Some(column) = find(&names, Field::Messages)
        && let Some(list) = fields.get(&column).and_then(list)
        && let Some(shape) = of_messages(&list)
    {
        return mapped(&names, shape);
    }
    let by_names = |shape| mapped(&names, shape);
    // Their names say more than those of a question and an answer, which may stand beside them.
    [Shape::Preference, Shape::Alpaca, Shape::PromptCompletion]
        .into_iter()
        .find_map(by_names)
}

/// A list, also as the JSON that a table's cell holds.
pub(super) fn list(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list.clone()),
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).ok()
        }
        _ => None,
    }
}

pub(super) fn of_messages(list: &[Value]) -> Option<Shape> {
    let first = list.first()?.as_object()?;
    if first.contains_key("role") {
        Some(Shape::Messages)
    } else {
        first.contains_key("from").then_some(Shape::Sharegpt)
    }
}

/// The shape over these columns; `None` where one that it needs is not among them.
fn mapped(names: &[String], shape: Shape) -> Option<Guess> {
    let mut mapping = Mapping::new();
    let (needed, optional) = shape.fields();
    for &field in needed {
        mapping.insert(field, find(names, field)?);
    }
    for &field in optional {
        mapping.extend(find(names, field).map(|column| (field, column)));
    }
    Some(Guess { shape, mapping })
}

/// The column for a part of a row.
pub(super) fn find(names: &[String], field: Field) -> Option<String> {
    aliases(field).iter().find_map(|alias| {
        let alias = plain_name(alias);
        names.iter().find(|name| plain_name(name) == alias).cloned()
    })
}

/// A name without what people write differently.
fn plain_name(name: &str) -> String {
    let name = amoozgar_text::normalize(name).trim().to_lowercase();
    name.replace(['\u{200c}', ' ', '_', '-'], "")
}

/// What the rows are, as it is written or else as it looks.
///
/// # Errors
/// Where a column that is needed is not there, or the rows look like nothing that is known.
pub fn shape_of(path: &Path, shape: Option<Shape>, mapping: &Mapping) -> Result<Guess, DataError> {
    if shape == Some(Shape::Text) || (shape.is_none() && format_of(path)? == DatasetFormat::Txt) {
        return Ok(plain());
    }
    let Columns { names, guess } = columns(path)?;
    let list = || names.join("`, `");
    let named = shape.or_else(|| of_mapping(mapping));
    let Some(shape) = named else {
        return guess.ok_or_else(|| DataError::UnknownShape {
            path: path.to_path_buf(),
            columns: list(),
        });
    };
    let (needed, optional) = shape.fields();
    let mut found = Mapping::new();
    let bare = names.is_empty() && guess.is_some();
    for (fields, is_needed) in [(needed, !bare), (optional, false)] {
        for &field in fields {
            let written = mapping.get(&field);
            let column = match written {
                Some(column) => names.iter().find(|name| *name == column).cloned(),
                None => find(&names, field),
            };
            if let Some(column) = column {
                found.insert(field, column);
            } else if is_needed || written.is_some() {
                return Err(DataError::NoColumn {
                    path: path.to_path_buf(),
                    field: field.as_str(),
                    column: written.map_or(field.as_str(), String::as_str).to_owned(),
                    columns: list(),
                });
            }
        }
    }
    Ok(Guess {
        shape,
        mapping: found,
    })
}

/// The shape that has all the parts of a mapping.
fn of_mapping(mapping: &Mapping) -> Option<Shape> {
    if mapping.is_empty() {
        return None;
    }
    let all = Shape::CONVERSATIONS.iter().chain([&Shape::Preference]);
    all.copied().find(|shape| {
        let (needed, optional) = shape.fields();
        let has = |field: &Field| needed.contains(field) || optional.contains(field);
        mapping.keys().all(has) && needed.iter().all(|field| mapping.contains_key(field))
    })
}
