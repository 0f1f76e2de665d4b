//! Tokens on disk: little-endian u16 (u32 where the vocabulary needs it), read through a memory map.

use crate::EngineError;
use crate::files::DurableFile;
use memmap2::Mmap;
use std::fs::File;
use std::path::Path;

/// Bytes of one token.
pub(crate) fn token_bytes(vocab_size: usize) -> usize {
    if vocab_size <= 1 << 16 { 2 } else { 4 }
}

/// A file of tokens, mapped into memory.
pub(crate) struct TokenCache {
    map: Option<Mmap>,
    token_bytes: usize,
}

impl TokenCache {
    pub(crate) fn open(path: &Path, vocab_size: usize) -> Result<Self, EngineError> {
        let file = File::open(path).map_err(|source| EngineError::io(path, source))?;
        let length = file
            .metadata()
            .map_err(|source| EngineError::io(path, source))?
            .len();
        let map = if length == 0 {
            None
        } else {
            // SAFETY: the file was renamed into a folder of this job alone and is never written
            // again; nothing shortens it while the run holds it.
            Some(unsafe { Mmap::map(&file) }.map_err(|source| EngineError::io(path, source))?)
        };
        Ok(Self {
            map,
            token_bytes: token_bytes(vocab_size),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.map
            .as_ref()
            .map_or(0, |map| map.len() / self.token_bytes)
    }

    /// Appends the tokens `start..start + n` to `out`; fewer at the end.
    pub(crate) fn read(&self, start: usize, n: usize, out: &mut Vec<u32>) {
        let Some(map) = &self.map else { return };
        let end = (start + n).min(self.len());
        let bytes = map
            .get(start * self.token_bytes..end * self.token_bytes)
            .unwrap_or_default();
        if self.token_bytes == 2 {
            out.extend(
                bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|&pair| u32::from(u16::from_le_bytes(pair))),
            );
        } else {
            out.extend(
                bytes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&four| u32::from_le_bytes(four)),
            );
        }
    }
}

/// Writes a file of tokens.
pub(crate) struct TokenWriter {
    file: DurableFile,
    token_bytes: usize,
    pub(crate) n_tokens: u64,
}

impl TokenWriter {
    pub(crate) fn create(path: &Path, vocab_size: usize) -> Result<Self, EngineError> {
        Ok(Self {
            file: DurableFile::create(path)?,
            token_bytes: token_bytes(vocab_size),
            n_tokens: 0,
        })
    }

    pub(crate) fn write(&mut self, tokens: &[u32]) -> Result<(), EngineError> {
        self.n_tokens += tokens.len() as u64;
        for token in tokens {
            let bytes = token.to_le_bytes();
            self.file
                .write(bytes.get(..self.token_bytes).unwrap_or_default())?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<u64, EngineError> {
        self.file.finish()?;
        Ok(self.n_tokens)
    }
}
