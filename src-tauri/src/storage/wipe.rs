//! Removing everything: asked for in the window, done at the start that follows, before anything is
//! open. The mark that asks for it goes last, so that what a crash left is removed at the next start.
//!
//! A file of the mark's name asks for nothing by itself: it must hold a nonce whose hash the database
//! holds, which this program alone writes there when somebody has confirmed the wish. A file of that name
//! that came from elsewhere, or that outlived its database, removes nothing and is left where it is.
//! Where the database is damaged or gone the wish cannot be told from such a file either, and nothing is
//! removed: who wants it asks again. So the database goes last of all but the mark. It does not help
//! against a program that writes to the database, which could remove everything itself.
//!
//! Only what this program made is removed, by name: a data folder may hold what is others'.

use super::place::{remove_parts, remove_parts_of};
use crate::accounts::password::{new_token, token_hash};
use crate::accounts::{administration, remember};
use crate::clock::now_ms;
use crate::db::Db;
use crate::error::{self, io_error};
use crate::files::{self, within};
use crate::hold::Settled;
use crate::paths::place::POINTER;
use crate::paths::{DATABASE, Paths};
use crate::secrets::Secrets;
use crate::system::autostart;
use amoozgar_store::{Store, wished_to_wipe};
use amoozgar_types::ApiError;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Read;
use std::path::Path;

/// Asks for it, in the data folder.
const MARK: &str = "wipe";
/// A mark of this program's is far shorter.
const MOST_BYTES: u64 = 4096;
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

/// What the mark says.
#[derive(Serialize, Deserialize)]
struct Wish {
    /// Random, and known to nobody but the mark.
    nonce: String,
}

/// Asks for it at the next start. Blocks.
pub fn ask(paths: &Paths, db: &Db, _settled: &Settled) -> Result<(), ApiError> {
    let (nonce, hash) = new_token()?;
    let wish = Wish { nonce };
    let text = serde_json::to_vec(&wish)
        .map_err(|failure| error::internal("the wish could not be encoded", &failure))?;
    db.now(|store| store.wish_to_wipe(&hash))?;
    files::write_atomically(&paths.root().join(MARK), &text)
}

/// Whether the mark is there and this program's.
fn is_asked(paths: &Paths) -> bool {
    let mark = paths.root().join(MARK);
    if !fs::symlink_metadata(&mark).is_ok_and(|about| about.is_file()) {
        return false;
    }
    let wish = || -> Option<Wish> {
        let mut text = Vec::new();
        let file = fs::File::open(&mark).ok()?;
        file.take(MOST_BYTES).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    };
    let Some(wish) = wish() else {
        tracing::warn!(path = %mark.display(), "a file that is not this program's asks for nothing");
        return false;
    };
    match wished_to_wipe(&paths.database()) {
        Ok(Some(hash)) if hash == token_hash(&wish.nonce) => true,
        Ok(_) => {
            tracing::warn!(
                "the database knows of no wish to remove everything: nothing is removed"
            );
            false
        }
        Err(failure) => {
            tracing::warn!(%failure, "the wish to remove everything cannot be confirmed: nothing is removed");
            false
        }
    }
}

/// Does it where it was asked for; answers where things lie from now on. Blocks.
pub fn at_start(paths: Paths, secrets: &Secrets) -> Result<Paths, ApiError> {
    if !is_asked(&paths) {
        return Ok(paths);
    }
    forget_all(&paths, secrets);
    if let Some(left) = paths.place_left() {
        remove_parts_of(&paths, left)?;
    }
    remove_parts_of(&paths, paths.place())?;
    remove_parts(paths.root())?;
    remove_logs(&paths);
    let root = paths.root();
    for name in OF_THE_WEB_VIEW {
        within::remove_child(root, &root.join(name))?;
    }
    // The pointer after what only it leads to, the database after what only it confirms; of the database
    // its copies and companions first.
    within::remove_child(root, &root.join(POINTER))?;
    for entry in list(root)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(DATABASE) && name != DATABASE {
            within::remove_child(root, &entry)?;
        }
    }
    within::remove_child(root, &paths.database())?;
    files::sync_dir(root).map_err(|failure| io_error(root, &failure))?;
    within::remove_child(root, &root.join(MARK))?;
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
            && let Err(failure) = within::remove(paths.root(), &log)
        {
            tracing::debug!(error = %failure, "a log is left");
        }
    }
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, ApiError> {
    let listed = fs::read_dir(folder).map_err(|failure| io_error(folder, &failure))?;
    Ok(listed.flatten().map(|entry| entry.path()).collect())
}

#[cfg(test)]
#[path = "wipe_tests.rs"]
mod tests;
