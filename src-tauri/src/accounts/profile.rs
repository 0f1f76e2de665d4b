//! One's own profile: name, password, recovery codes, sessions.

use super::session::{Session, Signed};
use super::{password, remember};
use crate::clock::{measured_ms, now_ms, steady_ms};
use crate::db::{Db, blocking};
use crate::error;
use crate::paths::Paths;
use amoozgar_types::ApiError;
use amoozgar_types::id::SessionId;
use amoozgar_types::ipc::{
    ChangePassword, NewRecoveryCodes, PasswordChanged, RecoveryCodes, UpdateProfile,
};
use amoozgar_types::user::{SessionRecord, User};

/// Changes what the profile of `signed` says of itself.
pub async fn update(
    db: &Db,
    session: &Session,
    signed: Signed,
    request: UpdateProfile,
) -> Result<User, ApiError> {
    let name = password::checked_name(&request.name)?;
    let user = db
        .call(move |store| store.rename_user(&signed.user.user_id, &name, now_ms()))
        .await?;
    session.replace_user(&user);
    Ok(user)
}

/// Sets, changes or removes one's own password. Every other session ends, for whoever knew the old
/// one may have them.
pub async fn change_password(
    db: &Db,
    session: &Session,
    signed: Signed,
    request: ChangePassword,
) -> Result<PasswordChanged, ApiError> {
    let ChangePassword { current, password } = request;
    let password = password::checked_password(password)?;
    let db = db.clone();
    let changed = blocking(move || {
        let user_id = &signed.user.user_id;
        password::check(&db, user_id, current.as_deref(), measured_ms())?;
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
    session.replace_user(&changed.user);
    Ok(changed)
}

/// New recovery codes for `user`; the old ones end. Blocks.
pub fn new_recovery_codes(
    db: &Db,
    user: &User,
    request: &NewRecoveryCodes,
) -> Result<RecoveryCodes, ApiError> {
    if !user.has_password {
        return Err(error::invalid_state("there is no password to recover"));
    }
    password::check(db, &user.user_id, Some(&request.password), measured_ms())?;
    let codes = password::renew_codes(db, &user.user_id, now_ms())?;
    Ok(RecoveryCodes { codes })
}

/// One's own sessions, latest first. Blocks.
pub fn sessions(db: &Db, signed: &Signed) -> Result<Vec<SessionRecord>, ApiError> {
    let sessions = db.now(|store| store.sessions(&signed.user.user_id, steady_ms()))?;
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
pub async fn end_session(
    db: &Db,
    paths: &Paths,
    signed: Signed,
    session_id: SessionId,
) -> Result<(), ApiError> {
    if session_id == signed.session_id {
        return Err(error::invalid_state(
            "this window's session ends by signing out",
        ));
    }
    let user_id = signed.user.user_id;
    db.call(move |store| store.delete_session(&user_id, &session_id))
        .await?;
    if !signed.remembered {
        // The keyring holds one token; it can only have been that session's.
        remember::forget(paths).await;
    }
    Ok(())
}
