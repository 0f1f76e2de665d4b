//! The table `place`: the folder under which this database's paths lie, and what leads them to another.

use crate::column::to_json;
use crate::error::Doing;
use crate::{Store, StoreError};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::Value;

/// A folder that went from one place to another, with all that lies in it. Absolute, without a
/// separator at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Where it was.
    pub from: String,
    /// Where it is.
    pub to: String,
}

/// Every column that holds a path alone.
const COLUMNS: &[(&str, &str)] = &[
    ("training_jobs", "job_dir"),
    ("training_jobs", "model_dir"),
    ("checkpoints", "path"),
    ("datasets", "train_path"),
    ("datasets", "validation_path"),
    ("download_queue", "path"),
];
/// Columns of JSON in which paths occur.
const DOCUMENTS: &[&str] = &["spec", "error"];

impl Store {
    /// The folder under which this database's paths lie; `None` where that was never written down.
    pub fn place(&self) -> Result<Option<String>, StoreError> {
        self.connection()
            .query_row("SELECT path FROM place", [], |row| row.get(0))
            .optional()
            .doing("read the place")
    }

    /// In which form what lies in the place was closed to others; 0 where it never was.
    pub fn modes_form(&self) -> Result<u32, StoreError> {
        self.connection()
            .query_row("SELECT modes FROM place", [], |row| row.get(0))
            .optional()
            .map(Option::unwrap_or_default)
            .doing("read the place")
    }

    /// Remembers in which form what lies in the place was closed to others, until the place is another.
    pub fn set_modes_form(&self, form: u32) -> Result<(), StoreError> {
        self.connection()
            .execute("UPDATE place SET modes = ?1", [form])
            .doing("write down who may read the place")?;
        Ok(())
    }

    /// Leads every path in a folder that moved to where it is now, and writes `place` down: all of it,
    /// or nothing.
    pub fn rebase(&self, moved: &[Moved], place: &str) -> Result<(), StoreError> {
        self.write("lead the paths to another place", |transaction| {
            for folder in moved {
                lead_columns(transaction, folder)?;
            }
            for column in DOCUMENTS {
                lead_documents(transaction, column, moved)?;
            }
            transaction
                .execute(
                    "INSERT INTO place (only, path) VALUES (1, ?1)
                     ON CONFLICT (only) DO UPDATE SET
                         modes = iif(path = excluded.path, modes, 0), path = excluded.path",
                    [place],
                )
                .doing("write the place down")?;
            Ok(())
        })
    }
}

fn lead_columns(transaction: &Transaction<'_>, folder: &Moved) -> Result<(), StoreError> {
    let within = format!("{}{}", folder.from, std::path::MAIN_SEPARATOR);
    for (table, column) in COLUMNS {
        transaction
            .execute(
                &format!(
                    "UPDATE {table} SET {column} = ?2 || substr({column}, length(?1) + 1)
                     WHERE substr({column}, 1, length(?3)) = ?3"
                ),
                params![folder.from, folder.to, within],
            )
            .doing("lead a path to another place")?;
    }
    Ok(())
}

fn lead_documents(
    transaction: &Connection,
    column: &'static str,
    moved: &[Moved],
) -> Result<(), StoreError> {
    let mut read = transaction
        .prepare(&format!(
            "SELECT job_id, {column} FROM training_jobs WHERE {column} IS NOT NULL"
        ))
        .doing("read what holds paths")?;
    let mut write = transaction
        .prepare(&format!(
            "UPDATE training_jobs SET {column} = ?2 WHERE job_id = ?1"
        ))
        .doing("lead paths to another place")?;
    let rows: Vec<(String, String)> = read
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .doing("read what holds paths")?;
    for (job_id, text) in rows {
        // What cannot be read here cannot be read elsewhere either, and stays as it is.
        let Ok(mut document) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        if lead(&mut document, moved) {
            write
                .execute(params![job_id, to_json(column, &document)?])
                .doing("lead paths to another place")?;
        }
    }
    Ok(())
}

/// Leads every text of a document that is a path in a moved folder; answers whether there was one.
fn lead(value: &mut Value, moved: &[Moved]) -> bool {
    match value {
        Value::String(text) => {
            let led = moved.iter().find_map(|folder| {
                let rest = text.strip_prefix(&folder.from)?;
                rest.starts_with(std::path::MAIN_SEPARATOR)
                    .then(|| format!("{}{rest}", folder.to))
            });
            let found = led.is_some();
            if let Some(led) = led {
                *text = led;
            }
            found
        }
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |found, item| lead(item, moved) | found),
        Value::Object(fields) => fields
            .values_mut()
            .fold(false, |found, item| lead(item, moved) | found),
        _ => false,
    }
}
