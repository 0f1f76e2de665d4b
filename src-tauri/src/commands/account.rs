//! Signing in and out, locking, and recovering a forgotten password.

use super::{Answer, Request};
use crate::accounts::sign_in;
use crate::error;
use crate::state::App;
use amoozgar_types::ipc::{
    AccountLock, AccountLogin, AccountLogout, AccountRecover, AccountRegister, AccountStatus,
    AccountTouch, AccountUnlock,
};
use amoozgar_types::{ApiError, ErrorCode};
use tauri::State;

/// Who is signed in, and which profiles there are. The first call brings a remembered session back.
#[tauri::command]
pub async fn account_status(
    state: State<'_, App>,
    request: Request<AccountStatus>,
) -> Answer<AccountStatus> {
    let () = request;
    let restore = || sign_in::restore(&state.db, &state.paths, &state.session);
    state.restored.get_or_init(restore).await;
    sign_in::account(&state.db, &state.session).await
}

/// Makes a profile and signs it in.
#[tauri::command]
pub async fn account_register(
    state: State<'_, App>,
    request: Request<AccountRegister>,
) -> Answer<AccountRegister> {
    sign_in::register(&state.db, &state.session, request).await
}

/// Signs a profile in.
#[tauri::command]
pub async fn account_login(
    state: State<'_, App>,
    request: Request<AccountLogin>,
) -> Answer<AccountLogin> {
    sign_in::login(&state.db, &state.paths, &state.session, request).await
}

/// Replaces a forgotten password by means of a recovery code, and signs in.
#[tauri::command]
pub async fn account_recover(
    state: State<'_, App>,
    request: Request<AccountRecover>,
) -> Answer<AccountRecover> {
    sign_in::recover(&state.db, &state.session, request).await
}

/// Signs out. What runs goes on.
#[tauri::command]
pub async fn account_logout(
    state: State<'_, App>,
    request: Request<AccountLogout>,
) -> Answer<AccountLogout> {
    let () = request;
    let ended = state.session.end();
    let ended = ended.ok_or(ApiError::new(ErrorCode::NotSignedIn))?;
    state.left();
    sign_in::forget(&state.db, &state.paths, ended).await
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
    sign_in::unlock(&state.db, &state.session, state.user()?, request.password).await
}

/// A sign of life: it keeps the window open and moves the session's end.
#[tauri::command]
pub async fn account_touch(
    state: State<'_, App>,
    request: Request<AccountTouch>,
) -> Answer<AccountTouch> {
    let () = request;
    sign_in::touch(&state.db, &state.session).await
}
