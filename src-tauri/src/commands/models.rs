//! What is on this machine.

use super::hub::way;
use super::{Answer, Request};
use crate::db::blocking;
use crate::models::{browse, installed};
use crate::state::App;
use crate::system::open;
use amoozgar_types::ipc::{ModelsConfirm, ModelsDelete, ModelsFiles, ModelsList, ModelsOpenFolder};
use tauri::State;

/// Everything that is here as a whole: downloaded, imported, trained.
#[tauri::command]
pub async fn models_list(
    state: State<'_, App>,
    request: Request<ModelsList>,
) -> Answer<ModelsList> {
    let () = request;
    let (db, paths, user) = (state.db.clone(), state.paths.clone(), state.user()?);
    blocking(move || installed::all(&db, &paths, &user)).await
}

/// The files of one of them.
#[tauri::command]
pub async fn models_files(
    state: State<'_, App>,
    request: Request<ModelsFiles>,
) -> Answer<ModelsFiles> {
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    blocking(move || installed::files_of(&db, &paths, &user_id, &request)).await
}

/// Shows the folder of one of them in the system's file manager.
#[tauri::command]
pub async fn models_open_folder(
    state: State<'_, App>,
    request: Request<ModelsOpenFolder>,
) -> Answer<ModelsOpenFolder> {
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    blocking(move || open::folder(&installed::folder(&db, &paths, &user_id, &request)?)).await
}

/// Removes a downloaded or an imported one. What a run left goes with the run.
#[tauri::command]
pub async fn models_delete(
    state: State<'_, App>,
    request: Request<ModelsDelete>,
) -> Answer<ModelsDelete> {
    let settled = state.hold.settled()?;
    let (db, paths, user) = (state.db.clone(), state.paths.clone(), state.user()?);
    blocking(move || installed::remove(&db, &paths, &user, &request, &settled)).await
}

/// Asks the Hub whether an imported repository's files are its own.
#[tauri::command]
pub async fn models_confirm(
    state: State<'_, App>,
    request: Request<ModelsConfirm>,
) -> Answer<ModelsConfirm> {
    let settled = state.hold.settled()?;
    let confirmed = browse::confirm(&way(&state).await?, &request).await;
    drop(settled);
    confirmed
}
