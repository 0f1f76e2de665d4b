//! Where things live: the data folder and what is in it, and the bundled resources.
//!
//! What grows large (runs, datasets, models, downloads) may lie in another folder than the rest, which
//! [`place`] names.

pub mod place;

use self::place::{PARTS, Place};
use crate::error::io_error;
use crate::files::{self, modes};
use amoozgar_types::id::JobId;
use amoozgar_types::{ApiError, ErrorCode};
use std::env;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The application's identifier, which names its folder among the user's data.
pub const IDENTIFIER: &str = "ir.amoozgar.app";

/// The database's file. Its companions and every copy of it that the program makes begin with this.
pub const DATABASE: &str = "amoozgar.db";

/// The specification's name in a run's folder.
pub const JOB_FILE: &str = "job.json";

/// The name of the log for people in a run's folder.
pub const LOG_FILE: &str = "log.txt";

/// The data folder, and the place of what grows large.
#[derive(Debug, Clone)]
pub struct Paths {
    root: PathBuf,
    place: Place,
}

impl Paths {
    /// The folder given, else `AMOOZGAR_DATA_DIR`, else the platform's place for application data.
    pub fn resolve(given: Option<PathBuf>) -> Result<Self, ApiError> {
        let root = given
            .or_else(|| {
                env::var_os("AMOOZGAR_DATA_DIR")
                    .filter(|dir| !dir.is_empty())
                    .map(PathBuf::from)
            })
            .or_else(|| dirs::data_dir().map(|dir| dir.join(IDENTIFIER)))
            .ok_or_else(|| {
                ApiError::detail(
                    ErrorCode::Io,
                    "the home folder is unknown; set AMOOZGAR_DATA_DIR",
                )
            })?;
        let root = std::path::absolute(&root).map_err(|error| io_error(&root, &error))?;
        let place = place::read(&root)?;
        Ok(Self { root, place })
    }

    /// Makes the folders that the program writes to; none where the place of large things is not
    /// there, since a disk that was not plugged in must not be taken for an empty one.
    pub fn create(&self) -> Result<(), ApiError> {
        files::create_dir(&self.logs())?;
        if self.place.is_there(&self.root) {
            for dir in [self.jobs(), self.datasets()] {
                files::create_dir(&dir)?;
            }
        }
        Ok(())
    }

    /// Holds the data folder for this process: two windows over one folder would end each other's
    /// runs. The lock lasts as long as the file is open.
    pub fn lock(&self) -> Result<File, ApiError> {
        let path = self.root.join("amoozgar.lock");
        let file = File::create(&path).map_err(|error| io_error(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(ApiError::detail(
                ErrorCode::InvalidState,
                format!("another window uses `{}`", self.root.display()),
            )),
            Err(TryLockError::Error(error)) => {
                // Some network file systems know no locks; better unguarded than not at all.
                tracing::warn!(%error, path = %path.display(), "the data folder cannot be locked");
                Ok(file)
            }
        }
    }

    /// [`Self::lock`], tried again for a while. Blocks.
    pub fn lock_within(&self, limit: Duration) -> Result<File, ApiError> {
        let deadline = Instant::now() + limit;
        loop {
            match self.lock() {
                Err(held) if held.code == ErrorCode::InvalidState && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                other => return other,
            }
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of what grows large: the root, or another that was chosen.
    pub fn place(&self) -> &Path {
        self.place.current(&self.root)
    }

    /// Whether that folder is there. It is not while its disk is not plugged in.
    pub fn place_is_there(&self) -> bool {
        self.place.is_there(&self.root)
    }

    /// Whether others can read nothing of what lies there. A start has closed it, as far as its file
    /// system keeps modes.
    pub fn place_is_private(&self) -> bool {
        self.place() == self.root && modes::is_closed(&self.root)
            || PARTS
                .iter()
                .all(|part| modes::is_closed(&self.place().join(part)))
    }

    /// The folder that large things were moved from, while it is kept.
    pub fn place_left(&self) -> Option<&Path> {
        self.place.left()
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    /// All runs.
    pub fn jobs(&self) -> PathBuf {
        self.place().join("jobs")
    }

    /// One run.
    pub fn job(&self, job_id: &JobId) -> PathBuf {
        self.jobs().join(job_id.as_str())
    }

    /// Imported datasets.
    pub fn datasets(&self) -> PathBuf {
        self.place().join("datasets")
    }

    /// Downloaded models and datasets, in the Hub's own cache layout.
    pub fn hub(&self) -> PathBuf {
        self.place().join("hub")
    }

    /// Where downloads go: the cache that the environment names for all programs, else our own.
    pub fn hub_cache(&self) -> PathBuf {
        amoozgar_hub::named_cache().unwrap_or_else(|| self.hub())
    }

    /// Imported models.
    pub fn models(&self) -> PathBuf {
        self.place().join("models")
    }

    /// The program's own logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }
}

/// A repository that came into the cache which the environment names for all programs is the user's, as
/// theirs are: it gets the modes that the user's mask gives, not the closed ones of this program's own
/// folders. `snapshot` is the folder of a revision.
pub fn open_named_cache(snapshot: &Path) {
    let Some(root) = amoozgar_hub::named_cache() else {
        return;
    };
    let Some(repository) = snapshot.ancestors().nth(2) else {
        return;
    };
    let Some(name) = repository
        .file_name()
        .filter(|_| repository.starts_with(&root))
    else {
        return;
    };
    let locks = root.join(".locks");
    let opened = [root.as_path(), &locks]
        .into_iter()
        .try_for_each(modes::itself_as_the_user_would)
        .and_then(|()| modes::as_the_user_would(repository))
        .and_then(|()| modes::as_the_user_would(&locks.join(name)));
    if let Err(failure) = opened {
        tracing::warn!(%failure, path = %repository.display(), "other users may not read it");
    }
}

/// The folder of the bundled datasets: `AMOOZGAR_RESOURCES` where that is set, else whichever holds
/// more of the installed resources and the `data` folder of a source tree around the executable.
pub fn resources(installed: Option<PathBuf>) -> Option<PathBuf> {
    if let Some(dir) = env::var_os("AMOOZGAR_RESOURCES").filter(|dir| !dir.is_empty()) {
        return Some(PathBuf::from(dir));
    }
    let mut candidates = Vec::new();
    #[cfg(debug_assertions)]
    candidates.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("data"));
    candidates.extend(installed.map(|dir| dir.join("data")));
    if let Ok(executable) = env::current_exe() {
        candidates.extend(executable.ancestors().skip(1).map(|dir| dir.join("data")));
    }
    let holding = |file: &str| candidates.iter().find(|dir| dir.join(file).is_file());
    holding("fetched/hafez/train.txt")
        .or_else(|| holding("stories.txt"))
        .cloned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Paths;
    use amoozgar_types::ErrorCode;

    #[test]
    fn a_data_folder_serves_one_window_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
        paths.create().unwrap();
        let held = paths.lock().unwrap();
        assert_eq!(
            paths.lock().unwrap_err().code,
            ErrorCode::InvalidState,
            "the second is refused"
        );
        drop(held);
        assert!(paths.lock().is_ok(), "free again once the first is gone");
    }
}
