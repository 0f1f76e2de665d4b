//! What the system's keyring holds for this program: Secret Service, Keychain or Credential Manager.
//! A secret is never logged, never in the database, and never in an answer to the interface. Where
//! the system has no keyring, a secret lives in this process and ends with it, and that is said.

pub mod service_keys;

use crate::error::internal;
use crate::paths::IDENTIFIER;
use amoozgar_hub::Sensitive;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::SecretStatus;
use amoozgar_types::secret::{SecretName, SecretPlace};
use amoozgar_types::{ApiError, ErrorCode};
use keyring::{Entry, Error};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The name of the Hub's access token among this program's secrets.
const HUB_TOKEN: &str = "huggingface-token";
/// The name of the proxy's password.
const PROXY_PASSWORD: &str = "proxy-password";
/// Longer than any token or password.
const MAX_BYTES: usize = 4096;

/// A place that keeps secrets by name. Its calls block, and may make the system ask for a password.
pub trait Keyring: Send + Sync {
    /// The secret of this name; `None` where there is none.
    fn get(&self, name: &str) -> Result<Option<Sensitive>, ApiError>;
    /// Keeps a secret.
    fn set(&self, name: &str, secret: &Sensitive) -> Result<(), ApiError>;
    /// Forgets a secret; one that is not there is fine.
    fn delete(&self, name: &str) -> Result<(), ApiError>;
}

/// The system's own.
#[derive(Debug)]
pub struct SystemKeyring;

impl Keyring for SystemKeyring {
    fn get(&self, name: &str) -> Result<Option<Sensitive>, ApiError> {
        match Entry::new(IDENTIFIER, name).and_then(|entry| entry.get_password()) {
            Ok(secret) => Ok(Some(Sensitive::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(failure) => Err(refusal(failure)),
        }
    }

    fn set(&self, name: &str, secret: &Sensitive) -> Result<(), ApiError> {
        Entry::new(IDENTIFIER, name)
            .and_then(|entry| entry.set_password(secret.expose()))
            .map_err(refusal)
    }

    fn delete(&self, name: &str) -> Result<(), ApiError> {
        match Entry::new(IDENTIFIER, name).and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(failure) => Err(refusal(failure)),
        }
    }
}

/// The secrets of all users: in the keyring, or for this session where there is none.
pub struct Secrets {
    keyring: Box<dyn Keyring>,
    session: Mutex<HashMap<(UserId, SecretName), Sensitive>>,
}

impl Secrets {
    /// Over a keyring.
    pub fn new(keyring: Box<dyn Keyring>) -> Self {
        Self {
            keyring,
            session: Mutex::default(),
        }
    }

    /// A user's secret. Blocks.
    pub fn get(&self, owner: &UserId, secret: SecretName) -> Result<Option<Sensitive>, ApiError> {
        if let Some(kept) = self.session().get(&(owner.clone(), secret)) {
            return Ok(Some(kept.clone()));
        }
        match self.keyring.get(&entry_name(owner, secret)) {
            // Without a keyring nothing was ever kept in it.
            Err(failure) if failure.code == ErrorCode::KeyringUnavailable => Ok(None),
            found => found,
        }
    }

    /// Keeps a user's secret. Blocks.
    pub fn set(
        &self,
        owner: &UserId,
        secret: SecretName,
        value: &str,
    ) -> Result<SecretStatus, ApiError> {
        let value = value.trim();
        if value.is_empty() || value.len() > MAX_BYTES || value.chars().any(char::is_control) {
            return Err(ApiError::invalid_field("value"));
        }
        let kept = Sensitive::new(value);
        let key = (owner.clone(), secret);
        match self.keyring.set(&entry_name(owner, secret), &kept) {
            Ok(()) => {
                self.session().remove(&key);
            }
            Err(failure) if failure.code == ErrorCode::KeyringUnavailable => {
                tracing::info!("there is no keyring: a secret is kept for this session");
                self.session().insert(key, kept);
            }
            Err(failure) => return Err(failure),
        }
        self.status(owner, secret)
    }

    /// Forgets a user's secret. Blocks.
    pub fn delete(&self, owner: &UserId, secret: SecretName) -> Result<SecretStatus, ApiError> {
        self.session().remove(&(owner.clone(), secret));
        match self.keyring.delete(&entry_name(owner, secret)) {
            Err(failure) if failure.code != ErrorCode::KeyringUnavailable => return Err(failure),
            _ => {}
        }
        self.status(owner, secret)
    }

    /// What may be known of a user's secret. Blocks.
    pub fn status(&self, owner: &UserId, secret: SecretName) -> Result<SecretStatus, ApiError> {
        let in_keyring = match self.keyring.get(&entry_name(owner, secret)) {
            Ok(found) => Some(found),
            Err(failure) if failure.code == ErrorCode::KeyringUnavailable => None,
            Err(failure) => return Err(failure),
        };
        let keyring = in_keyring.is_some();
        let in_session = self.session().get(&(owner.clone(), secret)).cloned();
        let (kept, found) = match (in_session, in_keyring.flatten()) {
            (Some(found), _) => (Some(SecretPlace::Session), Some(found)),
            (None, Some(found)) => (Some(SecretPlace::Keyring), Some(found)),
            (None, None) => (None, None),
        };
        Ok(SecretStatus {
            kept,
            tail: found
                .filter(|_| secret == SecretName::HubToken)
                .and_then(|found| found.tail()),
            keyring,
        })
    }

    fn session(&self) -> MutexGuard<'_, HashMap<(UserId, SecretName), Sensitive>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The access token for the command line: one that another program kept under this program's name,
/// else that of the first of the profiles who has one. Blocks.
pub fn hub_token(keyring: &dyn Keyring, profiles: &[UserId]) -> Result<Sensitive, ApiError> {
    if let Some(token) = keyring.get(HUB_TOKEN)? {
        return Ok(token);
    }
    for profile in profiles {
        if let Some(token) = keyring.get(&entry_name(profile, SecretName::HubToken))? {
            return Ok(token);
        }
    }
    Err(ApiError::new(ErrorCode::NoToken))
}

/// Each profile has secrets of its own.
fn entry_name(owner: &UserId, secret: SecretName) -> String {
    let name = match secret {
        SecretName::HubToken => HUB_TOKEN,
        SecretName::ProxyPassword => PROXY_PASSWORD,
    };
    format!("{name}/{owner}")
}

fn refusal(failure: Error) -> ApiError {
    match failure {
        // It carries the secret's bytes, which must not reach a message.
        Error::BadEncoding(_) => ApiError::detail(ErrorCode::NoToken, "it is not text"),
        Error::PlatformFailure(_) | Error::NoStorageAccess(_) | Error::NoDefaultStore => {
            ApiError::detail(ErrorCode::KeyringUnavailable, failure)
        }
        other => internal("the keyring refused", &other),
    }
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{HUB_TOKEN, Keyring, Secrets, hub_token};
    use amoozgar_hub::Sensitive;
    use amoozgar_types::id::UserId;
    use amoozgar_types::secret::{SecretName, SecretPlace};
    use amoozgar_types::{ApiError, ErrorCode};
    use std::collections::HashMap;
    use std::sync::Mutex;

    /// A keyring in memory.
    #[derive(Default)]
    pub struct Memory(Mutex<HashMap<String, Sensitive>>);

    impl Keyring for Memory {
        fn get(&self, name: &str) -> Result<Option<Sensitive>, ApiError> {
            Ok(self.0.lock().unwrap().get(name).cloned())
        }

        fn set(&self, name: &str, secret: &Sensitive) -> Result<(), ApiError> {
            let mut kept = self.0.lock().unwrap();
            kept.insert(name.to_owned(), secret.clone());
            Ok(())
        }

        fn delete(&self, name: &str) -> Result<(), ApiError> {
            self.0.lock().unwrap().remove(name);
            Ok(())
        }
    }

    /// A system without one.
    pub struct Missing;

    impl Keyring for Missing {
        fn get(&self, _: &str) -> Result<Option<Sensitive>, ApiError> {
            Err(ApiError::new(ErrorCode::KeyringUnavailable))
        }

        fn set(&self, _: &str, _: &Sensitive) -> Result<(), ApiError> {
            Err(ApiError::new(ErrorCode::KeyringUnavailable))
        }

        fn delete(&self, _: &str) -> Result<(), ApiError> {
            Err(ApiError::new(ErrorCode::KeyringUnavailable))
        }
    }

    const TOKEN: &str = "hf_abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn a_secret_is_its_owners_alone_and_shows_four_characters_of_a_token() {
        let secrets = Secrets::new(Box::<Memory>::default());
        let (sara, dara) = (UserId::new("sara"), UserId::new("dara"));
        let status = secrets.set(&sara, SecretName::HubToken, TOKEN).unwrap();
        assert_eq!(status.kept, Some(SecretPlace::Keyring));
        assert_eq!(status.tail.as_deref(), Some("wxyz"));
        let kept = secrets.get(&sara, SecretName::HubToken).unwrap().unwrap();
        assert_eq!(kept.expose(), TOKEN, "what a request needs");
        assert!(
            secrets.get(&dara, SecretName::HubToken).unwrap().is_none(),
            "not hers"
        );
        let status = secrets
            .set(&sara, SecretName::ProxyPassword, TOKEN)
            .unwrap();
        assert_eq!(status.tail, None, "of a password nothing is shown");
        let status = secrets.delete(&sara, SecretName::HubToken).unwrap();
        assert_eq!((status.kept, status.tail), (None, None), "gone");
    }

    #[test]
    fn the_command_line_finds_a_token_that_was_set_in_the_window() {
        let keyring = Memory::default();
        let profiles = [UserId::new("sara"), UserId::new("dara")];
        let none = hub_token(&keyring, &profiles).unwrap_err();
        assert_eq!(none.code, ErrorCode::NoToken, "nobody has one");
        keyring
            .set("huggingface-token/dara", &Sensitive::new(TOKEN))
            .unwrap();
        let found = hub_token(&keyring, &profiles).unwrap();
        assert_eq!(found.expose(), TOKEN, "the one of the profile that has one");
        let own = Sensitive::new("hf_of_another_program");
        keyring.set(HUB_TOKEN, &own).unwrap();
        let found = hub_token(&keyring, &profiles).unwrap();
        assert_eq!(found.expose(), own.expose(), "the plain entry comes first");
    }

    #[test]
    fn without_a_keyring_a_secret_lives_for_the_session_and_that_is_said() {
        let sara = UserId::new("sara");
        let secrets = Secrets::new(Box::new(Missing));
        let status = secrets.status(&sara, SecretName::HubToken).unwrap();
        assert!(!status.keyring && status.kept.is_none(), "{status:?}");
        let status = secrets.set(&sara, SecretName::HubToken, TOKEN).unwrap();
        assert_eq!(status.kept, Some(SecretPlace::Session));
        assert!(secrets.get(&sara, SecretName::HubToken).unwrap().is_some());
        let status = secrets.delete(&sara, SecretName::HubToken).unwrap();
        assert_eq!(status.kept, None, "forgotten");
        assert!(
            secrets.set(&sara, SecretName::HubToken, "  ").is_err(),
            "nothing is no secret"
        );
    }
}
