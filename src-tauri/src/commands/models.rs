//! What is on this machine.

use super::hub::way;
use super::{Answer, Request, to_channel};
use crate::db::blocking;
use crate::models::{browse, installed, library};
use crate::state::App;
use crate::system::open;
use amoozgar_types::ipc::{
    ModelsCheck, ModelsConfirm, ModelsDelete, ModelsDetail, ModelsFiles, ModelsList,
    ModelsOpenFolder, TransferProgress,
};
use tauri::State;
use tauri::ipc::Channel;

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

/// What one of them is.
#[tauri::command]
pub async fn models_detail(
    state: State<'_, App>,
    request: Request<ModelsDetail>,
) -> Answer<ModelsDetail> {
    let user = state.user()?;
    library::detail(&state.db, &state.paths, &state.inspector, user, request).await
}

/// Reads every weight of one of them.
#[tauri::command]
pub async fn models_check(
    state: State<'_, App>,
    request: Request<ModelsCheck>,
    channel: Channel<TransferProgress>,
) -> Answer<ModelsCheck> {
    let (settled, user_id) = (state.hold.settled()?, state.user_id()?);
    let transfer = state.transfers.begin(&user_id);
    let watch = transfer.watch(to_channel(channel));
    let (db, paths) = (state.db.clone(), state.paths.clone());
    let find = move || library::source_of(&db, &paths, &user_id, &request);
    let source = blocking(find).await?;
    library::check(&state.checker, source, &watch, &settled).await
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
