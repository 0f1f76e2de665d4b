//! Where what grows large lies: in the data folder, or in a folder that `place.json` names there. The
//! pointer is outside of what moves, so that a program always finds it, and `--data-dir` and
//! `AMOOZGAR_DATA_DIR` name the folder that it is read from.

use crate::error::{self, io_error};
use crate::files;
use amoozgar_types::ApiError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The folders that move.
pub const PARTS: [&str; 4] = ["jobs", "datasets", "models", "hub"];
/// The pointer, in the data folder.
pub const POINTER: &str = "place.json";
/// In a place that was moved to: that it is one. A disk that is not there has no such file.
pub const MARK: &str = ".amoozgar-place";
/// In a folder that is being moved to: that its content is no one's yet.
pub const HALF: &str = ".amoozgar-moving";

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

    /// The same, with no folder kept.
    pub fn without_left(self) -> Self {
        Self { left: None, ..self }
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
