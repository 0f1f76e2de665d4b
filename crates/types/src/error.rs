//! What the shell tells the interface when something failed: a closed code with parameters.
//!
//! The Persian sentence and the hint belong to a code live in the interface, in an exhaustive
//! match; nothing may match an error by its text.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Every way in which a command or a run can fail, as far as a person can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Nobody is signed in.
    NotSignedIn,
    /// The name or the password is wrong.
    WrongCredentials,
    /// The window is locked; the signed-in profile's password opens it.
    Locked,
    /// The session ended by itself.
    SessionExpired,
    /// Only an administrator may do this.
    NotPermitted,
    /// Too many wrong passwords or codes: `needed` seconds must pass first.
    TooManyAttempts,
    /// The recovery code is wrong, or was used before.
    WrongRecoveryCode,
    /// This is the only administrator; somebody has to look after the profiles.
    LastAdministrator,
    /// The profile has a run that has not ended.
    UserHasLiveJob,
    /// A profile of this `name` exists.
    NameTaken,
    /// The form field `field` holds what cannot be used.
    InvalidField,
    /// The row asked for is not there (any more), or belongs to someone else.
    NotFound,
    /// The job's present state does not allow the action.
    InvalidState,
    /// The run `used_by`, which has not come to its end, needs what should go.
    InUse,
    /// There is no file at `path`.
    FileNotFound,
    /// The file at `path` may not be read or written.
    PermissionDenied,
    /// The file at `path` is empty, or holds nothing but white space.
    EmptyFile,
    /// The file at `path` is not text (first offending byte at `offset`).
    BinaryFile,
    /// The file at `path` is not UTF-8 (at byte `offset`, on `line`).
    InvalidUtf8,
    /// `line` of `path` is longer than `limit` bytes, which is the longest that is read.
    LineTooLong,
    /// `line` of `path` is not JSON.
    InvalidJson,
    /// `line` of `path` lacks `field`, or it is not a text.
    MissingField,
    /// The row of a table or of labelled text on `line` of `path` cannot be used (`detail`).
    InvalidRow,
    /// The name of `path` ends in something other than .txt or .jsonl.
    UnsupportedFormat,
    /// The text at `path` has `found` tokens; the run needs at least `needed`.
    DatasetTooSmall,
    /// No space left on the disk that holds `path` (`needed` bytes, where known).
    DiskFull,
    /// The folder at `path`, where runs and models lie, is not there: its disk may not be plugged in.
    PlaceMissing,
    /// Runs and models are being moved to another folder, which nothing may change meanwhile.
    PlaceMoving,
    /// A run or a download is at work, or waits for its turn.
    StillAtWork,
    /// The model is in use: by what says `field` (`chat`, `download`, `export`, `check`), by which conversation
    /// `used_by`, of which repository `repo`.
    ModelInUse,
    /// The folder at `path` is not empty.
    FolderNotEmpty,
    /// The folder at `path` lies inside of the one that would go there, or around it.
    FolderInside,
    /// The plan needs `needed` bytes of memory; `found` are free.
    OutOfMemory,
    /// The model folder at `path` is incomplete or of an unknown architecture.
    InvalidModel,
    /// The model at `path` cannot be written in the form that was asked for (`detail`).
    NotExpressible,
    /// Something is at `path` already, and nothing is replaced.
    AlreadyThere,
    /// The model's chat template refuses the conversation, or is none (`detail`).
    ChatTemplate,
    /// The checkpoint at `path` is damaged or belongs to another run.
    InvalidCheckpoint,
    /// The run's settings cannot be used (`field`, `detail`).
    InvalidSpec,
    /// What the model is to answer has `found` tokens; it sees `limit` at once.
    PromptTooLong,
    /// The loss became NaN or infinite at `step`.
    Diverged,
    /// The worker process ended without a word (`detail`: its exit status).
    WorkerDied,
    /// A process of the program that looked at something needed more memory than it may use (`found`).
    ProcessOutOfMemory,
    /// A process of the program did not answer in time and was ended.
    ProcessTimedOut,
    /// A process of the program ended before it answered (`detail`: how).
    ProcessDied,
    /// Another run of the program made the database; this one is too old for it.
    DatabaseNewer,
    /// The database is damaged; it was set aside at `path`.
    DatabaseDamaged,
    /// The file at `path` is no sound back-up of this program's database.
    InvalidBackup,
    /// The offline switch is on, and what was asked for needs the network.
    Offline,
    /// No connection to `host`.
    NetworkUnreachable,
    /// The connection to `host` broke or went silent, again and again.
    NetworkInterrupted,
    /// `host` asks to wait.
    RateLimited,
    /// `host` failed, refused, or answered with something else.
    ServerFailed,
    /// There is no `repo` on the Hub, or it is private.
    RepoNotFound,
    /// `repo` has no such revision.
    RevisionNotFound,
    /// `repo` has no file `path`.
    RemoteFileNotFound,
    /// The terms of `repo` must be accepted first, at the page in `detail`.
    GatedRepo,
    /// `host` does not accept the access token.
    BadToken,
    /// `host`, which the user named for chat, does not accept its key.
    BadKey,
    /// The system's keyring holds no access token.
    NoToken,
    /// The system's keyring cannot be used.
    KeyringUnavailable,
    /// The weights of `repo` are pickle, which can run programs.
    OnlyPickle,
    /// No file of `repo` was selected.
    NothingSelected,
    /// `repo` is not on this machine.
    NotCached,
    /// What came for `path` is not what was published.
    DownloadDamaged,
    /// Another process trains the run in the folder at `path`.
    RunAtWork,
    /// Another process downloads `repo`.
    DownloadRunning,
    /// What is imported of `repo` would replace what is here of it.
    KnownOtherwise,
    /// The file `path` of the imported `repo` is not the one that the Hub has.
    NotConfirmed,
    /// `path` would be written outside of its folder.
    UnsafePath,
    /// The offline bundle at `path` is damaged, or none.
    InvalidBundle,
    /// Any other failure of the system, described in `detail`.
    Io,
    /// A defect in the program, described in `detail`.
    Internal,
}

impl ErrorCode {
    /// Every code, for tests that hold a table of words against the list.
    pub const ALL: &'static [Self] = &[
        Self::NotSignedIn,
        Self::WrongCredentials,
        Self::Locked,
        Self::SessionExpired,
        Self::NotPermitted,
        Self::TooManyAttempts,
        Self::WrongRecoveryCode,
        Self::LastAdministrator,
        Self::UserHasLiveJob,
        Self::NameTaken,
        Self::InvalidField,
        Self::NotFound,
        Self::InvalidState,
        Self::InUse,
        Self::FileNotFound,
        Self::PermissionDenied,
        Self::EmptyFile,
        Self::BinaryFile,
        Self::InvalidUtf8,
        Self::LineTooLong,
        Self::InvalidJson,
        Self::MissingField,
        Self::InvalidRow,
        Self::UnsupportedFormat,
        Self::DatasetTooSmall,
        Self::DiskFull,
        Self::PlaceMissing,
        Self::PlaceMoving,
        Self::StillAtWork,
        Self::ModelInUse,
        Self::FolderNotEmpty,
        Self::FolderInside,
        Self::OutOfMemory,
        Self::InvalidModel,
        Self::NotExpressible,
        Self::AlreadyThere,
        Self::ChatTemplate,
        Self::InvalidCheckpoint,
        Self::InvalidSpec,
        Self::PromptTooLong,
        Self::Diverged,
        Self::WorkerDied,
        Self::ProcessOutOfMemory,
        Self::ProcessTimedOut,
        Self::ProcessDied,
        Self::DatabaseNewer,
        Self::DatabaseDamaged,
        Self::InvalidBackup,
        Self::Offline,
        Self::NetworkUnreachable,
        Self::NetworkInterrupted,
        Self::RateLimited,
        Self::ServerFailed,
        Self::RepoNotFound,
        Self::RevisionNotFound,
        Self::RemoteFileNotFound,
        Self::GatedRepo,
        Self::BadToken,
        Self::BadKey,
        Self::NoToken,
        Self::KeyringUnavailable,
        Self::OnlyPickle,
        Self::NothingSelected,
        Self::NotCached,
        Self::DownloadDamaged,
        Self::RunAtWork,
        Self::DownloadRunning,
        Self::KnownOtherwise,
        Self::NotConfirmed,
        Self::UnsafePath,
        Self::InvalidBundle,
        Self::Io,
        Self::Internal,
    ];
}

/// Where and what: the parameters that a sentence about an error may need.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorParams {
    /// The file or folder concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Line in the file, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte offset in the file, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The field of a form, a row or a specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How much is needed (bytes, tokens: the code says which).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<u64>,
    /// How much was found, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<u64>,
    /// The most that is allowed (bytes: the code says of what).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The optimizer step at which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// The host that a connection was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The repository on the Hub, `owner/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// The run that needs it, or the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_by: Option<Box<UsedBy>>,
    /// A technical detail, for the folded part of a message; never a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A run as people know it, or a conversation, whose owner is whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedBy {
    /// What they call it.
    pub run: String,
    /// The name of the profile whose it is.
    pub owner: String,
}

/// The one error that crosses the bridge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub struct ApiError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// What and where.
    #[serde(default)]
    pub params: ErrorParams,
}

impl ApiError {
    /// An error without parameters.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            params: ErrorParams::default(),
        }
    }

    /// An error with parameters.
    pub fn with(code: ErrorCode, params: ErrorParams) -> Self {
        Self { code, params }
    }

    /// A form field that cannot be used.
    pub fn invalid_field(field: &str) -> Self {
        Self::with(
            ErrorCode::InvalidField,
            ErrorParams {
                field: Some(field.to_owned()),
                ..ErrorParams::default()
            },
        )
    }

    /// A failure with nothing but a technical detail.
    pub fn detail(code: ErrorCode, detail: impl fmt::Display) -> Self {
        Self::with(
            code,
            ErrorParams {
                detail: Some(detail.to_string()),
                ..ErrorParams::default()
            },
        )
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.code)?;
        let params = &self.params;
        if let Some(path) = &params.path {
            write!(f, " path=`{path}`")?;
        }
        let names = [
            ("field", &params.field),
            ("host", &params.host),
            ("repo", &params.repo),
        ];
        for (name, value) in names {
            if let Some(value) = value {
                write!(f, " {name}=`{value}`")?;
            }
        }
        if let Some(used_by) = &params.used_by {
            write!(f, " run=`{}` owner=`{}`", used_by.run, used_by.owner)?;
        }
        let numbers = [
            ("line", params.line),
            ("offset", params.offset),
            ("needed", params.needed),
            ("found", params.found),
            ("limit", params.limit),
            ("step", params.step),
        ];
        for (name, value) in numbers {
            if let Some(value) = value {
                write!(f, " {name}=`{value}`")?;
            }
        }
        if let Some(detail) = &params.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}
