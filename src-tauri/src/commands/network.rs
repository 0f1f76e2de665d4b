//! The way to the Hub: the connection test, and the secrets that it may need.

use super::{Answer, Request};
use crate::clock::surroundings;
use crate::db::blocking;
use crate::network::{self, connection};
use crate::state::App;
use amoozgar_types::ipc::{ConnectionTest, SecretDelete, SecretSet, SecretStatusGet};
use std::sync::Arc;
use tauri::State;

/// Tries the hosts that a download needs, with settings that need not be saved yet.
#[tauri::command]
pub async fn connection_test(
    state: State<'_, App>,
    request: Request<ConnectionTest>,
) -> Answer<ConnectionTest> {
    let owner = state.user_id()?;
    let settings = match request.network {
        Some(settings) => settings,
        None => state.settings().await.network,
    };
    let secrets = Arc::clone(&state.secrets);
    let hub = blocking(move || network::hub(&settings, &secrets, &owner, surroundings())).await?;
    connection::test(&hub).await
}

/// Keeps a secret.
#[tauri::command]
pub async fn secret_set(state: State<'_, App>, request: Request<SecretSet>) -> Answer<SecretSet> {
    let owner = state.user_id()?;
    let secrets = Arc::clone(&state.secrets);
    blocking(move || secrets.set(&owner, request.secret, &request.value)).await
}

/// What may be known of a secret.
#[tauri::command]
pub async fn secret_status(
    state: State<'_, App>,
    request: Request<SecretStatusGet>,
) -> Answer<SecretStatusGet> {
    let owner = state.user_id()?;
    let secrets = Arc::clone(&state.secrets);
    blocking(move || secrets.status(&owner, request)).await
}

/// Forgets a secret.
#[tauri::command]
pub async fn secret_delete(
    state: State<'_, App>,
    request: Request<SecretDelete>,
) -> Answer<SecretDelete> {
    let owner = state.user_id()?;
    let secrets = Arc::clone(&state.secrets);
    blocking(move || secrets.delete(&owner, request)).await
}
