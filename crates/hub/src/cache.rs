//! Files in the Hub's own layout, so that other tools find ours and we find theirs:
//!
//! ```text
//! models--owner--name/blobs/<hash>             the bytes, each content once
//!                     refs/<revision>          the commit's hash
//!                     snapshots/<commit>/…     links to blobs, or real files where there are no links
//!                     .amoozgar/<hash>.part    bytes that are on their way, and their .state
//!                     .amoozgar-unverified/<commit>   an import's snapshot, until the Hub confirmed it
//! ```
//!
//! A blob is in its place only after its hash was found right, links come after all blobs, and the
//! reference comes last: who follows a reference finds a whole snapshot. Nothing is ever written
//! through a link that is found inside a repository's folder. What the Hub gave changes only by the
//! Hub's word: an import adds what was not known and replaces nothing ([`Origin`]).

mod origin;
mod read;

pub use origin::Origin;

use crate::HubError;
use crate::api::RemoteFile;
use crate::files;
use crate::partial;
use crate::repo::{Commit, FilePath, Oid, Repo, Revision};
use crate::verify::hash_file;
use read::entries;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A cache's folder.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    links: Links,
}

/// How a snapshot's files come to their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Links where the file system has them.
    Auto,
    /// Real files.
    Never,
}

/// A whole snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Its folder, with the files at their names.
    pub path: PathBuf,
    /// Its commit.
    pub commit: Commit,
    /// Whose word it is that these are the files of this commit.
    pub origin: Origin,
    /// Its files.
    pub files: Vec<CachedFile>,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CachedFile {
    /// Its place in the repository.
    pub path: FilePath,
    /// Its length.
    pub size_bytes: u64,
    /// What its bytes hash to, as far as its blob's name tells.
    pub oid: Option<Oid>,
}

/// A repository in a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CachedRepo {
    /// Which.
    pub repo: Repo,
    /// Its references and their commits.
    pub refs: BTreeMap<String, Commit>,
    /// Its snapshots.
    pub snapshots: Vec<Snapshot>,
    /// Bytes on the disk, each content once.
    pub size_bytes: u64,
    /// Bytes of files that are on their way.
    pub partial_bytes: u64,
}

/// What was found in a cache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Its repositories, by name.
    pub repos: Vec<CachedRepo>,
    /// Folders that cannot be read as one, and why.
    pub problems: Vec<(PathBuf, String)>,
}

impl Cache {
    /// The cache in `root`, which need not be there yet.
    pub fn new(root: impl Into<PathBuf>, links: Links) -> Self {
        Self {
            root: root.into(),
            links,
        }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The whole snapshot of a revision; `None` where there is none.
    ///
    /// # Errors
    /// [`HubError::UnsafeCache`] where a file of it is a link to somewhere else.
    pub fn find(&self, repo: &Repo, revision: &Revision) -> Result<Option<Snapshot>, HubError> {
        let folder = Folder::of(self, repo);
        let commit = match Commit::new(revision.as_str()) {
            Some(commit) => commit,
            None => match folder.read_ref(revision)? {
                Some(commit) => commit,
                None => return Ok(None),
            },
        };
        folder.snapshot(&commit)
    }

    /// Everything in the cache, whoever put it there.
    pub fn scan(&self) -> Result<Scan, HubError> {
        let mut scan = Scan::default();
        for name in entries(&self.root)? {
            let path = self.root.join(&name);
            let Some(repo) = Repo::from_folder_name(&name) else {
                continue;
            };
            match Folder::of(self, &repo).scan(repo) {
                Ok(found) => scan.repos.push(found),
                Err(failure) => scan.problems.push((path, failure.to_string())),
            }
        }
        Ok(scan)
    }

    /// One repository of the cache.
    pub fn scan_repo(&self, repo: &Repo) -> Result<CachedRepo, HubError> {
        Folder::of(self, repo).scan(repo.clone())
    }

    /// Removes a repository with everything that came of it.
    ///
    /// # Errors
    /// [`HubError::Busy`] while it is being downloaded.
    pub fn remove(&self, repo: &Repo) -> Result<(), HubError> {
        let _held = self.lock(repo)?;
        let path = Folder::of(self, repo).path;
        // Renamed first, so that a crash leaves no half of it under its name.
        let doomed = self.root.join(format!(".removed-{}", repo.folder_name()));
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(HubError::io(&path, error))
            }
            _ => Ok(()),
        };
        gone(fs::remove_dir_all(&doomed))?;
        gone(fs::rename(&path, &doomed))?;
        gone(fs::remove_dir_all(&doomed))
    }

    /// Removes the bytes of a repository that no snapshot shows: files that are not whole, and whole
    /// ones of a download that was given up.
    ///
    /// # Errors
    /// [`HubError::Busy`] while it is being downloaded.
    pub fn discard_partial(&self, repo: &Repo) -> Result<(), HubError> {
        let _held = self.lock(repo)?;
        let folder = Folder::of(self, repo);
        files::no_links(&folder.path, &folder.partial())?;
        for name in entries(&folder.partial())? {
            files::remove(&folder.partial().join(name))?;
        }
        let shown = folder.linked_blobs()?;
        for name in entries(&folder.blobs())? {
            // Whole files of a snapshot that never came to be; other names are not ours to judge.
            if Oid::parse(&name).is_some() && !shown.contains(&name) {
                files::remove(&folder.blob_named(&name))?;
            }
        }
        folder.forget_marks_of_nothing()?;
        // What never had a whole file is not there at all.
        for dir in [
            folder.marks(),
            folder.partial(),
            folder.blobs(),
            folder.path.join("refs"),
            folder.path.join("snapshots"),
            folder.path,
        ] {
            if fs::remove_dir(&dir).is_err() {
                tracing::trace!(path = %dir.display(), "a folder stays");
            }
        }
        Ok(())
    }

    /// Holds a repository for this process as long as the file is open.
    pub(crate) fn lock(&self, repo: &Repo) -> Result<File, HubError> {
        let dir = self.root.join(".locks").join(repo.folder_name());
        fs::create_dir_all(&dir).map_err(|source| HubError::io(&dir, source))?;
        let path = dir.join("amoozgar.lock");
        let file = files::open_to_write(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(HubError::Busy {
                repo: repo.to_string(),
            }),
            Err(TryLockError::Error(error)) => {
                // Some network file systems know no locks; better unguarded than not at all.
                tracing::warn!(%error, path = %path.display(), "the cache cannot be locked");
                Ok(file)
            }
        }
    }
}

/// The folder of one repository.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    links: Links,
}

impl Folder {
    pub(crate) fn of(cache: &Cache, repo: &Repo) -> Self {
        Self {
            path: cache.root.join(repo.folder_name()),
            links: cache.links,
        }
    }

    /// Makes the folders that a download writes to.
    pub(crate) fn create(&self) -> Result<(), HubError> {
        fs::create_dir_all(&self.path).map_err(|source| HubError::io(&self.path, source))?;
        for dir in [
            self.blobs(),
            self.path.join("refs"),
            self.path.join("snapshots"),
            self.partial(),
        ] {
            files::create_dir_below(&self.path, &dir)?;
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn partial(&self) -> PathBuf {
        self.path.join(".amoozgar")
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    pub(crate) fn blob(&self, oid: &Oid) -> PathBuf {
        self.blobs().join(oid.as_str())
    }

    /// Whether the right bytes of a file are here, as a blob, waiting to become one, or as a real
    /// file of the snapshot. A
    /// blob with other bytes is removed: whoever put it there, it is not what its name says.
    pub(crate) fn holds(&self, commit: &Commit, file: &RemoteFile) -> Result<bool, HubError> {
        let blob = self.blob(&file.oid);
        let waiting = partial::whole(&self.partial(), &file.oid);
        for path in [&blob, &waiting, &self.pointer(commit, &file.path)] {
            let found = match fs::symlink_metadata(path) {
                Ok(found) if found.is_file() => found,
                _ => continue,
            };
            if found.len() == file.size_bytes && hash_file(path, &file.oid)? == file.oid.as_str() {
                return Ok(true);
            }
            if *path == blob {
                tracing::warn!(path = %blob.display(), "a blob has other bytes than its name says");
                files::remove(&blob)?;
            }
        }
        Ok(false)
    }

    /// Gives all files their names in the snapshot, then the revision its commit. Files and references
    /// that have a name already are replaced by the Hub's word alone.
    pub(crate) fn place(
        &self,
        commit: &Commit,
        revision: &Revision,
        wanted: &[RemoteFile],
        origin: Origin,
    ) -> Result<PathBuf, HubError> {
        let oids: HashSet<_> = wanted.iter().map(|file| &file.oid).collect();
        partial::settle(&self.partial(), &self.blobs(), &oids)?;
        files::sync_dir(&self.blobs())?;
        let snapshot = self.snapshot_path(commit);
        files::create_dir_below(&self.path, &snapshot)?;
        let with_links = self.links == Links::Auto && self.can_link();
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for file in wanted {
            *uses.entry(file.oid.as_str()).or_default() += 1;
        }
        for file in wanted {
            let pointer = self.pointer(commit, &file.path);
            if origin == Origin::Unverified && fs::symlink_metadata(&pointer).is_ok() {
                continue;
            }
            if let Some(parent) = pointer.parent() {
                files::create_dir_below(&self.path, parent)?;
            }
            if with_links {
                self.link(&pointer, file)?;
            } else if let Some(left) = uses.get_mut(file.oid.as_str()) {
                *left -= 1;
                self.put_real_file(&pointer, file, *left == 0)?;
            }
        }
        let is_known = origin == Origin::Unverified && self.read_ref(revision)?.is_some();
        if Commit::new(revision.as_str()).is_none() && !is_known {
            let reference = self.path.join("refs").join(revision.as_str());
            if let Some(parent) = reference.parent() {
                files::create_dir_below(&self.path, parent)?;
            }
            files::write_durably(&reference, commit.as_str().as_bytes())?;
        }
        Ok(snapshot)
    }

    fn link(&self, pointer: &Path, file: &RemoteFile) -> Result<(), HubError> {
        let blob = self.blob(&file.oid);
        if !blob.is_file() {
            // A real file of an earlier download, made where there were no links.
            return Ok(());
        }
        // Joined part by part: Windows follows no link whose target has slashes.
        let mut target: PathBuf = vec![".."; file.path.depth() + 2].iter().collect();
        target.extend(["blobs", file.oid.as_str()]);
        if fs::read_link(pointer).is_ok_and(|to| to == target) {
            return Ok(());
        }
        let temporary = files::with_suffix(pointer, ".new");
        files::remove(&temporary)?;
        make_link(&target, &temporary)
            .and_then(|()| fs::rename(&temporary, pointer))
            .map_err(|source| HubError::io(pointer, source))
    }

    fn put_real_file(
        &self,
        pointer: &Path,
        file: &RemoteFile,
        is_last: bool,
    ) -> Result<(), HubError> {
        let blob = self.blob(&file.oid);
        if !blob.is_file() {
            return Ok(());
        }
        let put = if is_last {
            fs::rename(&blob, pointer)
        } else {
            let temporary = files::with_suffix(pointer, ".new");
            fs::copy(&blob, &temporary)
                .and_then(|_| files::sync_file(&temporary))
                .and_then(|()| fs::rename(&temporary, pointer))
        };
        put.map_err(|source| HubError::io(pointer, source))
    }

    /// Whether this file system has links that this user may make.
    fn can_link(&self) -> bool {
        let probe = self.partial().join("link");
        let made = files::remove(&probe).is_ok() && make_link(Path::new("blobs"), &probe).is_ok();
        // Not every system that says yes has made one.
        made && fs::read_link(&probe).is_ok() && files::remove(&probe).is_ok()
    }

    fn blob_named(&self, name: &str) -> PathBuf {
        self.blobs().join(name)
    }

    /// The names of the blobs that links of snapshots lead to.
    fn linked_blobs(&self) -> Result<HashSet<String>, HubError> {
        let mut found = HashSet::new();
        let mut folders = vec![self.path.join("snapshots")];
        while let Some(dir) = folders.pop() {
            for name in entries(&dir)? {
                let path = dir.join(&name);
                if let Ok(target) = fs::read_link(&path) {
                    let name = target.file_name().unwrap_or_default();
                    found.insert(name.to_string_lossy().into_owned());
                } else if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        Ok(found)
    }

    fn snapshot_path(&self, commit: &Commit) -> PathBuf {
        self.path.join("snapshots").join(commit.as_str())
    }

    fn pointer(&self, commit: &Commit, file: &FilePath) -> PathBuf {
        file.below(&self.snapshot_path(commit))
    }
}

fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, link);
    #[cfg(windows)]
    return std::os::windows::fs::symlink_file(target, link);
}
