//! The table `download_queue`: one row per download, with its place in line.
//!
//! What is wanted is settled when a row is made; [`Store::update_download`] leaves those columns
//! alone. How fast bytes come is nothing to remember, so it is not kept.

use crate::column::{count, from_json, from_json_or_null, int, named, to_json};
use crate::error::Doing;
use crate::{Store, StoreError, model_owners};
use amoozgar_types::download::{DownloadRecord, DownloadStatus, WaitReason};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use rusqlite::{Connection, OptionalExtension, Params, Row, named_params, params};

/// A download with what only the program needs to know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDownload {
    /// Whose it is.
    pub owner: UserId,
    /// What lists show.
    pub record: DownloadRecord,
    /// The revision whose reference will point to the commit, once that is known.
    pub reference: Option<String>,
}

impl Store {
    /// Adds a download. One that is in line goes to its end.
    pub fn insert_download(&self, download: &StoredDownload) -> Result<(), StoreError> {
        let record = &download.record;
        let files = to_json("list of files", &record.files)?;
        let error = error_text(record)?;
        self.write("add the download", |transaction| {
            let queue_position = if record.status.is_in_line() {
                Some(next_position(transaction)?)
            } else {
                None
            };
            transaction
                .execute(
                    "INSERT INTO download_queue (download_id, user_id, repo, kind, revision,
                         files, reference, commit_id, status, waits_for, retry_ms, queue_position,
                         n_files, done_bytes, total_bytes, error, path, created_ms, updated_ms,
                         finished_ms)
                     VALUES (:download_id, :user_id, :repo, :kind, :revision, :files, :reference,
                         :commit_id, :status, :waits_for, :retry_ms, :queue_position, :n_files,
                         :done_bytes, :total_bytes, :error, :path, :created_ms, :updated_ms,
                         :finished_ms)",
                    named_params! {
                        ":download_id": record.download_id.as_str(),
                        ":user_id": download.owner.as_str(),
                        ":repo": record.repo,
                        ":kind": record.kind.as_str(),
                        ":revision": record.revision,
                        ":files": files,
                        ":reference": download.reference,
                        ":commit_id": record.commit,
                        ":status": record.status.as_str(),
                        ":waits_for": record.waits_for.map(wait_name),
                        ":retry_ms": record.retry_ms,
                        ":queue_position": queue_position,
                        ":n_files": record.n_files,
                        ":done_bytes": int(record.done_bytes),
                        ":total_bytes": int(record.total_bytes),
                        ":error": error,
                        ":path": record.path,
                        ":created_ms": record.created_ms,
                        ":updated_ms": record.updated_ms,
                        ":finished_ms": record.finished_ms,
                    },
                )
                .doing("add the download")?;
            Ok(())
        })
    }

    /// A user's downloads, latest first.
    pub fn downloads(&self, user_id: &UserId) -> Result<Vec<DownloadRecord>, StoreError> {
        let stored = select(
            &self.connection(),
            "SELECT * FROM download_queue WHERE user_id = ?1
             ORDER BY created_ms DESC, download_id DESC",
            [user_id.as_str()],
        )
        .doing("list the downloads")?;
        Ok(stored.into_iter().map(|download| download.record).collect())
    }

    /// One of a user's downloads.
    pub fn download(
        &self,
        user_id: &UserId,
        download_id: &DownloadId,
    ) -> Result<Option<StoredDownload>, StoreError> {
        let download = self.download_unscoped(download_id)?;
        Ok(download.filter(|download| download.owner == *user_id))
    }

    /// One download, whoever's it is: for the queue.
    pub fn download_unscoped(
        &self,
        download_id: &DownloadId,
    ) -> Result<Option<StoredDownload>, StoreError> {
        self.connection()
            .query_row(
                "SELECT * FROM download_queue WHERE download_id = ?1",
                [download_id.as_str()],
                read_stored,
            )
            .optional()
            .doing("read the download")
    }

    /// Every download in line, the next one first.
    pub fn downloads_in_line(&self) -> Result<Vec<StoredDownload>, StoreError> {
        select(
            &self.connection(),
            "SELECT * FROM download_queue WHERE status IN ('queued', 'waiting')
             ORDER BY queue_position, created_ms, download_id",
            [],
        )
        .doing("list the downloads in line")
    }

    /// Every download that a task works on, or worked on when the program last ended.
    pub fn live_downloads(&self) -> Result<Vec<StoredDownload>, StoreError> {
        select(
            &self.connection(),
            "SELECT * FROM download_queue WHERE status IN ('preparing', 'running')
             ORDER BY created_ms, download_id",
            [],
        )
        .doing("list the live downloads")
    }

    /// Writes what changes while a download lives. Places are the store's own: what was live goes
    /// back to the head of the line, what was given up or paused to its end, and what is in line
    /// stays where it is. Answers the row as it is now.
    ///
    /// # Errors
    /// [`StoreError::InvalidDownload`] where the row's status may not become the record's.
    pub fn update_download(&self, download: &StoredDownload) -> Result<DownloadRecord, StoreError> {
        let record = &download.record;
        let error = error_text(record)?;
        self.write("update the download", |transaction| {
            let (from, place) = status_and_place(transaction, &record.download_id)?;
            let to = record.status;
            if from != to && !from.may_become(to) {
                return Err(StoreError::InvalidDownload {
                    download_id: record.download_id.to_string(),
                    from,
                    to,
                });
            }
            let queue_position = match (from.is_in_line(), to.is_in_line()) {
                (_, false) => None,
                (true, true) => place,
                (false, true) if from.is_live() => Some(-1),
                (false, true) => Some(next_position(transaction)?),
            };
            transaction
                .execute(
                    "UPDATE download_queue SET reference = :reference, commit_id = :commit_id,
                         status = :status, waits_for = :waits_for, retry_ms = :retry_ms,
                         queue_position = :queue_position, n_files = :n_files,
                         done_bytes = :done_bytes, total_bytes = :total_bytes, error = :error,
                         path = :path, updated_ms = :updated_ms, finished_ms = :finished_ms
                     WHERE download_id = :download_id",
                    named_params! {
                        ":download_id": record.download_id.as_str(),
                        ":reference": download.reference,
                        ":commit_id": record.commit,
                        ":status": to.as_str(),
                        ":waits_for": record.waits_for.map(wait_name),
                        ":retry_ms": record.retry_ms,
                        ":queue_position": queue_position,
                        ":n_files": record.n_files,
                        ":done_bytes": int(record.done_bytes),
                        ":total_bytes": int(record.total_bytes),
                        ":error": error,
                        ":path": record.path,
                        ":updated_ms": record.updated_ms,
                        ":finished_ms": record.finished_ms,
                    },
                )
                .doing("update the download")?;
            if to == DownloadStatus::Installed {
                let model = ModelRef::Hub {
                    repo: record.repo.clone(),
                    kind: record.kind,
                };
                model_owners::claim(transaction, &download.owner, &model)?;
            }
            if from.is_in_line() != to.is_in_line() {
                number(transaction, &ids_in_line(transaction)?)?;
            }
            transaction
                .query_row(
                    "SELECT * FROM download_queue WHERE download_id = ?1",
                    [record.download_id.as_str()],
                    read_stored,
                )
                .doing("read the download")
                .map(|stored| stored.record)
        })
    }

    /// Remembers how many bytes are here, while nothing else of a live download changes.
    pub fn set_download_bytes(
        &self,
        download_id: &DownloadId,
        done_bytes: u64,
    ) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "UPDATE download_queue SET done_bytes = ?2
                 WHERE download_id = ?1 AND status IN ('preparing', 'running')",
                params![download_id.as_str(), int(done_bytes)],
            )
            .doing("update the download")?;
        Ok(())
    }

    /// Moves a user's download in line to `position`, or to the end where the line is shorter.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's, or is not in line.
    pub fn reorder_download(
        &self,
        user_id: &UserId,
        download_id: &DownloadId,
        position: u32,
    ) -> Result<(), StoreError> {
        self.write("reorder the downloads", |transaction| {
            let mut order = ids_in_line(transaction)?;
            let owned: bool = transaction
                .query_row(
                    "SELECT count(*) > 0 FROM download_queue
                     WHERE download_id = ?1 AND user_id = ?2",
                    [download_id.as_str(), user_id.as_str()],
                    |row| row.get(0),
                )
                .doing("read the download")?;
            let before = order.len();
            order.retain(|id| id != download_id.as_str());
            if !owned || order.len() == before {
                return Err(StoreError::not_found("download in line", download_id));
            }
            let place = order.len().min(position as usize);
            order.insert(place, download_id.as_str().to_owned());
            number(transaction, &order)
        })
    }

    /// Removes a user's downloads that have ended, and answers which those were. What they brought
    /// stays.
    pub fn clear_ended_downloads(&self, user_id: &UserId) -> Result<Vec<DownloadId>, StoreError> {
        self.write("clear the downloads", |transaction| {
            transaction
                .prepare_cached(
                    "DELETE FROM download_queue
                     WHERE user_id = ?1 AND status IN ('installed', 'failed', 'cancelled')
                     RETURNING download_id",
                )
                .and_then(|mut statement| {
                    statement
                        .query_map([user_id.as_str()], |row| row.get(0).map(id))?
                        .collect()
                })
                .doing("clear the downloads")
        })
    }
}

fn error_text(record: &DownloadRecord) -> Result<Option<String>, StoreError> {
    record
        .error
        .as_ref()
        .map(|error| to_json("error", error))
        .transpose()
}

fn next_position(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .query_row(
            "SELECT coalesce(max(queue_position) + 1, 0) FROM download_queue",
            [],
            |row| row.get(0),
        )
        .doing("read the line's length")
}

fn status_and_place(
    connection: &Connection,
    download_id: &DownloadId,
) -> Result<(DownloadStatus, Option<i64>), StoreError> {
    connection
        .query_row(
            "SELECT status, queue_position FROM download_queue WHERE download_id = ?1",
            [download_id.as_str()],
            |row| {
                let status = named(row, "status", DownloadStatus::parse)?;
                Ok((status, row.get("queue_position")?))
            },
        )
        .optional()
        .doing("read the download's status")?
        .ok_or_else(|| StoreError::not_found("download", download_id))
}

fn ids_in_line(connection: &Connection) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT download_id FROM download_queue WHERE status IN ('queued', 'waiting')
             ORDER BY queue_position, created_ms, download_id",
        )
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .doing("list the downloads in line")
}

fn number(connection: &Connection, order: &[String]) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE download_queue SET queue_position = ?2 WHERE download_id = ?1")
        .doing("number the downloads")?;
    for (place, download_id) in (0_u32..).zip(order) {
        statement
            .execute(params![download_id, place])
            .doing("number the downloads")?;
    }
    Ok(())
}

fn select(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Vec<StoredDownload>> {
    connection
        .prepare_cached(sql)?
        .query_map(params, read_stored)?
        .collect()
}

fn id(text: String) -> DownloadId {
    DownloadId::new(text)
}

fn read_stored(row: &Row<'_>) -> rusqlite::Result<StoredDownload> {
    let status = named(row, "status", DownloadStatus::parse)?;
    let (done_bytes, total_bytes) = (count(row, "done_bytes")?, count(row, "total_bytes")?);
    let waits_for: Option<String> = row.get("waits_for")?;
    Ok(StoredDownload {
        owner: UserId::new(row.get::<_, String>("user_id")?),
        reference: row.get("reference")?,
        record: DownloadRecord {
            download_id: id(row.get("download_id")?),
            repo: row.get("repo")?,
            kind: named(row, "kind", RepoKind::parse)?,
            revision: row.get("revision")?,
            commit: row.get("commit_id")?,
            files: from_json(row, "files")?,
            status,
            waits_for: waits_for
                .map(|_| named(row, "waits_for", wait_of))
                .transpose()?,
            retry_ms: row.get("retry_ms")?,
            queue_position: row.get("queue_position")?,
            n_files: row.get("n_files")?,
            done_bytes,
            total_bytes,
            percent: percent(status, done_bytes, total_bytes),
            bytes_per_s: None,
            eta_s: None,
            file: None,
            error: from_json_or_null(row, "error")?,
            path: row.get("path")?,
            created_ms: row.get("created_ms")?,
            updated_ms: row.get("updated_ms")?,
            finished_ms: row.get("finished_ms")?,
        },
    })
}

/// A hundred is said of what is installed alone.
fn percent(status: DownloadStatus, done_bytes: u64, total_bytes: u64) -> f64 {
    match (status, total_bytes) {
        (DownloadStatus::Installed, _) => 100.0,
        (_, 0) => 0.0,
        _ => (done_bytes as f64 / total_bytes as f64 * 100.0).min(99.99),
    }
}

fn wait_name(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::Network => "network",
        WaitReason::Hours => "hours",
        WaitReason::OfflineSwitch => "offline_switch",
    }
}

fn wait_of(name: &str) -> Option<WaitReason> {
    [
        WaitReason::Network,
        WaitReason::Hours,
        WaitReason::OfflineSwitch,
    ]
    .into_iter()
    .find(|reason| wait_name(*reason) == name)
}
