//! The lines of a text file, each no longer than a limit, with the place of whatever is wrong in them.

use super::source::Source;
use crate::DataError;
use amoozgar_types::dataset::TextEncoding;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Bytes that are read from the file at once.
const BLOCK_BYTES: usize = 1 << 18;

/// A file read line by line. A line ends with LF, with CR LF, or, as in the files of old Macs and of some
/// exports, with CR.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<Source>,
    size_bytes: u64,
    max_line_bytes: usize,
    /// Bytes of UTF-8 read so far.
    offset: u64,
    line: u64,
    /// What ended the line read last.
    end: LineEnd,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// LF, or CR LF.
    Lf,
    /// CR alone.
    Cr,
    /// The file's end.
    File,
    /// The limit: the line goes on.
    TooLong,
}

impl Lines {
    /// Opens a file whose lines may have `max_line_bytes` at most, their ends not counted.
    pub(crate) fn open(path: &Path, max_line_bytes: usize) -> Result<Self, DataError> {
        let fail = |source| DataError::io(path, source);
        let file = File::open(path).map_err(fail)?;
        let size_bytes = file.metadata().map_err(fail)?.len();
        let source = Source::of(file).map_err(fail)?;
        let mut lines = Self {
            path: path.to_path_buf(),
            reader: BufReader::with_capacity(BLOCK_BYTES, source),
            size_bytes,
            max_line_bytes,
            offset: 0,
            line: 0,
            end: LineEnd::Lf,
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
        loop {
            let (start, before) = (self.offset, self.end);
            let mut bytes = Vec::new();
            self.end = self
                .read_line(&mut bytes)
                .map_err(|source| DataError::io(&self.path, source))?;
            if self.end == LineEnd::File && bytes.is_empty() {
                return Ok(None);
            }
            if before == LineEnd::Cr && self.end == LineEnd::Lf && bytes.is_empty() {
                // CR CR LF, which copying in text mode makes of CR LF, is one end.
                continue;
            }
            self.line += 1;
            let mut text = self.decode(bytes, start)?;
            // Files with a byte order mark may have been put together.
            let n_mark_bytes = text.len() - text.trim_start_matches('\u{feff}').len();
            text.drain(..n_mark_bytes);
            return Ok(Some(text));
        }
    }

    /// Appends a line without its end to `bytes`, one byte beyond the limit at most.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<LineEnd> {
        loop {
            let block = self.reader.fill_buf()?;
            let room = self.max_line_bytes + 1 - bytes.len();
            let block = block.get(..room).unwrap_or(block);
            if block.is_empty() {
                return Ok(LineEnd::File);
            }
            let end = block.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (line, rest) = block.split_at(end.unwrap_or(block.len()));
            bytes.extend_from_slice(line);
            let found = rest.first().copied();
            let n_read = line.len() + usize::from(found.is_some());
            self.consume(n_read);
            match found {
                Some(b'\n') => return Ok(LineEnd::Lf),
                Some(_) if self.reader.fill_buf()?.first() == Some(&b'\n') => {
                    self.consume(1);
                    return Ok(LineEnd::Lf);
                }
                Some(_) => return Ok(LineEnd::Cr),
                None if bytes.len() > self.max_line_bytes => return Ok(LineEnd::TooLong),
                None => {}
            }
        }
    }

    fn consume(&mut self, n_bytes: usize) {
        self.reader.consume(n_bytes);
        self.offset += n_bytes as u64;
    }

    /// The text of a line that begins at byte `start`.
    fn decode(&self, bytes: Vec<u8>, start: u64) -> Result<String, DataError> {
        if let Some(zero) = bytes.iter().position(|&byte| byte == 0) {
            return Err(DataError::BinaryFile {
                path: self.path.clone(),
                offset: start + zero as u64,
            });
        }
        let is_too_long = self.end == LineEnd::TooLong;
        match String::from_utf8(bytes) {
            Ok(text) if !is_too_long => Ok(text),
            // A line that is too long may have been cut within a character.
            Err(failure) if !is_too_long || failure.utf8_error().error_len().is_some() => {
                Err(DataError::InvalidUtf8 {
                    path: self.path.clone(),
                    line: self.line,
                    offset: self.place_in_file(start, failure.utf8_error().valid_up_to()),
                })
            }
            _ => Err(DataError::LineTooLong {
                path: self.path.clone(),
                line: self.line,
                limit_bytes: self.max_line_bytes as u64,
            }),
        }
    }

    /// Where the file's byte stands that was refused, `n` bytes of UTF-8 after byte `start` of it.
    fn place_in_file(&self, start: u64, n: usize) -> u64 {
        let of_file = self.reader.get_ref().refused_at();
        of_file.unwrap_or(start + n as u64)
    }

    /// The encoding of the file, as far as what was read shows it.
    pub(crate) fn encoding(&self) -> TextEncoding {
        self.reader.get_ref().encoding()
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
        let n_read = self.reader.get_ref().n_read().unwrap_or(self.offset);
        n_read as f64 / self.size_bytes.max(1) as f64
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
