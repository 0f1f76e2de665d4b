//! A text as a whole, decoded as the readers of datasets decode their files.

use super::source::Source;
use crate::DataError;
use std::io::Read;
use std::path::Path;

/// Reads a whole text, in whatever encoding datasets may be written in. `path` is what errors name. The
/// text is held in memory.
///
/// # Errors
/// Where it cannot be read, or is no text, with the line and the byte.
pub fn read_text(path: &Path, input: impl Read + Send + 'static) -> Result<String, DataError> {
    let fail = |source| DataError::io(path, source);
    let mut source = Source::of(input).map_err(fail)?;
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(fail)?;
    if let Some(zero) = bytes.iter().position(|&byte| byte == 0) {
        return Err(DataError::BinaryFile {
            path: path.to_path_buf(),
            offset: zero as u64,
        });
    }
    String::from_utf8(bytes).map_err(|failure| {
        let valid = failure.utf8_error().valid_up_to();
        let before = failure.as_bytes().get(..valid).unwrap_or_default();
        DataError::InvalidUtf8 {
            path: path.to_path_buf(),
            line: 1 + n_line_ends(before),
            offset: source.refused_at().unwrap_or(valid as u64),
        }
    })
}

/// Line ends as readers count them: LF, CR LF, or CR.
fn n_line_ends(bytes: &[u8]) -> u64 {
    let mut previous = 0;
    let mut n = 0;
    for &byte in bytes {
        n += u64::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
        previous = byte;
    }
    n
}
