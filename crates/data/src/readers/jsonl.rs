//! JSON Lines: a JSON value a line.

use super::lines::Lines;
use crate::DataError;
use serde_json::Value;

/// The value of the next line, or `None` at the file's end; blank lines are skipped.
pub(crate) fn next_value(lines: &mut Lines) -> Result<Option<Value>, DataError> {
    while let Some(line) = lines.next_line()? {
        if line.trim().is_empty() {
            continue;
        }
        let value = serde_json::from_str(&line).map_err(|source| DataError::InvalidJson {
            path: lines.path().to_path_buf(),
            line: lines.line(),
            detail: source.to_string(),
        })?;
        return Ok(Some(value));
    }
    Ok(None)
}
