//! The hash that a file must have, computed piece by piece.

use crate::HubError;
use crate::files::open_regular;
use crate::repo::Oid;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

/// How much is read at once.
pub(crate) const READ_BYTES: usize = 1 << 20;

/// A hash under way.
#[derive(Clone)]
pub(crate) enum Hasher {
    Sha256(Sha256),
    GitSha1(Sha1),
}

impl Hasher {
    /// The hash that `oid` is of, of a file of `size_bytes`.
    pub(crate) fn new(oid: &Oid, size_bytes: u64) -> Self {
        match oid {
            Oid::Sha256(_) => Self::Sha256(Sha256::new()),
            Oid::GitSha1(_) => {
                let mut sha1 = Sha1::new();
                sha1.update(format!("blob {size_bytes}\0"));
                Self::GitSha1(sha1)
            }
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(sha256) => sha256.update(bytes),
            Self::GitSha1(sha1) => sha1.update(bytes),
        }
    }

    /// The hash in hexadecimal.
    pub(crate) fn finish(self) -> String {
        match self {
            Self::Sha256(sha256) => hex(&sha256.finalize()),
            Self::GitSha1(sha1) => hex(&sha1.finalize()),
        }
    }
}

/// The hash of a whole file, of the kind that `oid` is.
pub(crate) fn hash_file(path: &Path, oid: &Oid) -> Result<String, HubError> {
    let fail = |source| HubError::io(path, source);
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = Hasher::new(oid, file.metadata().map_err(fail)?.len());
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let n = file.read(&mut buffer).map_err(fail)?;
        if n == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(buffer.get(..n).unwrap_or_default());
    }
}

/// Whether a file's bytes hash to `oid`, as a blob of a cache is called; `told` hears of every piece that was
/// read and says whether to go on. `None` where it does not, and where `oid` is no such name.
///
/// # Errors
/// Where the file cannot be read.
pub fn has_content(
    path: &Path,
    oid: &str,
    told: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<bool>, HubError> {
    let Some(oid) = Oid::parse(oid) else {
        return Ok(None);
    };
    let fail = |source| HubError::io(path, source);
    let mut file = open_regular(path).map_err(fail)?;
    let mut hasher = Hasher::new(&oid, file.metadata().map_err(fail)?.len());
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let n = file.read(&mut buffer).map_err(fail)?;
        if n == 0 {
            return Ok(Some(hasher.finish() == oid.as_str()));
        }
        hasher.update(buffer.get(..n).unwrap_or_default());
        if told(n as u64).is_break() {
            return Ok(None);
        }
    }
}

/// The hash of bytes in memory, of the kind that `oid` is.
pub(crate) fn hash_bytes(bytes: &[u8], oid: &Oid) -> String {
    let mut hasher = Hasher::new(oid, bytes.len() as u64);
    hasher.update(bytes);
    hasher.finish()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
            text
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::hash_bytes;
    use crate::repo::Oid;

    #[test]
    fn hashes_are_those_that_git_and_sha256sum_print() {
        // `printf 'hello\n' | git hash-object --stdin` and `printf 'hello\n' | sha256sum`.
        let git = Oid::git_sha1("ce013625030ba8dba906f756967f9e9ca394464a").unwrap();
        let lfs = Oid::sha256("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
            .unwrap();
        for oid in [git, lfs] {
            assert_eq!(hash_bytes(b"hello\n", &oid), oid.as_str());
        }
    }
}
