//! Failures become [`ApiError`] here and nowhere else; what a code cannot carry goes to the log.

use amoozgar_engine::EngineError;
use amoozgar_store::StoreError;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::error::Error;
use std::io;
use std::path::Path;

/// A failure of the file system at `path`.
pub fn io_error(path: &Path, failure: &io::Error) -> ApiError {
    let code = match failure.kind() {
        io::ErrorKind::NotFound => ErrorCode::FileNotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorCode::PermissionDenied
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        _ => ErrorCode::Io,
    };
    ApiError::with(
        code,
        ErrorParams {
            path: Some(path.display().to_string()),
            detail: Some(failure.to_string()),
            ..ErrorParams::default()
        },
    )
}

/// A failure of the engine.
pub fn of_engine(failure: &EngineError) -> ApiError {
    log(failure);
    failure.to_api()
}

/// A failure of the database.
pub fn of_store(failure: &StoreError) -> ApiError {
    log(failure);
    let code = match failure {
        StoreError::Newer { .. } => ErrorCode::DatabaseNewer,
        StoreError::NotFound { .. } => ErrorCode::NotFound,
        StoreError::NameTaken { .. } => ErrorCode::NameTaken,
        StoreError::InUse { .. } => ErrorCode::InUse,
        StoreError::InvalidTransition { .. } | StoreError::NotQueued { .. } => {
            ErrorCode::InvalidState
        }
        StoreError::Io { path, source, .. } => return io_error(path, source),
        StoreError::Sqlite { .. } if failure.is_disk_full() => ErrorCode::DiskFull,
        StoreError::Sqlite { .. } => ErrorCode::Io,
        StoreError::Encode { .. } => ErrorCode::Internal,
    };
    ApiError::detail(code, chain(failure))
}

/// A defect of the program, or of what it stands on.
pub fn internal(what: &str, failure: &(dyn Error + 'static)) -> ApiError {
    tracing::error!(error = %chain(failure), "{what}");
    ApiError::detail(ErrorCode::Internal, format!("{what}: {}", chain(failure)))
}

/// What was asked for is not there.
pub fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}

/// The present state does not allow it.
pub fn invalid_state(detail: &str) -> ApiError {
    ApiError::detail(ErrorCode::InvalidState, detail)
}

/// A sentence for the command line: what is wrong and where.
pub fn sentence(error: &ApiError) -> String {
    let params = &error.params;
    let path = params.path.as_deref().unwrap_or("?");
    let line = params.line.unwrap_or(0);
    let field = params.field.as_deref().unwrap_or("?");
    let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let (needed, found) = (number(params.needed), number(params.found));
    let text = match error.code {
        ErrorCode::FileNotFound => format!("there is no file `{path}`"),
        ErrorCode::PermissionDenied => format!("`{path}` may not be read or written"),
        ErrorCode::EmptyFile => format!("`{path}` holds no text"),
        ErrorCode::BinaryFile => format!("`{path}` is not text (byte {})", number(params.offset)),
        ErrorCode::InvalidUtf8 => format!(
            "`{path}` is not UTF-8 (line {line}, byte {})",
            number(params.offset)
        ),
        ErrorCode::InvalidJson => format!("`{path}`, line {line}: not valid JSON"),
        ErrorCode::MissingField => format!("`{path}`, line {line}: no text in field `{field}`"),
        ErrorCode::UnsupportedFormat => format!("`{path}` is neither .txt nor .jsonl"),
        ErrorCode::DatasetTooSmall => {
            format!("`{path}` is too small: {found} tokens, at least {needed} are needed")
        }
        ErrorCode::DiskFull => format!("no space left on the disk of `{path}`"),
        ErrorCode::OutOfMemory => {
            format!("not enough memory: {needed} bytes are needed, {found} are free")
        }
        ErrorCode::InvalidModel => format!("`{path}` is no model this program can run"),
        ErrorCode::InvalidCheckpoint => {
            format!("the checkpoint `{path}` is damaged or belongs to another run")
        }
        ErrorCode::InvalidSpec => match (&params.field, &params.path) {
            (Some(field), _) => format!("the specification's `{field}` cannot be used"),
            (None, Some(path)) => format!("the specification `{path}` cannot be read"),
            (None, None) => "the specification cannot be used".to_owned(),
        },
        ErrorCode::InvalidField => format!("`{field}` cannot be used"),
        ErrorCode::Diverged => format!("the loss diverged at step {}", number(params.step)),
        _ => return error.to_string(),
    };
    match &params.detail {
        Some(detail) => format!("{text}: {detail}"),
        None => text,
    }
}

fn log(failure: &(dyn Error + 'static)) {
    tracing::warn!(error = %chain(failure), "a call failed");
}

fn chain(failure: &(dyn Error + 'static)) -> String {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
