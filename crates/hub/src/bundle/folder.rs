//! The files of a folder that may be taken along: regular ones that lie inside of it. A link may lead
//! to one of them; a link that leads out would carry away whatever it shows, a pipe would be waited
//! for, and links between folders may go round for ever.

use super::MANIFEST;
use crate::HubError;
use crate::repo::{FilePath, RepoKind};
use crate::select::without_programs;
use std::fs;
use std::path::{Path, PathBuf};

/// More than any model or dataset folder has.
pub(super) const MAX_FILES: usize = 100_000;
/// Folders within folders, deeper than any model has.
const MAX_DEPTH: usize = 32;

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFile {
    /// Its place below the folder.
    pub path: FilePath,
    /// Its length.
    pub size_bytes: u64,
}

/// The files of a model's folder that come in or leave with it, in order: all but pickle, programs and
/// the manifest of a bundle. `name` is what people call the model. Blocks.
///
/// # Errors
/// [`HubError::OnlyPickle`] where its weights would stay behind; [`HubError::NotRegular`] for a link that leads out or to a folder, a pipe, a socket, a device or a
/// link to nothing; [`HubError::UnsafePath`] for a name that not every system can write;
/// [`HubError::TooManyFiles`] where there is no end of them.
pub fn model_files(dir: &Path, name: &str) -> Result<Vec<FolderFile>, HubError> {
    let mut files = regular_files(dir)?;
    files.retain(|file| file.path.as_str() != MANIFEST);
    without_programs(RepoKind::Model, name, files, |file| file.path.as_str())
}

/// The length of some files together. What lengths claim may have no sum; no disk has that room.
pub(super) fn total_bytes(files: &[FolderFile]) -> u64 {
    files
        .iter()
        .fold(0, |total, file| total.saturating_add(file.size_bytes))
}

fn regular_files(dir: &Path) -> Result<Vec<FolderFile>, HubError> {
    let root = fs::canonicalize(dir).map_err(|source| HubError::io(dir, source))?;
    let mut files = Vec::new();
    gather(&root, &root, "", 0, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn gather(
    root: &Path,
    dir: &Path,
    prefix: &str,
    depth: usize,
    files: &mut Vec<FolderFile>,
) -> Result<(), HubError> {
    let fail = |source| HubError::io(dir, source);
    for entry in fs::read_dir(dir).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let (path, name) = (entry.path(), entry.file_name());
        let place = format!("{prefix}{}", name.to_string_lossy());
        if entry.file_type().map_err(fail)?.is_dir() {
            if depth == MAX_DEPTH {
                return Err(HubError::TooManyFiles {
                    path: root.to_owned(),
                });
            }
            gather(root, &path, &format!("{place}/"), depth + 1, files)?;
            continue;
        }
        if files.len() == MAX_FILES {
            return Err(HubError::TooManyFiles {
                path: root.to_owned(),
            });
        }
        let size_bytes = size_inside(root, path)?;
        if name.to_str().is_none() {
            return Err(HubError::UnsafePath { path: place });
        }
        files.push(FolderFile {
            path: FilePath::new(&place)?,
            size_bytes,
        });
    }
    Ok(())
}

/// The length of a regular file that really lies below `root`.
fn size_inside(root: &Path, path: PathBuf) -> Result<u64, HubError> {
    let about = fs::canonicalize(&path)
        .ok()
        .filter(|target| target.starts_with(root))
        .and_then(|target| fs::metadata(target).ok())
        .filter(fs::Metadata::is_file);
    match about {
        Some(about) => Ok(about.len()),
        None => Err(HubError::NotRegular { path }),
    }
}
