//! A user's settings.

use super::{Answer, Request};
use crate::accounts::settings;
use crate::state::App;
use amoozgar_types::ipc::{SettingsGet, SettingsSet};
use tauri::State;

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
    let saved = settings::replace(&state.db, state.user_id()?, request).await?;
    state.session.set_idle_lock(saved.account.idle_lock_min);
    state.downloads.look();
    Ok(saved)
}
