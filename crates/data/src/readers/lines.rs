//! The lines of a text file, each no longer than a limit, with the place of whatever is wrong in them.

use crate::DataError;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// A file read line by line.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    size_bytes: u64,
    max_line_bytes: usize,
    /// Bytes read so far.
    offset: u64,
    line: u64,
}

impl Lines {
    /// Opens a file whose lines may have `max_line_bytes` at most, their ends not counted.
    pub(crate) fn open(path: &Path, max_line_bytes: usize) -> Result<Self, DataError> {
        let fail = |source| DataError::io(path, source);
        let file = File::open(path).map_err(fail)?;
        let size_bytes = file.metadata().map_err(fail)?.len();
        let mut lines = Self {
            path: path.to_path_buf(),
            reader: BufReader::with_capacity(1 << 18, file),
            size_bytes,
            max_line_bytes,
            offset: 0,
            line: 0,
        };
        lines.refuse_binary()?;
        Ok(lines)
    }

    /// A zero byte near the start says "no text" sooner and more clearly than broken UTF-8 does.
    fn refuse_binary(&mut self) -> Result<(), DataError> {
        let head = self
            .reader
            .fill_buf()
            .map_err(|source| DataError::io(&self.path, source))?;
        match head.iter().position(|&byte| byte == 0) {
            Some(offset) => Err(DataError::BinaryFile {
                path: self.path.clone(),
                offset: offset as u64,
            }),
            None => Ok(()),
        }
    }

    /// The next line without its end, or `None` at the file's end. Of a line that is too long nothing
    /// beyond the limit is read.
    pub(crate) fn next_line(&mut self) -> Result<Option<String>, DataError> {
        let mut bytes = Vec::new();
        // The end of the line, `\r\n` at most, comes on top.
        let most = self.max_line_bytes as u64 + 2;
        let n_read = self
            .reader
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut bytes)
            .map_err(|source| DataError::io(&self.path, source))?;
        if n_read == 0 {
            return Ok(None);
        }
        let start = self.offset;
        self.offset += n_read as u64;
        self.line += 1;
        let mut text = self.decode(bytes, start)?;
        if self.line == 1 {
            let n_mark_bytes = text.len() - text.trim_start_matches('\u{feff}').len();
            text.drain(..n_mark_bytes);
        }
        Ok(Some(text))
    }

    /// The text of a line that begins at byte `start`.
    fn decode(&self, mut bytes: Vec<u8>, start: u64) -> Result<String, DataError> {
        if let Some(zero) = bytes.iter().position(|&byte| byte == 0) {
            return Err(DataError::BinaryFile {
                path: self.path.clone(),
                offset: start + zero as u64,
            });
        }
        for end in [b'\n', b'\r'] {
            if bytes.last() == Some(&end) {
                bytes.pop();
            }
        }
        let is_too_long = bytes.len() > self.max_line_bytes;
        match String::from_utf8(bytes) {
            Ok(text) if !is_too_long => Ok(text),
            // A line that is too long may have been cut within a character.
            Err(failure) if !is_too_long || failure.utf8_error().error_len().is_some() => {
                Err(DataError::InvalidUtf8 {
                    path: self.path.clone(),
                    line: self.line,
                    offset: start + failure.utf8_error().valid_up_to() as u64,
                })
            }
            _ => Err(DataError::LineTooLong {
                path: self.path.clone(),
                line: self.line,
                limit_bytes: self.max_line_bytes as u64,
            }),
        }
    }

    /// The file that is read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the file.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The longest line that is read.
    pub(crate) fn max_line_bytes(&self) -> usize {
        self.max_line_bytes
    }

    /// The number of the line read last, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The share of the file that has been read, from 0 to 1.
    pub(crate) fn share_read(&self) -> f64 {
        self.offset as f64 / self.size_bytes.max(1) as f64
    }

    /// The line read last lacks `field`.
    pub(crate) fn lacks(&self, field: &'static str) -> DataError {
        DataError::MissingField {
            path: self.path.clone(),
            line: self.line,
            field,
        }
    }
}
