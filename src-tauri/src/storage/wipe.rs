//! Removing everything: asked for in the window, done at the start that follows, before anything is
//! open. The mark that asks for it goes last, so that what a crash left is removed at the next start.
//!
//! Only what this program made is removed, by name: a data folder may hold what is others'.

use super::place::remove_parts;
use crate::accounts::{administration, remember};
use crate::clock::now_ms;
use crate::error::io_error;
use crate::files;
use crate::hold::Settled;
use crate::paths::place::POINTER;
use crate::paths::{DATABASE, Paths};
use crate::secrets::Secrets;
use crate::system::autostart;
use amoozgar_store::Store;
use amoozgar_types::ApiError;
use std::path::Path;
use std::{fs, io};

/// Asks for it, in the data folder.
const MARK: &str = "wipe";
/// The files of the web view, where they are kept in the data folder.
const OF_THE_WEB_VIEW: &[&str] = &[
    "localstorage",
    "storage",
    "databases",
    "serviceworkers",
    "mediakeys",
    "deviceidhashsalts",
    "WebKitCache",
    "CacheStorage",
    "hsts-storage.sqlite",
];

/// Asks for it at the next start.
pub fn ask(paths: &Paths, _settled: &Settled) -> Result<(), ApiError> {
    files::write_atomically(&paths.root().join(MARK), b"everything\n")
}

/// Does it where it was asked for; answers where things lie from now on. Blocks.
pub fn at_start(paths: Paths, secrets: &Secrets) -> Result<Paths, ApiError> {
    let mark = paths.root().join(MARK);
    if !mark.is_file() {
        return Ok(paths);
    }
    forget_all(&paths, secrets);
    if let Some(left) = paths.place_left() {
        remove_parts(left)?;
    }
    remove_parts(paths.place())?;
    remove_parts(paths.root())?;
    remove_logs(&paths);
    for entry in list(paths.root())? {
        let name = entry.file_name().map(|name| name.to_string_lossy());
        let name = name.unwrap_or_default();
        if OF_THE_WEB_VIEW.contains(&name.as_ref()) {
            remove(&entry)?;
        }
    }
    // The database after what only it leads to, the pointer after what only it leads to.
    for entry in list(paths.root())? {
        let is_database = entry
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(DATABASE));
        if is_database {
            remove(&entry)?;
        }
    }
    remove(&paths.root().join(POINTER))?;
    files::sync_dir(paths.root()).map_err(|failure| io_error(paths.root(), &failure))?;
    remove(&mark)?;
    tracing::info!("everything was removed, as was asked for");
    let paths = Paths::resolve(Some(paths.root().to_owned()))?;
    paths.create()?;
    Ok(paths)
}

/// The keyring's part: the database knows whose secrets there are, so it is read first.
fn forget_all(paths: &Paths, secrets: &Secrets) {
    if paths.database().is_file() {
        let read = || {
            let store = Store::open(&paths.database(), now_ms())?.store;
            let users = store.list_users()?;
            users
                .into_iter()
                .map(|user| Ok((store.settings(&user.user_id)?, user.user_id)))
                .collect::<Result<Vec<_>, amoozgar_store::StoreError>>()
        };
        match read() {
            Ok(users) => {
                for (settings, user_id) in users {
                    administration::forget_secrets(secrets, &user_id, &settings);
                }
            }
            Err(failure) => tracing::warn!(%failure, "whose secrets there are is not known"),
        }
    }
    if let Err(failure) = remember::forget_now(paths) {
        tracing::info!(error = %failure, "no remembered session could be forgotten");
    }
    if autostart::state() == Some(true)
        && let Err(failure) = autostart::set(autostart::Wanted::Off)
    {
        tracing::warn!(error = %failure, "the program still starts with the system");
    }
}

/// The log of this start is open, which some systems do not let go of.
fn remove_logs(paths: &Paths) {
    for log in list(&paths.logs()).unwrap_or_default() {
        if log.extension().is_some_and(|ending| ending == "log")
            && let Err(failure) = remove(&log)
        {
            tracing::debug!(error = %failure, "a log is left");
        }
    }
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, ApiError> {
    let listed = fs::read_dir(folder).map_err(|failure| io_error(folder, &failure))?;
    Ok(listed.flatten().map(|entry| entry.path()).collect())
}

fn remove(path: &Path) -> Result<(), ApiError> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(failure) if failure.kind() != io::ErrorKind::NotFound => Err(io_error(path, &failure)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{ask, at_start};
    use crate::hold::Hold;
    use crate::paths::Paths;
    use crate::secrets::{Secrets, tests::Memory};
    use std::fs;

    #[test]
    fn everything_of_ours_goes_and_what_is_others_stays() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("big");
        let root = dir.path().join("data");
        fs::create_dir_all(elsewhere.join("jobs/a")).unwrap();
        fs::create_dir_all(root.join("datasets")).unwrap();
        fs::write(elsewhere.join(crate::paths::place::MARK), "").unwrap();
        fs::write(elsewhere.join("mine.txt"), "not the program's").unwrap();
        for name in ["amoozgar.db-wal", "amoozgar.db.replaced-1", "mine.txt"] {
            fs::write(root.join(name), "x").unwrap();
        }
        let pointer = serde_json::json!({ "place": elsewhere });
        fs::write(root.join("place.json"), pointer.to_string()).unwrap();
        let paths = Paths::resolve(Some(root.clone())).unwrap();
        let secrets = Secrets::new(Box::<Memory>::default());
        paths.create().unwrap();
        let paths = at_start(paths, &secrets).unwrap();
        assert!(elsewhere.join("jobs").is_dir(), "nothing was asked for");
        ask(&paths, &Hold::new(&paths).settled().unwrap()).unwrap();
        let paths = at_start(paths, &secrets).unwrap();
        assert_eq!(paths.place(), root, "where everything begins");
        let left = |folder: &std::path::Path| {
            let mut names: Vec<_> = fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(left(&elsewhere), ["mine.txt"], "the other place");
        assert_eq!(left(&root), ["datasets", "jobs", "logs", "mine.txt"]);
    }
}
