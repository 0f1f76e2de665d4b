//! What a repository's folder in a cache holds: its references, its snapshots, and how much it takes.
//! Whoever made the folder may have laid traps in it. So links are followed only to blobs, nothing
//! but a regular file is opened, and what is no reference or no file of ours is passed over.

use super::{CachedFile, CachedRepo, Folder, Snapshot};
use crate::HubError;
use crate::files;
use crate::repo::{Commit, FilePath, Oid, Repo, Revision};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// A reference is a commit's hash and perhaps a line end.
const REFERENCE_LIMIT_BYTES: u64 = 256;

impl Folder {
    /// The commit that a revision's reference names.
    pub(crate) fn read_ref(&self, revision: &Revision) -> Result<Option<Commit>, HubError> {
        let path = self.path.join("refs").join(revision.as_str());
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => read_commit(&path),
            Ok(_) => Ok(None),
            Err(error) if is_nothing(&error) => Ok(None),
            Err(source) => Err(HubError::io(&path, source)),
        }
    }

    /// The snapshot of a commit; `None` where it is not there, or a file of it is not.
    pub(super) fn snapshot(&self, commit: &Commit) -> Result<Option<Snapshot>, HubError> {
        let path = self.snapshot_path(commit);
        files::no_links(&self.path, &path)?;
        if !path.is_dir() {
            return Ok(None);
        }
        let mut files = Vec::new();
        let whole = self.collect(&path, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((whole && !files.is_empty()).then(|| Snapshot {
            path,
            commit: commit.clone(),
            origin: self.origin(commit),
            files,
        }))
    }

    /// Adds the files of a snapshot that lie below `dir`, whose place in it is `prefix`; `false` where
    /// one is missing. A file whose name not every system can write is left out: other programs fetch
    /// what nobody needs.
    fn collect(
        &self,
        dir: &Path,
        prefix: &str,
        found: &mut Vec<CachedFile>,
    ) -> Result<bool, HubError> {
        for name in entries(dir)? {
            let path = dir.join(&name);
            let fail = |source| HubError::io(&path, source);
            let place = format!("{prefix}{name}");
            let kind = fs::symlink_metadata(&path).map_err(fail)?;
            if kind.is_dir() {
                if !self.collect(&path, &format!("{place}/"), found)? {
                    return Ok(false);
                }
                continue;
            }
            let target = match fs::canonicalize(&path) {
                Ok(target) => target,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(source) => return Err(HubError::io(&path, source)),
            };
            let oid = if kind.is_symlink() {
                let blobs = fs::canonicalize(self.blobs()).map_err(fail)?;
                if !target.starts_with(&blobs) {
                    return Err(HubError::UnsafeCache { path });
                }
                target
                    .file_name()
                    .and_then(|name| Oid::parse(name.to_str()?))
            } else {
                None
            };
            let about = fs::metadata(&target).map_err(fail)?;
            if !about.is_file() {
                return Err(HubError::NotRegular { path });
            }
            let Ok(place) = FilePath::new(&place) else {
                tracing::debug!(path = %path.display(), "not every system can write this name");
                continue;
            };
            found.push(CachedFile {
                path: place,
                size_bytes: about.len(),
                oid,
            });
        }
        Ok(true)
    }

    pub(super) fn scan(&self, repo: Repo) -> Result<CachedRepo, HubError> {
        let refs_dir = self.path.join("refs");
        let mut refs = BTreeMap::new();
        collect_refs(&refs_dir, "", &mut refs)?;
        let mut snapshots = Vec::new();
        for name in entries(&self.path.join("snapshots"))? {
            if let Some(commit) = Commit::new(&name) {
                snapshots.extend(self.snapshot(&commit)?);
            }
        }
        let real_files = snapshots
            .iter()
            .flat_map(|snapshot| &snapshot.files)
            .filter(|file| file.oid.is_none());
        let size_bytes =
            sizes(&self.blobs())? + real_files.map(|file| file.size_bytes).sum::<u64>();
        Ok(CachedRepo {
            repo,
            refs,
            snapshots,
            size_bytes,
            partial_bytes: sizes(&self.partial())?,
        })
    }
}

fn collect_refs(
    dir: &Path,
    prefix: &str,
    refs: &mut BTreeMap<String, Commit>,
) -> Result<(), HubError> {
    for name in entries(dir)? {
        let path = dir.join(&name);
        let full = format!("{prefix}{name}");
        let kind = fs::symlink_metadata(&path).map_err(|source| HubError::io(&path, source))?;
        if kind.is_dir() {
            collect_refs(&path, &format!("{full}/"), refs)?;
        } else if kind.is_file()
            && let Some(commit) = read_commit(&path)?
        {
            refs.insert(full, commit);
        }
    }
    Ok(())
}

/// The commit that a reference's file names; `None` where it names none.
fn read_commit(path: &Path) -> Result<Option<Commit>, HubError> {
    let mut bytes = Vec::new();
    files::open_regular(path)
        .and_then(|file| file.take(REFERENCE_LIMIT_BYTES).read_to_end(&mut bytes))
        .map_err(|source| HubError::io(path, source))?;
    Ok(std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| Commit::new(text.trim())))
}

/// Whether there is nothing at a path: no such file, or a file where a folder would have to be.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The names in a folder, in order; none where the folder is not there. A name that is no Unicode is
/// nobody's.
pub(super) fn entries(dir: &Path) -> Result<Vec<String>, HubError> {
    let fail = |source| HubError::io(dir, source);
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(fail(source)),
    };
    let mut names = Vec::new();
    for entry in listing {
        names.extend(entry.map_err(fail)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn sizes(dir: &Path) -> Result<u64, HubError> {
    let sizes = entries(dir)?.into_iter().map(|name| {
        let path = dir.join(name);
        fs::symlink_metadata(&path)
            .map(|found| found.len())
            .map_err(|source| HubError::io(&path, source))
    });
    sizes.sum()
}
