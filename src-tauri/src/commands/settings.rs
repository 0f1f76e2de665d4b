//! A user's settings.

use super::{Answer, Request};
use crate::clock::now_ms;
use crate::state::App;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{SettingsGet, SettingsSet, TEXT_SCALES};
use tauri::State;

/// More threads than any machine has.
const MAX_THREADS: u32 = 1024;

/// The signed-in user's settings.
#[tauri::command]
pub async fn settings_get(
    state: State<'_, App>,
    request: Request<SettingsGet>,
) -> Answer<SettingsGet> {
    let () = request;
    let user_id = state.user_id()?;
    state.db.call(move |store| store.settings(&user_id)).await
}

/// Replaces them.
#[tauri::command]
pub async fn settings_set(
    state: State<'_, App>,
    request: Request<SettingsSet>,
) -> Answer<SettingsSet> {
    let user_id = state.user_id()?;
    if request
        .threads
        .is_some_and(|threads| threads == 0 || threads > MAX_THREADS)
    {
        return Err(ApiError::invalid_field("threads"));
    }
    if !TEXT_SCALES.contains(&request.appearance.text_scale) {
        return Err(ApiError::invalid_field("text_scale"));
    }
    state
        .db
        .call(move |store| {
            store.set_settings(&user_id, &request, now_ms())?;
            store.settings(&user_id)
        })
        .await
}
