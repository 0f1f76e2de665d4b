//! A snapshot to carry on a stick to a machine without a network: a folder or a zip file with a
//! manifest of hashes. What is imported is checked byte by byte before it is in its place.

use crate::HubError;
use crate::api::RemoteFile;
use crate::cache::{Cache, Folder, Snapshot};
use crate::control::Control;
use crate::error::blocking;
use crate::files;
use crate::repo::{Commit, FilePath, Oid, Repo, Revision};
use crate::verify::{Hasher, READ_BYTES};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The manifest's name in a bundle.
pub const MANIFEST: &str = "amoozgar-bundle.json";

const FORMAT: u32 = 1;
const MANIFEST_LIMIT_BYTES: u64 = 64 << 20;

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub format: u32,
    /// The repository.
    pub repo: Repo,
    /// The revision that was downloaded.
    pub revision: Revision,
    /// Its commit.
    pub commit: Commit,
    /// The files.
    pub files: Vec<BundleFile>,
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

/// Who watches a copy, and may stop it.
#[derive(Clone)]
pub struct Watch {
    /// Stops it; nothing half-made is left.
    pub control: Control,
    /// Is told how far it is, from the thread that copies.
    pub told: Arc<dyn Fn(&Copied) + Send + Sync>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            control: Control::new(),
            told: Arc::new(|_| ()),
        }
    }
}

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Bytes copied and hashed.
    pub done_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// The file at hand.
    pub file: String,
}

/// A copy that is watched.
pub(crate) struct Copying<'a> {
    watch: &'a Watch,
    copied: Copied,
    told_bytes: u64,
}

impl<'a> Copying<'a> {
    /// Bytes between two tellings.
    const STEP_BYTES: u64 = 8 << 20;

    pub(crate) fn new(watch: &'a Watch, total_bytes: u64) -> Self {
        Self {
            watch,
            copied: Copied {
                done_bytes: 0,
                total_bytes,
                file: String::new(),
            },
            told_bytes: 0,
        }
    }

    /// The next file begins.
    pub(crate) fn file(&mut self, name: &str) {
        name.clone_into(&mut self.copied.file);
        self.tell();
    }

    /// Bytes that need no copy.
    pub(crate) fn skip(&mut self, n: u64) {
        self.copied.done_bytes += n;
        self.tell();
    }

    /// Bytes were copied; `false` where the copy shall stop.
    fn goes_on(&mut self, n: usize) -> bool {
        self.copied.done_bytes += n as u64;
        if self.copied.done_bytes - self.told_bytes >= Self::STEP_BYTES {
            self.tell();
        }
        self.watch.control.wish().is_none()
    }

    fn tell(&mut self) {
        self.told_bytes = self.copied.done_bytes;
        (self.watch.told)(&self.copied);
    }
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
    let (cache, repo, revision, to, watch) = (
        cache.clone(),
        repo.clone(),
        revision.clone(),
        to.to_owned(),
        watch.clone(),
    );
    blocking(move || {
        let snapshot = cache
            .find(&repo, &revision)?
            .ok_or_else(|| HubError::NotCached {
                repo: repo.to_string(),
                revision: revision.to_string(),
            })?;
        if to.exists() {
            return Err(HubError::io(&to, io::ErrorKind::AlreadyExists.into()));
        }
        let temporary = files::with_suffix(&to, ".partial");
        let manifest = Manifest {
            format: FORMAT,
            repo,
            revision,
            commit: snapshot.commit.clone(),
            files: Vec::new(),
        };
        let total_bytes = snapshot.files.iter().map(|file| file.size_bytes).sum();
        let mut copying = Copying::new(&watch, total_bytes);
        let written = match form {
            BundleForm::Folder => write_folder(&snapshot, manifest, &temporary, &mut copying),
            BundleForm::Zip => write_zip(&snapshot, manifest, &temporary, &mut copying),
        };
        let placed = written.and_then(|manifest| {
            fs::rename(&temporary, &to)
                .map_err(|source| HubError::io(&to, source))
                .map(|()| manifest)
        });
        if placed.is_err() {
            // What could not be written in full is of no use, and the failure says why.
            drop(fs::remove_dir_all(&temporary).or_else(|_| fs::remove_file(&temporary)));
        }
        placed
    })
    .await
}

/// Takes a bundle into a cache, after checking every byte of it.
///
/// # Errors
/// [`HubError::BadBundle`] where it is none, or a file of it is missing, damaged or a link.
pub async fn import(cache: &Cache, from: &Path, watch: &Watch) -> Result<Snapshot, HubError> {
    let (cache, from, watch) = (cache.clone(), from.to_owned(), watch.clone());
    blocking(move || {
        let mut bundle = Bundle::open(&from)?;
        let manifest = bundle.manifest()?;
        let _held = cache.lock(&manifest.repo)?;
        let folder = Folder::of(&cache, &manifest.repo);
        folder.create()?;
        let mut wanted = Vec::new();
        let total_bytes = manifest.files.iter().map(|file| file.size_bytes).sum();
        let mut copying = Copying::new(&watch, total_bytes);
        for file in &manifest.files {
            let remote = RemoteFile {
                path: file.path.clone(),
                size_bytes: file.size_bytes,
                oid: file.oid.clone(),
            };
            if folder.holds(&manifest.commit, &remote)? {
                copying.skip(remote.size_bytes);
            } else {
                bundle.take(file, &folder, &mut copying)?;
            }
            wanted.push(remote);
        }
        folder.place(&manifest.commit, &manifest.revision, &wanted)?;
        cache
            .find(&manifest.repo, &manifest.revision)?
            .ok_or_else(|| HubError::NotCached {
                repo: manifest.repo.to_string(),
                revision: manifest.revision.to_string(),
            })
    })
    .await
}

fn write_folder(
    snapshot: &Snapshot,
    mut manifest: Manifest,
    to: &Path,
    copying: &mut Copying<'_>,
) -> Result<Manifest, HubError> {
    fs::create_dir_all(to).map_err(|source| HubError::io(to, source))?;
    for file in &snapshot.files {
        let target = file.path.below(to);
        let fail = |source| HubError::io(&target, source);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(fail)?;
        }
        let mut out = File::create(&target).map_err(fail)?;
        manifest.files.push(copy_from(
            snapshot,
            &file.path,
            file.oid.as_ref(),
            &mut out,
            copying,
        )?);
        out.sync_all().map_err(fail)?;
    }
    files::write_durably(&to.join(MANIFEST), &encoded(&manifest))?;
    Ok(manifest)
}

fn write_zip(
    snapshot: &Snapshot,
    mut manifest: Manifest,
    to: &Path,
    copying: &mut Copying<'_>,
) -> Result<Manifest, HubError> {
    let fail = |source| HubError::io(to, source);
    let failed = |error: zip::result::ZipError| HubError::io(to, error.into());
    let file = File::create(to).map_err(fail)?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true);
    for file in &snapshot.files {
        zip.start_file(file.path.as_str(), options)
            .map_err(failed)?;
        manifest.files.push(copy_from(
            snapshot,
            &file.path,
            file.oid.as_ref(),
            &mut zip,
            copying,
        )?);
    }
    zip.start_file(MANIFEST, options).map_err(failed)?;
    zip.write_all(&encoded(&manifest)).map_err(fail)?;
    let file = zip
        .finish()
        .map_err(failed)?
        .into_inner()
        .map_err(|error| fail(error.into_error()))?;
    file.sync_all().map_err(fail)?;
    Ok(manifest)
}

/// Copies a file of a snapshot, and holds it against the hash that its blob's name promises.
fn copy_from(
    snapshot: &Snapshot,
    path: &FilePath,
    oid: Option<&Oid>,
    out: &mut dyn Write,
    copying: &mut Copying<'_>,
) -> Result<BundleFile, HubError> {
    let from = path.below(&snapshot.path);
    let fail = |source| HubError::io(&from, source);
    let mut file = File::open(&from).map_err(fail)?;
    let size_bytes = file.metadata().map_err(fail)?.len();
    copying.file(path.as_str());
    let hashes = copy_hashed(&mut file, out, size_bytes, oid, copying)
        .map_err(fail)?
        .ok_or(HubError::Stopped)?;
    let oid = match (oid, hashes.oid) {
        (Some(oid), Some(found)) if found != oid.as_str() => {
            return Err(HubError::WrongHash {
                path: path.to_string(),
                expected: oid.to_string(),
                found,
            });
        }
        (Some(oid), _) => oid.clone(),
        (None, _) => Oid::Sha256(hashes.sha256.clone()),
    };
    Ok(BundleFile {
        path: path.clone(),
        size_bytes,
        sha256: hashes.sha256,
        oid,
    })
}

fn encoded(manifest: &Manifest) -> Vec<u8> {
    serde_json::to_vec_pretty(manifest).expect("BUG: numbers and text can always be encoded")
}

pub(crate) struct Hashes {
    pub(crate) sha256: String,
    pub(crate) oid: Option<String>,
}

/// Copies at most one byte more than `size_bytes`, and hashes what it copies; `None` where it was
/// stopped.
pub(crate) fn copy_hashed(
    from: &mut dyn Read,
    to: &mut dyn Write,
    size_bytes: u64,
    oid: Option<&Oid>,
    copying: &mut Copying<'_>,
) -> io::Result<Option<Hashes>> {
    let mut sha256 = Hasher::new(&Oid::Sha256(String::new()), size_bytes);
    let mut other = match oid {
        Some(oid @ Oid::GitSha1(_)) => Some(Hasher::new(oid, size_bytes)),
        _ => None,
    };
    let mut from = from.take(size_bytes + 1);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let n = from.read(&mut buffer)?;
        let bytes = buffer.get(..n).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        sha256.update(bytes);
        if let Some(other) = &mut other {
            other.update(bytes);
        }
        to.write_all(bytes)?;
        if !copying.goes_on(n) {
            return Ok(None);
        }
    }
    let sha256 = sha256.finish();
    let of_oid = other.map_or_else(|| sha256.clone(), Hasher::finish);
    Ok(Some(Hashes {
        oid: oid.map(|_| of_oid),
        sha256,
    }))
}

/// A bundle that is being read.
struct Bundle {
    path: PathBuf,
    zip: Option<ZipArchive<File>>,
}

impl Bundle {
    fn open(path: &Path) -> Result<Self, HubError> {
        let zip = if path.is_dir() {
            None
        } else {
            let file = File::open(path).map_err(|source| HubError::io(path, source))?;
            let zip = ZipArchive::new(file)
                .map_err(|error| bad(path, format!("it is no zip file: {error}")))?;
            Some(zip)
        };
        Ok(Self {
            path: path.to_owned(),
            zip,
        })
    }

    fn manifest(&mut self) -> Result<Manifest, HubError> {
        let bundle = self.path.clone();
        let mut text = Vec::new();
        self.reader(MANIFEST)?
            .take(MANIFEST_LIMIT_BYTES)
            .read_to_end(&mut text)
            .map_err(|source| HubError::io(&bundle, source))?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| bad(&bundle, format!("its manifest cannot be read: {error}")))?;
        if manifest.format != FORMAT {
            return Err(bad(
                &bundle,
                format!("its form is of version {}", manifest.format),
            ));
        }
        // What was read as JSON has passed no check yet.
        Repo::new(manifest.repo.kind(), manifest.repo.id())?;
        Revision::new(manifest.revision.as_str())?;
        let commit = Commit::new(manifest.commit.as_str());
        commit.ok_or_else(|| bad(&bundle, format!("`{}` is no commit", manifest.commit)))?;
        for file in &manifest.files {
            FilePath::new(file.path.as_str())?;
            if Oid::parse(file.oid.as_str()).as_ref() != Some(&file.oid)
                || Oid::sha256(&file.sha256).is_none()
            {
                return Err(bad(&bundle, format!("`{}` has no hash", file.path)));
            }
        }
        Ok(manifest)
    }

    /// Copies a file into the cache as a blob.
    fn take(
        &mut self,
        file: &BundleFile,
        folder: &Folder,
        copying: &mut Copying<'_>,
    ) -> Result<(), HubError> {
        copying.file(file.path.as_str());
        let bundle = self.path.clone();
        let temporary = folder.partial().join(format!("{}.import", file.oid));
        files::remove(&temporary)?;
        let mut out = files::open_to_write(&temporary)?;
        let hashes = {
            let mut reader = self.reader(file.path.as_str())?;
            copy_hashed(
                &mut reader,
                &mut out,
                file.size_bytes,
                Some(&file.oid),
                copying,
            )
            .map_err(|source| HubError::io(&bundle, source))?
        };
        let Some(hashes) = hashes else {
            files::remove(&temporary)?;
            return Err(HubError::Stopped);
        };
        let length = out
            .stream_position()
            .map_err(|source| HubError::io(&temporary, source))?;
        if length != file.size_bytes
            || hashes.sha256 != file.sha256
            || hashes.oid.as_deref() != Some(file.oid.as_str())
        {
            files::remove(&temporary)?;
            return Err(bad(&bundle, format!("`{}` is damaged", file.path)));
        }
        out.sync_all()
            .and_then(|()| fs::rename(&temporary, folder.blob(&file.oid)))
            .map_err(|source| HubError::io(&temporary, source))
    }

    fn reader(&mut self, name: &str) -> Result<Box<dyn Read + '_>, HubError> {
        let path = self.path.clone();
        let missing =
            |error: &dyn std::fmt::Display| bad(&path, format!("`{name}` is not there: {error}"));
        if let Some(zip) = &mut self.zip {
            let entry = zip.by_name(name).map_err(|error| missing(&error))?;
            if !entry.is_file() {
                return Err(bad(&path, format!("`{name}` is no plain file")));
            }
            return Ok(Box::new(entry));
        }
        let place = FilePath::new(name)?.below(&path);
        files::no_links(&path, &place).map_err(|_| bad(&path, format!("`{name}` is a link")))?;
        let file = File::open(&place).map_err(|error| missing(&error))?;
        Ok(Box::new(file))
    }
}

fn bad(path: &Path, detail: String) -> HubError {
    HubError::BadBundle {
        path: path.to_owned(),
        detail,
    }
}
