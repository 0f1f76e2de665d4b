//! Where runs, models and datasets lie, and moving them elsewhere.

use super::{Answer, Request};
use crate::db::blocking;
use crate::files;
use crate::state::App;
use crate::storage::relocate;
use crate::storage::{at_rest, place};
use crate::system::info;
use crate::window;
use amoozgar_types::ipc::{PlaceLetGo, PlaceLook, PlaceMove, PlaceMoved, TransferProgress};
use amoozgar_types::{ApiError, ErrorCode};
use tauri::ipc::Channel;
use tauri::{AppHandle, State};

/// Looks whether everything may go to a folder.
#[tauri::command]
pub async fn place_look(state: State<'_, App>, request: Request<PlaceLook>) -> Answer<PlaceLook> {
    state.user()?;
    at_rest(&state.db).await?;
    if state.hold.is_changing() {
        return Err(ApiError::new(ErrorCode::StillAtWork));
    }
    let (paths, to) = (state.paths.clone(), files::absolute(&request.path)?);
    blocking(move || relocate::check(&paths, &to)).await
}

/// Moves everything there, and starts the program again.
#[tauri::command]
pub async fn place_move(
    app: AppHandle,
    state: State<'_, App>,
    request: Request<PlaceMove>,
    channel: Channel<TransferProgress>,
) -> Answer<PlaceMove> {
    let user_id = state.user_id()?;
    let held = state.hold.begin()?;
    at_rest(&state.db).await?;
    let transfer = state.transfers.begin(&user_id);
    let watch = transfer.watch(super::to_channel(channel));
    let moved = relocate::run(&state.paths, &request.path, watch, held).await?;
    if moved == PlaceMoved::Done {
        window::restart(&app);
    }
    Ok(moved)
}

/// Removes the copy that the last move left behind.
#[tauri::command]
pub async fn place_let_go(
    state: State<'_, App>,
    request: Request<PlaceLetGo>,
) -> Answer<PlaceLetGo> {
    let () = request;
    state.user()?;
    let settled = state.hold.settled()?;
    let (paths, set_aside) = (state.paths.clone(), state.database_set_aside.clone());
    blocking(move || {
        place::let_go(&paths, &settled)?;
        info::of_program(&paths, set_aside)
    })
    .await
}
