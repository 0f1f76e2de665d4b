//! A file that is on its way: its bytes so far, and which of them are safe on the disk.
//!
//! Bytes are written by the thread that received them, while they are in its caches: handed to
//! another, they took half as long again. Two threads follow: one hashes from the start as far as
//! there is no gap, one makes bytes durable and then says so in the state file. What the state
//! claims is on the disk, and it is never more than `chunk_bytes` behind what was written.

use crate::HubError;
use crate::files;
use crate::ranges::Ranges;
use crate::repo::Oid;
use crate::verify::{Hasher, READ_BYTES};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How long bytes may stay unsaved on a slow line.
const SAVE_EVERY: Duration = Duration::from_millis(500);

/// Below this a download would do nothing but save; above it half a chunk would not fit a semaphore.
const MIN_CHUNK_BYTES: u64 = 16 << 10;
const MAX_CHUNK_BYTES: u64 = 1 << 30;

/// What the state file says.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    format: u32,
    oid: Oid,
    size_bytes: u64,
    have: Ranges,
}

const FORMAT: u32 = 1;

/// Where bytes go in. When it is gone, nothing more comes.
pub(crate) struct Intake {
    work: Arc<Work>,
}

impl Intake {
    /// Writes bytes once there is room: never more than a chunk is on its way to the disk.
    ///
    /// # Errors
    /// That of the disk, or [`HubError::Stopped`] where a thread has failed, whose own failure
    /// [`Writing::end`] tells.
    pub(crate) async fn take(&self, offset: u64, mut bytes: Bytes) -> Result<(), HubError> {
        // In halves of a chunk at most, so that one can come while the other is saved.
        let half = usize::try_from(self.work.chunk_bytes / 2).unwrap_or(usize::MAX);
        let mut offset = offset;
        while !bytes.is_empty() {
            let part = bytes.split_to(half.min(bytes.len()));
            let n = part.len();
            let room = self
                .work
                .room
                .acquire_many(u32::try_from(n).unwrap_or(u32::MAX));
            room.await.map_err(|_| HubError::Stopped)?.forget();
            without_delay_for_others(|| self.work.write(offset, &part))?;
            offset += n as u64;
        }
        Ok(())
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.work.enter(Phase::Ended);
    }
}

/// Does what may wait for the disk; tasks of this thread go on on another where there are several.
fn without_delay_for_others<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// An unfinished file in its folder.
pub(crate) struct Partial {
    path: PathBuf,
    state_path: PathBuf,
    file: File,
    oid: Oid,
    size_bytes: u64,
    have: Ranges,
}

impl Partial {
    /// Goes on with what is in `dir`, or begins.
    pub(crate) fn open(dir: &Path, oid: &Oid, size_bytes: u64) -> Result<Self, HubError> {
        let (path, state_path) = places(dir, oid);
        let file = files::open_to_write(&path)?;
        let length = file
            .metadata()
            .map_err(|source| HubError::io(&path, source))?
            .len();
        let have = read_state(&state_path, oid, size_bytes)
            .filter(|have| have.end() <= length)
            .unwrap_or_default();
        if have.total() == 0 || length > size_bytes {
            file.set_len(have.end())
                .map_err(|source| HubError::io(&path, source))?;
        }
        Ok(Self {
            path,
            state_path,
            file,
            oid: oid.clone(),
            size_bytes,
            have,
        })
    }

    /// Bytes that are safe.
    pub(crate) fn have(&self) -> &Ranges {
        &self.have
    }

    /// Starts the threads. Bytes go in at the intake; when it is gone, [`Writing::end`] waits for
    /// what is under way.
    pub(crate) fn write(self, chunk_bytes: u64) -> (Intake, Writing) {
        let chunk_bytes = chunk_bytes.clamp(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES);
        let work = Arc::new(Work {
            books: Mutex::new(Books {
                have: self.have,
                unsaved: 0,
                told: 0,
                phase: Phase::Writing,
            }),
            changed: Condvar::new(),
            file: self.file,
            path: self.path,
            state_path: self.state_path,
            oid: self.oid,
            size_bytes: self.size_bytes,
            chunk_bytes,
            room: Semaphore::new(usize::try_from(chunk_bytes).unwrap_or(Semaphore::MAX_PERMITS)),
        });
        let (hasher, saver) = (Arc::clone(&work), Arc::clone(&work));
        let writing = Writing {
            hasher: tokio::task::spawn_blocking(move || hasher.hash()),
            saver: tokio::task::spawn_blocking(move || saver.save_all()),
            work,
        };
        let intake = Intake {
            work: Arc::clone(&writing.work),
        };
        (intake, writing)
    }
}

/// The bytes that `dir` keeps of a file that is on its way.
pub(crate) fn kept_bytes(dir: &Path, oid: &Oid, size_bytes: u64) -> u64 {
    read_state(&places(dir, oid).1, oid, size_bytes).map_or(0, |have| have.total())
}

/// Removes what is there of a file that is on its way.
pub(crate) fn discard(dir: &Path, oid: &Oid) -> Result<(), HubError> {
    let (path, state_path) = places(dir, oid);
    // The state first: bytes without a state are nothing, a state without bytes would be a lie.
    files::remove(&state_path)?;
    files::remove(&path)?;
    files::remove(&whole(dir, oid))
}

/// Keeps a small file whose hash was found right, for [`settle`] to bring to its place: syncing ten
/// thousand of them one by one would take minutes.
pub(crate) fn keep_whole(dir: &Path, oid: &Oid, bytes: &[u8]) -> Result<(), HubError> {
    let path = whole(dir, oid);
    let temporary = files::with_suffix(&path, ".new");
    std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, &path))
        .map_err(|source| HubError::io(&path, source))
}

/// Where a small file waits that is whole.
pub(crate) fn whole(dir: &Path, oid: &Oid) -> PathBuf {
    dir.join(format!("{oid}.whole"))
}

/// Makes the small files that wait in `dir` durable, all at once, and brings them to `blobs`.
pub(crate) fn settle(dir: &Path, blobs: &Path, oids: &HashSet<&Oid>) -> Result<(), HubError> {
    let waiting: Vec<_> = oids
        .iter()
        .map(|oid| (whole(dir, oid), blobs.join(oid.as_str())))
        .filter(|(path, _)| path.is_file())
        .collect();
    let paths: Vec<_> = waiting.iter().map(|(path, _)| path.as_path()).collect();
    files::sync_all(dir, &paths)?;
    for (path, blob) in &waiting {
        std::fs::rename(path, blob).map_err(|source| HubError::io(blob, source))?;
    }
    Ok(())
}

/// The file's bytes and its state.
fn places(dir: &Path, oid: &Oid) -> (PathBuf, PathBuf) {
    (
        dir.join(format!("{oid}.part")),
        dir.join(format!("{oid}.state")),
    )
}

/// The ranges that a state file claims, where it is of this file and makes sense.
fn read_state(path: &Path, oid: &Oid, size_bytes: u64) -> Option<Ranges> {
    let bytes = std::fs::read(path).ok()?;
    let state: State = serde_json::from_slice(&bytes).ok()?;
    let fits = state.format == FORMAT
        && state.oid == *oid
        && state.size_bytes == size_bytes
        && state.have.is_sound(size_bytes);
    fits.then_some(state.have)
}

/// The threads at work on a file.
pub(crate) struct Writing {
    work: Arc<Work>,
    hasher: JoinHandle<Result<Option<String>, HubError>>,
    saver: JoinHandle<Result<(), HubError>>,
}

/// How far the writing got.
pub(crate) struct Written {
    /// Where the bytes are.
    pub(crate) path: PathBuf,
    /// Bytes that are here and safe.
    pub(crate) total: u64,
    /// The hash, if the file is whole.
    pub(crate) hash: Option<String>,
}

impl Writing {
    /// Waits until everything that was sent is written, hashed and safe.
    pub(crate) async fn end(self) -> Result<Written, HubError> {
        let lost = |source| HubError::Worker { source };
        let saver = self.saver.await;
        let hasher = self.hasher.await;
        saver.map_err(lost)??;
        let hash = hasher.map_err(lost)??;
        let total = self.work.books().have.total();
        Ok(Written {
            path: self.work.path.clone(),
            total,
            hash,
        })
    }
}

struct Work {
    books: Mutex<Books>,
    changed: Condvar,
    file: File,
    path: PathBuf,
    state_path: PathBuf,
    oid: Oid,
    size_bytes: u64,
    chunk_bytes: u64,
    /// Bytes that may come before others are saved.
    room: Semaphore,
}

struct Books {
    have: Ranges,
    /// Bytes of `have` that the state file does not know of.
    unsaved: u64,
    /// How far the file had no gap when the hashing thread was last told.
    told: u64,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// More may come.
    Writing,
    /// Nothing more comes.
    Ended,
    /// A thread failed; the others end.
    Failed,
}

/// Ends the writing whatever way its thread ends, so that nobody waits for ever.
struct Ending<'a> {
    work: &'a Work,
    phase: Phase,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.work.enter(self.phase);
    }
}

impl Work {
    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), HubError> {
        files::write_at(&self.file, bytes, offset).map_err(|source| {
            self.enter(Phase::Failed);
            HubError::io(&self.path, source)
        })?;
        let n = bytes.len() as u64;
        let mut books = self.books();
        let n_new = books.have.insert(offset..offset + n);
        books.unsaved += n_new;
        let prefix_end = books.have.prefix_end();
        let is_much = prefix_end - books.told >= READ_BYTES as u64 || prefix_end == self.size_bytes;
        let is_news = is_much || books.unsaved >= self.chunk_bytes / 2;
        if is_much {
            books.told = prefix_end;
        }
        drop(books);
        // Bytes that came again are safe already.
        self.make_room(n - n_new);
        // Waking the others for every few bytes would cost more than their work.
        if is_news {
            self.changed.notify_all();
        }
        Ok(())
    }

    /// A failure is final.
    fn enter(&self, phase: Phase) {
        let mut books = self.books();
        if books.phase != Phase::Failed {
            books.phase = phase;
        }
        if books.phase == Phase::Failed {
            self.room.close();
        }
        drop(books);
        self.changed.notify_all();
    }

    fn make_room(&self, n_bytes: u64) {
        self.room
            .add_permits(usize::try_from(n_bytes).unwrap_or_default());
    }

    fn save_all(&self) -> Result<(), HubError> {
        let mut ending = Ending {
            work: self,
            phase: Phase::Failed,
        };
        loop {
            let idle = |books: &mut Books| {
                books.phase == Phase::Writing && books.unsaved < self.chunk_bytes / 2
            };
            let (books, _) = self
                .changed
                .wait_timeout_while(self.books(), SAVE_EVERY, idle)
                .unwrap_or_else(PoisonError::into_inner);
            let (have, unsaved, phase) = (books.have.clone(), books.unsaved, books.phase);
            drop(books);
            if unsaved > 0 {
                self.save(have)?;
                self.books().unsaved -= unsaved;
                self.make_room(unsaved);
                self.changed.notify_all();
            } else if phase != Phase::Writing {
                ending.phase = Phase::Ended;
                return Ok(());
            }
        }
    }

    /// Bytes first, then what claims them.
    fn save(&self, have: Ranges) -> Result<(), HubError> {
        self.file
            .sync_data()
            .map_err(|source| HubError::io(&self.path, source))?;
        let state = State {
            format: FORMAT,
            oid: self.oid.clone(),
            size_bytes: self.size_bytes,
            have,
        };
        let text = serde_json::to_vec(&state).expect("BUG: numbers and text can always be encoded");
        files::write_durably(&self.state_path, &text)
    }

    /// Follows the writer from the start of the file; `None` where the end never came.
    fn hash(&self) -> Result<Option<String>, HubError> {
        let mut hasher = Hasher::new(&self.oid, self.size_bytes);
        let mut buffer = vec![0; READ_BYTES];
        let mut at = 0;
        while at < self.size_bytes {
            let enough = self.size_bytes.min(at + READ_BYTES as u64);
            let behind = |books: &mut Books| {
                books.phase == Phase::Writing && books.have.prefix_end() < enough
            };
            let books = self
                .changed
                .wait_while(self.books(), behind)
                .unwrap_or_else(PoisonError::into_inner);
            let (until, phase) = (books.have.prefix_end(), books.phase);
            drop(books);
            // What stopped short is hashed when it goes on.
            if until <= at || (phase != Phase::Writing && until < self.size_bytes) {
                return Ok(None);
            }
            let n = usize::try_from(until - at)
                .unwrap_or(READ_BYTES)
                .min(READ_BYTES);
            let wanted = buffer.get_mut(..n).unwrap_or_default();
            let n = files::read_at(&self.file, wanted, at)
                .map_err(|source| HubError::io(&self.path, source))?;
            if n == 0 {
                return Ok(None);
            }
            hasher.update(buffer.get(..n).unwrap_or_default());
            at += n as u64;
        }
        Ok(Some(hasher.finish()))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
