//! The program and the system that it runs on.

use super::{Answer, Request};
use crate::db::blocking;
use crate::state::App;
use crate::system::autostart::{self, Wanted};
use crate::system::{info, logs, open};
use amoozgar_types::ipc::{
    LogsExport, SystemAbilitiesGet, SystemAppInfo, SystemAutostart, SystemEnding,
    SystemInteractive, SystemOpenFolder,
};
use tauri::State;

/// Version, folders and machine.
#[tauri::command]
pub async fn system_app_info(
    state: State<'_, App>,
    request: Request<SystemAppInfo>,
) -> Answer<SystemAppInfo> {
    let () = request;
    let (paths, set_aside) = (state.paths.clone(), state.database_set_aside.clone());
    blocking(move || info::of_program(&paths, set_aside)).await
}

/// Notes how long the program took from its first line to a page that can be used.
#[tauri::command]
pub async fn system_interactive(
    state: State<'_, App>,
    request: Request<SystemInteractive>,
) -> Answer<SystemInteractive> {
    let () = request;
    let elapsed_ms = u64::try_from(state.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(elapsed_ms, "interactive");
    Ok(())
}

/// Waits on for the run that the program saves before it ends, or does not.
#[tauri::command]
pub async fn system_ending(
    state: State<'_, App>,
    request: Request<SystemEnding>,
) -> Answer<SystemEnding> {
    state.jobs.decide(request);
    Ok(())
}

/// Shows one of the program's own folders in the system's file manager.
#[tauri::command]
pub async fn system_open_folder(
    state: State<'_, App>,
    request: Request<SystemOpenFolder>,
) -> Answer<SystemOpenFolder> {
    let user_id = state.user_id()?;
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || open::folder(&open::own_folder(&db, &paths, &user_id, request)?)).await
}

/// What the machine and the system can do.
#[tauri::command]
pub async fn system_abilities(
    state: State<'_, App>,
    request: Request<SystemAbilitiesGet>,
) -> Answer<SystemAbilitiesGet> {
    let () = request;
    state.user()?;
    blocking(|| Ok(info::abilities())).await
}

/// Lets the program start with the system, or no longer.
#[tauri::command]
pub async fn system_autostart(
    state: State<'_, App>,
    request: Request<SystemAutostart>,
) -> Answer<SystemAutostart> {
    state.user()?;
    let wanted = if request { Wanted::On } else { Wanted::Off };
    blocking(move || {
        autostart::set(wanted)?;
        Ok(autostart::state().unwrap_or(false))
    })
    .await
}

/// Writes the program's logs to an archive, without secrets.
#[tauri::command]
pub async fn logs_export(
    state: State<'_, App>,
    request: Request<LogsExport>,
) -> Answer<LogsExport> {
    state.user()?;
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || logs::export(&db, &paths, &request.path)).await
}
