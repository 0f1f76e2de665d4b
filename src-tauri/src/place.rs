//! Where what grows large lies: in the data folder, or in a folder that `place.json` names there. The
//! pointer is outside of what moves, so that a program always finds it, and `--data-dir` and
//! `AMOOZGAR_DATA_DIR` name the folder that it is read from.

use crate::db::Db;
use crate::error::{self, io_error};
use crate::files;
use crate::paths::Paths;
use amoozgar_store::Moved;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

/// The folders that move.
pub const PARTS: [&str; 4] = ["jobs", "datasets", "models", "hub"];
/// The pointer, in the data folder.
pub const POINTER: &str = "place.json";
/// In a place that was moved to: that it is one. A disk that is not there has no such file.
pub const MARK: &str = ".amoozgar-place";
/// In a folder that is being moved to: that its content is no one's yet.
pub const HALF: &str = ".amoozgar-moving";

/// Commands that change what lies in the place. They are refused while it moves, or is not there.
const CHANGES: &[&str] = &[
    "training_create",
    "training_resume",
    "training_delete",
    "datasets_import",
    "datasets_delete",
    "downloads_enqueue",
    "downloads_resume",
    "downloads_retry",
    "downloads_cancel",
    "models_import",
    "models_delete",
    "cleanup_remove",
    "account_delete_user",
    "database_restore",
    "place_let_go",
    "place_move",
    "wipe_everything",
];

/// Whether what lies in the place may be changed now. Clones are the same.
#[derive(Debug, Clone)]
pub struct Hold {
    paths: Paths,
    moving: Arc<AtomicBool>,
}

impl Hold {
    /// Over the place in force.
    pub fn new(paths: &Paths) -> Self {
        Self {
            paths: paths.clone(),
            moving: Arc::default(),
        }
    }

    /// Refuses a command that would change what moves, or what is not there.
    pub fn permits(&self, command: &str) -> Result<(), ApiError> {
        if !CHANGES.contains(&command) {
            return Ok(());
        }
        if self.is_moving() {
            return Err(ApiError::new(ErrorCode::PlaceMoving));
        }
        if self.paths.place_is_there() {
            return Ok(());
        }
        Err(ApiError::with(
            ErrorCode::PlaceMissing,
            ErrorParams {
                path: Some(self.paths.place().display().to_string()),
                ..ErrorParams::default()
            },
        ))
    }

    /// Whether nothing new may begin by itself: a queued run, a waiting download.
    pub fn is_held(&self) -> bool {
        self.is_moving() || !self.paths.place_is_there()
    }

    /// Whether a move is under way.
    pub fn is_moving(&self) -> bool {
        self.moving.load(Ordering::SeqCst)
    }

    /// Holds everything until the answer is dropped.
    pub fn begin(&self) -> Result<Held, ApiError> {
        if self.moving.swap(true, Ordering::SeqCst) {
            return Err(ApiError::new(ErrorCode::PlaceMoving));
        }
        Ok(Held(Some(Arc::clone(&self.moving))))
    }
}

/// A move is under way.
pub struct Held(Option<Arc<AtomicBool>>);

impl Held {
    /// The hold lasts until the program ends.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(moving) = &self.0 {
            moving.store(false, Ordering::SeqCst);
        }
    }
}

/// What `place.json` says; nothing where it is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The folder of large things; the data folder where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<PathBuf>,
    /// The folder that they were moved from, kept until the user lets go of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<PathBuf>,
}

impl Place {
    /// Large things lie in `to`, and what was copied from `from` is kept.
    pub fn moved(root: &Path, from: &Path, to: &Path) -> Self {
        Self {
            place: (to != root).then(|| to.to_owned()),
            left: Some(from.to_owned()),
        }
    }

    /// The folder of large things.
    pub fn current<'a>(&'a self, root: &'a Path) -> &'a Path {
        self.place.as_deref().unwrap_or(root)
    }

    /// Whether that folder is there.
    pub fn is_there(&self, root: &Path) -> bool {
        self.place
            .as_deref()
            .is_none_or(|place| place == root || place.join(MARK).is_file())
    }

    /// The folder that is kept.
    pub fn left(&self) -> Option<&Path> {
        self.left.as_deref()
    }

    /// Puts this in force for every later start: the one moment at which a move happens.
    pub fn write(&self, root: &Path) -> Result<(), ApiError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|failure| error::internal("the place could not be encoded", &failure))?;
        files::write_atomically(&root.join(POINTER), &text)
    }
}

/// What is in force.
///
/// # Errors
/// Where the pointer is there but cannot be read: to go on without it would hide what it leads to.
pub fn read(root: &Path) -> Result<Place, ApiError> {
    let path = root.join(POINTER);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(failure) if failure.kind() == io::ErrorKind::NotFound => return Ok(Place::default()),
        Err(failure) => return Err(io_error(&path, &failure)),
    };
    serde_json::from_slice(&text).map_err(|failure| {
        let failure = io::Error::new(io::ErrorKind::InvalidData, failure);
        io_error(&path, &failure)
    })
}

/// Forgets the folder that was kept, and removes what was moved from it. Blocks.
pub fn let_go(paths: &Paths) -> Result<(), ApiError> {
    let Some(left) = paths.place_left().filter(|left| *left != paths.place()) else {
        return Ok(());
    };
    remove_parts(left)?;
    if left != paths.root() && fs::remove_dir(left).is_ok() {
        tracing::info!("the folder that was left is gone");
    }
    let mut place = read(paths.root())?;
    place.left = None;
    place.write(paths.root())
}

/// Removes what a place holds of this program, and nothing else.
pub fn remove_parts(place: &Path) -> Result<(), ApiError> {
    for part in PARTS {
        files::remove_dir(&place.join(part))?;
    }
    for name in [MARK, HALF] {
        let path = place.join(name);
        match fs::remove_file(&path) {
            Err(failure) if failure.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(&path, &failure));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Leads the database's paths to the present place, where they were written for another: after a move,
/// after a back-up from before one, and where the whole data folder lies elsewhere now. Blocks.
pub fn follow(paths: &Paths, db: &Db) -> Result<(), ApiError> {
    let now = paths.place().display().to_string();
    let written = db.now(amoozgar_store::Store::place)?;
    if written.as_ref() == Some(&now) {
        return Ok(());
    }
    // What never said where it was written for was written where the data folder is.
    let before = written.map_or_else(|| paths.root().to_owned(), PathBuf::from);
    let moved: Vec<Moved> = PARTS
        .iter()
        .map(|part| Moved {
            from: before.join(part).display().to_string(),
            to: paths.place().join(part).display().to_string(),
        })
        .filter(|moved| moved.from != moved.to)
        .collect();
    if !moved.is_empty() {
        tracing::info!(from = %before.display(), to = now, "paths are led to the present place");
    }
    db.now(|store| store.rebase(&moved, &now))?;
    // It said that the content was no one's yet, and may have outlived a crash after the move.
    match fs::remove_file(paths.place().join(HALF)) {
        Err(failure) if failure.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%failure, "a mark of the move is left");
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::CHANGES;
    use amoozgar_types::ipc::COMMANDS;

    #[test]
    fn what_is_held_while_the_place_moves_are_commands_of_the_contract() {
        for name in CHANGES {
            assert!(COMMANDS.contains(name), "`{name}` is no command");
        }
    }
}
