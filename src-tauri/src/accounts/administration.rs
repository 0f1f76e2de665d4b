//! What administrators do with the profiles of this computer. Whether somebody is one, the guard of
//! commands has seen to.

use super::session::Session;
use super::{password, remember};
use crate::clock::now_ms;
use crate::db::{Db, blocking};
use crate::files;
use crate::hold::Settled;
use crate::paths::Paths;
use crate::secrets::{Secrets, service_keys};
use amoozgar_types::ApiError;
use amoozgar_types::id::{SessionId, UserId};
use amoozgar_types::ipc::{ResetPassword, SetRole};
use amoozgar_types::secret::SecretName;
use amoozgar_types::settings::Settings;
use amoozgar_types::user::User;
use std::path::{Path, PathBuf};

/// Removes a profile with its runs, models and datasets. Blocks.
pub fn delete(
    db: &Db,
    paths: &Paths,
    secrets: &Secrets,
    user_id: &UserId,
    _settled: &Settled,
) -> Result<(), ApiError> {
    let settings = db.now(|store| store.settings(user_id))?;
    // What is to be removed is known only while the rows are there.
    let folders = db.now(|store| store.job_folders(user_id))?;
    let datasets = db.now(|store| store.dataset_paths(user_id))?;
    db.now(|store| store.delete_user(user_id))?;
    forget_secrets(secrets, user_id, &settings);
    for folder in folders {
        remove(&PathBuf::from(folder.job_dir), &paths.jobs());
    }
    for dataset in datasets {
        remove(&PathBuf::from(dataset), &paths.datasets());
    }
    Ok(())
}

/// Removes a profile's secrets from the keyring. What the keyring refuses is left, and said in the log.
/// Blocks.
pub fn forget_secrets(secrets: &Secrets, owner: &UserId, settings: &Settings) {
    for name in [SecretName::HubToken, SecretName::ProxyPassword] {
        if let Err(failure) = secrets.delete(owner, name) {
            tracing::warn!(error = %failure, "a secret is left in the keyring");
        }
    }
    for service in &settings.services {
        if let Err(failure) = service_keys::set(owner, &service.service_id, "") {
            tracing::warn!(error = %failure, "a key is left in the keyring");
        }
    }
}

/// Forgets the remembered session where a removed profile had it.
pub async fn forget_removed(db: &Db, paths: &Paths) {
    remember::forget_orphan(paths, db).await;
}

/// Gives a profile another password, or none; its sessions end, but for this window's.
pub async fn reset_password(
    db: &Db,
    session: &Session,
    request: ResetPassword,
) -> Result<User, ApiError> {
    let ResetPassword { user_id, password } = request;
    let password = password::checked_password(password)?;
    let signed = session.signed();
    let db = db.clone();
    let user = blocking(move || {
        let hash = password
            .map(|password| password::hash(&password))
            .transpose()?;
        let keep = signed
            .filter(|signed| signed.user.user_id == user_id)
            .map(|signed| signed.session_id);
        db.now(|store| {
            let keep = keep.as_ref().map(SessionId::as_str);
            store.set_password(&user_id, hash.as_deref(), keep, now_ms())
        })
    })
    .await?;
    session.replace_user(&user);
    Ok(user)
}

/// Changes what a profile may do.
pub async fn set_role(db: &Db, session: &Session, request: SetRole) -> Result<User, ApiError> {
    let SetRole { user_id, role } = request;
    let user = db
        .call(move |store| store.set_role(&user_id, role, now_ms()))
        .await?;
    session.replace_user(&user);
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
