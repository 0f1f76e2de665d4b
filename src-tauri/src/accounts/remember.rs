//! "Remember me": a random token in the system's keyring brings a session back at the next start.
//! The database holds the token's hash alone, so that neither is of use without the other.

use super::password::token_hash;
use crate::clock::steady_ms;
use crate::db::Db;
use crate::paths::{IDENTIFIER, Paths};
use crate::secrets::{Keyring, SystemKeyring};
use amoozgar_hub::Sensitive;
use amoozgar_types::ApiError;
use keyring::{Entry, Error};
use std::time::Duration;

/// How long the keyring may take: it may ask for its own password first.
const WITHIN: Duration = Duration::from_secs(60);

/// Keeps a token; answers whether there is a keyring that does.
pub async fn keep(paths: &Paths, token: String) -> bool {
    with(paths, move |entry| entry.set_password(&token))
        .await
        .is_some()
}

/// The token that is kept, where there is one.
pub async fn token(paths: &Paths) -> Option<Sensitive> {
    with(paths, |entry| entry.get_password())
        .await
        .map(Sensitive::new)
}

/// Forgets it.
pub async fn forget(paths: &Paths) {
    with(paths, |entry| entry.delete_credential()).await;
}

/// Forgets it where it is no session's any more.
pub async fn forget_orphan(paths: &Paths, db: &Db) {
    let Some(token) = token(paths).await else {
        return;
    };
    let hash = token_hash(token.expose());
    let known = db.call(move |store| store.session_by_token(&hash, steady_ms()));
    if matches!(known.await, Ok(None)) {
        forget(paths).await;
    }
}

/// Forgets it before anything else runs. Blocks.
pub fn forget_now(paths: &Paths) -> Result<(), ApiError> {
    SystemKeyring.delete(&name(paths))
}

fn name(paths: &Paths) -> String {
    format!("session of {}", paths.root().display())
}

/// One entry per data folder: two folders do not sign each other out.
async fn with<T: Send + 'static>(
    paths: &Paths,
    work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
) -> Option<T> {
    let name = name(paths);
    let asked = tokio::task::spawn_blocking(move || Entry::new(IDENTIFIER, &name).and_then(work));
    match tokio::time::timeout(WITHIN, asked).await {
        Ok(Ok(Ok(answer))) => Some(answer),
        Ok(Ok(Err(Error::NoEntry))) => None,
        // It carries the secret's bytes, which must not reach a message.
        Ok(Ok(Err(Error::BadEncoding(_) | Error::BadDataFormat(..)))) => {
            tracing::warn!("what the keyring holds is no session's token");
            None
        }
        Ok(Ok(Err(failure))) => {
            tracing::info!(%failure, "there is no keyring to remember a session");
            None
        }
        Ok(Err(failure)) => {
            tracing::error!(%failure, "the keyring's thread panicked");
            None
        }
        Err(_) => {
            tracing::warn!("the keyring did not answer in time");
            None
        }
    }
}
