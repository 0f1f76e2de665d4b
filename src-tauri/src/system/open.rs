//! The system's file manager and browser, on what the program has to show.

use crate::db::Db;
use crate::error;
use crate::files::modes;
use crate::paths::Paths;
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::Folder;
use std::path::{Path, PathBuf};

/// Shows a folder in the file manager. Blocks.
pub fn folder(dir: &Path) -> Result<(), ApiError> {
    modes::with_users_mask(|| tauri_plugin_opener::open_path(dir, None::<&str>))
        .map_err(|failure| error::internal("the file manager could not be started", &failure))
}

/// Opens a page in the browser. Blocks.
pub fn page(address: &str) -> Result<(), ApiError> {
    modes::with_users_mask(|| tauri_plugin_opener::open_url(address, None::<&str>))
        .map_err(|failure| error::internal("the browser could not be started", &failure))
}

/// Where one of the program's own folders lies, of those that `user_id` may see. Blocks.
pub fn own_folder(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    wanted: Folder,
) -> Result<PathBuf, ApiError> {
    let dir = match wanted {
        Folder::Data => paths.place().to_owned(),
        Folder::Logs => paths.logs(),
        Folder::Job(job_id) | Folder::Model(job_id)
            if db.now(|store| store.job(user_id, &job_id))?.is_none() =>
        {
            return Err(error::not_found());
        }
        Folder::Job(job_id) => paths.job(&job_id),
        Folder::Model(job_id) => db
            .now(|store| store.job(user_id, &job_id))?
            .and_then(|job| job.record.model_dir)
            .map(PathBuf::from)
            .ok_or_else(error::not_found)?,
    };
    if dir.is_dir() {
        Ok(dir)
    } else {
        Err(error::not_found())
    }
}
