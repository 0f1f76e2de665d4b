//! One's own profile: name, password, recovery codes, sessions.

use super::{Answer, Request};
use crate::accounts::profile;
use crate::db::blocking;
use crate::state::App;
use amoozgar_types::ipc::{
    AccountChangePassword, AccountEndSession, AccountNewRecoveryCodes, AccountRecoveryStatus,
    AccountSessions, AccountUpdateProfile,
};
use tauri::State;

/// Changes what a profile says of itself.
#[tauri::command]
pub async fn account_update_profile(
    state: State<'_, App>,
    request: Request<AccountUpdateProfile>,
) -> Answer<AccountUpdateProfile> {
    profile::update(&state.db, &state.session, state.signed()?, request).await
}

/// Sets, changes or removes one's own password. Every other session ends.
#[tauri::command]
pub async fn account_change_password(
    state: State<'_, App>,
    request: Request<AccountChangePassword>,
) -> Answer<AccountChangePassword> {
    profile::change_password(&state.db, &state.session, state.signed()?, request).await
}

/// How many recovery codes are left.
#[tauri::command]
pub async fn account_recovery_status(
    state: State<'_, App>,
    request: Request<AccountRecoveryStatus>,
) -> Answer<AccountRecoveryStatus> {
    let () = request;
    let user_id = state.user_id()?;
    let status = state.db.call(move |store| store.recovery_status(&user_id));
    status.await
}

/// New recovery codes; the old ones end.
#[tauri::command]
pub async fn account_new_recovery_codes(
    state: State<'_, App>,
    request: Request<AccountNewRecoveryCodes>,
) -> Answer<AccountNewRecoveryCodes> {
    let (db, user) = (state.db.clone(), state.user()?);
    blocking(move || profile::new_recovery_codes(&db, &user, &request)).await
}

/// One's own sessions, latest first.
#[tauri::command]
pub async fn account_sessions(
    state: State<'_, App>,
    request: Request<AccountSessions>,
) -> Answer<AccountSessions> {
    let () = request;
    let (db, signed) = (state.db.clone(), state.signed()?);
    blocking(move || profile::sessions(&db, &signed)).await
}

/// Ends one of one's own sessions. This window's ends by signing out.
#[tauri::command]
pub async fn account_end_session(
    state: State<'_, App>,
    request: Request<AccountEndSession>,
) -> Answer<AccountEndSession> {
    profile::end_session(&state.db, &state.paths, state.signed()?, request).await
}
