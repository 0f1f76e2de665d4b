//! Durable files: written under a temporary name, synced, renamed.

use crate::EngineError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Creates a folder with its parents.
pub(crate) fn create_dir(path: &Path) -> Result<(), EngineError> {
    fs::create_dir_all(path).map_err(|source| EngineError::io(path, source))
}

/// Removes a folder that may not be there.
pub(crate) fn remove_dir(path: &Path) -> Result<(), EngineError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(EngineError::io(path, source))
        }
        _ => Ok(()),
    }
}

/// Removes a file or a folder that may not be there.
pub(crate) fn remove_any(path: &Path) -> Result<(), EngineError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => remove_dir(path),
        Ok(_) => fs::remove_file(path).map_err(|source| EngineError::io(path, source)),
        Err(_) => Ok(()),
    }
}

/// Reads a file whole.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, EngineError> {
    fs::read(path).map_err(|source| EngineError::io(path, source))
}

/// Reads a file whole that is `most` bytes long at most.
///
/// # Errors
/// Where it is missing, or longer.
pub(crate) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, EngineError> {
    let fail = |source| EngineError::io(path, source);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > most {
        return Err(EngineError::InvalidModel {
            path: path.to_path_buf(),
            detail: format!("the file is longer than {most} bytes"),
        });
    }
    Ok(bytes)
}

/// Puts a file that is never written again into a folder that is not yet in its place: another name of
/// the same bytes where the disk allows it, else a copy.
pub(crate) fn link_or_copy(from: &Path, to: &Path) -> Result<(), EngineError> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(_) => copy_synced(from, to),
    }
}

/// Writes a small file to a place where nothing is, durably.
pub(crate) fn write_new(place: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let temporary = temporary_name(place);
    write_synced(&temporary, bytes)?;
    put_new(&temporary, place)
}

/// Writes a file into a folder that is not yet in its place, and syncs it.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let fail = |source| EngineError::io(path, source);
    let mut file = File::create(path).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.sync_all().map_err(fail)
}

/// Copies a file into a folder that is not yet in its place, and syncs it.
pub(crate) fn copy_synced(from: &Path, to: &Path) -> Result<(), EngineError> {
    fs::copy(from, to)
        .and_then(|_| sync_file(to))
        .map_err(|source| EngineError::io(to, source))
}

/// Makes a file durable that was written by its path. Windows flushes only through a handle that may write.
fn sync_file(path: &Path) -> io::Result<()> {
    let file = if cfg!(windows) {
        OpenOptions::new().write(true).open(path)?
    } else {
        File::open(path)?
    };
    file.sync_all()
}

/// Renames, replacing a folder that stands in the way, and syncs the parent.
pub(crate) fn put_in_place(temporary: &Path, place: &Path) -> Result<(), EngineError> {
    if place.is_dir() {
        remove_dir(place)?;
    }
    fs::rename(temporary, place).map_err(|source| EngineError::io(place, source))?;
    sync_parent(place)
}

/// Puts what was written under a temporary name into a place where nothing is, and syncs the parent.
pub(crate) fn put_new(temporary: &Path, place: &Path) -> Result<(), EngineError> {
    must_be_free(place)?;
    fs::rename(temporary, place).map_err(|source| EngineError::io(place, source))?;
    sync_parent(place)
}

/// Refuses a place where something is already.
pub(crate) fn must_be_free(place: &Path) -> Result<(), EngineError> {
    match fs::symlink_metadata(place) {
        Ok(_) => Err(EngineError::InvalidSpec {
            field: "out",
            detail: format!("there is something at `{}` already", place.display()),
        }),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(EngineError::io(place, source)),
    }
}

/// The temporary name beside `place`.
pub(crate) fn temporary_name(place: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".tmp-");
    name.push(place.file_name().unwrap_or_default());
    place.with_file_name(name)
}

/// A file that comes into its place only by [`DurableFile::finish`].
pub(crate) struct DurableFile {
    writer: BufWriter<File>,
    temporary: PathBuf,
    place: PathBuf,
}

impl DurableFile {
    pub(crate) fn create(place: &Path) -> Result<Self, EngineError> {
        let temporary = temporary_name(place);
        let file =
            File::create(&temporary).map_err(|source| EngineError::io(&temporary, source))?;
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 20, file),
            temporary,
            place: place.to_path_buf(),
        })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.writer
            .write_all(bytes)
            .map_err(|source| EngineError::io(&self.place, source))
    }

    pub(crate) fn finish(self) -> Result<(), EngineError> {
        let fail = |source| EngineError::io(&self.place, source);
        let file = self
            .writer
            .into_inner()
            .map_err(|error| fail(error.into_error()))?;
        file.sync_all().map_err(fail)?;
        put_in_place(&self.temporary, &self.place)
    }
}

#[cfg(unix)]
fn sync_parent(path: &Path) -> Result<(), EngineError> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    // A path without a folder means the one that the process works in.
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| EngineError::io(parent, source))
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems cannot sync a folder"
)]
fn sync_parent(_path: &Path) -> Result<(), EngineError> {
    Ok(())
}
