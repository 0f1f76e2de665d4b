//! One's own profile: name, password, recovery codes, sessions.

use super::{Answer, Request};
use crate::clock::now_ms;
use crate::db::blocking;
use crate::state::App;
use crate::{error, password, remember};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{
    AccountChangePassword, AccountEndSession, AccountNewRecoveryCodes, AccountRecoveryStatus,
    AccountSessions, AccountUpdateProfile, ChangePassword, NewRecoveryCodes, PasswordChanged,
    RecoveryCodes, UpdateProfile,
};
use amoozgar_types::user::SessionRecord;
use tauri::State;

/// Changes what a profile says of itself.
#[tauri::command]
pub async fn account_update_profile(
    state: State<'_, App>,
    request: Request<AccountUpdateProfile>,
) -> Answer<AccountUpdateProfile> {
    let UpdateProfile { name } = request;
    let name = password::checked_name(&name)?;
    let user_id = state.user_id()?;
    let user = state
        .db
        .call(move |store| store.rename_user(&user_id, &name, now_ms()))
        .await?;
    state.session.replace_user(&user);
    Ok(user)
}

/// Sets, changes or removes one's own password. Every other session ends, for whoever knew the old
/// one may have them.
#[tauri::command]
pub async fn account_change_password(
    state: State<'_, App>,
    request: Request<AccountChangePassword>,
) -> Answer<AccountChangePassword> {
    let ChangePassword { current, password } = request;
    let password = password::checked_password(password)?;
    let signed = state.session.signed().ok_or_else(not_signed_in)?;
    let db = state.db.clone();
    let changed = blocking(move || {
        let user_id = &signed.user.user_id;
        password::check(&db, user_id, current.as_deref(), now_ms())?;
        let hash = password
            .map(|password| password::hash(&password))
            .transpose()?;
        let keep = Some(signed.session_id.as_str());
        let user = db.now(|store| store.set_password(user_id, hash.as_deref(), keep, now_ms()))?;
        let has_codes = db.now(|store| store.recovery_status(user_id))?.n_left > 0;
        let codes = if user.has_password && !has_codes {
            Some(password::renew_codes(&db, user_id, now_ms())?)
        } else {
            None
        };
        Ok(PasswordChanged { user, codes })
    })
    .await?;
    state.session.replace_user(&changed.user);
    Ok(changed)
}

/// How many recovery codes are left.
#[tauri::command]
pub async fn account_recovery_status(
    state: State<'_, App>,
    request: Request<AccountRecoveryStatus>,
) -> Answer<AccountRecoveryStatus> {
    let () = request;
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| store.recovery_status(&user_id))
        .await
}

/// New recovery codes; the old ones end.
#[tauri::command]
pub async fn account_new_recovery_codes(
    state: State<'_, App>,
    request: Request<AccountNewRecoveryCodes>,
) -> Answer<AccountNewRecoveryCodes> {
    let NewRecoveryCodes { password } = request;
    let user = state.user()?;
    if !user.has_password {
        return Err(error::invalid_state("there is no password to recover"));
    }
    let db = state.db.clone();
    blocking(move || {
        password::check(&db, &user.user_id, Some(&password), now_ms())?;
        let codes = password::renew_codes(&db, &user.user_id, now_ms())?;
        Ok(RecoveryCodes { codes })
    })
    .await
}

/// One's own sessions, latest first.
#[tauri::command]
pub async fn account_sessions(
    state: State<'_, App>,
    request: Request<AccountSessions>,
) -> Answer<AccountSessions> {
    let () = request;
    let signed = state.session.signed().ok_or_else(not_signed_in)?;
    let sessions = state
        .db
        .call(move |store| store.sessions(&signed.user.user_id, now_ms()))
        .await?;
    Ok(sessions
        .into_iter()
        .map(|session| SessionRecord {
            current: session.session_id == signed.session_id,
            session_id: session.session_id,
            remembered: session.token_hash.is_some(),
            created_ms: session.created_ms,
            last_seen_ms: session.last_seen_ms,
            expires_ms: session.expires_ms,
        })
        .collect())
}

/// Ends one of one's own sessions. This window's ends by signing out.
#[tauri::command]
pub async fn account_end_session(
    state: State<'_, App>,
    request: Request<AccountEndSession>,
) -> Answer<AccountEndSession> {
    let signed = state.session.signed().ok_or_else(not_signed_in)?;
    if request == signed.session_id {
        return Err(error::invalid_state(
            "this window's session ends by signing out",
        ));
    }
    let user_id = signed.user.user_id.clone();
    state
        .db
        .call(move |store| store.delete_session(&user_id, &request))
        .await?;
    if !signed.remembered {
        // The keyring holds one token; it can only have been that session's.
        remember::forget(&state.paths).await;
    }
    Ok(())
}

fn not_signed_in() -> ApiError {
    ApiError::new(amoozgar_types::ErrorCode::NotSignedIn)
}
