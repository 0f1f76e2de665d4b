//! The database as a file elsewhere, and back again. A back-up takes the database's place at the next
//! start, before anything is open.

use crate::db::Db;
use crate::error;
use crate::files;
use crate::hold::Settled;
use crate::paths::Paths;
use amoozgar_store::{Backup, inspect, prepare_restore};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{BackupSummary, WrittenFile};
use std::path::Path;

/// Writes the whole database to the file that a person chose. Blocks.
pub fn write(db: &Db, paths: &Paths, to: &str) -> Result<WrittenFile, ApiError> {
    let path = files::chosen(to)?;
    if path == paths.database() {
        return Err(ApiError::invalid_field("path"));
    }
    let size_bytes = db.now(|store| store.back_up(&path))?;
    Ok(WrittenFile {
        path: path.display().to_string(),
        size_bytes,
    })
}

/// What a back-up holds. Changes nothing. Blocks.
pub fn look(path: String) -> Result<BackupSummary, ApiError> {
    let Backup {
        version,
        n_users,
        n_jobs,
        latest_ms,
    } = inspect(Path::new(&path)).map_err(|failure| error::of_store(&failure))?;
    Ok(BackupSummary {
        path,
        version,
        n_users,
        n_jobs,
        latest_ms,
    })
}

/// Has a back-up take the database's place at the next start. Blocks.
pub fn restore(paths: &Paths, from: &str, settled: &Settled) -> Result<(), ApiError> {
    let _claim = settled.claim(paths.root());
    prepare_restore(&paths.database(), Path::new(from))
        .map(drop)
        .map_err(|failure| error::of_store(&failure))?;
    tracing::info!("a back-up takes the database's place at the next start");
    Ok(())
}
