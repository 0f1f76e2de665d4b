//! Removing, from one of the program's own folders alone. A path that a row of the database, a pointer or
//! a list names is held against the folder that it has to lie in before anything goes: the database may
//! come from a back-up, from another computer, or from somebody's hands.
//!
//! Every removal of what a path names goes through [`remove`] or [`remove_child`].

use crate::error::io_error;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Gone,
    /// There was nothing.
    Nothing,
}

/// Removes a file, or a folder with what is in it, that lies somewhere inside of `home`. A link is removed
/// itself, never followed.
///
/// # Errors
/// `UnsafePath` where it lies elsewhere, is `home` itself, or is reached over a link.
pub fn remove(home: &Path, path: &Path) -> Result<Removed, ApiError> {
    let Some(real) = real(home, path)? else {
        return Ok(Removed::Nothing);
    };
    let fail = |failure: io::Error| io_error(path, &failure);
    let about = match fs::symlink_metadata(&real) {
        Ok(about) => about,
        Err(failure) if failure.kind() == io::ErrorKind::NotFound => return Ok(Removed::Nothing),
        Err(failure) => return Err(fail(failure)),
    };
    let removed = if about.is_dir() {
        fs::remove_dir_all(&real)
    } else {
        // On Windows a link to a folder goes as a folder does.
        fs::remove_file(&real).or_else(|failure| {
            if about.is_symlink() {
                fs::remove_dir(&real)
            } else {
                Err(failure)
            }
        })
    };
    match removed {
        Err(failure) if failure.kind() != io::ErrorKind::NotFound => Err(fail(failure)),
        _ => Ok(Removed::Gone),
    }
}

/// As [`remove`], of what lies in `home` itself and not deeper.
///
/// # Errors
/// As [`remove`], and where it lies deeper.
pub fn remove_child(home: &Path, path: &Path) -> Result<Removed, ApiError> {
    if path.parent() != Some(home) {
        return Err(unsafe_path(path));
    }
    remove(home, path)
}

/// Whether a path lies inside of `home`, with no link on the way.
pub fn is_inside(home: &Path, path: &Path) -> bool {
    real(home, path).is_ok_and(|real| real.is_some())
}

/// The path without links above its last part; `None` where the folder that it lies in is not there.
fn real(home: &Path, path: &Path) -> Result<Option<PathBuf>, ApiError> {
    let below = path.strip_prefix(home).ok().filter(|below| is_plain(below));
    let (Some(below), true) = (below, home.is_absolute()) else {
        return Err(unsafe_path(path));
    };
    let canonical = |folder: &Path| match folder.canonicalize() {
        Ok(real) => Ok(Some(real)),
        Err(failure) if failure.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(failure) => Err(io_error(folder, &failure)),
    };
    let parent = path.parent().unwrap_or(home);
    let (Some(home), Some(real_parent)) = (canonical(home)?, canonical(parent)?) else {
        return Ok(None);
    };
    let expected = home.join(below);
    if expected.parent() == Some(real_parent.as_path()) {
        Ok(Some(expected))
    } else {
        Err(unsafe_path(path))
    }
}

/// One part at least, and none that leads up or elsewhere.
fn is_plain(below: &Path) -> bool {
    let mut parts = below.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn unsafe_path(path: &Path) -> ApiError {
    ApiError::with(
        ErrorCode::UnsafePath,
        ErrorParams {
            path: Some(path.display().to_string()),
            detail: Some("it lies outside of its folder and is left".to_owned()),
            ..ErrorParams::default()
        },
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Removed, is_inside, remove, remove_child};
    use amoozgar_types::ErrorCode;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// `jobs/a/x` and beside `jobs` something that is somebody's.
    fn home(root: &Path) -> PathBuf {
        let jobs = root.join("jobs");
        fs::create_dir_all(jobs.join("a")).unwrap();
        fs::write(jobs.join("a/x"), "ours").unwrap();
        fs::create_dir_all(root.join("theirs")).unwrap();
        fs::write(root.join("theirs/x"), "theirs").unwrap();
        jobs
    }

    #[test]
    fn what_lies_inside_goes_and_what_is_not_there_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = home(dir.path());
        assert_eq!(remove(&jobs, &jobs.join("a/x")).unwrap(), Removed::Gone);
        assert_eq!(remove(&jobs, &jobs.join("a/x")).unwrap(), Removed::Nothing);
        assert_eq!(remove(&jobs, &jobs.join("b/x")).unwrap(), Removed::Nothing);
        assert_eq!(remove_child(&jobs, &jobs.join("a")).unwrap(), Removed::Gone);
    }

    #[test]
    fn a_path_that_leads_elsewhere_removes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = home(dir.path());
        let theirs = dir.path().join("theirs");
        for path in [
            jobs.clone(),
            jobs.join(".."),
            jobs.join("../theirs"),
            jobs.join("a/../../theirs"),
            theirs.clone(),
            PathBuf::from("a"),
            PathBuf::new(),
        ] {
            let refused = remove(&jobs, &path).unwrap_err();
            assert_eq!(refused.code, ErrorCode::UnsafePath, "`{}`", path.display());
            assert!(!is_inside(&jobs, &path), "`{}`", path.display());
        }
        assert!(remove_child(&jobs, &jobs.join("a/x")).is_err(), "deeper");
        assert!(jobs.join("a/x").is_file() && theirs.join("x").is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_goes_itself_and_nothing_behind_one_does() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let jobs = home(dir.path());
        let theirs = dir.path().join("theirs");
        symlink(&theirs, jobs.join("link")).unwrap();
        let refused = remove(&jobs, &jobs.join("link/x")).unwrap_err();
        assert_eq!(refused.code, ErrorCode::UnsafePath);
        let gone = remove_child(&jobs, &jobs.join("link")).unwrap();
        assert_eq!(gone, Removed::Gone);
        assert!(theirs.join("x").is_file(), "what it led to stays");
        let linked = dir.path().join("linked");
        symlink(&jobs, &linked).unwrap();
        let gone = remove(&linked, &linked.join("a/x")).unwrap();
        assert_eq!(gone, Removed::Gone, "the folder itself may be one");
    }
}
