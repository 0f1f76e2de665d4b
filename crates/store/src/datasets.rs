//! The table `datasets`: bundled ones, which are everyone's, and imported ones, which are not.

use crate::column::{count, int, named};
use crate::error::Doing;
use crate::{Store, StoreError, needs};
use amoozgar_types::dataset::{DatasetFormat, DatasetRecord, DatasetSource, Guess, Sharing};
use amoozgar_types::id::{DatasetId, UserId};
use rusqlite::{OptionalExtension, Row, params};

/// A dataset with its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDataset {
    /// What lists show.
    pub record: DatasetRecord,
    /// The file of its training part.
    pub train_path: String,
    /// The file of its validation part, where it has one.
    pub validation_path: Option<String>,
}

impl Store {
    /// Adds a dataset or renews its row. Without an owner it is bundled: everyone's.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the id belongs to another owner.
    pub fn upsert_dataset(
        &self,
        owner: Option<&UserId>,
        record: &DatasetRecord,
        train_path: &str,
        validation_path: Option<&str>,
    ) -> Result<(), StoreError> {
        let changed = self
            .connection()
            .execute(
                "INSERT INTO datasets (dataset_id, user_id, name, source, format, size_bytes,
                     n_rows, n_validation_rows, train_path, validation_path, created_ms, guess)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT (dataset_id) DO UPDATE SET
                     name = excluded.name, source = excluded.source, format = excluded.format,
                     size_bytes = excluded.size_bytes, n_rows = excluded.n_rows,
                     n_validation_rows = excluded.n_validation_rows,
                     train_path = excluded.train_path, validation_path = excluded.validation_path,
                     guess = excluded.guess
                 WHERE user_id IS excluded.user_id",
                params![
                    record.dataset_id.as_str(),
                    owner.map(UserId::as_str),
                    record.name,
                    source_name(record.source),
                    format_name(record.format),
                    int(record.size_bytes),
                    int(record.n_rows),
                    int(record.n_validation_rows),
                    train_path,
                    validation_path,
                    record.created_ms,
                    guess_text(record.guess.as_ref()),
                ],
            )
            .doing("save the dataset")?;
        if changed == 0 {
            return Err(StoreError::not_found("dataset", &record.dataset_id));
        }
        Ok(())
    }

    /// What a user may train on: the bundled ones first, then their own, then what others share,
    /// latest first.
    pub fn datasets(&self, user_id: &UserId) -> Result<Vec<DatasetRecord>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT datasets.*, users.name AS owner_name FROM datasets
                 LEFT JOIN users USING (user_id)
                 WHERE user_id IS NULL OR user_id = ?1 OR shared = 1
                 ORDER BY user_id IS NOT NULL, user_id IS NOT ?1,
                     CASE WHEN user_id IS NULL THEN dataset_id END,
                     datasets.created_ms DESC, dataset_id DESC",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([user_id.as_str()], |row| read_record(row, user_id))?
                    .collect()
            })
            .doing("list the datasets")
    }

    /// One dataset that the user may train on.
    pub fn dataset(
        &self,
        user_id: &UserId,
        dataset_id: &DatasetId,
    ) -> Result<Option<StoredDataset>, StoreError> {
        self.connection()
            .query_row(
                "SELECT datasets.*, users.name AS owner_name FROM datasets
                 LEFT JOIN users USING (user_id)
                 WHERE dataset_id = ?1 AND (user_id IS NULL OR user_id = ?2 OR shared = 1)",
                [dataset_id.as_str(), user_id.as_str()],
                |row| {
                    Ok(StoredDataset {
                        record: read_record(row, user_id)?,
                        train_path: row.get("train_path")?,
                        validation_path: row.get("validation_path")?,
                    })
                },
            )
            .optional()
            .doing("read the dataset")
    }

    /// Lets everyone on this computer use a user's own dataset, or no longer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn share_dataset(
        &self,
        user_id: &UserId,
        dataset_id: &DatasetId,
        sharing: &Sharing,
    ) -> Result<(), StoreError> {
        let changed = self
            .connection()
            .execute(
                "UPDATE datasets SET shared = ?3 WHERE dataset_id = ?1 AND user_id = ?2",
                params![
                    dataset_id.as_str(),
                    user_id.as_str(),
                    *sharing == Sharing::SharedByMe
                ],
            )
            .doing("share the dataset")?;
        if changed == 0 {
            return Err(StoreError::not_found("dataset", dataset_id));
        }
        Ok(())
    }

    /// The files of everything that a user imported.
    pub fn dataset_paths(&self, user_id: &UserId) -> Result<Vec<String>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT train_path FROM datasets WHERE user_id = ?1
                 UNION SELECT validation_path FROM datasets
                     WHERE user_id = ?1 AND validation_path IS NOT NULL",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([user_id.as_str()], |row| row.get(0))?
                    .collect()
            })
            .doing("list the datasets' files")
    }

    /// Removes a user's own dataset. Jobs that learnt it stay, without it. A bundled one is nobody's
    /// to remove.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a job that has not ended needs it, or another user's that can go on;
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn delete_dataset(
        &self,
        user_id: &UserId,
        dataset_id: &DatasetId,
    ) -> Result<(), StoreError> {
        self.write("remove the dataset", |transaction| {
            let needed = needs::refuse_needed_dataset(transaction, user_id, dataset_id);
            let removed = transaction
                .execute(
                    "DELETE FROM datasets WHERE dataset_id = ?1 AND user_id = ?2",
                    [dataset_id.as_str(), user_id.as_str()],
                )
                .doing("remove the dataset")?;
            if removed == 0 {
                return Err(StoreError::not_found("dataset", dataset_id));
            }
            // Who may not remove it does not learn who needs it.
            needed
        })
    }
}

fn read_record(row: &Row<'_>, asking: &UserId) -> rusqlite::Result<DatasetRecord> {
    let owner: Option<String> = row.get("user_id")?;
    let sharing = match (owner, row.get("shared")?) {
        (None, _) => Sharing::Everyones,
        (Some(owner), true) if owner == asking.as_str() => Sharing::SharedByMe,
        (Some(owner), false) if owner == asking.as_str() => Sharing::Private,
        (Some(_), _) => Sharing::SharedWithMe {
            owner_name: row.get("owner_name")?,
        },
    };
    Ok(DatasetRecord {
        dataset_id: DatasetId::new(row.get::<_, String>("dataset_id")?),
        name: row.get("name")?,
        source: named(row, "source", |name| match name {
            "bundled" => Some(DatasetSource::Bundled),
            "imported" => Some(DatasetSource::Imported),
            _ => None,
        })?,
        format: named(row, "format", |name| match name {
            "txt" => Some(DatasetFormat::Txt),
            "jsonl" => Some(DatasetFormat::Jsonl),
            "json" => Some(DatasetFormat::Json),
            "csv" => Some(DatasetFormat::Csv),
            _ => None,
        })?,
        size_bytes: count(row, "size_bytes")?,
        // A later program may have taken the rows for something that this one does not know.
        guess: row
            .get::<_, Option<String>>("guess")?
            .and_then(|text| serde_json::from_str(&text).ok()),
        n_rows: count(row, "n_rows")?,
        n_validation_rows: count(row, "n_validation_rows")?,
        created_ms: row.get("created_ms")?,
        sharing,
    })
}

fn guess_text(guess: Option<&Guess>) -> Option<String> {
    // Names and texts alone: it cannot fail.
    serde_json::to_string(guess?).ok()
}

fn source_name(source: DatasetSource) -> &'static str {
    match source {
        DatasetSource::Bundled => "bundled",
        DatasetSource::Imported => "imported",
    }
}

fn format_name(format: DatasetFormat) -> &'static str {
    match format {
        DatasetFormat::Txt => "txt",
        DatasetFormat::Jsonl => "jsonl",
        DatasetFormat::Json => "json",
        DatasetFormat::Csv => "csv",
    }
}
