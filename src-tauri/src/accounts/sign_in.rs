//! Signing in and out, unlocking, and recovering a forgotten password.

use super::session::{LASTS_MS, REMEMBERED_LASTS_MS, Session, Signed};
use super::{password, remember};
use crate::clock::{measured_ms, new_id, now_ms, steady_ms};
use crate::db::{Db, blocking};
use crate::error;
use crate::paths::Paths;
use amoozgar_store::{Store, StoredSession};
use amoozgar_types::id::{SessionId, UserId};
use amoozgar_types::ipc::{Account, Login, Recover, Register, Remembered, SignedIn, Standing};
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ApiError, ErrorCode, UtcMs};

/// A session's end is moved at most this often.
const RENEW_EVERY_MS: UtcMs = 5 * 60_000;

/// Who is signed in, and which profiles there are.
pub async fn account(db: &Db, session: &Session) -> Result<Account, ApiError> {
    let profiles = db.call(Store::list_users).await?;
    let standing = session.standing(steady_ms());
    Ok(Account {
        user: session.user(),
        locked: standing == Standing::Locked,
        profiles,
    })
}

/// Signs in whom the keyring remembers. Whatever goes wrong, the way in by hand is open.
pub async fn restore(db: &Db, paths: &Paths, session: &Session) {
    let Some(token) = remember::token(paths).await else {
        return;
    };
    let hash = password::token_hash(token.expose());
    let now = steady_ms();
    let found = db
        .call(move |store| {
            let Some(mut row) = store.session_by_token(&hash, now)? else {
                return Ok(None);
            };
            row.expires_ms = now + REMEMBERED_LASTS_MS;
            store.renew_session(&row.session_id, now, row.expires_ms)?;
            let settings = store.settings(&row.user_id)?;
            let user = store.user(&row.user_id)?;
            Ok(user.map(|user| (user, row, settings)))
        })
        .await;
    match found {
        Ok(Some((user, row, settings))) => {
            enter(session, user, &row, settings.account.idle_lock_min);
        }
        Ok(None) => {}
        Err(failure) => tracing::warn!(error = %failure, "no session could be brought back"),
    }
}

/// Makes a profile and signs it in.
pub async fn register(db: &Db, session: &Session, request: Register) -> Result<SignedIn, ApiError> {
    refuse_signed_in(session)?;
    let Register { name, password } = request;
    let name = password::checked_name(&name)?;
    let password = password::checked_password(password)?;
    let handle = db.clone();
    let (user, codes) = blocking(move || made(&handle, name, password)).await?;
    begin(db, session, &user, None).await?;
    Ok(SignedIn {
        user,
        remembered: Remembered::NotAsked,
        codes,
    })
}

/// Makes a profile; answers it with its recovery codes, where it has a password. Blocks.
fn made(
    db: &Db,
    name: String,
    password: Option<String>,
) -> Result<(User, Option<Vec<String>>), ApiError> {
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
        .map(|_| password::renew_codes(db, &user.user_id, now_ms()))
        .transpose()?;
    Ok((user, codes))
}

/// Signs a profile in.
pub async fn login(
    db: &Db,
    paths: &Paths,
    session: &Session,
    request: Login,
) -> Result<SignedIn, ApiError> {
    refuse_signed_in(session)?;
    let Login {
        user_id,
        password,
        remember,
    } = request;
    let handle = db.clone();
    let user = blocking(move || {
        let user = handle
            .now(|store| store.user(&user_id))?
            .ok_or(ApiError::new(ErrorCode::WrongCredentials))?;
        password::check(&handle, &user_id, password.as_deref(), measured_ms())?;
        Ok(user)
    })
    .await?;
    let (token_hash, remembered) = if remember {
        remembered_token(paths).await?
    } else {
        (None, Remembered::NotAsked)
    };
    begin(db, session, &user, token_hash).await?;
    Ok(SignedIn {
        user,
        remembered,
        codes: None,
    })
}

/// Replaces a forgotten password by means of a recovery code, and signs in.
pub async fn recover(db: &Db, session: &Session, request: Recover) -> Result<SignedIn, ApiError> {
    refuse_signed_in(session)?;
    let Recover {
        user_id,
        code,
        password,
    } = request;
    let password = password::checked_password(Some(password))?
        .ok_or_else(|| ApiError::invalid_field("password"))?;
    let handle = db.clone();
    let user = blocking(move || {
        let known = handle.now(|store| store.user(&user_id))?;
        if known.is_none_or(|user| !user.has_password) {
            return Err(ApiError::new(ErrorCode::WrongRecoveryCode));
        }
        password::use_code(&handle, &user_id, &code, measured_ms())?;
        let hash = password::hash(&password)?;
        handle.now(|store| store.set_password(&user_id, Some(&hash), None, now_ms()))
    })
    .await?;
    begin(db, session, &user, None).await?;
    Ok(SignedIn {
        user,
        remembered: Remembered::NotAsked,
        codes: None,
    })
}

/// Removes what is stored of a session that was signed out.
pub async fn forget(db: &Db, paths: &Paths, ended: Signed) -> Result<(), ApiError> {
    if ended.remembered {
        remember::forget(paths).await;
    }
    let forgotten =
        db.call(move |store| store.delete_session(&ended.user.user_id, &ended.session_id));
    match forgotten.await {
        // It may have been ended elsewhere already.
        Err(failure) if failure.code != ErrorCode::NotFound => Err(failure),
        _ => Ok(()),
    }
}

/// Opens a locked window with the password of `user`, who is signed in.
pub async fn unlock(
    db: &Db,
    session: &Session,
    user: User,
    password: String,
) -> Result<User, ApiError> {
    let (db, user_id) = (db.clone(), user.user_id.clone());
    blocking(move || password::check(&db, &user_id, Some(&password), measured_ms())).await?;
    session.unlock(steady_ms());
    Ok(user)
}

/// A sign of life: it keeps the window open and moves the session's end. A session whose row is
/// gone (another password, an administrator) ends here.
pub async fn touch(db: &Db, session: &Session) -> Result<Standing, ApiError> {
    let now = steady_ms();
    let standing = session.touch(now);
    let Some(signed) = session.signed() else {
        return Ok(standing);
    };
    let lasts = lasts_ms(signed.remembered);
    let is_alive = db
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
        session.renewed(expires_ms);
        Ok(standing)
    } else {
        session.expire();
        Ok(Standing::Expired)
    }
}

/// One window, one session: whoever is signed in signs out first.
fn refuse_signed_in(session: &Session) -> Result<(), ApiError> {
    match session.standing(steady_ms()) {
        Standing::Out | Standing::Expired => Ok(()),
        Standing::In | Standing::Locked => Err(error::invalid_state("somebody is signed in")),
    }
}

async fn begin(
    db: &Db,
    session: &Session,
    user: &User,
    token_hash: Option<String>,
) -> Result<(), ApiError> {
    let now = steady_ms();
    let row = StoredSession {
        session_id: SessionId::new(new_id()),
        user_id: user.user_id.clone(),
        expires_ms: now + lasts_ms(token_hash.is_some()),
        token_hash,
        created_ms: now,
        last_seen_ms: now,
    };
    let settings = db
        .call({
            let row = row.clone();
            move |store| {
                store.insert_session(&row)?;
                store.settings(&row.user_id)
            }
        })
        .await?;
    let idle_lock_min = settings.account.idle_lock_min;
    enter(session, user.clone(), &row, idle_lock_min);
    Ok(())
}

fn enter(session: &Session, user: User, row: &StoredSession, idle_lock_min: Option<u32>) {
    let signed = Signed {
        user,
        session_id: row.session_id.clone(),
        expires_ms: row.expires_ms,
        remembered: row.token_hash.is_some(),
        idle_lock_min,
    };
    session.begin(signed, steady_ms());
}

fn lasts_ms(remembered: bool) -> UtcMs {
    if remembered {
        REMEMBERED_LASTS_MS
    } else {
        LASTS_MS
    }
}

/// Without a keyring nothing is remembered, and the answer says so.
async fn remembered_token(paths: &Paths) -> Result<(Option<String>, Remembered), ApiError> {
    let (token, hash) = password::new_token()?;
    if remember::keep(paths, token).await {
        Ok((Some(hash), Remembered::Kept))
    } else {
        Ok((None, Remembered::NoKeyring))
    }
}
