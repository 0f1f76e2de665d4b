//! Looking after what is kept: back-up and restore, and removing everything.

use super::{Answer, Request};
use crate::db::blocking;
use crate::error;
use crate::state::App;
use crate::storage::{at_rest, backup, wipe};
use crate::window;
use amoozgar_types::ipc::{DatabaseBackup, DatabaseInspect, DatabaseRestore, WipeEverything};
use tauri::{AppHandle, State};

/// Writes the whole database to a file.
#[tauri::command]
pub async fn database_backup(
    state: State<'_, App>,
    request: Request<DatabaseBackup>,
) -> Answer<DatabaseBackup> {
    state.user()?;
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || backup::write(&db, &paths, &request.path)).await
}

/// Looks at a back-up.
#[tauri::command]
pub async fn database_inspect(
    state: State<'_, App>,
    request: Request<DatabaseInspect>,
) -> Answer<DatabaseInspect> {
    state.user()?;
    blocking(move || backup::look(request.path)).await
}

/// Puts a back-up in the database's place and starts the program again; never while a run is live.
#[tauri::command]
pub async fn database_restore(
    app: AppHandle,
    state: State<'_, App>,
    request: Request<DatabaseRestore>,
) -> Answer<DatabaseRestore> {
    state.user()?;
    let settled = state.hold.settled()?;
    if state.live.get().is_some() {
        return Err(error::invalid_state("a run is live"));
    }
    let paths = state.paths.clone();
    blocking(move || backup::restore(&paths, &request.path, &settled)).await?;
    window::restart(&app);
    Ok(())
}

/// Removes everything at a start that follows at once; never while something is at work.
#[tauri::command]
pub async fn wipe_everything(
    app: AppHandle,
    state: State<'_, App>,
    request: Request<WipeEverything>,
) -> Answer<WipeEverything> {
    let () = request;
    state.user()?;
    let settled = state.hold.settled()?;
    at_rest(&state.db).await?;
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || wipe::ask(&paths, &db, &settled)).await?;
    window::restart(&app);
    Ok(())
}
