//! The keys of custom services in the system's keyring, one entry per user and service. A key goes in
//! from the form and out into a request; it is in no answer, no log and no database.

use crate::error::internal;
use crate::paths::IDENTIFIER;
use amoozgar_hub::Sensitive;
use amoozgar_types::id::{ServiceId, UserId};
use amoozgar_types::{ApiError, ErrorCode};
use keyring::{Entry, Error};

/// The key of a service, where there is one. Blocks.
pub fn get(owner: &UserId, service_id: &ServiceId) -> Result<Option<Sensitive>, ApiError> {
    match entry(owner, service_id).and_then(|entry| entry.get_password()) {
        Ok(key) => Ok(Some(Sensitive::new(key))),
        Err(Error::NoEntry | Error::BadEncoding(_)) => Ok(None),
        Err(failure) => Err(refused(failure)),
    }
}

/// Keeps a key, or removes it where it is empty. Blocks.
pub fn set(owner: &UserId, service_id: &ServiceId, key: &str) -> Result<(), ApiError> {
    let entry = entry(owner, service_id).map_err(refused)?;
    let done = if key.is_empty() {
        entry.delete_credential()
    } else {
        entry.set_password(key)
    };
    match done {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(failure) => Err(refused(failure)),
    }
}

fn entry(owner: &UserId, service_id: &ServiceId) -> keyring::Result<Entry> {
    Entry::new(IDENTIFIER, &format!("service/{owner}/{service_id}"))
}

fn refused(failure: Error) -> ApiError {
    match failure {
        Error::PlatformFailure(_) | Error::NoStorageAccess(_) | Error::NoDefaultStore => {
            ApiError::detail(ErrorCode::KeyringUnavailable, failure)
        }
        other => internal("the keyring refused", &other),
    }
}
