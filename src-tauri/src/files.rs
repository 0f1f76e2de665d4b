//! Durable files: written under a temporary name, synced, renamed.

pub mod modes;
pub mod within;

use crate::error::io_error;
use amoozgar_hub::open_regular;
use amoozgar_types::ApiError;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path`, so that a reader sees the old file or the whole new one.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ApiError> {
    replace(path, |file| file.write_all(bytes))
}

/// As [`write_atomically`], for a file that a person chose: it gets the modes that their mask gives.
pub fn write_chosen(path: &Path, bytes: &[u8]) -> Result<(), ApiError> {
    replace(path, |file| file.write_all(bytes))?;
    modes::as_the_user_would(path).map_err(|error| io_error(path, &error))
}

/// Copies `from`, which has `size_bytes`, to `to`, so that `to` is either absent or whole. One that has
/// another length by now is refused.
pub fn copy_atomically(from: &Path, to: &Path, size_bytes: u64) -> Result<(), ApiError> {
    let source = open_regular(from).map_err(|error| io_error(from, &error))?;
    // It may grow for ever while it is copied.
    let mut source = source.take(size_bytes.saturating_add(1));
    replace(to, |file| {
        if io::copy(&mut source, file)? == size_bytes {
            return Ok(());
        }
        let changed = "the file changed while it was read";
        Err(io::Error::new(io::ErrorKind::InvalidData, changed))
    })
}

/// A path that a person chose to write to: absolute, in a folder that is there.
pub fn chosen(path: &str) -> Result<PathBuf, ApiError> {
    let path = PathBuf::from(path);
    let usable = path.is_absolute() && path.file_name().is_some();
    match path.parent() {
        Some(parent) if usable && parent.is_dir() => Ok(path),
        Some(parent) if usable => Err(io_error(parent, &io::ErrorKind::NotFound.into())),
        _ => Err(ApiError::invalid_field("path")),
    }
}

/// A path that a person chose to read from or to make: absolute.
pub fn absolute(path: &str) -> Result<PathBuf, ApiError> {
    let path = PathBuf::from(path.trim());
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(ApiError::invalid_field("path"))
    }
}

/// Makes a folder with its parents.
pub fn create_dir(path: &Path) -> Result<(), ApiError> {
    fs::create_dir_all(path).map_err(|error| io_error(path, &error))
}

/// Removes a folder with what is in it; one that is not there is fine.
pub fn remove_dir(path: &Path) -> Result<(), ApiError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path, &error)),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable; only Unix can say so.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// What a file, or everything in a folder, takes; nothing where it is not there. A link counts as
/// itself, not as what it leads to.
pub fn size_of(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let Ok(entries) = fs::read_dir(path) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| size_of(&entry.path()))
        .sum()
}

/// The last `n` lines of a text file, read from its end; empty where there is no file.
pub fn tail(path: &Path, n: usize) -> Result<Vec<String>, ApiError> {
    use std::io::{Seek, SeekFrom};
    const WINDOW_BYTES: u64 = 256 * 1024;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(path, &error)),
    };
    let mut read = || -> io::Result<(bool, Vec<u8>)> {
        let length = file.metadata()?.len();
        let start = length.saturating_sub(WINDOW_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((start > 0, bytes))
    };
    let (cut, bytes) = read().map_err(|error| io_error(path, &error))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().skip(usize::from(cut)).collect();
    let from = lines.len().saturating_sub(n);
    Ok(lines
        .iter()
        .skip(from)
        .map(|line| (*line).to_owned())
        .collect())
}

fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), ApiError> {
    let temporary = temporary_name(path);
    let written = File::create(&temporary)
        .and_then(|mut file| {
            write(&mut file)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_parent(path));
    written.map_err(|error| {
        if let Err(left) = fs::remove_file(&temporary) {
            tracing::debug!(path = %temporary.display(), %left, "no temporary file to remove");
        }
        io_error(path, &error)
    })
}

/// Where a file lies until it is whole.
pub fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

/// A rename is durable once the folder itself is on the disk.
fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_dir)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::format_collect)]
    use super::{copy_atomically, tail, write_atomically};
    use amoozgar_types::ErrorCode;

    #[test]
    fn a_written_file_replaces_the_old_one_and_leaves_no_temporary_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("job.json");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two", "the newer content");
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn copying_what_is_not_there_says_which_file_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("missing.txt");
        let error = copy_atomically(&from, &dir.path().join("to.txt"), 1).unwrap_err();
        assert_eq!(error.code, ErrorCode::FileNotFound, "a missing source");
        assert_eq!(
            error.params.path.as_deref(),
            from.to_str(),
            "the source is named, not the target"
        );
    }

    #[test]
    fn the_tail_of_a_long_log_is_its_last_whole_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.txt");
        let text: String = (0..60_000).map(|i| format!("line {i}\n")).collect();
        std::fs::write(&path, text).unwrap();
        assert_eq!(
            tail(&path, 2).unwrap(),
            ["line 59998", "line 59999"],
            "the last two"
        );
        assert!(
            tail(&dir.path().join("none"), 5).unwrap().is_empty(),
            "no log yet is no error"
        );
    }
}
