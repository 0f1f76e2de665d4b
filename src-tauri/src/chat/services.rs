//! Servers for chat that the user names: their keys, and a trial.

use crate::db::{Db, blocking};
use crate::error;
use crate::network::with_proxy;
use crate::secrets::{Secrets, service_keys};
use amoozgar_hub::{Sensitive, Surroundings, service_models};
use amoozgar_types::id::{ServiceId, UserId};
use amoozgar_types::ipc::{ServiceKey, ServiceReport, ServiceTrial};
use amoozgar_types::{ApiError, ErrorCode};
use std::sync::Arc;
use std::time::Instant;

/// Longer than any key.
const MOST_KEY_CHARS: usize = 4_096;

/// Keeps a service's key, or removes it where it is empty. Blocks.
pub fn set_key(user_id: &UserId, request: &ServiceKey) -> Result<(), ApiError> {
    if !is_usable(&request.key) {
        return Err(ApiError::invalid_field("key"));
    }
    service_keys::set(user_id, &request.service_id, &request.key)
}

/// The user's services that have a key. Blocks.
pub fn with_key(db: &Db, user_id: &UserId) -> Result<Vec<ServiceId>, ApiError> {
    let services = db.now(|store| store.settings(user_id))?.services;
    let mut with_key: Vec<ServiceId> = Vec::new();
    for service in services {
        if service_keys::get(user_id, &service.service_id)?.is_some() {
            with_key.push(service.service_id);
        }
    }
    Ok(with_key)
}

/// Asks a service for its models, with the key given or else the one that is kept, which goes to no
/// other server than that for which it was given.
pub async fn test(
    db: &Db,
    secrets: &Arc<Secrets>,
    user_id: UserId,
    request: ServiceTrial,
) -> Result<ServiceReport, ApiError> {
    let ServiceTrial {
        base_url,
        key,
        service_id,
    } = request;
    let typed = key.filter(|key| !key.is_empty());
    if typed.as_deref().is_some_and(|key| !is_usable(key)) {
        return Err(ApiError::invalid_field("key"));
    }
    let (db, secrets, address) = (db.clone(), Arc::clone(secrets), base_url.clone());
    let (key, network) = blocking(move || {
        let settings = db.now(|store| store.settings(&user_id))?;
        let network = with_proxy(&settings.network, &secrets, &user_id)?;
        let key = match (typed, service_id) {
            (Some(key), _) => Some(Sensitive::new(key)),
            (None, Some(service_id))
                if service_keys::is_of(&settings.services, &service_id, &address) =>
            {
                service_keys::get(&user_id, &service_id)?
            }
            (None, _) => None,
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
fn is_usable(key: &str) -> bool {
    key.len() <= MOST_KEY_CHARS && key.chars().all(|letter| letter.is_ascii_graphic())
}
