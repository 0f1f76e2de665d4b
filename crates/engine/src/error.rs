//! What can go wrong in the engine, one variant per failure. [`EngineError::to_api`] is the one place
//! where a failure becomes a closed code for the interface.

use amoozgar_data::DataError;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::io;
use std::path::{Path, PathBuf};

/// A failure of the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A dataset that cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
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
    /// A conversation that the model's template does not write, or a template that is none.
    #[error("the chat template refuses: {detail}")]
    ChatTemplate {
        /// Why, in the template's own words where it has some.
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
    /// What a model is to read before it answers fills its context.
    #[error("the text has {n_tokens} tokens; the model sees {context} at once")]
    PromptTooLong {
        /// Tokens of the text.
        n_tokens: usize,
        /// Tokens that the model sees.
        context: usize,
    },
    /// The caller asked to stop while the run was being prepared.
    #[error("stopped before the first step")]
    StoppedWhileLoading,
    /// The caller asked to stop, and nothing was left.
    #[error("stopped before it was done")]
    Stopped,
    /// A model that another program's form cannot hold.
    #[error("the model at `{path}` cannot be written as {form}: {detail}")]
    NotExpressible {
        /// The model.
        path: PathBuf,
        /// The form's name.
        form: &'static str,
        /// Why.
        detail: String,
    },
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
            Self::Data(failure) => return failure.to_api(),
            Self::FileNotFound { .. } => ErrorCode::FileNotFound,
            Self::PermissionDenied { .. } => ErrorCode::PermissionDenied,
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
            Self::NotExpressible { form, detail, .. } => {
                params.detail = Some(format!("{form}: {detail}"));
                ErrorCode::NotExpressible
            }
            Self::ChatTemplate { detail } => {
                params.detail = Some(detail.clone());
                ErrorCode::ChatTemplate
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
            Self::PromptTooLong { n_tokens, context } => {
                params.found = Some(*n_tokens as u64);
                params.limit = Some(*context as u64);
                ErrorCode::PromptTooLong
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
            | Self::Stopped
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
            | Self::DatasetTooSmall { path, .. }
            | Self::DiskFull { path, .. }
            | Self::InvalidCheckpoint { path, .. }
            | Self::InvalidModel { path, .. }
            | Self::NotExpressible { path, .. }
            | Self::Io { path, .. } => Some(path),
            Self::Data(_)
            | Self::ChatTemplate { .. }
            | Self::InvalidSpec { .. }
            | Self::Diverged { .. }
            | Self::PromptTooLong { .. }
            | Self::StoppedWhileLoading
            | Self::Stopped
            | Self::TokenOutOfRange { .. }
            | Self::Tensor(_)
            | Self::Tokenizer { .. }
            | Self::MissingWeight { .. }
            | Self::Weights { .. }
            | Self::Threads { .. } => None,
        }
    }
}
