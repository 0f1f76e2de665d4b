//! What administrators do with the profiles of this computer. Whether somebody is one, the guard of
//! commands has seen to.

use super::session::Session;
use super::{password, remember};
use crate::clock::now_ms;
use crate::db::{Db, blocking};
use crate::files::within;
use crate::hold::Settled;
use crate::paths::Paths;
use crate::secrets::{Secrets, service_keys};
use amoozgar_types::ApiError;
use amoozgar_types::id::{SessionId, UserId};
use amoozgar_types::ipc::{ResetPassword, SetRole};
use amoozgar_types::secret::SecretName;
use amoozgar_types::settings::Settings;
use amoozgar_types::user::User;
use std::path::Path;

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
        remove(Path::new(&folder.job_dir), &paths.jobs());
    }
    for dataset in datasets {
        remove(Path::new(&dataset), &paths.datasets());
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

/// Removes what lies in one of the program's own folders, and nothing that a row names elsewhere.
fn remove(path: &Path, home: &Path) {
    if let Err(failure) = within::remove_child(home, path) {
        tracing::warn!(error = %failure, path = %path.display(), "a removed profile's file is left");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::delete;
    use crate::db::Db;
    use crate::hold::tests::settled;
    use crate::paths::Paths;
    use crate::secrets::{Secrets, tests::Memory};
    use amoozgar_store::Store;
    use amoozgar_types::TrainSpec;
    use amoozgar_types::user::{Role, User};
    use serde_json::json;
    use std::fs;

    #[test]
    fn a_removed_profiles_rows_remove_nothing_above_or_beside_the_runs() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::resolve(Some(dir.path().join("data"))).unwrap();
        paths.create().unwrap();
        let db = Db::new(Store::open(&paths.database(), 0).unwrap().store);
        let owner = db.now(|store| Ok(crate::test_rows::user(store))).unwrap();
        let admin: User = serde_json::from_value(json!({
            "user_id": "admin", "name": "مدیر", "has_password": false, "created_ms": 1
        }))
        .unwrap();
        db.now(|store| {
            store.insert_user(&admin, None, 1)?;
            store.set_role(&admin.user_id, Role::Administrator, 1)
        })
        .unwrap();
        let theirs = dir.path().join("theirs");
        fs::create_dir_all(&theirs).unwrap();
        let ours = paths.jobs().join("ours");
        fs::create_dir_all(&ours).unwrap();
        let spec: TrainSpec =
            serde_json::from_value(json!({ "dataset": { "train": "/t.txt" } })).unwrap();
        // The parent of the first is the runs' folder, and it is the data folder.
        for (id, path) in [
            ("up", paths.jobs().join("..")),
            ("beside", paths.jobs().join("../../theirs")),
            ("elsewhere", theirs.clone()),
            ("ours", ours.clone()),
        ] {
            let mut record = crate::test_rows::record(id);
            record.job_id = amoozgar_types::id::JobId::new(id);
            let path = path.display().to_string();
            db.now(|store| store.insert_job(&owner, &record, &spec, &path))
                .unwrap();
        }
        let secrets = Secrets::new(Box::<Memory>::default());
        delete(&db, &paths, &secrets, &owner, &settled()).unwrap();
        assert!(paths.datasets().is_dir(), "the data folder is there");
        assert!(theirs.is_dir());
        assert!(!ours.exists(), "its own run is gone");
    }
}
