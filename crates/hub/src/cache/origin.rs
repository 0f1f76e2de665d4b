//! Whose word it is that a snapshot is the commit it is named after. What a download brings was
//! compared with the Hub's list; what a bundle or another cache brings has only a manifest of its own.
//! An import is marked before its snapshot has its place, and the mark goes when the Hub has confirmed
//! every file. What stood here before there were marks came from the Hub.

use super::{Folder, read};
use crate::HubError;
use crate::api::{ListedFile, RemoteFile};
use crate::files;
use crate::repo::{Commit, FilePath, Oid, Repo, Revision};
use crate::verify::hash_file;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Whose word it is that a snapshot is the commit it is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The Hub's: every file has the hash that the Hub lists.
    Hub,
    /// That of a bundle or of another cache; the Hub has not confirmed it.
    Unverified,
}

/// What stands at a file's place in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Nothing,
    /// A link to the blob of the same hash, which may be gone or damaged.
    Named,
    /// The same bytes.
    Same,
    Other,
}

impl Folder {
    /// Whose word a commit here is.
    pub(crate) fn origin(&self, commit: &Commit) -> Origin {
        if fs::symlink_metadata(self.mark(commit)).is_ok() {
            Origin::Unverified
        } else {
            Origin::Hub
        }
    }

    /// Makes ready for an import, and answers with the places of the files whose bytes are missing. A
    /// commit that is not known yet is marked.
    ///
    /// # Errors
    /// [`HubError::KnownOtherwise`] where it would change anything that is known here; nothing was
    /// written then.
    pub(crate) fn begin_import(
        &self,
        repo: &Repo,
        commit: &Commit,
        revision: &Revision,
        wanted: &[RemoteFile],
    ) -> Result<HashSet<FilePath>, HubError> {
        let stand = self.admit(repo, commit, revision, wanted)?;
        self.create()?;
        if !self.snapshot_path(commit).is_dir() {
            files::create_dir_below(&self.path, &self.marks())?;
            files::write_durably(&self.mark(commit), b"")?;
            files::sync_dir(&self.marks())?;
        }
        let mut missing = HashSet::new();
        for file in wanted {
            let is_here = stand.contains(&file.path) || self.holds(commit, file)?;
            if !is_here {
                missing.insert(file.path.clone());
            }
        }
        Ok(missing)
    }

    /// Takes the mark again of an import that came to nothing.
    pub(crate) fn end_import(&self, commit: &Commit) -> Result<(), HubError> {
        if self.snapshot_path(commit).is_dir() {
            return Ok(());
        }
        files::remove(&self.mark(commit))
    }

    /// The places of those of `wanted` whose very bytes have their place in the snapshot.
    ///
    /// # Errors
    /// [`HubError::KnownOtherwise`] for another reference, another file, or one more of a commit that
    /// the Hub gave.
    fn admit(
        &self,
        repo: &Repo,
        commit: &Commit,
        revision: &Revision,
        wanted: &[RemoteFile],
    ) -> Result<HashSet<FilePath>, HubError> {
        let otherwise = |detail: String| HubError::KnownOtherwise {
            repo: repo.to_string(),
            detail,
        };
        if let Some(known) = self.read_ref(revision)?
            && known != *commit
        {
            return Err(otherwise(format!("`{revision}` is {known}, not {commit}")));
        }
        let is_new = !self.snapshot_path(commit).is_dir();
        let may_grow = is_new || self.origin(commit) == Origin::Unverified;
        let mut stand = HashSet::new();
        for file in wanted {
            match self.standing(commit, file)? {
                Standing::Same => {
                    stand.insert(file.path.clone());
                }
                Standing::Named => {}
                Standing::Nothing if may_grow => {}
                Standing::Nothing => {
                    return Err(otherwise(format!("{commit} has no `{}`", file.path)));
                }
                Standing::Other => {
                    return Err(otherwise(format!("{commit} has another `{}`", file.path)));
                }
            }
        }
        Ok(stand)
    }

    /// Takes the mark of a commit whose every file has the hash that the Hub lists.
    ///
    /// # Errors
    /// [`HubError::NotConfirmed`] for a file that the Hub does not have so; then the mark stays.
    pub(crate) fn confirm(
        &self,
        repo: &Repo,
        commit: &Commit,
        listed: &[ListedFile],
    ) -> Result<(), HubError> {
        let places = by_place(listed);
        for file in self.snapshot(commit)?.iter().flat_map(|one| &one.files) {
            let oid = places.get(file.path.as_str());
            let is_listed = match oid {
                Some(oid) => hash_file(&self.pointer(commit, &file.path), oid)? == oid.as_str(),
                None => false,
            };
            if !is_listed {
                return Err(HubError::NotConfirmed {
                    repo: repo.to_string(),
                    path: file.path.to_string(),
                });
            }
        }
        files::remove(&self.mark(commit))
    }

    /// Makes an imported commit the Hub's after a download of it: what the Hub does not list so loses
    /// its place, and the mark goes.
    pub(crate) fn settle_origin(
        &self,
        commit: &Commit,
        listed: &[ListedFile],
    ) -> Result<(), HubError> {
        if self.origin(commit) == Origin::Hub {
            return Ok(());
        }
        let places = by_place(listed);
        sweep(&self.snapshot_path(commit), "", &places)?;
        files::remove(&self.mark(commit))
    }

    /// Forgets the marks of commits that have no snapshot.
    pub(crate) fn forget_marks_of_nothing(&self) -> Result<(), HubError> {
        files::no_links(&self.path, &self.marks())?;
        for name in read::entries(&self.marks())? {
            if let Some(commit) = Commit::new(&name) {
                self.end_import(&commit)?;
            }
        }
        Ok(())
    }

    /// The folder of the marks.
    pub(super) fn marks(&self) -> PathBuf {
        self.path.join(".amoozgar-unverified")
    }

    fn mark(&self, commit: &Commit) -> PathBuf {
        self.marks().join(commit.as_str())
    }

    fn standing(&self, commit: &Commit, file: &RemoteFile) -> Result<Standing, HubError> {
        let pointer = self.pointer(commit, &file.path);
        let about = match fs::symlink_metadata(&pointer) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
            Err(source) => return Err(HubError::io(&pointer, source)),
        };
        let names_it = about.is_symlink()
            && fs::read_link(&pointer)
                .is_ok_and(|to| to.file_name() == self.blob(&file.oid).file_name());
        if names_it {
            return Ok(Standing::Named);
        }
        let is_same = fs::metadata(&pointer)
            .is_ok_and(|found| found.is_file() && found.len() == file.size_bytes)
            && hash_file(&pointer, &file.oid)? == file.oid.as_str();
        Ok(if is_same {
            Standing::Same
        } else {
            Standing::Other
        })
    }
}

/// Removes the files of a snapshot, or of a folder `prefix` of it, that the Hub does not list so.
fn sweep(dir: &Path, prefix: &str, places: &HashMap<&str, &Oid>) -> Result<(), HubError> {
    for name in read::entries(dir)? {
        let path = dir.join(&name);
        let place = format!("{prefix}{name}");
        let about = fs::symlink_metadata(&path).map_err(|source| HubError::io(&path, source))?;
        if about.is_dir() {
            sweep(&path, &format!("{place}/"), places)?;
            continue;
        }
        let is_listed = match places.get(place.as_str()) {
            Some(oid) if fs::metadata(&path).is_ok_and(|found| found.is_file()) => {
                hash_file(&path, oid)? == oid.as_str()
            }
            _ => false,
        };
        if !is_listed {
            tracing::warn!(path = %path.display(), "the Hub has no such file; it loses its place");
            files::remove(&path)?;
        }
    }
    Ok(())
}

fn by_place(listed: &[ListedFile]) -> HashMap<&str, &Oid> {
    listed
        .iter()
        .map(|file| (file.path.as_str(), &file.oid))
        .collect()
}
