//! A model to carry on a stick to a machine without a network: a folder or a zip file with a
//! manifest of hashes. What is imported is checked byte by byte before it is in its place.

mod copy;
mod folder;
mod read;
mod write;

pub use copy::{Copied, Watch};
pub(crate) use copy::{Copying, copy_hashed};
use folder::total_bytes;
pub use folder::{FolderFile, model_files};

use crate::HubError;
use crate::api::RemoteFile;
use crate::cache::{Cache, Folder, Origin, Snapshot};
use crate::error::blocking;
use crate::repo::{Commit, FilePath, Oid, Repo, RepoKind, Revision};
use crate::select::without_programs;
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

impl BundleFile {
    fn remote(&self) -> RemoteFile {
        RemoteFile {
            path: self.path.clone(),
            size_bytes: self.size_bytes,
            oid: self.oid.clone(),
        }
    }
}

/// Reads a bundle's manifest, and nothing else of it: whether it can be imported as far as that says.
/// How much memory it takes depends on the file; blocks.
///
/// # Errors
/// [`HubError::BadBundle`] where it is none.
pub fn check_bundle(from: &Path) -> Result<(), HubError> {
    Bundle::open(from)?.manifest().map(drop)
}

/// How a bundle lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleForm {
    /// A folder with the files at their names, which other programs can load as it is.
    Folder,
    /// One file; weights do not compress, so nothing is compressed.
    Zip,
}

/// Writes a snapshot to `to`, which must not be there yet and is either absent or whole. Pickle and
/// programs stay behind.
///
/// # Errors
/// [`HubError::NotCached`] where the cache has no whole snapshot of the revision,
/// [`HubError::OnlyPickle`] where its weights would stay behind.
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
        let files = without_programs(repo.kind(), repo.id(), snapshot.files, |file| {
            file.path.as_str()
        })?;
        let source = Source {
            total_bytes: files.iter().map(|file| file.size_bytes).sum(),
            content: Content::Snapshot(Named {
                repo,
                revision,
                commit: snapshot.commit,
            }),
            dir: snapshot.path,
            files: files
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
/// Those of [`model_files`]: nothing but what lies in the folder leaves with it.
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
        let files = model_files(&dir, &name)?;
        let source = Source {
            content: Content::Folder { name },
            total_bytes: total_bytes(&files),
            files: files
                .into_iter()
                .map(|file| SourceFile {
                    path: file.path,
                    oid: None,
                })
                .collect(),
            dir,
        };
        write::write(&source, form, &to, &watch)
    })
    .await
}

/// Takes a bundle in, after checking every byte of it: a snapshot into `cache`, a folder's files to
/// `folder`, which must not be there yet. A snapshot is [`Origin::Unverified`] unless the cache has it
/// already: the bundle's manifest alone says what it is. Pickle and programs stay behind.
///
/// # Errors
/// [`HubError::BadBundle`] where it is none, or a file of it is missing, damaged or a link,
/// [`HubError::KnownOtherwise`] where it would change a commit or a reference that the cache has,
/// [`HubError::OnlyPickle`] where its weights would stay behind, [`HubError::DiskFull`] before
/// anything is copied.
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
        let Manifest { content, files, .. } = bundle.manifest()?;
        let (kind, label) = match &content {
            Content::Snapshot(named) => (named.repo.kind(), named.repo.id()),
            Content::Folder { name } => (RepoKind::Model, name.as_str()),
        };
        let files = without_programs(kind, label, files, |file| file.path.as_str())?;
        match content {
            Content::Snapshot(named) => {
                unpack_snapshot(&mut bundle, &files, &named, &cache, &watch).map(Unpacked::Snapshot)
            }
            Content::Folder { name } => {
                let total_bytes = files.iter().map(|file| file.size_bytes).sum();
                watch.check_space(&folder, total_bytes)?;
                let mut copying = Copying::new(&watch, total_bytes);
                let unpacked = unpack_folder(&mut bundle, &files, &folder, &mut copying);
                if unpacked.is_err() {
                    // A half of it is of no use, and the failure says why.
                    drop(fs::remove_dir_all(&folder));
                    drop(fs::remove_file(half_file(&folder)));
                }
                unpacked.map(|()| Unpacked::Folder { name })
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
    watch: &Watch,
) -> Result<Snapshot, HubError> {
    let Named {
        repo,
        revision,
        commit,
    } = named;
    let _held = cache.lock(repo)?;
    let folder = Folder::of(cache, repo);
    let wanted: Vec<RemoteFile> = files.iter().map(BundleFile::remote).collect();
    let missing = folder.begin_import(repo, commit, revision, &wanted)?;
    let missing: Vec<&BundleFile> = files
        .iter()
        .filter(|file| missing.contains(&file.path))
        .collect();
    let missing_bytes = missing.iter().map(|file| file.size_bytes).sum();
    let copied = watch
        .check_space(folder.path(), missing_bytes)
        .and_then(|()| {
            let mut copying = Copying::new(watch, files.iter().map(|file| file.size_bytes).sum());
            copying.skip(wanted.iter().map(|file| file.size_bytes).sum::<u64>() - missing_bytes);
            for file in missing {
                let temporary = folder.partial().join(format!("{}.import", file.oid));
                bundle.take(file, &temporary, &folder.blob(&file.oid), &mut copying)?;
            }
            folder.place(commit, revision, &wanted, Origin::Unverified)
        });
    folder.end_import(commit)?;
    copied?;
    found(cache, repo, revision)
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
