//! Making room: what could be removed, and removing what was chosen.

use super::{Answer, Request};
use crate::db::blocking;
use crate::jobs::adopt;
use crate::state::App;
use crate::storage::cleanup::Room;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{CleanupAdopt, CleanupList, CleanupRemove};
use tauri::State;

/// What could be removed to make room, largest first.
#[tauri::command]
pub async fn cleanup_list(
    state: State<'_, App>,
    request: Request<CleanupList>,
) -> Answer<CleanupList> {
    let () = request;
    let room = room(&state)?;
    blocking(move || room.list()).await
}

/// Removes what was chosen. What is gone or in use by now is counted, not an error.
#[tauri::command]
pub async fn cleanup_remove(
    state: State<'_, App>,
    request: Request<CleanupRemove>,
) -> Answer<CleanupRemove> {
    let (room, settled) = (room(&state)?, state.hold.settled()?);
    blocking(move || room.remove(&request, &settled)).await
}

/// Puts a run that the database does not know on the list again, as the caller's.
#[tauri::command]
pub async fn cleanup_adopt(
    state: State<'_, App>,
    request: Request<CleanupAdopt>,
) -> Answer<CleanupAdopt> {
    let (settled, user_id) = (state.hold.settled()?, state.user_id()?);
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || adopt::adopt(&db, &paths, &user_id, &request.folder, &settled)).await
}

fn room(state: &App) -> Result<Room, ApiError> {
    Ok(Room {
        db: state.db.clone(),
        paths: state.paths.clone(),
        user: state.user()?,
        hold: state.hold.clone(),
    })
}
