//! The lines of a text file, with the place of whatever is wrong in them.

use crate::DataError;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A file read line by line.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    size_bytes: u64,
    /// Bytes read so far.
    offset: u64,
    line: u64,
    buffer: Vec<u8>,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let fail = |source| DataError::io(path, source);
        let file = File::open(path).map_err(fail)?;
        let size_bytes = file.metadata().map_err(fail)?.len();
        let mut lines = Self {
            path: path.to_path_buf(),
            reader: BufReader::with_capacity(1 << 18, file),
            size_bytes,
            offset: 0,
            line: 0,
            buffer: Vec::new(),
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

    /// The next line without its end, or `None` at the file's end.
    pub(crate) fn next_line(&mut self) -> Result<Option<String>, DataError> {
        self.buffer.clear();
        let n_read = self
            .reader
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| DataError::io(&self.path, source))?;
        if n_read == 0 {
            return Ok(None);
        }
        let start = self.offset;
        self.offset += n_read as u64;
        self.line += 1;
        if let Some(zero) = self.buffer.iter().position(|&byte| byte == 0) {
            return Err(DataError::BinaryFile {
                path: self.path.clone(),
                offset: start + zero as u64,
            });
        }
        let text = std::str::from_utf8(&self.buffer).map_err(|source| DataError::InvalidUtf8 {
            path: self.path.clone(),
            line: self.line,
            offset: start + source.valid_up_to() as u64,
        })?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let text = if self.line == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        };
        Ok(Some(text.to_owned()))
    }

    /// The file that is read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the file.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
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
