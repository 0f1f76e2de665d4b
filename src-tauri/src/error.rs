//! Failures become [`ApiError`] here and nowhere else; what a code cannot carry goes to the log.

use amoozgar_data::DataError;
use amoozgar_engine::EngineError;
use amoozgar_hub::HubError;
use amoozgar_store::StoreError;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams, UsedBy};
use std::error::Error;
use std::io;
use std::path::Path;

/// The target of what the log says of a failure that whoever asked is told of as well. The command line
/// leaves it out: it tells the failure in a sentence.
pub const TOLD: &str = "amoozgar::told";

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

/// A failure of reading a dataset.
pub fn of_data(failure: &DataError) -> ApiError {
    log(failure);
    failure.to_api()
}

/// A failure of the engine.
pub fn of_engine(failure: &EngineError) -> ApiError {
    log(failure);
    failure.to_api()
}

/// A failure of the database.
pub fn of_store(failure: &StoreError) -> ApiError {
    log(failure);
    of_store_untold(failure)
}

/// A failure of the database that is not logged here: whoever tries again and again says it once.
pub fn of_store_untold(failure: &StoreError) -> ApiError {
    let code = match failure {
        StoreError::Newer { .. } => ErrorCode::DatabaseNewer,
        StoreError::Damaged { path, .. } => {
            return ApiError::with(
                ErrorCode::InvalidBackup,
                ErrorParams {
                    path: Some(path.display().to_string()),
                    detail: Some(chain(failure)),
                    ..ErrorParams::default()
                },
            );
        }
        StoreError::NotFound { .. } => ErrorCode::NotFound,
        StoreError::NameTaken { .. } => ErrorCode::NameTaken,
        StoreError::InUse { run, owner, .. } => {
            let mut refused = in_use(run, owner);
            refused.params.detail = Some(chain(failure));
            return refused;
        }
        StoreError::LastAdministrator { .. } => ErrorCode::LastAdministrator,
        StoreError::UserHasLiveJob { .. } => ErrorCode::UserHasLiveJob,
        StoreError::InvalidTransition { .. }
        | StoreError::NotQueued { .. }
        | StoreError::InvalidDownload { .. } => ErrorCode::InvalidState,
        StoreError::Io { path, source, .. } => return io_error(path, source),
        StoreError::Sqlite { .. } if failure.is_disk_full() => ErrorCode::DiskFull,
        StoreError::Sqlite { .. } => ErrorCode::Io,
        StoreError::Encode { .. } => ErrorCode::Internal,
    };
    ApiError::detail(code, chain(failure))
}

/// A failure of the hub.
pub fn of_hub(failure: &HubError) -> ApiError {
    // Who stops something knows it.
    if !matches!(failure, HubError::Stopped) {
        log(failure);
    }
    let mut params = ErrorParams {
        detail: Some(chain(failure)),
        ..ErrorParams::default()
    };
    let code = match failure {
        HubError::InvalidRepo { .. } => invalid(&mut params, "repo"),
        HubError::InvalidRevision { .. } => invalid(&mut params, "revision"),
        HubError::InvalidSetting { setting, .. } => invalid(&mut params, setting),
        HubError::UnsafePath { path } => at(&mut params, path, ErrorCode::UnsafePath),
        HubError::UnsafeCache { path } | HubError::NotRegular { path } => at(
            &mut params,
            &path.display().to_string(),
            ErrorCode::UnsafePath,
        ),
        HubError::TooManyFiles { path } => at(
            &mut params,
            &path.display().to_string(),
            ErrorCode::InvalidModel,
        ),
        HubError::KnownOtherwise { repo, .. } => of(&mut params, repo, ErrorCode::KnownOtherwise),
        HubError::NotConfirmed { repo, path } => {
            params.path = Some(path.clone());
            of(&mut params, repo, ErrorCode::NotConfirmed)
        }
        HubError::Offline => ErrorCode::Offline,
        HubError::Unreachable { host, .. } => on(&mut params, host, ErrorCode::NetworkUnreachable),
        HubError::Stalled { host, .. } | HubError::Cut { host, .. } => {
            on(&mut params, host, ErrorCode::NetworkInterrupted)
        }
        HubError::UnusableToken => ErrorCode::BadToken,
        HubError::BadToken { host } => on(&mut params, host, ErrorCode::BadToken),
        HubError::RateLimited { host, .. } => on(&mut params, host, ErrorCode::RateLimited),
        HubError::Server { host, .. }
        | HubError::Refused { host, .. }
        | HubError::Expired { host }
        | HubError::BadAnswer { host, .. } => on(&mut params, host, ErrorCode::ServerFailed),
        HubError::Gated { repo, page } => {
            params.detail = Some(page.clone());
            of(&mut params, repo, ErrorCode::GatedRepo)
        }
        HubError::RepoNotFound { repo } => of(&mut params, repo, ErrorCode::RepoNotFound),
        HubError::RevisionNotFound { repo, .. } => {
            of(&mut params, repo, ErrorCode::RevisionNotFound)
        }
        HubError::FileNotFound { repo, path } => {
            params.path = Some(path.clone());
            of(&mut params, repo, ErrorCode::RemoteFileNotFound)
        }
        HubError::OnlyPickle { repo, .. } => of(&mut params, repo, ErrorCode::OnlyPickle),
        HubError::NothingSelected { repo } => of(&mut params, repo, ErrorCode::NothingSelected),
        HubError::NotCached { repo, .. } => of(&mut params, repo, ErrorCode::NotCached),
        HubError::Busy { repo } => of(&mut params, repo, ErrorCode::DownloadRunning),
        HubError::WrongHash { path, .. } | HubError::Changed { path } => {
            at(&mut params, path, ErrorCode::DownloadDamaged)
        }
        HubError::WrongSize {
            path,
            expected,
            found,
        } => {
            params.needed = Some(*expected);
            params.found = Some(*found);
            at(&mut params, path, ErrorCode::DownloadDamaged)
        }
        HubError::BadBundle { path, .. } => at(
            &mut params,
            &path.display().to_string(),
            ErrorCode::InvalidBundle,
        ),
        HubError::DiskFull { path, needed, free } => {
            params.needed = *needed;
            params.found = *free;
            at(
                &mut params,
                &path.display().to_string(),
                ErrorCode::DiskFull,
            )
        }
        HubError::Io { path, source } => return io_error(path, source),
        _ => ErrorCode::Internal,
    };
    ApiError::with(code, params)
}

fn invalid(params: &mut ErrorParams, field: &str) -> ErrorCode {
    params.field = Some(field.to_owned());
    ErrorCode::InvalidField
}

fn at(params: &mut ErrorParams, path: &str, code: ErrorCode) -> ErrorCode {
    params.path = Some(path.to_owned());
    code
}

fn on(params: &mut ErrorParams, host: &str, code: ErrorCode) -> ErrorCode {
    params.host = Some(host.to_owned());
    code
}

fn of(params: &mut ErrorParams, repo: &str, code: ErrorCode) -> ErrorCode {
    params.repo = Some(repo.to_owned());
    code
}

/// A defect of the program, or of what it stands on.
pub fn internal(what: &str, failure: &(dyn Error + 'static)) -> ApiError {
    tracing::error!(target: TOLD, error = %chain(failure), "{what}");
    ApiError::detail(ErrorCode::Internal, format!("{what}: {}", chain(failure)))
}

/// What was asked for is not there.
pub fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}

/// A run that has not come to its end needs what should go.
pub fn in_use(run: &str, owner: &str) -> ApiError {
    ApiError::with(
        ErrorCode::InUse,
        ErrorParams {
            used_by: Some(Box::new(UsedBy {
                run: run.to_owned(),
                owner: owner.to_owned(),
            })),
            ..ErrorParams::default()
        },
    )
}

/// The model is read or written by something that is under way: a `chat` with its title, a `download` with
/// its repository, an `export`, a `check`.
pub fn model_in_use(by: &str, name: &str) -> ApiError {
    let named = || Some(name.to_owned()).filter(|name| !name.is_empty());
    ApiError::with(
        ErrorCode::ModelInUse,
        ErrorParams {
            field: Some(by.to_owned()),
            repo: named().filter(|_| by == "download"),
            used_by: named().filter(|_| by == "chat").map(|run| {
                Box::new(UsedBy {
                    run,
                    owner: String::new(),
                })
            }),
            ..ErrorParams::default()
        },
    )
}

/// The present state does not allow it.
pub fn invalid_state(detail: &str) -> ApiError {
    ApiError::detail(ErrorCode::InvalidState, detail)
}

/// Something is in the way, and nothing is replaced.
pub fn already_there(path: &Path) -> ApiError {
    ApiError::with(
        ErrorCode::AlreadyThere,
        ErrorParams {
            path: Some(path.display().to_string()),
            ..ErrorParams::default()
        },
    )
}

/// A sentence for the command line: what is wrong and where.
pub fn sentence(error: &ApiError) -> String {
    let params = &error.params;
    let path = params.path.as_deref().unwrap_or("?");
    let line = params.line.unwrap_or(0);
    let field = params.field.as_deref().unwrap_or("?");
    let host = params.host.as_deref().unwrap_or("?");
    let repo = params.repo.as_deref().unwrap_or("?");
    let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let (needed, found) = (number(params.needed), number(params.found));
    let text = match error.code {
        ErrorCode::FileNotFound => format!("there is no file `{path}`"),
        ErrorCode::PermissionDenied => format!("`{path}` may not be read or written"),
        ErrorCode::EmptyFile => format!("`{path}` holds no text"),
        ErrorCode::BinaryFile => format!("`{path}` is not text (byte {})", number(params.offset)),
        ErrorCode::InvalidUtf8 => format!(
            "`{path}` is neither UTF-8 nor UTF-16 nor Windows-1256 (line {line}, byte {})",
            number(params.offset)
        ),
        ErrorCode::LineTooLong => format!(
            "`{path}`, line {line}: longer than {} bytes",
            number(params.limit)
        ),
        ErrorCode::InvalidJson => format!("`{path}`, line {line}: not valid JSON"),
        ErrorCode::MissingField => format!("`{path}`, line {line}: no text in field `{field}`"),
        ErrorCode::InvalidRow => format!("`{path}`, line {line}: no usable row"),
        ErrorCode::UnsupportedFormat => format!("`{path}` is neither .txt nor .jsonl"),
        ErrorCode::DatasetTooSmall => {
            format!("`{path}` is too small: {found} tokens, at least {needed} are needed")
        }
        ErrorCode::DiskFull => format!("no space left on the disk of `{path}`"),
        ErrorCode::PlaceMissing => format!("the folder `{path}` is not there"),
        ErrorCode::PlaceMoving => "runs and models are being moved to another folder".to_owned(),
        ErrorCode::StillAtWork => {
            "a run, a download, an import or an export is at work or waits".to_owned()
        }
        ErrorCode::ModelInUse => format!("the model is in use by a {field}"),
        ErrorCode::FolderNotEmpty => format!("the folder `{path}` is not empty"),
        ErrorCode::FolderInside => {
            format!("the folder `{path}` lies inside of the present one, or around it")
        }
        ErrorCode::OutOfMemory => {
            format!("not enough memory: {needed} bytes are needed, {found} are free")
        }
        ErrorCode::ProcessOutOfMemory => {
            format!("more memory is needed than the {found} bytes that may be used")
        }
        ErrorCode::ProcessTimedOut => "it took too long and was ended".to_owned(),
        ErrorCode::ProcessDied => "the process that did it has died".to_owned(),
        ErrorCode::InvalidModel => format!("`{path}` is no model this program can run"),
        ErrorCode::NotExpressible => format!("the model `{path}` cannot be written in this form"),
        ErrorCode::AlreadyThere => format!("something is at `{path}` already"),
        ErrorCode::ChatTemplate => "the model's chat template refuses the conversation".to_owned(),
        ErrorCode::InvalidCheckpoint => {
            format!("the checkpoint `{path}` is damaged or belongs to another run")
        }
        ErrorCode::InvalidSpec => match (&params.field, &params.path) {
            (Some(field), _) => format!("the specification's `{field}` cannot be used"),
            (None, Some(path)) => format!("the specification `{path}` cannot be read"),
            (None, None) => "the specification cannot be used".to_owned(),
        },
        ErrorCode::InvalidField => format!("`{field}` cannot be used"),
        ErrorCode::Offline => "the offline switch is on".to_owned(),
        ErrorCode::NetworkUnreachable => format!("no connection to `{host}`"),
        ErrorCode::NetworkInterrupted => format!("the connection to `{host}` keeps breaking"),
        ErrorCode::RateLimited => format!("`{host}` asks to wait"),
        ErrorCode::ServerFailed => format!("`{host}` failed or refused"),
        ErrorCode::RepoNotFound => format!("there is no `{repo}`, or it is private"),
        ErrorCode::RevisionNotFound => format!("`{repo}` has no such revision"),
        ErrorCode::RemoteFileNotFound => format!("`{repo}` has no file `{path}`"),
        ErrorCode::GatedRepo => format!("the terms of `{repo}` must be accepted first"),
        ErrorCode::BadKey => "the server does not accept the key".to_owned(),
        ErrorCode::BadToken => "the access token is not accepted".to_owned(),
        ErrorCode::NoToken => "the system's keyring holds no access token".to_owned(),
        ErrorCode::KeyringUnavailable => "the system's keyring cannot be used".to_owned(),
        ErrorCode::OnlyPickle => {
            format!("the weights of `{repo}` are pickle, which can run programs")
        }
        ErrorCode::NothingSelected => format!("no file of `{repo}` was selected"),
        ErrorCode::NotCached => format!("`{repo}` is not on this machine"),
        ErrorCode::DownloadDamaged => format!("what came for `{path}` is not what was published"),
        ErrorCode::RunAtWork => format!("another process is training the run in `{path}`"),
        ErrorCode::DownloadRunning => format!("another process is downloading `{repo}`"),
        ErrorCode::KnownOtherwise => format!("another version of `{repo}` is here already"),
        ErrorCode::NotConfirmed => format!("`{path}` of `{repo}` is not what the Hub has"),
        ErrorCode::UnsafePath => format!("`{path}` would be written outside of its folder"),
        ErrorCode::InvalidBundle => format!("`{path}` is no offline bundle, or a damaged one"),
        ErrorCode::InvalidBackup => format!("`{path}` is no sound back-up of this program"),
        ErrorCode::PromptTooLong => format!(
            "the text has {found} tokens; the model sees {} at once",
            number(params.limit)
        ),
        ErrorCode::Diverged => format!("the loss diverged at step {}", number(params.step)),
        _ => return error.to_string(),
    };
    match &params.detail {
        Some(detail) => format!("{text}: {detail}"),
        None => text,
    }
}

fn log(failure: &(dyn Error + 'static)) {
    tracing::warn!(target: TOLD, error = %chain(failure), "a call failed");
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
