//! Opening the file: new, current, older, newer or damaged.
//!
//! Nothing here ever deletes or overwrites a database that it found.

use crate::error::Doing;
use crate::migrations::Migration;
use crate::{Store, StoreError};
use amoozgar_types::UtcMs;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// An open store, and what had to be put aside for it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Where a damaged database now lies.
    pub set_aside: Option<PathBuf>,
}

/// How long a writer waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn open(
    path: &Path,
    now: UtcMs,
    migrations: &[Migration],
) -> Result<Opened, StoreError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(|source| StoreError::Io {
            action: "create the folder",
            path: folder.to_owned(),
            source,
        })?;
    }
    let existed = path.exists();
    if !existed {
        create_private(path).map_err(|source| StoreError::Io {
            action: "create",
            path: path.to_owned(),
            source,
        })?;
    }
    let (mut connection, version, set_aside) = match sound_connection(path) {
        Ok((connection, version)) => (connection, version, None),
        Err(Unsound::Damaged(reason)) => {
            let kept = set_aside(path, now)?;
            tracing::error!(reason, kept = %kept.display(), "the database is damaged and was set aside");
            let (connection, version) =
                sound_connection(path).map_err(|unsound| match unsound {
                    Unsound::Damaged(reason) => StoreError::Io {
                        action: "make a fresh database at",
                        path: path.to_owned(),
                        source: std::io::Error::other(reason),
                    },
                    Unsound::Other(error) => error,
                })?;
            (connection, version, Some(kept))
        }
        Err(Unsound::Other(error)) => return Err(error),
    };

    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if version > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known,
        });
    }
    configure(&connection)?;
    if version < known {
        if existed && set_aside.is_none() && version > 0 {
            keep_copy(&connection, path, known, now)?;
        }
        migrate(&mut connection, version, migrations)?;
    }
    Ok(Opened {
        store: Store {
            connection: Mutex::new(connection),
        },
        set_aside,
    })
}

enum Unsound {
    Damaged(String),
    Other(StoreError),
}

impl From<StoreError> for Unsound {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Sqlite { source, .. }
                if matches!(
                    source.sqlite_error_code(),
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                ) =>
            {
                Self::Damaged(source.to_string())
            }
            _ => Self::Other(error),
        }
    }
}

/// Opens the file and looks whether it can be trusted; changes nothing in it.
fn sound_connection(path: &Path) -> Result<(Connection, u32), Unsound> {
    let connection = Connection::open(path).doing("open the database")?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .doing("set the busy timeout")?;
    let version = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .doing("read the database's version")?;
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .doing("check the database")?;
    if verdict == "ok" {
        Ok((connection, version))
    } else {
        Err(Unsound::Damaged(verdict))
    }
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| {
            row.get::<_, String>(0)
        })
        .doing("switch the database to write-ahead logging")?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        .doing("set the database up")
}

fn migrate(
    connection: &mut Connection,
    version: u32,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    for (number, migration) in (1_u32..).zip(migrations).skip(version as usize) {
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing("migrate the database")?;
        // A second process may have migrated between our look and this lock.
        let current: u32 = transaction
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .doing("read the database's version")?;
        if current >= number {
            continue;
        }
        transaction
            .execute_batch(migration)
            .and_then(|()| transaction.pragma_update(None, "user_version", number))
            .doing("migrate the database")?;
        transaction.commit().doing("migrate the database")?;
    }
    Ok(())
}

/// Copies the database, write-ahead log included, before a migration to `version`.
fn keep_copy(
    connection: &Connection,
    path: &Path,
    version: u32,
    now: UtcMs,
) -> Result<(), StoreError> {
    let kept = free_name(path, &format!(".before-v{version}"), now);
    let partial = with_suffix(&kept, ".partial");
    let io = |action, path: &Path| {
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
    connection
        .execute("VACUUM INTO ?1", [partial.to_string_lossy()])
        .doing("copy the database before migrating it")?;
    sync_file(&partial).map_err(io("save the copy", &partial))?;
    fs::rename(&partial, &kept).map_err(io("name the copy", &kept))?;
    tracing::info!(kept = %kept.display(), "kept a copy of the database before migrating it");
    Ok(())
}

/// Renames a damaged database and its companions; answers where it lies now.
fn set_aside(path: &Path, now: UtcMs) -> Result<PathBuf, StoreError> {
    let kept = free_name(path, &format!(".damaged-{now}"), now);
    // The companions first: a fresh database must never meet an old write-ahead log.
    for companion in ["-wal", "-shm", ""] {
        let from = with_suffix(path, companion);
        if from.exists() {
            fs::rename(&from, with_suffix(&kept, companion)).map_err(|source| StoreError::Io {
                action: "set aside the damaged database",
                path: from,
                source,
            })?;
        }
    }
    Ok(kept)
}

/// `path` with `suffix`, and with a number after it where that is taken.
pub(crate) fn free_name(path: &Path, suffix: &str, now: UtcMs) -> PathBuf {
    let plain = with_suffix(path, suffix);
    if !plain.exists() {
        return plain;
    }
    (0_u32..1000)
        .map(|number| with_suffix(path, &format!("{suffix}-{now}-{number}")))
        .find(|candidate| !candidate.exists())
        .unwrap_or(plain)
}

/// Makes an empty file that its owner alone may read and write; `SQLite` fills it, and gives its companions
/// the same mode.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Makes a file durable that was written by its path. Windows flushes only through a handle that may write.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    let file = if cfg!(windows) {
        OpenOptions::new().write(true).open(path)?
    } else {
        File::open(path)?
    };
    file.sync_all()
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::open;
    use crate::StoreError;
    use rusqlite::Connection;

    const FIRST: &str = "CREATE TABLE things (name TEXT NOT NULL) STRICT;
                         INSERT INTO things VALUES ('سیب');";
    const SECOND: &str = "ALTER TABLE things ADD COLUMN colour TEXT;";
    const BROKEN: &str = "UPDATE things SET name = 'lost'; ALTER TABLE nothing ADD COLUMN x TEXT;";

    fn names(connection: &Connection) -> Vec<String> {
        connection
            .prepare("SELECT name FROM things")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    #[test]
    fn an_older_database_is_copied_and_then_migrated_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("amoozgar.db");
        drop(open(&path, 1, &[FIRST]).unwrap());
        let kept = folder.path().join("amoozgar.db.before-v2");
        assert!(!kept.exists(), "a new database needs no copy");
        for _ in 0..2 {
            let opened = open(&path, 1, &[FIRST, SECOND]).unwrap();
            opened
                .store
                .connection()
                .execute("UPDATE things SET colour = 'سرخ'", [])
                .unwrap();
        }
        let copy = Connection::open(&kept).unwrap();
        assert_eq!(names(&copy), ["سیب"], "the copy holds what was there");
        let version: u32 = copy
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version, 1, "and is of the older version");
        assert!(
            copy.prepare("SELECT colour FROM things").is_err(),
            "without the new column"
        );
    }

    #[test]
    fn a_migration_that_fails_changes_nothing_and_a_later_try_goes_on() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("amoozgar.db");
        drop(open(&path, 1, &[FIRST]).unwrap());
        let error = open(&path, 1, &[FIRST, SECOND, BROKEN]).unwrap_err();
        assert!(
            matches!(error, StoreError::Sqlite { .. }),
            "the failure is told: {error}"
        );
        let connection = Connection::open(&path).unwrap();
        assert_eq!(names(&connection), ["سیب"], "the half-done step is undone");
        let version: u32 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version, 2, "the step before it holds");
        drop(connection);
        open(
            &path,
            1,
            &[FIRST, SECOND, "CREATE TABLE more (x TEXT) STRICT;"],
        )
        .unwrap();
    }
}
