//! What administrators do with the profiles of this computer. The guard has let none but them here.

use super::{Answer, Request};
use crate::accounts::administration;
use crate::db::blocking;
use crate::state::App;
use amoozgar_store::Store;
use amoozgar_types::ipc::{
    AccountDeleteUser, AccountListUsers, AccountResetPassword, AccountSetRole,
};
use tauri::State;

/// Every profile with its share of this computer.
#[tauri::command]
pub async fn account_list_users(
    state: State<'_, App>,
    request: Request<AccountListUsers>,
) -> Answer<AccountListUsers> {
    let () = request;
    state.db.call(Store::user_overviews).await
}

/// Removes a profile with its runs, models and datasets.
#[tauri::command]
pub async fn account_delete_user(
    state: State<'_, App>,
    request: Request<AccountDeleteUser>,
) -> Answer<AccountDeleteUser> {
    let settled = state.hold.settled()?;
    let (db, paths, secrets) = (state.db.clone(), state.paths.clone(), state.secrets.clone());
    let user_id = request.clone();
    blocking(move || administration::delete(&db, &paths, &secrets, &user_id, &settled)).await?;
    if state.session.is(&request) {
        state.session.end();
        state.left();
    }
    administration::forget_removed(&state.db, &state.paths).await;
    Ok(())
}

/// Gives a profile another password, or none; its sessions end.
#[tauri::command]
pub async fn account_reset_password(
    state: State<'_, App>,
    request: Request<AccountResetPassword>,
) -> Answer<AccountResetPassword> {
    administration::reset_password(&state.db, &state.session, request).await
}

/// Changes what a profile may do.
#[tauri::command]
pub async fn account_set_role(
    state: State<'_, App>,
    request: Request<AccountSetRole>,
) -> Answer<AccountSetRole> {
    administration::set_role(&state.db, &state.session, request).await
}
