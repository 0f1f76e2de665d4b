//! File formats, recognized by the file's name.

use crate::DataError;
use amoozgar_types::dataset::DatasetFormat;
use std::path::Path;

/// The format of a file.
///
/// # Errors
/// Where its name's end is none of .txt, .jsonl, .json and .csv.
pub fn format_of(path: &Path) -> Result<DatasetFormat, DataError> {
    match extension(path).as_str() {
        "txt" => Ok(DatasetFormat::Txt),
        "jsonl" => Ok(DatasetFormat::Jsonl),
        "json" => Ok(DatasetFormat::Json),
        "csv" => Ok(DatasetFormat::Csv),
        _ => Err(DataError::UnsupportedFormat {
            path: path.to_path_buf(),
        }),
    }
}

/// A format whose rows have labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LabelledFormat {
    /// An object a line.
    Jsonl,
    /// A table with a header.
    Csv,
}

/// The format of a file of labelled text.
pub(crate) fn labelled_format_of(path: &Path) -> Result<LabelledFormat, DataError> {
    match extension(path).as_str() {
        "jsonl" => Ok(LabelledFormat::Jsonl),
        "csv" => Ok(LabelledFormat::Csv),
        _ => Err(DataError::NotLabelled {
            path: path.to_path_buf(),
        }),
    }
}

/// The last extension in lower case, empty where there is none.
fn extension(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.unwrap_or_default().to_ascii_lowercase()
}
