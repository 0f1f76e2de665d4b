//! What a move leaves to be done: the database's paths follow it at the next start, and the folder that
//! was left goes when its owner lets go of it.

use crate::db::Db;
use crate::files::within;
use crate::hold::Settled;
use crate::paths::Paths;
use crate::paths::place::{self, HALF, MARK, PARTS};
use amoozgar_store::Moved;
use amoozgar_types::ApiError;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Forgets the folder that was kept, and removes what was moved from it. Blocks.
pub fn let_go(paths: &Paths, _settled: &Settled) -> Result<(), ApiError> {
    let Some(left) = paths.place_left().filter(|left| *left != paths.place()) else {
        return Ok(());
    };
    remove_parts_of(paths, left)?;
    if left != paths.root() && fs::remove_dir(left).is_ok() {
        tracing::info!("the folder that was left is gone");
    }
    place::read(paths.root())?
        .without_left()
        .write(paths.root())
}

/// Removes what a place holds of this program. What `place.json` names is a place only where its mark says
/// so, or where it is the data folder: whoever writes another folder there has nothing of it removed.
pub fn remove_parts_of(paths: &Paths, place: &Path) -> Result<(), ApiError> {
    if place == paths.root() || place.join(MARK).is_file() {
        return remove_parts(place);
    }
    if PARTS.iter().any(|part| place.join(part).exists()) {
        tracing::warn!(path = %place.display(), "a folder that is no place of this program is left");
    }
    Ok(())
}

/// Removes what a place holds of this program, and nothing else.
pub fn remove_parts(place: &Path) -> Result<(), ApiError> {
    // The marks last: without them nobody would remove what a crash left.
    for name in PARTS.into_iter().chain([HALF, MARK]) {
        within::remove_child(place, &place.join(name))?;
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
