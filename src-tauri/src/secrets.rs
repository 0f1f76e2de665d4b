//! What the system's keyring holds for this program: Secret Service, Keychain or Credential Manager.
//! A secret is never logged, never in the database, and never in an answer to the interface.

use crate::error::internal;
use crate::paths::IDENTIFIER;
use amoozgar_hub::Sensitive;
use amoozgar_types::{ApiError, ErrorCode};
use keyring::{Entry, Error};

/// The name of the Hub's access token among this program's secrets.
const HUB_TOKEN: &str = "huggingface-token";

/// The Hub's access token. Blocks, and may make the system ask for the keyring's password.
pub fn hub_token() -> Result<Sensitive, ApiError> {
    Entry::new(IDENTIFIER, HUB_TOKEN)
        .and_then(|entry| entry.get_password())
        .map(Sensitive::new)
        .map_err(|failure| match failure {
            Error::NoEntry => ApiError::new(ErrorCode::NoToken),
            // It carries the secret's bytes, which must not reach a message.
            Error::BadEncoding(_) => ApiError::detail(ErrorCode::NoToken, "it is not text"),
            Error::PlatformFailure(_) | Error::NoStorageAccess(_) | Error::NoDefaultStore => {
                ApiError::detail(ErrorCode::KeyringUnavailable, failure)
            }
            other => internal("the keyring refused", &other),
        })
}
