//! What can go wrong in the engine, one variant per failure. [`EngineError::to_api`] is the one place
//! where a failure becomes a closed code for the interface.

use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::io;
use std::path::{Path, PathBuf};

/// A failure of the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Nothing is there.
    #[error("no file at `{path}`")]
    FileNotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system does not let us read or write.
    #[error("no permission for `{path}`")]
    PermissionDenied {
        /// The file or folder.
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
    /// Not UTF-8.
    #[error("`{path}` is not UTF-8 on line {line}, byte {offset}")]
    InvalidUtf8 {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// The first offending byte, counted from 0.
        offset: u64,
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
    /// JSON without the text.
    #[error("line {line} of `{path}` lacks the text field `{field}`")]
    MissingField {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// The field's name.
        field: &'static str,
    },
    /// A row of labelled text that cannot be used.
    #[error("line {line} of `{path}` is no usable row: {detail}")]
    InvalidRow {
        /// The file.
        path: PathBuf,
        /// The row's first line, counted from 1.
        line: u64,
        /// Why.
        detail: String,
    },
    /// Neither .txt nor .jsonl.
    #[error("`{path}` is neither .txt nor .jsonl")]
    UnsupportedFormat {
        /// The file.
        path: PathBuf,
    },
    /// Less text than one training sequence.
    #[error("`{path}` has {found} tokens, the run needs at least {needed}")]
    DatasetTooSmall {
        /// The file.
        path: PathBuf,
        /// Tokens needed.
        needed: u64,
        /// Tokens found.
        found: u64,
    },
    /// No space left.
    #[error("no space left on the disk of `{path}`")]
    DiskFull {
        /// What was being written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A checkpoint that cannot be gone on from.
    #[error("the checkpoint at `{path}` cannot be used: {detail}")]
    InvalidCheckpoint {
        /// Its folder.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// A model folder that cannot be read.
    #[error("the model at `{path}` cannot be used: {detail}")]
    InvalidModel {
        /// Its folder.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// Settings that contradict themselves.
    #[error("the setting `{field}` cannot be used: {detail}")]
    InvalidSpec {
        /// The field, dotted.
        field: &'static str,
        /// Why.
        detail: String,
    },
    /// Training blew up.
    #[error("the loss is not a number at step {step}")]
    Diverged {
        /// The step, counted from 1.
        step: u64,
    },
    /// The caller asked to stop while the run was being prepared.
    #[error("stopped before the first step")]
    StoppedWhileLoading,
    /// A token id outside the vocabulary.
    #[error("the token {token} is outside the vocabulary of {vocab_size}")]
    TokenOutOfRange {
        /// The token.
        token: u32,
        /// Size of the vocabulary.
        vocab_size: usize,
    },
    /// Any other failure of the file system.
    #[error("cannot read or write `{path}`")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A model without one of its weights.
    #[error("the weight `{name}` is missing or has another shape")]
    MissingWeight {
        /// Its name.
        name: String,
    },
    /// A file of weights could not be made.
    #[error("the weights cannot be written: {detail}")]
    Weights {
        /// What the library says.
        detail: String,
    },
    /// A tensor operation failed, which its shapes were to rule out.
    #[error("a tensor operation failed")]
    Tensor(#[from] candle_core::Error),
    /// The tokenizer's library failed.
    #[error("the tokenizer failed: {detail}")]
    Tokenizer {
        /// What it says.
        detail: String,
    },
    /// The system gave no thread.
    #[error("no thread could be started: {detail}")]
    Threads {
        /// What the system says.
        detail: String,
    },
}

impl EngineError {
    /// The failure of the file system at `path`, sorted by what a person can do about it.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::FileNotFound { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied { path }
            }
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::WriteZero => Self::DiskFull { path, source },
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn tokenizer(source: &dyn std::fmt::Display) -> Self {
        Self::Tokenizer {
            detail: source.to_string(),
        }
    }

    /// The closed code and its parameters.
    pub fn to_api(&self) -> ApiError {
        let mut params = ErrorParams {
            path: self.path().map(|path| path.display().to_string()),
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
            Self::InvalidJson { line, detail, .. } => {
                params.line = Some(*line);
                params.detail = Some(detail.clone());
                ErrorCode::InvalidJson
            }
            Self::InvalidRow { line, detail, .. } => {
                params.line = Some(*line);
                params.detail = Some(detail.clone());
                ErrorCode::InvalidRow
            }
            Self::MissingField { line, field, .. } => {
                params.line = Some(*line);
                params.field = Some((*field).to_owned());
                ErrorCode::MissingField
            }
            Self::DatasetTooSmall { needed, found, .. } => {
                params.needed = Some(*needed);
                params.found = Some(*found);
                ErrorCode::DatasetTooSmall
            }
            Self::DiskFull { source, .. } => {
                params.detail = Some(source.to_string());
                ErrorCode::DiskFull
            }
            Self::InvalidCheckpoint { detail, .. } => {
                params.detail = Some(detail.clone());
                ErrorCode::InvalidCheckpoint
            }
            Self::InvalidModel { detail, .. } => {
                params.detail = Some(detail.clone());
                ErrorCode::InvalidModel
            }
            Self::InvalidSpec { field, detail } => {
                params.field = Some((*field).to_owned());
                params.detail = Some(detail.clone());
                ErrorCode::InvalidSpec
            }
            Self::Diverged { step } => {
                params.step = Some(*step);
                ErrorCode::Diverged
            }
            Self::Io { source, .. } => {
                params.detail = Some(source.to_string());
                ErrorCode::Io
            }
            Self::TokenOutOfRange { .. } => {
                params.field = Some("tokens".to_owned());
                params.detail = Some(self.to_string());
                ErrorCode::InvalidField
            }
            Self::Tensor(source) => {
                params.detail = Some(format!("{self}: {source}"));
                ErrorCode::Internal
            }
            Self::StoppedWhileLoading
            | Self::Tokenizer { .. }
            | Self::Threads { .. }
            | Self::MissingWeight { .. }
            | Self::Weights { .. } => {
                params.detail = Some(self.to_string());
                ErrorCode::Internal
            }
        };
        ApiError::with(code, params)
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Self::FileNotFound { path }
            | Self::PermissionDenied { path }
            | Self::EmptyFile { path }
            | Self::BinaryFile { path, .. }
            | Self::InvalidUtf8 { path, .. }
            | Self::InvalidJson { path, .. }
            | Self::MissingField { path, .. }
            | Self::InvalidRow { path, .. }
            | Self::UnsupportedFormat { path }
            | Self::DatasetTooSmall { path, .. }
            | Self::DiskFull { path, .. }
            | Self::InvalidCheckpoint { path, .. }
            | Self::InvalidModel { path, .. }
            | Self::Io { path, .. } => Some(path),
            Self::InvalidSpec { .. }
            | Self::Diverged { .. }
            | Self::StoppedWhileLoading
            | Self::TokenOutOfRange { .. }
            | Self::Tensor(_)
            | Self::Tokenizer { .. }
            | Self::MissingWeight { .. }
            | Self::Weights { .. }
            | Self::Threads { .. } => None,
        }
    }
}
