//! Everything that can go wrong between the Hub and a verified file, and which of it passes by
//! itself.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the hub could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// No repository can have this name.
    #[error("`{repo}` is not the name of a repository")]
    InvalidRepo {
        /// What was given.
        repo: String,
    },
    /// No revision can have this name.
    #[error("`{revision}` is not the name of a revision")]
    InvalidRevision {
        /// What was given.
        revision: String,
    },
    /// A file's name would lead out of its folder, or means something else on some system.
    #[error("the file name `{path}` is not safe to write")]
    UnsafePath {
        /// The name.
        path: String,
    },
    /// Something in the cache is a link that would lead a write elsewhere.
    #[error("`{}` is a link that leads out of the cache", path.display())]
    UnsafeCache {
        /// The link.
        path: PathBuf,
    },
    /// A link that leads out of its folder, or a pipe, a socket or a device: nothing to copy.
    #[error("`{}` is no regular file inside of its folder", path.display())]
    NotRegular {
        /// The entry.
        path: PathBuf,
    },
    /// A folder with more files, or deeper, than any model has.
    #[error("`{}` has more files or folders than a model can have", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
    },
    /// An import would replace what is known here of a repository.
    #[error("`{repo}` is here already, and what is imported is not the same: {detail}")]
    KnownOtherwise {
        /// The repository.
        repo: String,
        /// What is not the same.
        detail: String,
    },
    /// A file of an import is not the one that the Hub has.
    #[error("`{path}` of `{repo}` is not what the Hub has")]
    NotConfirmed {
        /// The repository.
        repo: String,
        /// The file.
        path: String,
    },
    /// A setting of the network cannot be used.
    #[error("the setting `{setting}` cannot be used: {detail}")]
    InvalidSetting {
        /// Which.
        setting: &'static str,
        /// Why; never a secret.
        detail: String,
    },
    /// The offline switch is on.
    #[error("the offline switch is on")]
    Offline,
    /// Secure connections could not be set up.
    #[error("secure connections could not be set up")]
    Tls {
        /// Why.
        source: reqwest::Error,
    },
    /// No connection to a host.
    #[error("no connection to `{host}`: {}", how.as_str())]
    Unreachable {
        /// Host, with its port where that is not the usual one.
        host: String,
        /// At which stage it failed.
        how: Unreachable,
        /// Why, where more can be said.
        source: Option<reqwest::Error>,
    },
    /// A host sent nothing for too long.
    #[error("`{host}` sent nothing for {} s", idle.as_secs_f32())]
    Stalled {
        /// The host.
        host: String,
        /// How long was waited.
        idle: Duration,
    },
    /// The connection broke within an answer.
    #[error("the connection to `{host}` was cut")]
    Cut {
        /// The host.
        host: String,
        /// Why, where the system says so.
        source: Option<reqwest::Error>,
    },
    /// The token is not known to the Hub.
    #[error("`{host}` does not accept the access token")]
    BadToken {
        /// The host.
        host: String,
    },
    /// The token cannot be sent: it has white space, or letters of another script, within it.
    #[error("the access token has characters that no token has")]
    UnusableToken,
    /// The terms of the repository must be accepted in a browser.
    #[error("the terms of `{repo}` must be accepted first, at {page}")]
    Gated {
        /// The repository.
        repo: String,
        /// Where they can be accepted.
        page: String,
    },
    /// There is no such repository, or it is private.
    #[error("there is no repository `{repo}`, or it is private")]
    RepoNotFound {
        /// The repository.
        repo: String,
    },
    /// The repository has no such revision.
    #[error("`{repo}` has no revision `{revision}`")]
    RevisionNotFound {
        /// The repository.
        repo: String,
        /// The revision.
        revision: String,
    },
    /// The repository has no such file.
    #[error("`{repo}` has no file `{path}`")]
    FileNotFound {
        /// The repository.
        repo: String,
        /// The file.
        path: String,
    },
    /// Too many requests.
    #[error("`{host}` asks to wait")]
    RateLimited {
        /// The host.
        host: String,
        /// How long, where it says so.
        wait: Option<Duration>,
    },
    /// The host has a failure of its own.
    #[error("`{host}` answered with status {status}")]
    Server {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host refuses.
    #[error("`{host}` refused with status {status}")]
    Refused {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// A signed address is no longer good; a new one must be asked for.
    #[error("the address at `{host}` has expired")]
    Expired {
        /// The host.
        host: String,
    },
    /// An answer that is not what the Hub says.
    #[error("`{host}` answered something unexpected: {detail}")]
    BadAnswer {
        /// The host.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The server has another version of the file than the commit.
    #[error("`{path}` changed on the server during the download")]
    Changed {
        /// The file.
        path: String,
    },
    /// The server's file has another length than the commit's.
    #[error("`{path}` should have {expected} bytes, the server has {found}")]
    WrongSize {
        /// The file.
        path: String,
        /// Bytes by the commit.
        expected: u64,
        /// Bytes by the server.
        found: u64,
    },
    /// The bytes are not those of the commit; they were discarded.
    #[error("`{path}` is damaged: its hash is `{found}`, not `{expected}`")]
    WrongHash {
        /// The file.
        path: String,
        /// The hash by the commit.
        expected: String,
        /// The hash of what came.
        found: String,
    },
    /// Weights are there only in a form that can carry programs (CVE-2025-32434).
    #[error(
        "`{repo}` has its weights only as pickle (`{example}`), which can run programs when loaded"
    )]
    OnlyPickle {
        /// The repository.
        repo: String,
        /// One of the files.
        example: String,
    },
    /// No file is left to download.
    #[error("no file of `{repo}` was selected")]
    NothingSelected {
        /// The repository.
        repo: String,
    },
    /// The cache has no whole snapshot of it.
    #[error("`{repo}` at `{revision}` is not in the cache")]
    NotCached {
        /// The repository.
        repo: String,
        /// The revision.
        revision: String,
    },
    /// Another process downloads this repository into this cache.
    #[error("another process is downloading `{repo}`")]
    Busy {
        /// The repository.
        repo: String,
    },
    /// A bundle that cannot be imported.
    #[error("the bundle `{}` cannot be used: {detail}", path.display())]
    BadBundle {
        /// The bundle.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// Too little space on the disk.
    #[error("no space left on the disk of `{}`", path.display())]
    DiskFull {
        /// What was to be written.
        path: PathBuf,
        /// Bytes needed, where known.
        needed: Option<u64>,
        /// Bytes free, where known.
        free: Option<u64>,
    },
    /// The file system refused.
    #[error("cannot read or write `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// A thread of the download ended without an answer.
    #[error("a part of the download ended unexpectedly")]
    Worker {
        /// Why.
        source: tokio::task::JoinError,
    },
}

/// The stage at which a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    /// The host's name has no address.
    Dns,
    /// Nobody answers there, or the way is blocked.
    Connect,
    /// The secure connection fails: a certificate, or something between that is no proxy of ours.
    Tls,
    /// The proxy fails or refuses.
    Proxy,
    /// No connection within the time allowed.
    TimedOut,
    /// The connection broke before an answer came.
    Broken,
}

impl Unreachable {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "its name has no address",
            Self::Connect => "nobody answers",
            Self::Tls => "the secure connection fails",
            Self::Proxy => "the proxy fails",
            Self::TimedOut => "no answer in time",
            Self::Broken => "the connection breaks",
        }
    }
}

/// How often it is worth trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Never: it stays as it is until somebody does something about it.
    Never,
    /// A few times: a fresh address or a second look may help.
    Few,
    /// Again and again: networks fail and come back.
    Patience,
}

impl HubError {
    /// The failure of the file system at `path`.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::WriteZero => Self::DiskFull {
                path,
                needed: None,
                free: None,
            },
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn bad_answer(host: &str, detail: impl Into<String>) -> Self {
        Self::BadAnswer {
            host: host.to_owned(),
            detail: detail.into(),
        }
    }

    pub(crate) fn worth_retrying(&self) -> Worth {
        match self {
            Self::Unreachable { .. }
            | Self::Stalled { .. }
            | Self::Cut { .. }
            | Self::RateLimited { .. }
            | Self::Server { .. } => Worth::Patience,
            Self::Expired { .. }
            | Self::BadAnswer { .. }
            | Self::WrongSize { .. }
            | Self::Changed { .. } => Worth::Few,
            _ => Worth::Never,
        }
    }

    /// Whether the network failed, as opposed to an answer that is a refusal.
    pub fn is_network(&self) -> bool {
        self.worth_retrying() == Worth::Patience
    }
}

/// Ends a blocking part, whose own failure counts before a lost thread.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HubError> + Send + 'static,
) -> Result<T, HubError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| HubError::Worker { source })?
}
