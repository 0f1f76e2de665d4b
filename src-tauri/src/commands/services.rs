//! Servers for chat that the user names: their keys, and a trial.

use super::{Answer, Request};
use crate::db::blocking;
use crate::downloads::with_proxy;
use crate::state::App;
use crate::{error, service_keys};
use amoozgar_hub::{Sensitive, Surroundings, service_models};
use amoozgar_types::id::ServiceId;
use amoozgar_types::ipc::{
    ServiceKey, ServiceKeySet, ServiceKeys, ServiceReport, ServiceTest, ServiceTrial,
};
use amoozgar_types::{ApiError, ErrorCode};
use std::time::Instant;
use tauri::State;

/// Longer than any key.
const MOST_KEY_CHARS: usize = 4_096;

/// Keeps a service's key, or removes it.
#[tauri::command]
pub async fn service_key_set(
    state: State<'_, App>,
    request: Request<ServiceKeySet>,
) -> Answer<ServiceKeySet> {
    let user_id = state.user_id()?;
    let ServiceKey { service_id, key } = request;
    if !usable(&key) {
        return Err(ApiError::invalid_field("key"));
    }
    blocking(move || service_keys::set(&user_id, &service_id, &key)).await
}

/// The services that have a key.
#[tauri::command]
pub async fn service_keys(
    state: State<'_, App>,
    request: Request<ServiceKeys>,
) -> Answer<ServiceKeys> {
    let () = request;
    let user_id = state.user_id()?;
    let db = state.db.clone();
    blocking(move || {
        let services = db.now(|store| store.settings(&user_id))?.services;
        let mut with_key: Vec<ServiceId> = Vec::new();
        for service in services {
            if service_keys::get(&user_id, &service.service_id)?.is_some() {
                with_key.push(service.service_id);
            }
        }
        Ok(with_key)
    })
    .await
}

/// Asks a service for its models.
#[tauri::command]
pub async fn service_test(
    state: State<'_, App>,
    request: Request<ServiceTest>,
) -> Answer<ServiceTest> {
    let user_id = state.user_id()?;
    let ServiceTrial {
        base_url,
        key,
        service_id,
    } = request;
    let typed = key.filter(|key| !key.is_empty());
    if typed.as_deref().is_some_and(|key| !usable(key)) {
        return Err(ApiError::invalid_field("key"));
    }
    let (db, secrets) = (state.db.clone(), state.secrets.clone());
    let (key, network) = blocking(move || {
        let settings = db.now(|store| store.settings(&user_id))?.network;
        let network = with_proxy(&settings, &secrets, &user_id)?;
        let key = match (typed, service_id) {
            (Some(key), _) => Some(Sensitive::new(key)),
            (None, Some(service_id)) => service_keys::get(&user_id, &service_id)?,
            (None, None) => None,
        };
        Ok((key, network))
    })
    .await?;
    let began = Instant::now();
    let models = service_models(&network, Surroundings::system(0), base_url.trim(), key)
        .await
        .map_err(|failure| {
            let mut said = error::of_hub(&failure);
            if said.code == ErrorCode::BadToken {
                said.code = ErrorCode::BadKey;
            }
            said
        })?;
    Ok(ServiceReport {
        models,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// A key stands in a header: visible letters of ASCII.
fn usable(key: &str) -> bool {
    key.len() <= MOST_KEY_CHARS && key.chars().all(|letter| letter.is_ascii_graphic())
}
