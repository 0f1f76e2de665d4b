//! Making room: what could be removed, and removing what was chosen.
//!
//! A run that the database does not know, as after an older back-up took its place, is no rubbish: it is
//! offered with what it is, to be put on the list again (`jobs/adopt.rs`).
//!
//! Nothing of a run that has not ended is ever offered or removed: every target is looked up again
//! when it is removed, whatever the interface was shown before.

mod leftovers;
mod room;

pub use self::room::Room;

use self::leftovers::Leftover;
use self::room::{ON_ITS_WAY, dirs_in, file_name, remove, repository};
use crate::files::within;
use crate::hold::Settled;
use crate::jobs::adopt;
use crate::models::installed;
use crate::process::RunLock;
use crate::{error, files};
use amoozgar_store::JobFolder;
use amoozgar_types::ApiError;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::CleanupOutcome;
use amoozgar_types::storage::{Caution, CleanupItem, CleanupTarget};
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

impl Room {
    /// What could be removed to make room, largest first. Blocks.
    pub fn list(&self) -> Result<Vec<CleanupItem>, ApiError> {
        let mut items = Vec::new();
        for folder in self.ended_runs()? {
            items.extend(self.of_run(&folder)?);
        }
        items.extend(self.leftovers()?.into_iter().map(Leftover::item));
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
                Some(dir) => self.remove_of_run(&dir, &dir.join("cache")),
                None => Ok(None),
            },
            CleanupTarget::OrphanFolder { folder } => {
                self.require_administrator()?;
                match self
                    .orphan_folders()?
                    .into_iter()
                    .find(|dir| file_name(dir) == *folder)
                {
                    Some(dir) if installed::refuse_needed(&self.db, &dir, None).is_err() => {
                        Ok(None)
                    }
                    Some(dir) => remove(&self.paths.jobs(), &dir),
                    None => Ok(None),
                }
            }
            CleanupTarget::Leftover { path } => self.remove_leftover(path),
            CleanupTarget::PartialDownload { folder } => {
                self.require_administrator()?;
                let Some(dir) = self
                    .partial_dirs()
                    .into_iter()
                    .find(|dir| dir.parent().is_some_and(|of| file_name(of) == *folder))
                else {
                    return Ok(None);
                };
                match self.hold(&dir) {
                    Some(_held) => remove(&self.paths.hub_cache(), &dir),
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
        let freed_bytes = self.remove_of_run(&dir, Path::new(&checkpoint.path))?;
        if freed_bytes.is_some() {
            self.db
                .now(|store| store.delete_checkpoint(job_id, &checkpoint.path))?;
        }
        Ok(freed_bytes)
    }

    /// Removes what lies in a run's folder, which lies among the runs itself.
    fn remove_of_run(&self, dir: &Path, path: &Path) -> Result<Option<u64>, ApiError> {
        if !path.starts_with(dir) {
            tracing::warn!(path = %path.display(), "what lies outside of its run is left");
            return Ok(None);
        }
        remove(&self.paths.jobs(), path)
    }

    /// The folder of a run of one's own that has ended, as far as it lies among the runs.
    fn ended(&self, job_id: &JobId) -> Result<Option<PathBuf>, ApiError> {
        let job = self
            .db
            .now(|store| store.job(self.id(), job_id))?
            .ok_or_else(error::not_found)?;
        let dir = PathBuf::from(job.job_dir);
        let is_ours = within::is_inside(&self.paths.jobs(), &dir);
        Ok((job.record.status.has_ended() && is_ours).then_some(dir))
    }

    fn orphans(&self) -> Result<Vec<CleanupItem>, ApiError> {
        let items = self.orphan_folders()?.into_iter().map(|dir| {
            let folder = file_name(&dir);
            let run = adopt::name_of(&dir);
            CleanupItem {
                target: CleanupTarget::OrphanFolder {
                    folder: folder.clone(),
                },
                caution: run.is_some().then_some(Caution::UnlistedRun),
                name: run.unwrap_or(folder),
                size_bytes: files::size_of(&dir),
            }
        });
        Ok(items.collect())
    }

    /// Folders among the runs that belong to no row, and in which no process works.
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
            .filter(|dir| !RunLock::is_taken(dir))
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
}

#[cfg(test)]
#[path = "cleanup_tests.rs"]
mod tests;
