//! Signing in and out, locking, and recovering a forgotten password.

use super::{Answer, Request};
use crate::clock::{new_id, now_ms};
use crate::db::blocking;
use crate::session::{LASTS_MS, REMEMBERED_LASTS_MS, Signed};
use crate::state::App;
use crate::{error, password, remember};
use amoozgar_store::{Store, StoredSession};
use amoozgar_types::id::{SessionId, UserId};
use amoozgar_types::ipc::{
    Account, AccountLock, AccountLogin, AccountLogout, AccountRecover, AccountRegister,
    AccountStatus, AccountTouch, AccountUnlock, Login, Recover, Register, Remembered, SignedIn,
    Standing, Unlock,
};
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ApiError, ErrorCode, UtcMs};
use tauri::State;

/// A session's end is moved at most this often.
const RENEW_EVERY_MS: UtcMs = 5 * 60_000;

/// Who is signed in, and which profiles there are. The first call brings a remembered session back.
#[tauri::command]
pub async fn account_status(
    state: State<'_, App>,
    request: Request<AccountStatus>,
) -> Answer<AccountStatus> {
    let () = request;
    state.restored.get_or_init(|| restore(&state)).await;
    let profiles = state.db.call(Store::list_users).await?;
    let standing = state.session.standing(now_ms());
    Ok(Account {
        user: state.session.user(),
        locked: standing == Standing::Locked,
        profiles,
    })
}

/// Makes a profile and signs it in.
#[tauri::command]
pub async fn account_register(
    state: State<'_, App>,
    request: Request<AccountRegister>,
) -> Answer<AccountRegister> {
    refuse_signed_in(&state)?;
    let Register { name, password } = request;
    let name = password::checked_name(&name)?;
    let password = password::checked_password(password)?;
    let db = state.db.clone();
    let (user, codes) = blocking(move || {
        // Asked first, for a hash takes its time; the row's own constraint has the last word.
        if db.now(|store| store.name_taken(&name))? {
            return Err(ApiError::new(ErrorCode::NameTaken));
        }
        let hash = password
            .map(|password| password::hash(&password))
            .transpose()?;
        let user = User {
            user_id: UserId::new(new_id()),
            name,
            role: Role::User,
            has_password: hash.is_some(),
            created_ms: now_ms(),
        };
        let user = db.now(|store| store.insert_user(&user, hash.as_deref(), user.created_ms))?;
        let codes = hash
            .map(|_| password::renew_codes(&db, &user.user_id, now_ms()))
            .transpose()?;
        Ok((user, codes))
    })
    .await?;
    begin(&state, &user, None).await?;
    Ok(SignedIn {
        user,
        remembered: Remembered::NotAsked,
        codes,
    })
}

/// Signs a profile in.
#[tauri::command]
pub async fn account_login(
    state: State<'_, App>,
    request: Request<AccountLogin>,
) -> Answer<AccountLogin> {
    refuse_signed_in(&state)?;
    let Login {
        user_id,
        password,
        remember,
    } = request;
    let db = state.db.clone();
    let user = blocking(move || {
        let user = db
            .now(|store| store.user(&user_id))?
            .ok_or(ApiError::new(ErrorCode::WrongCredentials))?;
        password::check(&db, &user_id, password.as_deref(), now_ms())?;
        Ok(user)
    })
    .await?;
    let (token_hash, remembered) = if remember {
        remembered_token(&state).await?
    } else {
        (None, Remembered::NotAsked)
    };
    begin(&state, &user, token_hash).await?;
    Ok(SignedIn {
        user,
        remembered,
        codes: None,
    })
}

/// Replaces a forgotten password by means of a recovery code, and signs in.
#[tauri::command]
pub async fn account_recover(
    state: State<'_, App>,
    request: Request<AccountRecover>,
) -> Answer<AccountRecover> {
    refuse_signed_in(&state)?;
    let Recover {
        user_id,
        code,
        password,
    } = request;
    let password = password::checked_password(Some(password))?
        .ok_or_else(|| ApiError::invalid_field("password"))?;
    let db = state.db.clone();
    let user = blocking(move || {
        let known = db.now(|store| store.user(&user_id))?;
        if known.is_none_or(|user| !user.has_password) {
            return Err(ApiError::new(ErrorCode::WrongRecoveryCode));
        }
        password::use_code(&db, &user_id, &code, now_ms())?;
        let hash = password::hash(&password)?;
        db.now(|store| store.set_password(&user_id, Some(&hash), None, now_ms()))
    })
    .await?;
    begin(&state, &user, None).await?;
    Ok(SignedIn {
        user,
        remembered: Remembered::NotAsked,
        codes: None,
    })
}

/// Signs out. What runs goes on.
#[tauri::command]
pub async fn account_logout(
    state: State<'_, App>,
    request: Request<AccountLogout>,
) -> Answer<AccountLogout> {
    let () = request;
    let Some(ended) = state.session.end() else {
        return Err(ApiError::new(ErrorCode::NotSignedIn));
    };
    state.left();
    if ended.remembered {
        remember::forget(&state.paths).await;
    }
    let forgotten = state
        .db
        .call(move |store| store.delete_session(&ended.user.user_id, &ended.session_id));
    match forgotten.await {
        // It may have been ended elsewhere already.
        Err(failure) if failure.code != ErrorCode::NotFound => Err(failure),
        _ => Ok(()),
    }
}

/// Locks the window until the password is given again. What runs goes on.
#[tauri::command]
pub async fn account_lock(
    state: State<'_, App>,
    request: Request<AccountLock>,
) -> Answer<AccountLock> {
    let () = request;
    if state.session.lock() {
        Ok(())
    } else {
        Err(error::invalid_state(
            "a profile without a password cannot be locked",
        ))
    }
}

/// Opens a locked window.
#[tauri::command]
pub async fn account_unlock(
    state: State<'_, App>,
    request: Request<AccountUnlock>,
) -> Answer<AccountUnlock> {
    let Unlock { password } = request;
    let user = state.user()?;
    let (db, user_id) = (state.db.clone(), user.user_id.clone());
    blocking(move || password::check(&db, &user_id, Some(&password), now_ms())).await?;
    state.session.unlock(now_ms());
    Ok(user)
}

/// A sign of life: it keeps the window open and moves the session's end. A session whose row is
/// gone (another password, an administrator) ends here.
#[tauri::command]
pub async fn account_touch(
    state: State<'_, App>,
    request: Request<AccountTouch>,
) -> Answer<AccountTouch> {
    let () = request;
    let now = now_ms();
    let standing = state.session.touch(now);
    let Some(signed) = state.session.signed() else {
        return Ok(standing);
    };
    let lasts = lasts_ms(signed.remembered);
    let is_alive = state
        .db
        .call(move |store| {
            let Some(row) = store.session(&signed.session_id, now)? else {
                return Ok(None);
            };
            if standing == Standing::In && row.last_seen_ms + RENEW_EVERY_MS <= now {
                store.renew_session(&signed.session_id, now, now + lasts)?;
                return Ok(Some(now + lasts));
            }
            Ok(Some(row.expires_ms))
        })
        .await?;
    if let Some(expires_ms) = is_alive {
        state.session.renewed(expires_ms);
        Ok(standing)
    } else {
        state.session.expire();
        Ok(Standing::Expired)
    }
}

/// One window, one session: whoever is signed in signs out first.
fn refuse_signed_in(state: &App) -> Result<(), ApiError> {
    match state.session.standing(now_ms()) {
        Standing::Out | Standing::Expired => Ok(()),
        Standing::In | Standing::Locked => Err(error::invalid_state("somebody is signed in")),
    }
}

async fn begin(state: &App, user: &User, token_hash: Option<String>) -> Result<(), ApiError> {
    let now = now_ms();
    let session = StoredSession {
        session_id: SessionId::new(new_id()),
        user_id: user.user_id.clone(),
        expires_ms: now + lasts_ms(token_hash.is_some()),
        token_hash,
        created_ms: now,
        last_seen_ms: now,
    };
    let settings = state
        .db
        .call({
            let session = session.clone();
            move |store| {
                store.insert_session(&session)?;
                store.settings(&session.user_id)
            }
        })
        .await?;
    enter(
        state,
        user.clone(),
        &session,
        settings.account.idle_lock_min,
    );
    Ok(())
}

fn enter(state: &App, user: User, session: &StoredSession, idle_lock_min: Option<u32>) {
    let signed = Signed {
        user,
        session_id: session.session_id.clone(),
        expires_ms: session.expires_ms,
        remembered: session.token_hash.is_some(),
        idle_lock_min,
    };
    state.session.begin(signed, now_ms());
}

fn lasts_ms(remembered: bool) -> UtcMs {
    if remembered {
        REMEMBERED_LASTS_MS
    } else {
        LASTS_MS
    }
}

/// Without a keyring nothing is remembered, and the answer says so.
async fn remembered_token(state: &App) -> Result<(Option<String>, Remembered), ApiError> {
    let (token, hash) = password::new_token()?;
    if remember::keep(&state.paths, token).await {
        Ok((Some(hash), Remembered::Kept))
    } else {
        Ok((None, Remembered::NoKeyring))
    }
}

/// Signs in whom the keyring remembers. Whatever goes wrong, the way in by hand is open.
async fn restore(state: &App) {
    let Some(token) = remember::token(&state.paths).await else {
        return;
    };
    let hash = password::token_hash(token.expose());
    let now = now_ms();
    let found = state
        .db
        .call(move |store| {
            let Some(mut session) = store.session_by_token(&hash, now)? else {
                return Ok(None);
            };
            session.expires_ms = now + REMEMBERED_LASTS_MS;
            store.renew_session(&session.session_id, now, session.expires_ms)?;
            let settings = store.settings(&session.user_id)?;
            let user = store.user(&session.user_id)?;
            Ok(user.map(|user| (user, session, settings)))
        })
        .await;
    match found {
        Ok(Some((user, session, settings))) => {
            enter(state, user, &session, settings.account.idle_lock_min);
        }
        Ok(None) => {}
        Err(failure) => tracing::warn!(error = %failure, "no session could be brought back"),
    }
}
