//! The keys of custom services in the system's keyring, one entry per user and service. A key goes in
//! from the form and out into a request; it is in no answer, no log and no database.

use crate::error::internal;
use crate::paths::IDENTIFIER;
use amoozgar_hub::{Sensitive, is_same_server};
use amoozgar_types::id::{ServiceId, UserId};
use amoozgar_types::settings::ChatService;
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

/// Whether an address is on the server of a service that is kept, and so may see its key.
pub fn is_of(services: &[ChatService], service_id: &ServiceId, address: &str) -> bool {
    services
        .iter()
        .any(|known| known.service_id == *service_id && is_same_server(&known.base_url, address))
}

/// The services whose kept key is of no use any more: those that are gone, and those that are on
/// another server now, which the key was not given for.
pub fn without_key(before: &[ChatService], after: &[ChatService]) -> Vec<ServiceId> {
    before
        .iter()
        .filter(|known| !is_of(after, &known.service_id, &known.base_url))
        .map(|known| known.service_id.clone())
        .collect()
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

#[cfg(test)]
mod tests {
    use super::{is_of, without_key};
    use amoozgar_types::id::ServiceId;
    use amoozgar_types::settings::ChatService;

    fn service(id: &str, base_url: &str) -> ChatService {
        ChatService {
            service_id: ServiceId::new(id),
            name: id.to_owned(),
            base_url: base_url.to_owned(),
            model: String::new(),
        }
    }

    #[test]
    fn a_kept_key_goes_to_the_server_that_it_was_given_for_alone() {
        let kept = [
            service("a", "https://models.example/v1"),
            service("b", "http://b.example"),
        ];
        let is_of = |id: &str, address: &str| is_of(&kept, &ServiceId::new(id), address);
        assert!(is_of("a", " https://models.example/v2/"), "the same server");
        for address in [
            "https://thief.example/v1",
            "http://models.example/v1",
            "http://b.example",
        ] {
            assert!(!is_of("a", address), "`{address}` is another");
        }
        assert!(
            !is_of("c", "https://models.example/v1"),
            "an unknown service"
        );
    }

    #[test]
    fn a_service_that_moves_to_another_server_loses_its_key() {
        let before = [
            service("gone", "http://a.example"),
            service("moved", "http://b.example/v1"),
            service("stays", "http://c.example/v1"),
        ];
        let after = [
            service("moved", "http://thief.example/v1"),
            service("stays", "http://c.example/v2"),
            service("new", "http://d.example"),
        ];
        let lost = without_key(&before, &after);
        assert_eq!(lost, [ServiceId::new("gone"), ServiceId::new("moved")]);
    }
}
