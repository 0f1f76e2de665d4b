//! The queue of downloads.

use super::{Answer, Request};
use crate::state::App;
use amoozgar_types::ipc::{
    DownloadCancel, DownloadReorder, DownloadsCancel, DownloadsClearFinished, DownloadsEnqueue,
    DownloadsList, DownloadsPause, DownloadsReorder, DownloadsResume, DownloadsRetry,
};
use tauri::State;

/// Puts a download in line.
#[tauri::command]
pub async fn downloads_enqueue(
    state: State<'_, App>,
    request: Request<DownloadsEnqueue>,
) -> Answer<DownloadsEnqueue> {
    let (owner, settled) = (state.user_id()?, state.hold.settled()?);
    state.downloads.enqueue(owner, request, &settled).await
}

/// The user's downloads, latest first, as far as they are now.
#[tauri::command]
pub async fn downloads_list(
    state: State<'_, App>,
    request: Request<DownloadsList>,
) -> Answer<DownloadsList> {
    let () = request;
    state.downloads.list(state.user_id()?).await
}

/// Stops a download; what has come is kept.
#[tauri::command]
pub async fn downloads_pause(
    state: State<'_, App>,
    request: Request<DownloadsPause>,
) -> Answer<DownloadsPause> {
    state.downloads.pause(state.user_id()?, request).await
}

/// Lets a paused download go on, and has a waiting one tried at once.
#[tauri::command]
pub async fn downloads_resume(
    state: State<'_, App>,
    request: Request<DownloadsResume>,
) -> Answer<DownloadsResume> {
    let (owner, settled) = (state.user_id()?, state.hold.settled()?);
    state.downloads.resume(owner, request, &settled).await
}

/// Takes a failed or cancelled download up again.
#[tauri::command]
pub async fn downloads_retry(
    state: State<'_, App>,
    request: Request<DownloadsRetry>,
) -> Answer<DownloadsRetry> {
    let (owner, settled) = (state.user_id()?, state.hold.settled()?);
    state.downloads.retry(owner, request, &settled).await
}

/// Gives a download up.
#[tauri::command]
pub async fn downloads_cancel(
    state: State<'_, App>,
    request: Request<DownloadsCancel>,
) -> Answer<DownloadsCancel> {
    let DownloadCancel {
        download_id,
        partial,
    } = request;
    let (owner, settled) = (state.user_id()?, state.hold.settled()?);
    let downloads = &state.downloads;
    downloads
        .cancel(owner, download_id, partial, &settled)
        .await
}

/// Moves a download in line.
#[tauri::command]
pub async fn downloads_reorder(
    state: State<'_, App>,
    request: Request<DownloadsReorder>,
) -> Answer<DownloadsReorder> {
    let DownloadReorder {
        download_id,
        position,
    } = request;
    let owner = state.user_id()?;
    state.downloads.reorder(owner, download_id, position).await
}

/// Forgets the downloads that have ended; what they brought stays.
#[tauri::command]
pub async fn downloads_clear_finished(
    state: State<'_, App>,
    request: Request<DownloadsClearFinished>,
) -> Answer<DownloadsClearFinished> {
    let () = request;
    state.downloads.clear_finished(state.user_id()?).await
}
