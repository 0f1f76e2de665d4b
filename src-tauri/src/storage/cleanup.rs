//! Making room: what could be removed, and removing what was chosen.
//!
//! Nothing of a run that has not ended is ever offered or removed: every target is looked up again
//! when it is removed, whatever the interface was shown before.

use crate::db::Db;
use crate::hold::Settled;
use crate::paths::Paths;
use crate::{error, files};
use amoozgar_store::JobFolder;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::CleanupOutcome;
use amoozgar_types::storage::{Caution, CleanupItem, CleanupTarget};
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ApiError, ErrorCode};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What is on its way in a repository's folder.
const ON_ITS_WAY: &str = ".amoozgar";

/// What is looked through, and for whom.
pub struct Room {
    /// Where runs are listed.
    pub db: Db,
    /// Where folders lie.
    pub paths: Paths,
    /// Who may remove what is theirs, and as an administrator what is nobody's.
    pub user: User,
}

impl Room {
    /// What could be removed to make room, largest first. Blocks.
    pub fn list(&self) -> Result<Vec<CleanupItem>, ApiError> {
        let mut items = Vec::new();
        for folder in self.db.now(|store| store.job_folders(self.id()))? {
            if folder.status.has_ended() {
                items.extend(self.of_run(&folder)?);
            }
        }
        if self.looks_after_everyone() {
            items.extend(self.orphans()?);
            items.extend(self.partial_downloads());
        }
        items.retain(|item| item.size_bytes > 0);
        items.sort_by_key(|item| std::cmp::Reverse(item.size_bytes));
        Ok(items)
    }

    /// Removes what was chosen. What is gone or in use by now is counted, not an error. Blocks.
    pub fn remove(
        &self,
        targets: &[CleanupTarget],
        _settled: &Settled,
    ) -> Result<CleanupOutcome, ApiError> {
        let mut outcome = CleanupOutcome {
            n_removed: 0,
            freed_bytes: 0,
            n_skipped: 0,
        };
        for target in targets {
            match self.remove_one(target)? {
                Some(freed_bytes) => {
                    outcome.n_removed += 1;
                    outcome.freed_bytes += freed_bytes;
                }
                None => outcome.n_skipped += 1,
            }
        }
        Ok(outcome)
    }

    /// Bytes that became free; `None` where there is nothing to remove, or it is in use.
    fn remove_one(&self, target: &CleanupTarget) -> Result<Option<u64>, ApiError> {
        match target {
            CleanupTarget::Checkpoint { job_id, step } => self.remove_checkpoint(job_id, *step),
            CleanupTarget::JobCache { job_id } => match self.ended(job_id)? {
                Some(dir) => remove_dir(&dir.join("cache")).map(Some),
                None => Ok(None),
            },
            CleanupTarget::OrphanFolder { folder } => {
                self.require_administrator()?;
                match self
                    .orphan_folders()?
                    .into_iter()
                    .find(|dir| dir.ends_with(folder))
                {
                    Some(dir) => remove_dir(&dir).map(Some),
                    None => Ok(None),
                }
            }
            CleanupTarget::PartialDownload { folder } => {
                self.require_administrator()?;
                let Some(dir) = self.partial_dirs().into_iter().find(|dir| {
                    dir.parent()
                        .is_some_and(|repository| repository.ends_with(folder))
                }) else {
                    return Ok(None);
                };
                match self.hold(&dir) {
                    Some(_held) => remove_dir(&dir).map(Some),
                    None => Ok(None),
                }
            }
        }
    }

    fn of_run(&self, folder: &JobFolder) -> Result<Vec<CleanupItem>, ApiError> {
        let checkpoints = self.db.now(|store| store.checkpoints(&folder.job_id))?;
        let last = checkpoints.iter().map(|checkpoint| checkpoint.step).max();
        let mut items: Vec<CleanupItem> = checkpoints
            .iter()
            .map(|checkpoint| CleanupItem {
                target: CleanupTarget::Checkpoint {
                    job_id: folder.job_id.clone(),
                    step: checkpoint.step,
                },
                name: folder.name.clone(),
                size_bytes: files::size_of(Path::new(&checkpoint.path)),
                caution: if checkpoint.best {
                    Some(Caution::BestCheckpoint)
                } else {
                    (Some(checkpoint.step) == last).then_some(Caution::LastCheckpoint)
                },
            })
            .collect();
        items.push(CleanupItem {
            target: CleanupTarget::JobCache {
                job_id: folder.job_id.clone(),
            },
            name: folder.name.clone(),
            size_bytes: files::size_of(&Path::new(&folder.job_dir).join("cache")),
            caution: None,
        });
        Ok(items)
    }

    fn remove_checkpoint(&self, job_id: &JobId, step: u64) -> Result<Option<u64>, ApiError> {
        let Some(dir) = self.ended(job_id)? else {
            return Ok(None);
        };
        let checkpoints = self.db.now(|store| store.checkpoints(job_id))?;
        let Some(checkpoint) = checkpoints
            .iter()
            .find(|checkpoint| checkpoint.step == step)
        else {
            return Ok(None);
        };
        let path = Path::new(&checkpoint.path);
        if !path.starts_with(&dir) {
            tracing::warn!(path = %path.display(), "a checkpoint outside of its run is left");
            return Ok(None);
        }
        let freed_bytes = remove_dir(path)?;
        self.db
            .now(|store| store.delete_checkpoint(job_id, &checkpoint.path))?;
        Ok(Some(freed_bytes))
    }

    /// The folder of a run of one's own that has ended.
    fn ended(&self, job_id: &JobId) -> Result<Option<PathBuf>, ApiError> {
        let job = self
            .db
            .now(|store| store.job(self.id(), job_id))?
            .ok_or_else(error::not_found)?;
        Ok(job
            .record
            .status
            .has_ended()
            .then(|| PathBuf::from(job.job_dir)))
    }

    fn orphans(&self) -> Result<Vec<CleanupItem>, ApiError> {
        let items = self.orphan_folders()?.into_iter().map(|dir| {
            let folder = file_name(&dir);
            CleanupItem {
                target: CleanupTarget::OrphanFolder {
                    folder: folder.clone(),
                },
                name: folder,
                size_bytes: files::size_of(&dir),
                caution: None,
            }
        });
        Ok(items.collect())
    }

    /// Folders among the runs that belong to none.
    fn orphan_folders(&self) -> Result<Vec<PathBuf>, ApiError> {
        // Listed before the rows are read: a run that is made in between has a row by then.
        let dirs = dirs_in(&self.paths.jobs());
        let known: HashSet<OsString> = self
            .db
            .now(amoozgar_store::Store::all_job_dirs)?
            .iter()
            .filter_map(|dir| Path::new(dir).file_name().map(OsString::from))
            .collect();
        Ok(dirs
            .into_iter()
            .filter(|dir| dir.file_name().is_some_and(|name| !known.contains(name)))
            .collect())
    }

    fn partial_downloads(&self) -> Vec<CleanupItem> {
        self.partial_dirs()
            .into_iter()
            .filter(|dir| self.hold(dir).is_some())
            .filter_map(|dir| {
                let folder = file_name(dir.parent()?);
                Some(CleanupItem {
                    name: repository(&folder),
                    target: CleanupTarget::PartialDownload { folder },
                    size_bytes: files::size_of(&dir),
                    caution: Some(Caution::StartsAnew),
                })
            })
            .collect()
    }

    fn partial_dirs(&self) -> Vec<PathBuf> {
        dirs_in(&self.paths.hub_cache())
            .into_iter()
            .map(|repository| repository.join(ON_ITS_WAY))
            .filter(|dir| dir.is_dir())
            .collect()
    }

    /// The lock that a download holds on its repository, unless one does now.
    fn hold(&self, partial: &Path) -> Option<File> {
        let folder = partial.parent()?.file_name()?;
        let dir = self.paths.hub_cache().join(".locks").join(folder);
        fs::create_dir_all(&dir).ok()?;
        let file = File::create(dir.join("amoozgar.lock")).ok()?;
        file.try_lock().is_ok().then_some(file)
    }

    fn id(&self) -> &UserId {
        &self.user.user_id
    }

    fn looks_after_everyone(&self) -> bool {
        self.user.role == Role::Administrator
    }

    fn require_administrator(&self) -> Result<(), ApiError> {
        if self.looks_after_everyone() {
            Ok(())
        } else {
            Err(ApiError::new(ErrorCode::NotPermitted))
        }
    }
}

/// Bytes that the folder took.
fn remove_dir(dir: &Path) -> Result<u64, ApiError> {
    let size_bytes = files::size_of(dir);
    files::remove_dir(dir)?;
    Ok(size_bytes)
}

fn dirs_in(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut dirs: Vec<_> = entries
        .filter_map(Result::ok)
        // A link is not followed: what it leads to is not ours.
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    dirs.sort();
    dirs
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// `models--owner--name` as people know it.
fn repository(folder: &str) -> String {
    match folder.split_once("--") {
        Some((_, name)) => name.replace("--", "/"),
        None => folder.to_owned(),
    }
}

#[cfg(test)]
#[path = "cleanup_tests.rs"]
mod tests;
