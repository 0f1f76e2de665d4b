//! The exit statuses of the command line and of child processes.

use amoozgar_types::{ApiError, ErrorCode};

/// The run is complete.
pub const FINISHED: u8 = 0;
/// The run failed.
pub const FAILED: u8 = 1;
/// What it was given cannot be used.
pub const BAD_INPUT: u8 = 2;
/// It was stopped; a run can be resumed.
pub const STOPPED: u8 = 3;

/// The status of a failure: bad input, or any other.
pub fn of_error(error: &ApiError) -> u8 {
    match error.code {
        ErrorCode::InvalidField
        | ErrorCode::NotFound
        | ErrorCode::FileNotFound
        | ErrorCode::PermissionDenied
        | ErrorCode::EmptyFile
        | ErrorCode::BinaryFile
        | ErrorCode::InvalidUtf8
        | ErrorCode::LineTooLong
        | ErrorCode::InvalidJson
        | ErrorCode::MissingField
        | ErrorCode::InvalidRow
        | ErrorCode::UnsupportedFormat
        | ErrorCode::DatasetTooSmall
        | ErrorCode::InvalidModel
        | ErrorCode::NotExpressible
        | ErrorCode::AlreadyThere
        | ErrorCode::ChatTemplate
        | ErrorCode::InvalidCheckpoint
        | ErrorCode::InvalidSpec
        | ErrorCode::RunAtWork
        | ErrorCode::PromptTooLong
        | ErrorCode::RepoNotFound
        | ErrorCode::RevisionNotFound
        | ErrorCode::RemoteFileNotFound
        | ErrorCode::NothingSelected
        | ErrorCode::OnlyPickle => BAD_INPUT,
        _ => FAILED,
    }
}
