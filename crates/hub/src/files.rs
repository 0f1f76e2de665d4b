//! Durable files, writes at an offset, and folders that must not be links.

use crate::HubError;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path`: under a temporary name beside it, synced, renamed.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), HubError> {
    let temporary = with_suffix(path, ".new");
    let written = File::create(&temporary)
        .and_then(|mut file| {
            io::Write::write_all(&mut file, bytes)?;
            file.sync_data()
        })
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // A file that is not there any more needs no removing, and the failure above says more.
        drop(fs::remove_file(&temporary));
        HubError::io(path, source)
    })
}

/// Makes a folder below `root`, none of whose parts from `root` on may be a link.
pub(crate) fn create_dir_below(root: &Path, dir: &Path) -> Result<(), HubError> {
    no_links(root, dir)?;
    fs::create_dir_all(dir).map_err(|source| HubError::io(dir, source))?;
    no_links(root, dir)
}

/// Refuses a path whose parts below `root` include a link: writing there would write elsewhere.
pub(crate) fn no_links(root: &Path, path: &Path) -> Result<(), HubError> {
    let Ok(below) = path.strip_prefix(root) else {
        return Err(HubError::UnsafeCache {
            path: path.to_owned(),
        });
    };
    let mut at = root.to_owned();
    for part in below {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_symlink() => return Err(HubError::UnsafeCache { path: at }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(HubError::io(&at, source)),
        }
    }
    Ok(())
}

/// Opens a regular file to read it. Opening anything else may wait for ever, or read a device.
///
/// # Errors
/// What the system says, and `InvalidInput` where it is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ))
    }
}

/// Opens a file to read and write it, making it where it is not there; a link is refused.
pub(crate) fn open_to_write(path: &Path) -> Result<File, HubError> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(HubError::UnsafeCache {
            path: path.to_owned(),
        });
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|source| HubError::io(path, source))
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), HubError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(HubError::io(path, source)),
        _ => Ok(()),
    }
}

/// Makes files below `dir` durable.
pub(crate) fn sync_all(dir: &Path, paths: &[&Path]) -> Result<(), HubError> {
    // One call for all of them, where the system has it.
    #[cfg(target_os = "linux")]
    if let Some(first) = paths.first() {
        let synced = File::open(first).and_then(|file| Ok(rustix::fs::syncfs(file)?));
        return synced.map_err(|source| HubError::io(dir, source));
    }
    #[cfg(not(target_os = "linux"))]
    for path in paths {
        sync_file(path).map_err(|source| HubError::io(path, source))?;
    }
    let _ = dir;
    Ok(())
}

/// Makes a file durable that was written by its path. Windows flushes only through a handle that may write.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    let file = if cfg!(windows) {
        OpenOptions::new().write(true).open(path)?
    } else {
        File::open(path)?
    };
    file.sync_all()
}

/// Makes renames within a folder durable; only Unix can say so.
pub(crate) fn sync_dir(path: &Path) -> Result<(), HubError> {
    #[cfg(unix)]
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| HubError::io(path, source))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Writes all of `bytes` at `offset`, without moving a position that others use.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
    #[cfg(windows)]
    {
        let (mut bytes, mut offset) = (bytes, offset);
        while !bytes.is_empty() {
            let n = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
            if n == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = bytes.get(n..).unwrap_or_default();
            offset += n as u64;
        }
        Ok(())
    }
}

/// Reads at `offset`; answers how many bytes came.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
