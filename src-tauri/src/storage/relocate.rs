//! Moving what grows large to another folder: everything is copied, read back and compared, and then
//! one file is renamed. Before that rename the old place is in force and whole, after it the new one;
//! a crash at any moment leaves one of the two. Nothing of the old place is removed here.

use super::place::remove_parts;
use crate::db::blocking;
use crate::error::io_error;
use crate::files::{self, modes};
use crate::hold::Held;
use crate::machine::resources::free_disk_bytes;
use crate::paths::Paths;
use crate::paths::place::{HALF, MARK, PARTS, Place};
use amoozgar_hub::{Copied, Watch};
use amoozgar_types::ipc::{PlaceCheck, PlaceMoved};
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const COPY_BYTES: usize = 1 << 20;
/// Room that is left on the disk beside what is copied.
const SPARE_BYTES: u64 = 64 << 20;

/// What is to be moved.
#[derive(Debug)]
pub struct Load {
    entries: Vec<Entry>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Whether the place that it goes to keeps it from others.
    pub is_private: bool,
}

#[derive(Debug)]
struct Entry {
    /// Below the place.
    path: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    Folder,
    File {
        bytes: u64,
        changed: Option<SystemTime>,
    },
    Link(PathBuf),
}

/// How a move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// The new place is in force from the next start on.
    Done,
    /// It was stopped, and nothing of it is left.
    Stopped,
}

/// What [`look`] finds, for who is asked whether to move. Blocks.
pub fn check(paths: &Paths, to: &Path) -> Result<PlaceCheck, ApiError> {
    let load = look(paths, to)?;
    let near = to.ancestors().find(|folder| folder.exists());
    Ok(PlaceCheck {
        path: to.display().to_string(),
        size_bytes: load.bytes,
        free_bytes: free_disk_bytes(near.unwrap_or(to))?,
        is_private: load.is_private,
    })
}

/// Looks whether everything may go to `to`, and what everything is. Changes nothing that lasts. Blocks.
pub fn look(paths: &Paths, to: &Path) -> Result<Load, ApiError> {
    let from = paths.place();
    if paths.place_left().is_some() {
        return Err(crate::error::invalid_state(
            "an earlier place is still kept",
        ));
    }
    let (from_real, to_real) = (real(from), real(to));
    if to_real == from_real {
        return Err(at(ErrorCode::InvalidField, to));
    }
    let goes_home = to_real == real(paths.root());
    let is_inside = PARTS
        .iter()
        .any(|part| to_real.starts_with(from_real.join(part)));
    let around = from_real.starts_with(&to_real) && !goes_home;
    if is_inside || around || (to_real.starts_with(&from_real) && !goes_home) {
        return Err(at(ErrorCode::FolderInside, to));
    }
    empty(to, goes_home)?;
    let is_private = writable(to)?;
    let load = Load {
        is_private,
        ..gather(from)?
    };
    let needed = load.bytes.saturating_add(SPARE_BYTES);
    let free = free_disk_bytes(&to_real)?;
    if free < needed {
        return Err(ApiError::with(
            ErrorCode::DiskFull,
            ErrorParams {
                path: Some(to.display().to_string()),
                needed: Some(needed),
                found: Some(free),
                ..ErrorParams::default()
            },
        ));
    }
    Ok(load)
}

/// Moves everything to the folder `to`. Once it has moved nothing may change the old place any more, so
/// that `held` is kept until the program ends.
///
/// # Errors
/// As [`check`], and what copying may meet; then the old place is in force and `held` let go.
pub async fn run(
    paths: &Paths,
    to: &str,
    watch: Watch,
    held: Held,
) -> Result<PlaceMoved, ApiError> {
    let (paths, to) = (paths.clone(), files::absolute(to)?);
    blocking(move || match relocate(&paths, &to, &watch, &held)? {
        Moving::Stopped => Ok(PlaceMoved::Stopped),
        Moving::Done => {
            held.keep();
            Ok(PlaceMoved::Done)
        }
    })
    .await
}

/// Copies everything to `to`, compares every byte, and puts `to` in force for the next start. `watch` is
/// told of twice the bytes: once copied, once read back. Blocks for as long as that takes.
pub fn relocate(paths: &Paths, to: &Path, watch: &Watch, _held: &Held) -> Result<Moving, ApiError> {
    let load = look(paths, to)?;
    let moved = fill(paths, to, &load, watch);
    if !matches!(moved, Ok(Moving::Done))
        && let Err(left) = remove_parts(to)
    {
        tracing::warn!(error = %left, "a part of what was copied is left");
    }
    moved
}

fn fill(paths: &Paths, to: &Path, load: &Load, watch: &Watch) -> Result<Moving, ApiError> {
    let from = paths.place();
    files::create_dir(to)?;
    // A try that a crash ended left its mark, which `empty` has seen: only then is something removed.
    if to.join(HALF).is_file() {
        remove_parts(to)?;
    }
    files::write_atomically(&to.join(HALF), from.display().to_string().as_bytes())?;
    let mut told = Told {
        copied: Copied {
            done_bytes: 0,
            total_bytes: load.bytes.saturating_mul(2),
            file: String::new(),
        },
        watch,
    };
    let mut written = Vec::new();
    for entry in &load.entries {
        let place = to.join(&entry.path);
        match &entry.what {
            What::Folder => files::create_dir(&place)?,
            What::Link(target) => link(target, from, to, &place)?,
            What::File { .. } => {
                let Some(hash) = copy(from, entry, &place, &mut told)? else {
                    return Ok(Moving::Stopped);
                };
                written.push((entry, place, hash));
            }
        }
    }
    for (entry, place, hash) in &written {
        let Some(found) = read_back(&entry.path, place, &mut told)? else {
            return Ok(Moving::Stopped);
        };
        if found != *hash || !unchanged(from, entry) {
            let failure = io::Error::new(io::ErrorKind::InvalidData, "the copy is another");
            return Err(io_error(place, &failure));
        }
    }
    for entry in load.entries.iter().rev() {
        if matches!(entry.what, What::Folder) {
            files::sync_dir(&to.join(&entry.path)).map_err(|failure| io_error(to, &failure))?;
        }
    }
    if watch.control.wish().is_some() {
        return Ok(Moving::Stopped);
    }
    if to != paths.root() {
        files::write_atomically(&to.join(MARK), b"amoozgar\n")?;
    }
    Place::moved(paths.root(), from, to).write(paths.root())?;
    Ok(Moving::Done)
}

/// What a place holds, folders before what is in them.
fn gather(place: &Path) -> Result<Load, ApiError> {
    let mut load = Load {
        entries: Vec::new(),
        bytes: 0,
        is_private: true,
    };
    for part in PARTS {
        if place.join(part).is_dir() {
            gather_folder(place, Path::new(part), &mut load)?;
        }
    }
    Ok(load)
}

fn gather_folder(place: &Path, folder: &Path, load: &mut Load) -> Result<(), ApiError> {
    let full = place.join(folder);
    let fail = |failure: io::Error| io_error(&full, &failure);
    load.entries.push(Entry {
        path: folder.to_owned(),
        what: What::Folder,
    });
    for entry in fs::read_dir(&full).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let path = folder.join(entry.file_name());
        let about = fs::symlink_metadata(entry.path()).map_err(fail)?;
        if about.is_dir() {
            gather_folder(place, &path, load)?;
            continue;
        }
        let what = if about.is_symlink() {
            What::Link(fs::read_link(entry.path()).map_err(fail)?)
        } else if about.is_file() {
            load.bytes += about.len();
            What::File {
                bytes: about.len(),
                changed: about.modified().ok(),
            }
        } else {
            // A socket or a pipe has no content to take along.
            continue;
        };
        load.entries.push(Entry { path, what });
    }
    Ok(())
}

/// How far it is, told now and then.
struct Told<'a> {
    copied: Copied,
    watch: &'a Watch,
}

impl Told<'_> {
    fn begin(&mut self, path: &Path) {
        self.copied.file = path.display().to_string();
    }

    /// More bytes are done; `false` where a stop was asked for.
    fn more(&mut self, n: usize) -> bool {
        self.copied.done_bytes += n as u64;
        (self.watch.told)(&self.copied);
        self.watch.control.wish().is_none()
    }
}

/// Copies a file, and answers the hash of what was read; `None` where it was stopped.
fn copy(
    from: &Path,
    entry: &Entry,
    place: &Path,
    told: &mut Told<'_>,
) -> Result<Option<[u8; 32]>, ApiError> {
    let source = from.join(&entry.path);
    let mut target = File::create(place).map_err(|failure| io_error(place, &failure))?;
    told.begin(&entry.path);
    let hash = read(&source, told, &mut |bytes| {
        target
            .write_all(bytes)
            .map_err(|failure| io_error(place, &failure))
    })?;
    let keep = || -> io::Result<()> {
        let about = fs::metadata(&source)?;
        // Caches judge by the time of a text's last change.
        if let Ok(changed) = about.modified() {
            target.set_modified(changed)?;
        }
        target.set_permissions(about.permissions())?;
        modes::close(place)?;
        target.sync_all()
    };
    keep().map_err(|failure| io_error(place, &failure))?;
    Ok(hash)
}

fn read_back(name: &Path, place: &Path, told: &mut Told<'_>) -> Result<Option<[u8; 32]>, ApiError> {
    told.begin(name);
    read(place, told, &mut |_| Ok(()))
}

fn read(
    path: &Path,
    told: &mut Told<'_>,
    each: &mut dyn FnMut(&[u8]) -> Result<(), ApiError>,
) -> Result<Option<[u8; 32]>, ApiError> {
    let mut file = File::open(path).map_err(|failure| io_error(path, &failure))?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut hasher = Sha256::new();
    loop {
        let n = file
            .read(&mut buffer)
            .map_err(|failure| io_error(path, &failure))?;
        if !told.more(n) {
            return Ok(None);
        }
        let bytes = buffer.get(..n).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(Some(hasher.finalize().into()));
        }
        hasher.update(bytes);
        each(bytes)?;
    }
}

/// Whether a file is what it was when the move began.
fn unchanged(from: &Path, entry: &Entry) -> bool {
    let What::File { bytes, changed } = &entry.what else {
        return true;
    };
    fs::metadata(from.join(&entry.path))
        .is_ok_and(|about| about.len() == *bytes && about.modified().ok() == *changed)
}

/// Makes a link anew; one that names the old place by its whole path names the new one.
fn link(target: &Path, from: &Path, to: &Path, place: &Path) -> Result<(), ApiError> {
    let led = target
        .strip_prefix(from)
        .map_or_else(|_| target.to_owned(), |rest| to.join(rest));
    let fail = |failure: io::Error| io_error(place, &failure);
    #[cfg(unix)]
    return std::os::unix::fs::symlink(led, place).map_err(fail);
    #[cfg(windows)]
    return std::os::windows::fs::symlink_file(led, place).map_err(fail);
}

/// A folder to move to is not there yet, or holds nothing but the half of an earlier try. At home the
/// database lies, so there only the folders that move count.
fn empty(to: &Path, goes_home: bool) -> Result<(), ApiError> {
    if to.join(HALF).is_file() {
        return Ok(());
    }
    let listed = match fs::read_dir(to) {
        Ok(listed) => listed,
        Err(failure) if failure.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(failure) => return Err(io_error(to, &failure)),
    };
    let counts =
        |name: &std::ffi::OsStr| !goes_home || PARTS.iter().any(|part| name.to_str() == Some(part));
    let is_taken = listed.flatten().any(|entry| {
        let is_bare = entry.path().is_dir()
            && fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_none());
        counts(&entry.file_name()) && !(goes_home && is_bare)
    });
    if is_taken {
        return Err(at(ErrorCode::FolderNotEmpty, to));
    }
    Ok(())
}

/// Tries to write there, and leaves nothing; answers whether the file system keeps what is closed closed.
fn writable(to: &Path) -> Result<bool, ApiError> {
    let was_there = to.is_dir();
    let try_it = || -> io::Result<bool> {
        if !was_there {
            fs::create_dir(to)?;
        }
        let probe = to.join(".amoozgar-probe");
        File::create(&probe).and_then(|file| file.sync_all())?;
        let is_private = keeps_modes(&probe, modes::close);
        fs::remove_file(&probe)?;
        if !was_there {
            fs::remove_dir(to)?;
        }
        Ok(is_private)
    };
    try_it().map_err(|failure| io_error(to, &failure))
}

/// Whether a file is closed to others once `close` has closed it: some file systems keep no modes, and say
/// nothing when they are set.
fn keeps_modes(probe: &Path, close: impl Fn(&Path) -> io::Result<()>) -> bool {
    close(probe).is_ok() && modes::is_closed(probe)
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find(|folder| folder.exists());
    let rest = there.and_then(|folder| path.strip_prefix(folder).ok());
    match (there.and_then(|folder| folder.canonicalize().ok()), rest) {
        (Some(folder), Some(rest)) if rest.as_os_str().is_empty() => folder,
        (Some(folder), Some(rest)) => folder.join(rest),
        _ => path.to_owned(),
    }
}

fn at(code: ErrorCode, path: &Path) -> ApiError {
    ApiError::with(
        code,
        ErrorParams {
            path: Some(path.display().to_string()),
            ..ErrorParams::default()
        },
    )
}

#[cfg(test)]
#[path = "relocate_tests.rs"]
mod tests;
