//! What tasks left that did not come to their end: files and folders under names that are given only until
//! the real one. A task that begins again makes its own anew, so nothing is lost with them.

use super::room::{ON_ITS_WAY, Room, dirs_in, file_name, remove, repository};
use crate::files;
use crate::paths::DATABASE;
use crate::paths::place::{HALF, POINTER};
use crate::process::RunLock;
use amoozgar_types::ApiError;
use amoozgar_types::storage::{CleanupItem, CleanupTarget};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// How the engine's unfinished files and folders begin.
const UNFINISHED: &str = ".tmp-";
/// How unfinished files of shell, store and bundles end.
const PARTIAL: &str = ".partial";
/// How a repository begins that is being removed.
const REMOVED: &str = ".removed-";
/// How a model begins that is being imported.
const IMPORT: &str = ".import";

/// Something that was left.
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
    /// The folder of this program's that it lies in.
    home: PathBuf,
    /// What it belongs to, as people know it.
    name: String,
    /// Nobody goes on with it for as long as this is held.
    _held: Option<File>,
}

impl Leftover {
    /// As the list shows it.
    pub fn item(self) -> CleanupItem {
        CleanupItem {
            target: CleanupTarget::Leftover {
                path: self.path.display().to_string(),
            },
            size_bytes: files::size_of(&self.path),
            name: self.name,
            caution: None,
        }
    }
}

impl Room {
    /// What is left of one's own runs, and for administrators of everything else. Nothing that something
    /// live owns: a run at work, an import, a removal.
    pub(super) fn leftovers(&self) -> Result<Vec<Leftover>, ApiError> {
        let mut found = self.of_runs()?;
        if self.looks_after_everyone() {
            found.extend(self.of_program());
        }
        // Asked after the list was made: what begins now works under a name of its own.
        found.retain(|left| !self.hold.is_claimed(&left.path));
        Ok(found)
    }

    pub(super) fn remove_leftover(&self, path: &str) -> Result<Option<u64>, ApiError> {
        let found = self.leftovers()?;
        match found
            .iter()
            .find(|left| left.path.display().to_string() == path)
        {
            Some(left) => remove(&left.home, &left.path),
            None => Ok(None),
        }
    }

    fn of_runs(&self) -> Result<Vec<Leftover>, ApiError> {
        let mut found = Vec::new();
        for run in self.ended_runs()? {
            let (jobs, dir) = (self.paths.jobs(), PathBuf::from(&run.job_dir));
            if RunLock::is_taken(&dir) {
                continue;
            }
            for folder in [dir.clone(), dir.join("checkpoints"), dir.join("cache")] {
                let unfinished =
                    |name: &str| name.starts_with(UNFINISHED) || name.ends_with(PARTIAL);
                found.extend(entries(&folder, unfinished).map(|path| Leftover {
                    path,
                    home: jobs.clone(),
                    name: run.name.clone(),
                    _held: None,
                }));
            }
        }
        Ok(found)
    }

    fn of_program(&self) -> Vec<Leftover> {
        let (root, datasets, models) = (
            self.paths.root().to_owned(),
            self.paths.datasets(),
            self.paths.models(),
        );
        let ours = |name: &str| {
            let of = [DATABASE, POINTER, "wipe"]
                .iter()
                .any(|of| name.starts_with(of));
            of && name.ends_with(PARTIAL)
        };
        let named = |home: &Path, path: PathBuf| Leftover {
            name: file_name(&path),
            home: home.to_owned(),
            path,
            _held: None,
        };
        let mut found: Vec<Leftover> = entries(&root, ours)
            .map(|path| named(&root, path))
            .chain(
                entries(&datasets, |name| name.ends_with(PARTIAL))
                    .map(|path| named(&datasets, path)),
            )
            .chain(
                entries(&models, |name| name.starts_with(IMPORT)).map(|path| named(&models, path)),
            )
            .collect();
        found.extend(self.removed());
        found
    }

    /// Repositories whose removal did not come to its end, each held as a download holds its own.
    fn removed(&self) -> Vec<Leftover> {
        let cache = self.paths.hub_cache();
        dirs_in(&cache)
            .into_iter()
            .filter_map(|path| {
                let folder = file_name(&path);
                let of = folder.strip_prefix(REMOVED)?;
                let held = self.hold(&cache.join(of).join(ON_ITS_WAY))?;
                Some(Leftover {
                    name: repository(of),
                    home: cache.clone(),
                    path,
                    _held: Some(held),
                })
            })
            .collect()
    }
}

/// What lies in a folder under a name that fits. A mark of a move is the move's own.
fn entries(dir: &Path, fits: impl Fn(&str) -> bool) -> impl Iterator<Item = PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| name != HALF && fits(name))
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found.into_iter()
}
