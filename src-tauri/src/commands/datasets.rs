//! Datasets: the bundled ones, and those that users import.

use super::{Answer, Request};
use crate::datasets;
use crate::db::blocking;
use crate::jobs::new_run;
use crate::state::App;
use amoozgar_types::ipc::{
    DatasetsConversations, DatasetsDelete, DatasetsImport, DatasetsList, DatasetsPreview,
    DatasetsShare,
};
use std::sync::Arc;
use tauri::State;

/// Every dataset of the user, the bundled ones first.
#[tauri::command]
pub async fn datasets_list(
    state: State<'_, App>,
    request: Request<DatasetsList>,
) -> Answer<DatasetsList> {
    let () = request;
    let user_id = state.user_id()?;
    state.db.call(move |store| store.datasets(&user_id)).await
}

/// Checks a file, copies it into the data folder and lists it.
#[tauri::command]
pub async fn datasets_import(
    state: State<'_, App>,
    request: Request<DatasetsImport>,
) -> Answer<DatasetsImport> {
    let settled = state.hold.settled()?;
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    let inspector = Arc::clone(&state.inspector);
    blocking(move || datasets::import(&db, &paths, &inspector, &user_id, &request, &settled)).await
}

/// One dataset with some of its rows.
#[tauri::command]
pub async fn datasets_preview(
    state: State<'_, App>,
    request: Request<DatasetsPreview>,
) -> Answer<DatasetsPreview> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    let inspector = Arc::clone(&state.inspector);
    blocking(move || datasets::preview(&db, &inspector, &user_id, &request)).await
}

/// Some conversations of a dataset as a model would learn them.
#[tauri::command]
pub async fn datasets_conversations(
    state: State<'_, App>,
    request: Request<DatasetsConversations>,
) -> Answer<DatasetsConversations> {
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    let inspector = Arc::clone(&state.inspector);
    blocking(move || new_run::conversations(&db, &paths, &inspector, &user_id, &request)).await
}

/// Removes an imported dataset and its file.
#[tauri::command]
pub async fn datasets_delete(
    state: State<'_, App>,
    request: Request<DatasetsDelete>,
) -> Answer<DatasetsDelete> {
    let settled = state.hold.settled()?;
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    blocking(move || datasets::delete(&db, &paths, &user_id, &request, &settled)).await
}

/// Lets everyone on this computer read and learn a dataset of one's own, or no longer.
#[tauri::command]
pub async fn datasets_share(
    state: State<'_, App>,
    request: Request<DatasetsShare>,
) -> Answer<DatasetsShare> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || datasets::share(&db, &user_id, &request)).await
}
