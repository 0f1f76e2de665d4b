//! Servers for chat that the user names: their keys, and a trial.

use super::{Answer, Request};
use crate::chat::services;
use crate::db::blocking;
use crate::state::App;
use amoozgar_types::ipc::{ServiceKeySet, ServiceKeys, ServiceTest};
use tauri::State;

/// Keeps a service's key, or removes it.
#[tauri::command]
pub async fn service_key_set(
    state: State<'_, App>,
    request: Request<ServiceKeySet>,
) -> Answer<ServiceKeySet> {
    let user_id = state.user_id()?;
    blocking(move || services::set_key(&user_id, &request)).await
}

/// The services that have a key.
#[tauri::command]
pub async fn service_keys(
    state: State<'_, App>,
    request: Request<ServiceKeys>,
) -> Answer<ServiceKeys> {
    let () = request;
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || services::with_key(&db, &user_id)).await
}

/// Asks a service for its models.
#[tauri::command]
pub async fn service_test(
    state: State<'_, App>,
    request: Request<ServiceTest>,
) -> Answer<ServiceTest> {
    services::test(&state.db, &state.secrets, state.user_id()?, request).await
}
