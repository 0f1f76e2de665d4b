//! Copies of the whole database: made while it is in use, looked at before one takes its place, and
//! put there at the next start, before anything is open.

use crate::error::Doing;
use crate::open::{free_name, sync_file, with_suffix};
use crate::{Store, StoreError, migrations};
use amoozgar_types::UtcMs;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Beside the database: what takes its place at the next start.
const WAITING: &str = ".restored";

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The version of its form.
    pub version: u32,
    /// Profiles.
    pub n_users: u64,
    /// Runs.
    pub n_jobs: u64,
    /// When its latest run was made or changed.
    pub latest_ms: Option<UtcMs>,
}

impl Store {
    /// Writes the whole database to `path`, as it is in this moment. A reader of `path` sees what was
    /// there before or the whole copy. Answers its bytes.
    pub fn back_up(&self, path: &Path) -> Result<u64, StoreError> {
        let partial = with_suffix(path, ".partial");
        let io = |action: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io {
                action,
                path,
                source,
            }
        };
        if partial.exists() {
            fs::remove_file(&partial).map_err(io("remove the unfinished copy", &partial))?;
        }
        self.connection()
            .execute("VACUUM INTO ?1", [partial.to_string_lossy()])
            .doing("copy the database")?;
        let size = sync_file(&partial)
            .and_then(|()| fs::metadata(&partial))
            .map_err(io("save the copy", &partial))?
            .len();
        fs::rename(&partial, path).map_err(io("name the copy", path))?;
        Ok(size)
    }
}

/// Looks at a copy without changing anything.
///
/// # Errors
/// [`StoreError::Newer`] where a later version of the program made it, [`StoreError::Damaged`] where it
/// is no sound database of this program.
pub fn inspect(path: &Path) -> Result<Backup, StoreError> {
    let damaged = |reason: String| StoreError::Damaged {
        path: path.to_owned(),
        reason,
    };
    File::open(path).map_err(|source| StoreError::Io {
        action: "open the copy",
        path: path.to_owned(),
        source,
    })?;
    let look = || -> rusqlite::Result<Result<Backup, u32>> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version as usize > migrations::ALL.len() {
            return Ok(Err(version));
        }
        let verdict: String =
            connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" || version == 0 {
            return Err(rusqlite::Error::InvalidColumnName(verdict));
        }
        let count = |table: &str| -> rusqlite::Result<u64> {
            let n: i64 =
                connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                    row.get(0)
                })?;
            Ok(u64::try_from(n).unwrap_or_default())
        };
        let latest_ms = connection
            .query_row("SELECT max(updated_ms) FROM training_jobs", [], |row| {
                row.get(0)
            })
            .optional()?
            .flatten();
        Ok(Ok(Backup {
            version,
            n_users: count("users")?,
            n_jobs: count("training_jobs")?,
            latest_ms,
        }))
    };
    match look() {
        Ok(Ok(backup)) => Ok(backup),
        Ok(Err(found)) => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: u32::try_from(migrations::ALL.len()).unwrap_or(u32::MAX),
        }),
        Err(failure) => Err(damaged(failure.to_string())),
    }
}

/// Copies `backup` beside the database at `path`, to take its place at the next start. The copy is
/// looked at, not the original, which may change meanwhile.
///
/// # Errors
/// As [`inspect`]; nothing waits then.
pub fn prepare_restore(path: &Path, backup: &Path) -> Result<Backup, StoreError> {
    let waiting = with_suffix(path, WAITING);
    let partial = with_suffix(&waiting, ".partial");
    let io = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io {
            action,
            path,
            source,
        }
    };
    fs::copy(backup, &partial).map_err(io("copy", backup))?;
    let looked = inspect(&partial).and_then(|found| {
        sync_file(&partial)
            .and_then(|()| fs::rename(&partial, &waiting))
            .map_err(io("save the copy", &partial))?;
        Ok(found)
    });
    if looked.is_err() {
        // What cannot be used is not left lying about.
        let _ = fs::remove_file(&partial);
    }
    looked
}

/// Puts what waits beside the database at `path` in its place. The present one is kept under another
/// name, which is answered; `None` where nothing waits. Call it while nothing is open.
///
/// # Errors
/// Whatever the system says; the present database is then where it was, or under the name that a later
/// call finds free.
pub fn take_restored(path: &Path, now: UtcMs) -> Result<Option<PathBuf>, StoreError> {
    let waiting = with_suffix(path, WAITING);
    if !waiting.exists() {
        return Ok(None);
    }
    let kept = free_name(path, &format!(".replaced-{now}"), now);
    let rename = |from: &Path, to: &Path| {
        fs::rename(from, to).map_err(|source| StoreError::Io {
            action: "rename",
            path: from.to_owned(),
            source,
        })
    };
    // The companions first: the restored database must never meet an old write-ahead log.
    for companion in ["-wal", "-shm", ""] {
        let from = with_suffix(path, companion);
        if from.exists() {
            rename(&from, &with_suffix(&kept, companion))?;
        }
    }
    rename(&waiting, path)?;
    Ok(Some(kept))
}
