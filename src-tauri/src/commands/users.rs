//! What administrators do with the profiles of this computer. The guard has let none but them here.

use super::{Answer, Request};
use crate::clock::now_ms;
use crate::db::blocking;
use crate::state::App;
use crate::{files, password, remember, wipe};
use amoozgar_store::Store;
use amoozgar_types::ipc::{
    AccountDeleteUser, AccountListUsers, AccountResetPassword, AccountSetRole, ResetPassword,
    SetRole,
};
use std::path::{Path, PathBuf};
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
    let db = state.db.clone();
    let paths = state.paths.clone();
    let secrets = state.secrets.clone();
    let user_id = request.clone();
    blocking(move || {
        let settings = db.now(|store| store.settings(&user_id))?;
        // What is to be removed is known only while the rows are there.
        let folders = db.now(|store| store.job_folders(&user_id))?;
        let datasets = db.now(|store| store.dataset_paths(&user_id))?;
        db.now(|store| store.delete_user(&user_id))?;
        wipe::forget(&secrets, &user_id, &settings);
        for folder in folders {
            remove(&PathBuf::from(folder.job_dir), &paths.jobs());
        }
        for dataset in datasets {
            remove(&PathBuf::from(dataset), &paths.datasets());
        }
        Ok(())
    })
    .await?;
    if state.session.is(&request) {
        state.session.end();
        state.left();
    }
    remember::forget_orphan(&state.paths, &state.db).await;
    Ok(())
}

/// Gives a profile another password, or none; its sessions end.
#[tauri::command]
pub async fn account_reset_password(
    state: State<'_, App>,
    request: Request<AccountResetPassword>,
) -> Answer<AccountResetPassword> {
    let ResetPassword { user_id, password } = request;
    let password = password::checked_password(password)?;
    let signed = state.session.signed();
    let db = state.db.clone();
    let user = blocking(move || {
        let hash = password
            .map(|password| password::hash(&password))
            .transpose()?;
        let keep = signed
            .filter(|signed| signed.user.user_id == user_id)
            .map(|signed| signed.session_id);
        db.now(|store| {
            let keep = keep.as_ref().map(amoozgar_types::id::SessionId::as_str);
            store.set_password(&user_id, hash.as_deref(), keep, now_ms())
        })
    })
    .await?;
    state.session.replace_user(&user);
    Ok(user)
}

/// Changes what a profile may do.
#[tauri::command]
pub async fn account_set_role(
    state: State<'_, App>,
    request: Request<AccountSetRole>,
) -> Answer<AccountSetRole> {
    let SetRole { user_id, role } = request;
    let user = state
        .db
        .call(move |store| store.set_role(&user_id, role, now_ms()))
        .await?;
    state.session.replace_user(&user);
    Ok(user)
}

/// Removes what lies in one of the program's own folders, and nothing else.
fn remove(path: &Path, within: &Path) {
    if path.parent() != Some(within) {
        tracing::warn!(path = %path.display(), "it lies elsewhere and is left");
        return;
    }
    let removed = if path.is_dir() {
        files::remove_dir(path).map_err(|failure| failure.to_string())
    } else {
        std::fs::remove_file(path).map_err(|failure| failure.to_string())
    };
    if let Err(failure) = removed {
        tracing::warn!(failure, path = %path.display(), "a removed profile's file is left");
    }
}
