//! Where runs, models and datasets lie, and moving them elsewhere.

use super::system::{app_info, free_disk_bytes};
use super::transfer::{absolute, watch_of};
use super::{Answer, Request};
use crate::db::blocking;
use crate::relocate::{Moving, look, relocate};
use crate::state::App;
use crate::{place, window};
use amoozgar_store::Store;
use amoozgar_types::ipc::{
    PlaceCheck, PlaceLetGo, PlaceLook, PlaceMove, PlaceMoved, TransferProgress,
};
use amoozgar_types::{ApiError, ErrorCode};
use tauri::ipc::Channel;
use tauri::{AppHandle, State};

/// Looks whether everything may go to a folder.
#[tauri::command]
pub async fn place_look(state: State<'_, App>, request: Request<PlaceLook>) -> Answer<PlaceLook> {
    state.user()?;
    at_rest(&state).await?;
    let to = absolute(&request.path)?;
    let paths = state.paths.clone();
    blocking(move || {
        let load = look(&paths, &to)?;
        let near = to.ancestors().find(|folder| folder.exists());
        Ok(PlaceCheck {
            path: to.display().to_string(),
            size_bytes: load.bytes,
            free_bytes: free_disk_bytes(near.unwrap_or(&to))?,
        })
    })
    .await
}

/// Moves everything there, and starts the program again.
#[tauri::command]
pub async fn place_move(
    app: AppHandle,
    state: State<'_, App>,
    request: Request<PlaceMove>,
    channel: Channel<TransferProgress>,
) -> Answer<PlaceMove> {
    state.user()?;
    let to = absolute(&request.path)?;
    let held = state.hold.begin()?;
    at_rest(&state).await?;
    let watch = watch_of(state.begin_transfer(), channel);
    let paths = state.paths.clone();
    let moved = blocking(move || relocate(&paths, &to, &watch)).await?;
    match moved {
        Moving::Stopped => Ok(PlaceMoved::Stopped),
        Moving::Done => {
            tracing::info!("runs and models lie elsewhere from the next start on");
            held.keep();
            window::restart(&app);
            Ok(PlaceMoved::Done)
        }
    }
}

/// Removes the copy that the last move left behind.
#[tauri::command]
pub async fn place_let_go(
    state: State<'_, App>,
    request: Request<PlaceLetGo>,
) -> Answer<PlaceLetGo> {
    let () = request;
    state.user()?;
    let paths = state.paths.clone();
    blocking(move || place::let_go(&paths)).await?;
    app_info(&state).await
}

/// Nothing works on what would be moved, and nothing waits for its turn.
pub async fn at_rest(state: &App) -> Result<(), ApiError> {
    let busy = state.db.call(|store: &Store| {
        Ok(!store.live_jobs()?.is_empty()
            || !store.queued_jobs()?.is_empty()
            || !store.live_downloads()?.is_empty()
            || !store.downloads_in_line()?.is_empty())
    });
    if busy.await? {
        return Err(ApiError::new(ErrorCode::StillAtWork));
    }
    Ok(())
}
