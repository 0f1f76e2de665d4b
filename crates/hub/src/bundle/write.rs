//! Writing a bundle.

use super::copy::{Copying, Watch, copy_hashed};
use super::{BundleFile, BundleForm, Content, FORMAT, MANIFEST, Manifest};
use crate::HubError;
use crate::files;
use crate::repo::{FilePath, Oid};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What goes into a bundle.
pub(super) struct Source {
    pub(super) content: Content,
    pub(super) dir: PathBuf,
    pub(super) files: Vec<SourceFile>,
    pub(super) total_bytes: u64,
}

/// A file below the folder, with its hash where that is known before.
pub(super) struct SourceFile {
    pub(super) path: FilePath,
    pub(super) oid: Option<Oid>,
}

/// Writes to `to`, which must not be there yet and is either absent or whole.
pub(super) fn write(
    source: &Source,
    form: BundleForm,
    to: &Path,
    watch: &Watch,
) -> Result<Manifest, HubError> {
    if to.exists() {
        return Err(HubError::io(to, io::ErrorKind::AlreadyExists.into()));
    }
    watch.check_space(to, source.total_bytes)?;
    let temporary = files::with_suffix(to, ".partial");
    let manifest = Manifest {
        format: FORMAT,
        content: source.content.clone(),
        files: Vec::new(),
    };
    let copying = &mut Copying::new(watch, source.total_bytes);
    let written = match form {
        BundleForm::Folder => write_folder(source, manifest, &temporary, copying),
        BundleForm::Zip => write_zip(source, manifest, &temporary, copying),
    };
    let placed = written.and_then(|manifest| {
        fs::rename(&temporary, to)
            .map_err(|source| HubError::io(to, source))
            .map(|()| manifest)
    });
    if placed.is_err() {
        // What could not be written in full is of no use, and the failure says why.
        drop(fs::remove_dir_all(&temporary).or_else(|_| fs::remove_file(&temporary)));
    }
    placed
}

fn write_folder(
    source: &Source,
    mut manifest: Manifest,
    to: &Path,
    copying: &mut Copying<'_>,
) -> Result<Manifest, HubError> {
    fs::create_dir_all(to).map_err(|source| HubError::io(to, source))?;
    for file in &source.files {
        let target = file.path.below(to);
        let fail = |source| HubError::io(&target, source);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(fail)?;
        }
        let mut out = File::create(&target).map_err(fail)?;
        manifest
            .files
            .push(copy_from(source, file, &mut out, copying)?);
        out.sync_all().map_err(fail)?;
    }
    files::write_durably(&to.join(MANIFEST), &encoded(&manifest, to)?)?;
    Ok(manifest)
}

fn write_zip(
    source: &Source,
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
    for file in &source.files {
        zip.start_file(file.path.as_str(), options)
            .map_err(failed)?;
        manifest
            .files
            .push(copy_from(source, file, &mut zip, copying)?);
    }
    zip.start_file(MANIFEST, options).map_err(failed)?;
    zip.write_all(&encoded(&manifest, to)?).map_err(fail)?;
    let file = zip
        .finish()
        .map_err(failed)?
        .into_inner()
        .map_err(|error| fail(error.into_error()))?;
    file.sync_all().map_err(fail)?;
    Ok(manifest)
}

/// Copies a file, and holds it against the hash that its blob's name promises.
fn copy_from(
    source: &Source,
    file: &SourceFile,
    out: &mut dyn Write,
    copying: &mut Copying<'_>,
) -> Result<BundleFile, HubError> {
    let SourceFile { path, oid } = file;
    let oid = oid.as_ref();
    let from = path.below(&source.dir);
    let fail = |source| HubError::io(&from, source);
    let mut file = files::open_regular(&from).map_err(fail)?;
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

fn encoded(manifest: &Manifest, to: &Path) -> Result<Vec<u8>, HubError> {
    serde_json::to_vec_pretty(manifest).map_err(|failure| HubError::io(to, failure.into()))
}
