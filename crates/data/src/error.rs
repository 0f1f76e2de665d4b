//! What can go wrong with a dataset's file, one variant per failure. [`DataError::to_api`] is the one
//! place where a failure becomes a closed code for the interface.

use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::io;
use std::path::{Path, PathBuf};

/// A failure of reading a dataset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Nothing is there.
    #[error("no file at `{path}`")]
    FileNotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system does not let us read.
    #[error("no permission for `{path}`")]
    PermissionDenied {
        /// The file.
        path: PathBuf,
    },
    /// No text in the file.
    #[error("`{path}` holds no text")]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// Not a text file.
    #[error("`{path}` is not text: byte {offset} is zero")]
    BinaryFile {
        /// The file.
        path: PathBuf,
        /// The first zero byte, counted from 0.
        offset: u64,
    },
    /// No encoding that is read: neither UTF-8 nor UTF-16, nor does it look like Persian or Arabic in
    /// Windows-1256.
    #[error("`{path}` is neither UTF-8 nor UTF-16 nor Windows-1256: line {line}, byte {offset}")]
    InvalidUtf8 {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// The first offending byte of the file, counted from 0.
        offset: u64,
    },
    /// A line that is not read since it would not fit into memory.
    #[error("line {line} of `{path}` is longer than {limit_bytes} bytes")]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// The longest line that is read.
        limit_bytes: u64,
    },
    /// Not JSON.
    #[error("line {line} of `{path}` is not JSON: {detail}")]
    InvalidJson {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// What the parser says.
        detail: String,
    },
    /// A row without one of its texts.
    #[error("line {line} of `{path}` lacks the text field `{field}`")]
    MissingField {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// The field's name.
        field: &'static str,
    },
    /// A row that cannot be used.
    #[error("line {line} of `{path}` is no usable row: {detail}")]
    InvalidRow {
        /// The file.
        path: PathBuf,
        /// The row's first line, counted from 1.
        line: u64,
        /// Why.
        detail: String,
    },
    /// No format that is read.
    #[error("`{path}` is none of .txt, .jsonl, .json and .csv")]
    UnsupportedFormat {
        /// The file.
        path: PathBuf,
    },
    /// Rows where plain text is needed.
    #[error("`{path}` has rows and is no plain text: it can be learnt as conversations")]
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// Plain text where rows are needed.
    #[error("`{path}` is plain text and has no conversations")]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// Rows that look like nothing that is known.
    #[error(
        "the rows of `{path}` have the columns `{columns}`: which of them hold questions and answers?"
    )]
    UnknownShape {
        /// The file.
        path: PathBuf,
        /// The columns, parted by commas.
        columns: String,
    },
    /// A column that is not there.
    #[error("`{path}` has no column `{column}` for `{field}`; it has `{columns}`")]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The part of a row that is looked for.
        field: &'static str,
        /// The column.
        column: String,
        /// The columns that there are, parted by commas.
        columns: String,
    },
    /// No row is a conversation.
    #[error("no row of `{path}` is a conversation to learn: {detail}")]
    NoConversation {
        /// The file.
        path: PathBuf,
        /// The line of the first row.
        line: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// A format that has no labels.
    #[error("`{path}` is neither .jsonl nor .csv, of which a classifier learns")]
    NotLabelled {
        /// The file.
        path: PathBuf,
    },
    /// Any other failure of the file system.
    #[error("cannot read `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl DataError {
    /// The failure of the file system at `path`, sorted by what a person can do about it.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::FileNotFound { path },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { path },
            _ => Self::Io { path, source },
        }
    }

    /// The closed code and its parameters.
    pub fn to_api(&self) -> ApiError {
        let mut params = ErrorParams {
            path: Some(self.path().display().to_string()),
            ..ErrorParams::default()
        };
        let code = match self {
            Self::FileNotFound { .. } => ErrorCode::FileNotFound,
            Self::PermissionDenied { .. } => ErrorCode::PermissionDenied,
            Self::EmptyFile { .. } => ErrorCode::EmptyFile,
            Self::UnsupportedFormat { .. } => ErrorCode::UnsupportedFormat,
            Self::BinaryFile { offset, .. } => {
                params.offset = Some(*offset);
                ErrorCode::BinaryFile
            }
            Self::InvalidUtf8 { line, offset, .. } => {
                params.line = Some(*line);
                params.offset = Some(*offset);
                ErrorCode::InvalidUtf8
            }
            Self::LineTooLong {
                line, limit_bytes, ..
            } => {
                params.line = Some(*line);
                params.limit = Some(*limit_bytes);
                ErrorCode::LineTooLong
            }
            Self::InvalidJson { line, detail, .. } => {
                params.line = Some(*line);
                params.detail = Some(detail.clone());
                ErrorCode::InvalidJson
            }
            Self::InvalidRow { line, detail, .. } | Self::NoConversation { line, detail, .. } => {
                params.line = Some(*line);
                params.detail = Some(detail.clone());
                ErrorCode::InvalidRow
            }
            Self::MissingField { line, field, .. } => {
                params.line = Some(*line);
                params.field = Some((*field).to_owned());
                ErrorCode::MissingField
            }
            Self::UnknownShape { .. } | Self::NoColumn { .. } => {
                params.path = None;
                params.field = Some("dataset.mapping".to_owned());
                params.detail = Some(self.to_string());
                ErrorCode::InvalidSpec
            }
            Self::NoText { .. } | Self::NoRows { .. } => {
                params.path = None;
                params.field = Some("dataset.shape".to_owned());
                params.detail = Some(self.to_string());
                ErrorCode::InvalidSpec
            }
            Self::NotLabelled { .. } => {
                // The sentence is about the specification; its detail names the file.
                params.path = None;
                params.field = Some("dataset".to_owned());
                params.detail = Some(self.to_string());
                ErrorCode::InvalidSpec
            }
            Self::Io { source, .. } => {
                params.detail = Some(source.to_string());
                ErrorCode::Io
            }
        };
        ApiError::with(code, params)
    }

    fn path(&self) -> &Path {
        match self {
            Self::FileNotFound { path }
            | Self::PermissionDenied { path }
            | Self::EmptyFile { path }
            | Self::BinaryFile { path, .. }
            | Self::InvalidUtf8 { path, .. }
            | Self::LineTooLong { path, .. }
            | Self::InvalidJson { path, .. }
            | Self::MissingField { path, .. }
            | Self::InvalidRow { path, .. }
            | Self::UnsupportedFormat { path }
            | Self::NoText { path }
            | Self::NoRows { path }
            | Self::UnknownShape { path, .. }
            | Self::NoColumn { path, .. }
            | Self::NoConversation { path, .. }
            | Self::NotLabelled { path }
            | Self::Io { path, .. } => path,
        }
    }
}
