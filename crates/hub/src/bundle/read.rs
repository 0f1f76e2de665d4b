//! A bundle that is being read: a folder or a zip file, nothing of which is believed before it was
//! checked.

use super::copy::{Copying, copy_hashed};
use super::folder::MAX_FILES;
use super::{BundleFile, Content, FORMAT, MANIFEST, Manifest};
use crate::HubError;
use crate::files;
use crate::repo::{Commit, FilePath, Oid, Repo, Revision};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

const MANIFEST_LIMIT_BYTES: u64 = 64 << 20;
/// Bytes of a zip file's own list, which is held in memory as long as the file is open: a hundred
/// thousand files with long names have no more.
const LIST_LIMIT_BYTES: u64 = 64 << 20;

/// A bundle that is being read.
pub(super) struct Bundle {
    path: PathBuf,
    zip: Option<ZipArchive<File>>,
}

impl Bundle {
    pub(super) fn open(path: &Path) -> Result<Self, HubError> {
        let zip = if path.is_dir() {
            None
        } else {
            let file = files::open_regular(path).map_err(|source| HubError::io(path, source))?;
            let size_bytes = file
                .metadata()
                .map_err(|source| HubError::io(path, source))?
                .len();
            let zip = ZipArchive::new(file)
                .map_err(|error| bad(path, format!("it is no zip file: {error}")))?;
            let list_bytes = size_bytes.saturating_sub(zip.central_directory_start());
            // The manifest itself is a file too.
            if zip.len() > MAX_FILES + 1 || list_bytes > LIST_LIMIT_BYTES {
                return Err(bad(path, "it lists more than a model can have".to_owned()));
            }
            Some(zip)
        };
        Ok(Self {
            path: path.to_owned(),
            zip,
        })
    }

    pub(super) fn manifest(&mut self) -> Result<Manifest, HubError> {
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
        if let Content::Snapshot(named) = &manifest.content {
            Repo::new(named.repo.kind(), named.repo.id())?;
            Revision::new(named.revision.as_str())?;
            let commit = Commit::new(named.commit.as_str());
            commit.ok_or_else(|| bad(&bundle, format!("`{}` is no commit", named.commit)))?;
            let pinned = Commit::new(named.revision.as_str());
            if pinned.is_some_and(|pinned| pinned != named.commit) {
                return Err(bad(
                    &bundle,
                    format!("it has two commits, `{}` too", named.revision),
                ));
            }
        }
        let total = manifest
            .files
            .iter()
            .try_fold(0_u64, |total, file| total.checked_add(file.size_bytes));
        if manifest.files.len() > MAX_FILES || total.is_none() {
            return Err(bad(
                &bundle,
                "it lists more than a model can have".to_owned(),
            ));
        }
        let mut places = HashSet::new();
        for file in &manifest.files {
            FilePath::new(file.path.as_str())?;
            if !places.insert(&file.path) {
                return Err(bad(&bundle, format!("it lists `{}` twice", file.path)));
            }
            if Oid::parse(file.oid.as_str()).as_ref() != Some(&file.oid)
                || Oid::sha256(&file.sha256).is_none()
            {
                return Err(bad(&bundle, format!("`{}` has no hash", file.path)));
            }
        }
        Ok(manifest)
    }

    /// Copies a file to `to`, by way of `temporary`, so that it is there only once it was checked.
    pub(super) fn take(
        &mut self,
        file: &BundleFile,
        temporary: &Path,
        to: &Path,
        copying: &mut Copying<'_>,
    ) -> Result<(), HubError> {
        copying.file(file.path.as_str());
        let bundle = self.path.clone();
        files::remove(temporary)?;
        let mut out = files::open_to_write(temporary)?;
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
            files::remove(temporary)?;
            return Err(HubError::Stopped);
        };
        let length = out
            .stream_position()
            .map_err(|source| HubError::io(temporary, source))?;
        if length != file.size_bytes
            || hashes.sha256 != file.sha256
            || hashes.oid.as_deref() != Some(file.oid.as_str())
        {
            files::remove(temporary)?;
            return Err(bad(&bundle, format!("`{}` is damaged", file.path)));
        }
        out.sync_all()
            .and_then(|()| fs::rename(temporary, to))
            .map_err(|source| HubError::io(temporary, source))
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
        let file = files::open_regular(&place).map_err(|error| missing(&error))?;
        Ok(Box::new(file))
    }
}

fn bad(path: &Path, detail: String) -> HubError {
    HubError::BadBundle {
        path: path.to_owned(),
        detail,
    }
}
