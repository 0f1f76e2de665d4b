//! A copy that is hashed, watched, and can be stopped.

use crate::HubError;
use crate::clock::{FreeSpace, system_free_space};
use crate::control::Control;
use crate::repo::Oid;
use crate::verify::{Hasher, READ_BYTES};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Who watches a copy, and may stop it.
#[derive(Clone)]
pub struct Watch {
    /// Stops it; nothing half-made is left.
    pub control: Control,
    /// Is told how far it is, from the thread that copies.
    pub told: Arc<dyn Fn(&Copied) + Send + Sync>,
    /// The free space of a disk.
    pub free_space: FreeSpace,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            control: Control::new(),
            told: Arc::new(|_| ()),
            free_space: system_free_space(),
        }
    }
}

impl Watch {
    /// Refuses a copy of `needed` bytes to the disk of `to` that it has no space for. Folders of `to`
    /// may be missing.
    ///
    /// # Errors
    /// [`HubError::DiskFull`].
    pub fn check_space(&self, to: &Path, needed: u64) -> Result<(), HubError> {
        let there = to.ancestors().find(|dir| dir.is_dir()).unwrap_or(to);
        let free = (self.free_space)(there).map_err(|source| HubError::io(there, source))?;
        if needed > free {
            return Err(HubError::DiskFull {
                path: to.to_owned(),
                needed: Some(needed),
                free: Some(free),
            });
        }
        Ok(())
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
