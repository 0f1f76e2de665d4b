//! Profiles and signing in. Passwords are hashed with argon2id and never logged.

use super::{Answer, Request};
use crate::clock::{new_id, now_ms};
use crate::db::blocking;
use crate::error;
use crate::state::App;
use amoozgar_store::Store;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::{
    Account, AccountLogin, AccountLogout, AccountRegister, AccountStatus, Login, Register, User,
};
use amoozgar_types::{ApiError, ErrorCode};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::time::Duration;
use tauri::State;

const MAX_NAME_CHARS: usize = 64;
const MIN_PASSWORD_CHARS: usize = 6;
/// A wrong password costs this long, beside the hash itself.
const FAILURE_DELAY: Duration = Duration::from_millis(700);

/// Who is signed in, and which profiles there are.
#[tauri::command]
pub async fn account_status(
    state: State<'_, App>,
    request: Request<AccountStatus>,
) -> Answer<AccountStatus> {
    let () = request;
    let profiles = state.db.call(Store::list_users).await?;
    Ok(Account {
        user: state.session.user(),
        profiles,
    })
}

/// Makes a profile and signs it in.
#[tauri::command]
pub async fn account_register(
    state: State<'_, App>,
    request: Request<AccountRegister>,
) -> Answer<AccountRegister> {
    let Register { name, password } = request;
    let name = checked_name(&name)?;
    let password = checked_password(password)?;
    let db = state.db.clone();
    let user = blocking(move || {
        // Asked first, for a hash takes its time; the row's own constraint has the last word.
        if db.now(|store| store.name_taken(&name))? {
            return Err(ApiError::new(ErrorCode::NameTaken));
        }
        let hash = password.map(|password| hash(&password)).transpose()?;
        let user = User {
            user_id: UserId::new(new_id()),
            name,
            has_password: hash.is_some(),
            created_ms: now_ms(),
        };
        db.now(|store| store.insert_user(&user, hash.as_deref(), user.created_ms))?;
        Ok(user)
    })
    .await?;
    state.session.set(Some(user.clone()));
    Ok(user)
}

/// Signs a profile in.
#[tauri::command]
pub async fn account_login(
    state: State<'_, App>,
    request: Request<AccountLogin>,
) -> Answer<AccountLogin> {
    let Login { user_id, password } = request;
    let db = state.db.clone();
    let user = blocking(move || {
        let wrong = || ApiError::new(ErrorCode::WrongCredentials);
        let user = db.now(|store| store.user(&user_id))?.ok_or_else(wrong)?;
        match db.now(|store| store.password_hash(&user_id))? {
            None => Ok(user),
            Some(hash) if verify(password.as_deref().unwrap_or_default(), &hash)? => Ok(user),
            Some(_) => Err(wrong()),
        }
    })
    .await;
    match user {
        Ok(user) => {
            state.session.set(Some(user.clone()));
            Ok(user)
        }
        Err(failure) => {
            if failure.code == ErrorCode::WrongCredentials {
                tokio::time::sleep(FAILURE_DELAY).await;
            }
            Err(failure)
        }
    }
}

/// Signs out. What runs goes on.
#[tauri::command]
pub async fn account_logout(
    state: State<'_, App>,
    request: Request<AccountLogout>,
) -> Answer<AccountLogout> {
    let () = request;
    state.user()?;
    state.stop_generation();
    state.jobs.subscriptions.clear();
    state.session.set(None);
    Ok(())
}

fn checked_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    let n_chars = name.chars().count();
    if n_chars == 0 || n_chars > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(ApiError::invalid_field("name"));
    }
    Ok(name.to_owned())
}

/// An empty password is none: the form's empty field.
fn checked_password(password: Option<String>) -> Result<Option<String>, ApiError> {
    match password.filter(|password| !password.is_empty()) {
        Some(password) if password.chars().count() < MIN_PASSWORD_CHARS => {
            Err(ApiError::invalid_field("password"))
        }
        password => Ok(password),
    }
}

fn hash(password: &str) -> Result<String, ApiError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|failure| error::internal("the password could not be hashed", &failure))
}

fn verify(password: &str, hash: &str) -> Result<bool, ApiError> {
    let parsed = PasswordHash::new(hash)
        .map_err(|failure| error::internal("the stored password hash is damaged", &failure))?;
    Ok(Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{checked_name, checked_password, hash, verify};

    #[test]
    fn a_password_is_kept_as_an_argon2id_hash_that_only_it_opens() {
        let kept = hash("گذرواژهٔ من").unwrap();
        assert!(kept.starts_with("$argon2id$"), "the algorithm in `{kept}`");
        assert!(verify("گذرواژهٔ من", &kept).unwrap(), "the right one");
        assert!(!verify("گذرواژهٔ تو", &kept).unwrap(), "a wrong one");
        assert_ne!(hash("گذرواژهٔ من").unwrap(), kept, "a salt of its own");
    }

    #[test]
    fn names_and_passwords_are_held_to_their_limits() {
        assert_eq!(checked_name("  سارا ").unwrap(), "سارا", "trimmed");
        assert!(checked_name("   ").is_err(), "nothing but spaces");
        assert!(checked_name(&"ا".repeat(65)).is_err(), "too long");
        assert!(checked_password(Some("12345".into())).is_err(), "too short");
        assert_eq!(
            checked_password(Some(String::new())).unwrap(),
            None,
            "an empty field is no password"
        );
    }
}
