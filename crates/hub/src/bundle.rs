//! A model to carry on a stick to a machine without a network: a folder or a zip file with a
//! manifest of hashes. What is imported is checked byte by byte before it is in its place.

mod copy;
mod read;
mod write;

pub use copy::{Copied, Watch};
pub(crate) use copy::{Copying, copy_hashed};

use crate::HubError;
use crate::api::RemoteFile;
use crate::cache::{Cache, Folder, Snapshot};
use crate::error::blocking;
use crate::repo::{Commit, FilePath, Oid, Repo, Revision};
use read::Bundle;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use write::{Source, SourceFile};

/// The manifest's name in a bundle.
pub const MANIFEST: &str = "amoozgar-bundle.json";

const FORMAT: u32 = 1;

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub format: u32,
    /// What the files are.
    #[serde(flatten)]
    pub content: Content,
    /// The files.
    pub files: Vec<BundleFile>,
}

/// What a bundle is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// A commit of a repository.
    Snapshot(Named),
    /// A folder that came from no Hub: what was trained, or imported.
    Folder {
        /// What people call it.
        name: String,
    },
}

/// A commit, and the revision by which it was downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The repository.
    pub repo: Repo,
    /// The revision that was downloaded.
    pub revision: Revision,
    /// Its commit.
    pub commit: Commit,
}

/// What came out of a bundle.
#[derive(Debug)]
pub enum Unpacked {
    /// A snapshot, in its place in the cache.
    Snapshot(Snapshot),
    /// A folder, where the caller wanted it, under a name that the caller has yet to give.
    Folder {
        /// What people called it.
        name: String,
    },
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleFile {
    /// Its place.
    pub path: FilePath,
    /// Its length.
    pub size_bytes: u64,
    /// What `sha256sum` prints of it.
    pub sha256: String,
    /// The hash by which the cache knows it.
    pub oid: Oid,
}

/// How a bundle lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleForm {
    /// A folder with the files at their names, which other programs can load as it is.
    Folder,
    /// One file; weights do not compress, so nothing is compressed.
    Zip,
}

/// Writes a snapshot to `to`, which must not be there yet and is either absent or whole.
///
/// # Errors
/// [`HubError::NotCached`] where the cache has no whole snapshot of the revision.
pub async fn export(
    cache: &Cache,
    repo: &Repo,
    revision: &Revision,
    form: BundleForm,
    to: &Path,
    watch: &Watch,
) -> Result<Manifest, HubError> {
    let (cache, to, watch) = (cache.clone(), to.to_owned(), watch.clone());
    let (repo, revision) = (repo.clone(), revision.clone());
    blocking(move || {
        let snapshot = found(&cache, &repo, &revision)?;
        let source = Source {
            total_bytes: snapshot.files.iter().map(|file| file.size_bytes).sum(),
            content: Content::Snapshot(Named {
                repo,
                revision,
                commit: snapshot.commit,
            }),
            dir: snapshot.path,
            files: snapshot
                .files
                .into_iter()
                .map(|file| SourceFile {
                    path: file.path,
                    oid: file.oid,
                })
                .collect(),
        };
        write::write(&source, form, &to, &watch)
    })
    .await
}

/// Writes a folder to `to`, as [`export`] does, for what came from no Hub.
///
/// # Errors
/// [`HubError::UnsafePath`] where a file's name would mean another place on another system.
pub async fn export_folder(
    dir: &Path,
    name: &str,
    form: BundleForm,
    to: &Path,
    watch: &Watch,
) -> Result<Manifest, HubError> {
    let (dir, name, to, watch) = (
        dir.to_owned(),
        name.to_owned(),
        to.to_owned(),
        watch.clone(),
    );
    blocking(move || {
        let mut source = Source {
            content: Content::Folder { name },
            files: Vec::new(),
            total_bytes: 0,
            dir: dir.clone(),
        };
        gather(&dir, "", &mut source)?;
        source.files.sort_by(|a, b| a.path.cmp(&b.path));
        write::write(&source, form, &to, &watch)
    })
    .await
}

/// Every file below a folder.
fn gather(dir: &Path, prefix: &str, source: &mut Source) -> Result<(), HubError> {
    let fail = |failure| HubError::io(dir, failure);
    for entry in fs::read_dir(dir).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let place = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = fs::metadata(entry.path()).map_err(fail)?;
        if about.is_dir() {
            gather(&entry.path(), &format!("{place}/"), source)?;
        } else if place != MANIFEST {
            source.total_bytes += about.len();
            source.files.push(SourceFile {
                path: FilePath::new(&place)?,
                oid: None,
            });
        }
    }
    Ok(())
}

/// Takes a bundle in, after checking every byte of it: a snapshot into `cache`, a folder's files to
/// `folder`, which must not be there yet.
///
/// # Errors
/// [`HubError::BadBundle`] where it is none, or a file of it is missing, damaged or a link.
pub async fn import(
    cache: &Cache,
    folder: &Path,
    from: &Path,
    watch: &Watch,
) -> Result<Unpacked, HubError> {
    let (cache, folder) = (cache.clone(), folder.to_owned());
    let (from, watch) = (from.to_owned(), watch.clone());
    blocking(move || {
        let mut bundle = Bundle::open(&from)?;
        let manifest = bundle.manifest()?;
        let total_bytes = manifest.files.iter().map(|file| file.size_bytes).sum();
        let mut copying = Copying::new(&watch, total_bytes);
        match &manifest.content {
            Content::Snapshot(named) => {
                unpack_snapshot(&mut bundle, &manifest.files, named, &cache, &mut copying)
                    .map(Unpacked::Snapshot)
            }
            Content::Folder { name } => {
                let unpacked = unpack_folder(&mut bundle, &manifest.files, &folder, &mut copying);
                if unpacked.is_err() {
                    // A half of it is of no use, and the failure says why.
                    drop(fs::remove_dir_all(&folder));
                    drop(fs::remove_file(half_file(&folder)));
                }
                unpacked.map(|()| Unpacked::Folder { name: name.clone() })
            }
        }
    })
    .await
}

fn unpack_snapshot(
    bundle: &mut Bundle,
    files: &[BundleFile],
    named: &Named,
    cache: &Cache,
    copying: &mut Copying<'_>,
) -> Result<Snapshot, HubError> {
    let _held = cache.lock(&named.repo)?;
    let folder = Folder::of(cache, &named.repo);
    folder.create()?;
    let mut wanted = Vec::new();
    for file in files {
        let remote = RemoteFile {
            path: file.path.clone(),
            size_bytes: file.size_bytes,
            oid: file.oid.clone(),
        };
        if folder.holds(&named.commit, &remote)? {
            copying.skip(remote.size_bytes);
        } else {
            let temporary = folder.partial().join(format!("{}.import", file.oid));
            bundle.take(file, &temporary, &folder.blob(&file.oid), copying)?;
        }
        wanted.push(remote);
    }
    folder.place(&named.commit, &named.revision, &wanted)?;
    found(cache, &named.repo, &named.revision)
}

fn unpack_folder(
    bundle: &mut Bundle,
    files: &[BundleFile],
    folder: &Path,
    copying: &mut Copying<'_>,
) -> Result<(), HubError> {
    let temporary = half_file(folder);
    fs::create_dir(folder).map_err(|failure| HubError::io(folder, failure))?;
    for file in files {
        let to = file.path.below(folder);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(|failure| HubError::io(parent, failure))?;
        }
        bundle.take(file, &temporary, &to, copying)?;
    }
    Ok(())
}

/// Where a file of a folder lies until it was checked.
fn half_file(folder: &Path) -> PathBuf {
    crate::files::with_suffix(folder, ".part")
}

fn found(cache: &Cache, repo: &Repo, revision: &Revision) -> Result<Snapshot, HubError> {
    cache
        .find(repo, revision)?
        .ok_or_else(|| HubError::NotCached {
            repo: repo.to_string(),
            revision: revision.to_string(),
        })
}
