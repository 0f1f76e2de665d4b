//! A look at a dataset's file: what it holds, whether it is sound, and some of its rows.

use crate::{DataError, Documents};
use amoozgar_types::dataset::DatasetFormat;
use std::path::Path;

/// What a dataset's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The format of the file.
    pub format: DatasetFormat,
    /// Documents with text in them.
    pub n_rows: u64,
    /// Size of the file.
    pub size_bytes: u64,
}

/// Reads the whole file as a stream and validates it.
///
/// # Errors
/// Whatever is wrong with the first offending line, with its number and offset.
pub fn inspect(path: &Path) -> Result<DatasetSummary, DataError> {
    let documents = Documents::open(path)?;
    let (format, size_bytes) = (documents.format(), documents.size_bytes());
    let mut n_rows = 0;
    for document in documents {
        document?;
        n_rows += 1;
    }
    if n_rows == 0 {
        return Err(DataError::EmptyFile {
            path: path.to_path_buf(),
        });
    }
    Ok(DatasetSummary {
        format,
        n_rows,
        size_bytes,
    })
}

/// The normalized documents `offset..offset + limit`.
///
/// # Errors
/// As [`inspect`], as far as the file had to be read.
pub fn preview(path: &Path, offset: u64, limit: usize) -> Result<Vec<String>, DataError> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    Documents::open(path)?.skip(offset).take(limit).collect()
}
