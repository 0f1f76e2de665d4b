//! Copies of the whole database: made while it is in use, looked at before one takes its place, and
//! put there at the next start, before anything is open.

use crate::error::Doing;
use crate::open::{create_private, free_name, sync_file, with_suffix};
use crate::{Store, StoreError, migrations};
use amoozgar_types::UtcMs;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::fs::{self, File};
use std::io::ErrorKind;
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
        create_private(&partial).map_err(io("create", &partial))?;
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

/// Copies `backup` beside the database at `path`, to take its place at the next start. The copy is made
/// through `SQLite`, so that it holds what lies in a write-ahead log beside the back-up too, and it is the
/// owner's alone to read and write, whatever the back-up's modes are. The copy is looked at, not the
/// original, which may change meanwhile.
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
    File::open(backup).map_err(io("open the copy", backup))?;
    for left in [&partial, &with_suffix(&partial, "-journal")] {
        match fs::remove_file(left) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(io("remove the unfinished copy", left)(source));
            }
            _ => {}
        }
    }
    create_private(&partial).map_err(io("create", &partial))?;
    let copied = copy_through(backup, &partial);
    let looked = copied.and_then(|()| inspect(&partial)).and_then(|found| {
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

/// Writes what a database holds, its write-ahead log included, into the empty file `to`.
fn copy_through(from: &Path, to: &Path) -> Result<(), StoreError> {
    let damaged = |failure: rusqlite::Error| StoreError::Damaged {
        path: from.to_owned(),
        reason: failure.to_string(),
    };
    let copy = |connection: &Connection| {
        connection
            .execute("VACUUM INTO ?1", [to.to_string_lossy()])
            .map(drop)
    };
    let opened = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY);
    match opened.and_then(|connection| copy(&connection)) {
        Ok(()) => Ok(()),
        Err(failure) if is_unopened(&failure) => {
            // On a medium that cannot be written `SQLite` may not keep the companions that a log needs:
            // both are copied to where it may.
            let dir = Borrowed::beside(to, from)?;
            Connection::open(&dir.database)
                .and_then(|connection| copy(&connection))
                .map_err(damaged)
        }
        Err(failure) if failure.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
            Err(StoreError::Sqlite {
                action: "copy the back-up",
                source: failure,
            })
        }
        Err(failure) => Err(damaged(failure)),
    }
}

fn is_unopened(failure: &rusqlite::Error) -> bool {
    matches!(
        failure.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// A copy of a database's files as they lie, which goes when this is dropped.
struct Borrowed {
    database: PathBuf,
}

impl Borrowed {
    fn beside(to: &Path, from: &Path) -> Result<Self, StoreError> {
        let borrowed = Self {
            database: with_suffix(to, ".source"),
        };
        for companion in ["", "-wal"] {
            let (from, to) = (
                with_suffix(from, companion),
                with_suffix(&borrowed.database, companion),
            );
            if !from.exists() {
                continue;
            }
            // What an earlier try left is in the way of a new file, and may be missing.
            let _ = fs::remove_file(&to);
            File::open(&from)
                .and_then(|mut source| {
                    create_private(&to)?;
                    let mut target = File::options().write(true).open(&to)?;
                    std::io::copy(&mut source, &mut target)
                })
                .map_err(|source| StoreError::Io {
                    action: "copy",
                    path: from,
                    source,
                })?;
        }
        Ok(borrowed)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        for companion in ["", "-wal", "-shm"] {
            // A companion may never have been.
            let _ = fs::remove_file(with_suffix(&self.database, companion));
        }
    }
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
